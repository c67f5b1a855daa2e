# La formule Professional.

flow-pro-title = Professional
flow-pro-heading = Créez votre compte Professional
flow-pro-summary = Un espace de travail à vous, du premier enregistrement au modèle fini.
flow-pro-for = Une personne seule qui développe un produit
flow-pro-why = Des données brutes de capteurs à un modèle qui fonctionne
flow-pro-point-1 = Un premier projet, prêt dès votre connexion
flow-pro-point-2 = Tous les outils de la formule Professional
flow-pro-point-3 = Commencez aujourd’hui, sans rendez-vous commercial
flow-pro-next = Vous passez au paiement. Votre formule commence une fois le paiement effectué.
flow-pro-choose = Choisir Professional
flow-pro-submit = Créer le compte
flow-pro-sending = Création de votre compte…

field-projectName-label = Nom de votre premier projet
