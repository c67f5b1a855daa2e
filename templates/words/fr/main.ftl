# Les mots de chaque page. Dire quoi faire, avec des mots que comprend une personne fatiguée. On vouvoie.
# `{ $brand }` est le nom du produit et peut figurer dans chaque message d’une page.

## Sur chaque page

skip-to-content = Aller au contenu principal
have-account = Vous avez déjà un compte ?
sign-in = Se connecter
footer-label = En savoir plus sur ce service
footer-terms = Conditions d’utilisation
footer-privacy = Politique de confidentialité
footer-support = Obtenir de l’aide
language-label = Langue
error-prefix = Erreur :
optional = (facultatif)

## Le choix de la formule

plans-title = Comment voulez‑vous commencer ?
plans-lead = Choisissez une formule, remplissez un formulaire et lancez-vous.
plans-lead-one = Remplissez un formulaire et lancez-vous.
plans-for = Pour qui
plans-get = Ce que vous obtenez
plans-next = La suite
plans-none-title = Les inscriptions sont fermées
plans-none-text = Aucune formule n’est proposée pour le moment. Si vous avez un compte, connectez-vous.

## Le formulaire

summary-title = Il y a un problème
form-all-plans = Toutes les formules
form-other-plans = Vous cherchez autre chose ?
group-account = Votre compte
group-company = Votre entreprise
group-project = Votre projet
country-none = Choisissez un pays
password-show = Afficher
password-hide = Masquer
password-show-label = Afficher le mot de passe
password-hide-label = Masquer le mot de passe
password-shown = Votre mot de passe est visible
password-hidden = Votre mot de passe est masqué
strength-0 = Facile à deviner. Allongez-le ou ajoutez un mot sans rapport.
strength-1 = Peut être plus sûr. Ajoutez encore un mot sans rapport.
strength-2 = Bon mot de passe.
strength-3 = Mot de passe très sûr.
email-suggestion = Vouliez-vous dire { $address } ?
email-anyway = Utiliser quand même cette adresse e-mail
email-other-plan = Vous n’avez qu’une adresse personnelle ? Regardez une autre formule :
email-support = Écrivez-nous au sujet de votre adresse
honeypot-label = Laissez ce champ vide

## Champs : libellé, indication

field-name-label = Nom complet
field-username-label = Nom d’utilisateur
field-username-hint = De 4 à 30 caractères : lettres de a à z sans accent, chiffres, traits d’union, points et tirets bas.
field-email-label = Adresse e-mail
field-email-hint = Nous envoyons à cette adresse un lien pour la confirmer.
field-email-hint-business = Utilisez votre adresse professionnelle. Nous y envoyons un lien pour la confirmer.
field-password-label = Mot de passe
field-password-hint = { $min } caractères au minimum. Quelques mots sans rapport entre eux conviennent bien.
field-password-hint-again = Saisissez de nouveau votre mot de passe : il n’est jamais conservé dans une page. { $min } caractères au minimum. Quelques mots sans rapport entre eux conviennent bien.
field-jobTitle-label = Fonction
field-companyName-label = Entreprise
field-privacyPolicy-label = Conditions et confidentialité

consent-text = J’accepte les <terms>conditions d’utilisation</terms> et la <privacy>politique de confidentialité</privacy> de { $brand }.
# La date de ce texte : changez-la chaque fois que le texte change.
consent-version = 2026-11-22

## Le contrôle de sécurité

challenge-label = Contrôle de sécurité
challenge-no-script = Le contrôle de sécurité a besoin de JavaScript. Activez-le dans votre navigateur, puis envoyez le formulaire : il revient avec vos réponses et charge le contrôle.
challenge-blocked = Le contrôle de sécurité ne s’est pas chargé. Vérifiez votre connexion et désactivez les bloqueurs de contenu pour cette page. Envoyez ensuite le formulaire : il revient avec vos réponses et charge de nouveau le contrôle.
challenge-failed = Le contrôle de sécurité n’a pas fonctionné. Attendez quelques secondes : il fait un nouvel essai. En cas d’échec, essayez un autre réseau ou un autre navigateur.
challenge-expired = Le délai du contrôle de sécurité est dépassé. Refaites-le, puis continuez.
challenge-unsupported = Votre navigateur est trop ancien pour le contrôle de sécurité. Mettez-le à jour ou utilisez-en un autre.
challenge-interactive = Cochez la case ci-dessus pour continuer.
challenge-waiting = Contrôle de sécurité en cours…
error-challenge-missing = Effectuez le contrôle de sécurité
error-challenge-refused = Effectuez de nouveau le contrôle de sécurité : le précédent n’a pas été accepté

