# L’essai de la formule Enterprise.

flow-trial-title = Essai Enterprise
flow-trial-heading = Commencez votre essai Enterprise
flow-trial-summary = Toutes les fonctions Enterprise pour toute votre équipe, gratuites pendant un temps limité.
flow-trial-for = Les entreprises qui veulent essayer avant de décider
flow-trial-why = Voyez ce que votre équipe peut créer
flow-trial-point-1 = Toutes les fonctions Enterprise, dès la première minute
flow-trial-point-2 = Une organisation à vous, à partager avec votre équipe
flow-trial-point-3 = Aucune information de paiement demandée
flow-trial-next = Vous arrivez directement dans votre nouvelle organisation. L’essai se termine de lui-même : il n’y a rien à résilier.
flow-trial-choose = Commencer un essai
flow-trial-submit = Commencer l’essai
flow-trial-sending = Démarrage de votre essai…

field-companySize-label = Nombre de salariés
field-country-label = Pays
field-stateOrProvince-label = État, province ou région
field-organizationName-label = Nom de l’organisation
field-organizationName-hint = Laissez ce champ vide pour utiliser votre propre nom.
field-useCase-label = Ce que vous voulez créer
field-userHasMLModelsInProduction-label = Avez-vous des modèles d’apprentissage automatique en production ?
choice-models-yes = Oui
choice-models-no = Non
choice-models-soon = Non, mais bientôt

# Ce que les navigateurs proposent comme réponse à `useCase`. Le texte du champ est transmis tel quel.
suggestion-industrial = Industrie
suggestion-predictive-maintenance = Maintenance prédictive
suggestion-asset-tracking = Suivi d’équipements
suggestion-consumer-electronics = Électronique grand public
suggestion-health-and-wearables = Santé et objets portables
suggestion-smart-buildings = Bâtiments intelligents
suggestion-agriculture = Agriculture
suggestion-automotive = Automobile
suggestion-research-and-teaching = Recherche et enseignement