## Ce qui ne va pas dans un champ. `error-{ field }-{ code }`, sinon `error-{ code }`.

error-missing = Remplissez « { $label } »
error-unreadable = « { $label } » contient des caractères illisibles. Saisissez de nouveau le texte
error-control = « { $label } » contient un caractère invisible, comme un saut de ligne. Saisissez de nouveau le texte
error-too-long = « { $label } » doit comporter { $max } caractères au maximum
error-too-short = « { $label } » doit comporter { $min } caractères au minimum
error-not-a-choice = Choisissez l’une des réponses pour « { $label } »
error-character = « { $label } » contient un caractère qui ne peut pas être utilisé ici
error-separator = « { $label } » contient un point ou un tiret bas mal placé
error-at = « { $label } » doit ressembler à nom@example.com
error-local = Vérifiez la partie avant le @ dans « { $label } »
error-domain = Vérifiez la partie après le @ dans « { $label } »
error-disposable = Saisissez une adresse que vous garderez : celle-ci vient d’un service d’adresses temporaires
error-free = Saisissez une adresse professionnelle : celle-ci vient d’une messagerie personnelle
error-blocked = Saisissez une autre adresse : celle-ci ne permet pas de s’inscrire ici
error-common = Choisissez un mot de passe plus difficile à deviner : celui-ci figure sur des listes de mots de passe courants
error-weak = Choisissez un mot de passe plus difficile à deviner. Allongez-le ou ajoutez un mot sans rapport

error-name-missing = Saisissez votre nom complet
error-username-missing = Saisissez un nom d’utilisateur
error-username-character = Le nom d’utilisateur ne peut contenir que des lettres de a à z sans accent, des chiffres, des traits d’union, des points et des tirets bas
error-username-separator = Le nom d’utilisateur ne peut ni commencer ni finir par un point ou un tiret bas, ni en contenir deux à la suite
error-username-too-short = Le nom d’utilisateur doit comporter { $min } caractères au minimum
error-username-too-long = Le nom d’utilisateur doit comporter { $max } caractères au maximum
error-username-taken = Ce nom d’utilisateur est déjà pris. Choisissez-en un autre
error-email-missing = Saisissez votre adresse e-mail
error-email-at = Saisissez une adresse e-mail de la forme nom@example.com
error-email-local = Vérifiez la partie de votre adresse e-mail avant le @
error-email-domain = Vérifiez la partie de votre adresse e-mail après le @. Elle devrait ressembler à example.com
error-email-refused = Cette adresse e-mail n’a pas été acceptée. Vérifiez-la ou utilisez-en une autre
error-email-doubtful = Vérifiez votre adresse e-mail : nous n’avons pas pu confirmer qu’elle existe
error-email-doubtful-suggestion = Vérifiez votre adresse e-mail. Vouliez-vous dire { $suggestion } ?
error-password-missing = Saisissez un mot de passe
error-password-too-short = Le mot de passe doit comporter { $min } caractères au minimum
error-password-too-long = Le mot de passe doit comporter { $max } caractères au maximum
error-password-unreadable = Le mot de passe contient des caractères illisibles. Saisissez-le de nouveau
error-password-refused = Ce mot de passe n’a pas été accepté. Choisissez-en un autre
error-privacyPolicy-missing = Cochez la case pour accepter les conditions et la politique de confidentialité

## Au-dessus du formulaire

kept = Vos réponses sont toujours là.
notice-expired-title = Ce formulaire a expiré
notice-expired-text = Il est resté ouvert trop longtemps : en voici un nouveau. Vérifiez vos réponses, puis envoyez-le.
notice-suspicious-title = Le formulaire n’a pas été accepté
notice-suspicious-text = Un champ que personne ne peut voir a été rempli, peut-être par une extension du navigateur. Envoyez de nouveau le formulaire.
notice-limited-title = Trop d’essais
notice-limited-text = Vous pourrez de nouveau envoyer le formulaire { $wait }.
notice-challenge-unavailable-title = Le contrôle de sécurité n’est pas disponible
notice-challenge-unavailable-text = Le problème vient de chez nous et aucun compte n’a été créé. Envoyez de nouveau le formulaire dans quelques minutes.
notice-unavailable-title = Désolé, le service rencontre un problème
notice-unavailable-text = Aucun compte n’a été créé. Envoyez de nouveau le formulaire dans quelques minutes.
notice-upstream-failed-title = Désolé, le service rencontre un problème
notice-upstream-failed-text = Votre compte n’a pas pu être créé. Envoyez de nouveau le formulaire dans quelques minutes.
notice-unknown-title = Votre compte a peut-être été créé
notice-unknown-text = Le service a cessé de répondre avant de confirmer. Avant de réessayer :
notice-unknown-step-1 = Cherchez dans votre boîte de réception, et dans les indésirables, un e-mail qui vous demande de confirmer votre adresse. S’il y est, suivez son lien : c’est terminé.
notice-unknown-step-2 = Pas d’e-mail après quelques minutes ? Essayez de vous connecter avec votre nom d’utilisateur et votre mot de passe.
notice-unknown-step-3 = Si cela ne marche pas non plus, envoyez de nouveau le formulaire ci-dessous.
notice-refused-title = Votre compte n’a pas été créé
notice-email-in-use-title = Vous avez peut-être déjà un compte
notice-email-in-use-text = Si cette adresse a un compte, connectez-vous ou réinitialisez votre mot de passe depuis la page de connexion. Sinon, utilisez une autre adresse e-mail.
notice-account-exists-title = Ce compte existe déjà
notice-account-exists-text = Cherchez dans votre boîte de réception l’e-mail de confirmation de votre adresse, ou connectez-vous.
notice-used-title = Ce formulaire a déjà servi
notice-used-text = Il a créé un compte pour une autre adresse e-mail. Pour créer encore un compte, vérifiez vos réponses et envoyez ce nouveau formulaire.
notice-code-title = Le code de votre lien n’est pas utilisable
notice-code-text = Il est peut-être incomplet, ou a déjà servi. Vous pouvez vous inscrire avec le formulaire ci-dessous.
notice-code-unknown-title = Le code de votre lien n’a pas pu être vérifié
notice-code-unknown-text = Ouvrez de nouveau le lien dans quelques minutes, ou inscrivez-vous avec le formulaire ci-dessous.
notice-link-expired-title = Les informations de votre lien ont expiré
notice-link-expired-text = Ouvrez de nouveau le lien là où vous l’avez trouvé, ou remplissez le formulaire ci-dessous.

wait-seconds = { $count ->
    [one] dans { $count } seconde
   *[other] dans { $count } secondes
}
wait-minutes = { $count ->
    [one] dans { $count } minute
   *[other] dans { $count } minutes
}
wait-hours = { $count ->
    [one] dans { $count } heure
   *[other] dans { $count } heures
}

## Pages d’erreur

error-page-400-title = Cette requête est illisible
error-page-400-text = Vérifiez l’adresse dans votre navigateur, ou recommencez depuis le début.
error-page-403-title = Le formulaire n’a pas été accepté
error-page-403-text = Il a été envoyé depuis un autre site. Ouvrez ici la page d’inscription et remplissez le formulaire.
error-page-404-title = Page introuvable
error-page-404-text = Vérifiez qu’il n’y a pas de faute de frappe dans l’adresse, ou choisissez une formule pour vous inscrire.
error-page-405-title = Cette page ne s’utilise pas ainsi
error-page-405-text = Ouvrez-la par un lien ou par son adresse, ou recommencez depuis le début.
error-page-408-title = Votre connexion était trop lente
error-page-408-text = Votre formulaire n’est pas arrivé à temps. Revenez en arrière et envoyez-le de nouveau.
error-page-413-title = Vos réponses sont trop longues
error-page-413-text = Revenez en arrière, raccourcissez vos réponses et envoyez de nouveau le formulaire.
error-page-415-title = Le formulaire n’a pas pu être lu
error-page-415-text = Ouvrez la page d’inscription et remplissez le formulaire dans votre navigateur.
error-page-421-title = Il n’y a pas de page d’inscription à cette adresse
error-page-421-text = Vérifiez l’adresse que vous avez reçue.
error-page-429-title = Trop de requêtes
error-page-429-text = Vous pourrez recharger la page { $wait }.
error-page-4xx-title = Cela n’a pas fonctionné
error-page-4xx-text = Vérifiez l’adresse, ou recommencez depuis le début.
error-page-5xx-title = Désolé, le service rencontre un problème
error-page-5xx-text = Réessayez dans quelques minutes. Si vous étiez en train de vous inscrire, regardez d’abord votre boîte de réception : votre compte a peut-être été créé.
error-page-home = Voir les formules
error-page-reference = Référence
error-page-support = Si cela se reproduit, donnez-nous cette référence :

## L’avancement du compte

status-title = Votre inscription
status-unknown-title = Regardez votre boîte de réception
status-unknown-text = Si vous venez de vous inscrire, vous y trouverez un e-mail avec un lien pour confirmer votre adresse. Cela peut prendre quelques minutes. Regardez aussi dans les indésirables.
status-created-title = Confirmez votre adresse e-mail
status-created-text = Votre compte est créé. Suivez le lien dans l’e-mail que nous vous avons envoyé. Cela peut prendre quelques minutes. Regardez aussi dans les indésirables.
status-active-title = Votre compte est prêt
status-active-text = Votre formule est active. Vous pouvez commencer.
status-trial-title = Votre essai est en cours
status-trial-text = Vous pouvez commencer.
status-trial-until = Votre essai dure jusqu’au { $date }.
status-over-title = Votre essai est terminé
status-over-text = Connectez-vous pour voir comment continuer.
status-step-over = Essai terminé
status-payment-title = Terminez votre paiement
status-payment-text = Votre adresse est confirmée. Connectez-vous pour terminer le paiement. Votre formule commence ensuite.
status-suspended-title = Votre compte est suspendu
status-suspended-text = Contactez l’assistance pour savoir pourquoi et que faire.
status-suspended-text-alone = Cherchez dans votre boîte de réception un e-mail qui vous dit pourquoi et que faire, ou connectez-vous pour en savoir plus.
status-deleted-title = Ce compte a été supprimé
status-deleted-text = Vous pouvez vous inscrire de nouveau avec un nouveau formulaire.
status-step-created = Compte créé
status-step-confirm = Confirmer l’adresse e-mail
status-step-confirmed = Adresse e-mail confirmée
status-step-active = Formule active
status-step-trial = Essai en cours
status-step-payment = Terminer le paiement
status-step-plan = Formule active
status-done = terminé
status-open = Accéder à { $brand }
status-refreshing = Cette page se met à jour toute seule.
status-again = Vérifier de nouveau
status-support = Contacter l’assistance
status-signup = Choisir une formule

## Un compte déjà actif

already-active-title = Votre compte est déjà actif
already-active-text = Vous n’avez plus rien à faire ici. Connectez-vous avec votre nom d’utilisateur ou votre adresse e-mail et votre mot de passe.

# Une date complète, comme 5 décembre 2026 ou 1er décembre 2026.
date =
    { $day ->
        [1] 1er
       *[other] { $day }
    } { $month ->
        [1] janvier
        [2] février
        [3] mars
        [4] avril
        [5] mai
        [6] juin
        [7] juillet
        [8] août
        [9] septembre
        [10] octobre
        [11] novembre
       *[12] décembre
    } { $year }
