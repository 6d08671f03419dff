## Navigation and signing in.
nav-home = Accueil
nav-open-settings = Ouvrir les paramètres
nav-profile = Profil : { $name }
nav-library = Médiathèque { $ready } sur { $total }
nav-switch-profile = Changer de profil
sign-in-why = Connectez-vous pour voir votre médiathèque et reprendre là où vous en étiez
sign-in-by-phone = avec votre téléphone
sign-in-by-browser = ouvre votre navigateur
sign-in-asking = Demande à { $server }…
sign-in-waiting = En attente de votre navigateur…
sign-in-copy-link = Copier le lien
sign-in-open-again = Rouvrir
sign-in-by-code = Avec un code
sign-in-stream = Regarder un flux sans se connecter
sign-in-watch = Regarder
sign-in-open-file = Ouvrir un fichier ou un élément récent
code-picture = Image de l’adresse avec le code, pour un téléphone
code-heading = Se connecter avec un téléphone
code-scan-or-open = Scannez l’image ou ouvrez cette page sur un autre appareil
code-open = Ouvrez cette page sur un autre appareil
code-enter = et saisissez ce code
code-spelled = Code { $letters }
code-good-for = En attente – le code est valable encore { $time }
code-expired = Le code a expiré, un autre arrive…
code-not-now = Pas maintenant
code-new = Nouveau code

## Profiles.
profiles-whose = Quel profil ?
profiles-who = Qui regarde ?
profiles-manage = Gérer les profils
profiles-add = Ajouter un profil
profiles-change = Modifier { $name }
profiles-locked = { $name }, verrouillé
profiles-kids = Enfants, jusqu’à { $age } ans
profiles-up-to = jusqu’à { $age } ans
profile-change = Modifier le profil
profile-new = Nouveau profil
profile-name = Nom
profile-picture = Image
profile-picture-is = Image : { $name }
profile-colour = Couleur
profile-colour-is = Couleur : { $name }
profile-for-child = Pour un enfant
profile-for-child-detail = A toujours une limite d’âge et ne modifie pas les autres profils protégés par un code PIN
profile-titles-shown = Titres affichés : la limite vaut sur tous les appareils
profile-remove = Supprimer le profil
profile-pin = Code PIN
profile-pin-choose = Choisir
profile-pin-none = Aucun code n’est demandé
profile-pin-change = Modifier
profile-pin-asked = Demandé avant d’utiliser ce profil
profile-pin-remove = Supprimer le code PIN
profile-initial = Initiale
ages-all-titles = Tous les titres
ages-titles-everybody = Titres tout public
ages-titles-up-to = Titres jusqu’à { $age } ans
ages-all = Tous
ages-everybody = Tout public
ages-up-to = Jusqu’à { $age } ans
colour-blue = Bleu
colour-red = Rouge
colour-yellow = Jaune
colour-green = Vert
colour-violet = Violet
colour-pink = Rose
colour-teal = Bleu canard
colour-grey = Gris
avatar-cat = chat
avatar-dog = chien
avatar-rabbit = lapin
avatar-bird = oiseau
avatar-fish = poisson
avatar-horse = cheval
avatar-butterfly = papillon
avatar-flower = fleur
avatar-cactus = cactus
avatar-acorn = gland
avatar-robot = robot
avatar-ghost = fantôme
avatar-rocket = fusée
avatar-planet = planète
avatar-sailboat = voilier
avatar-guitar = guitare
note-profile-saved = { $name } a été enregistré
note-profile-removed = Le profil a été supprimé
note-pin-set = Le code PIN est défini
note-pin-removed = Le code PIN a été supprimé
pin-enter = Saisissez le code PIN de { $name }
pin-choose = Choisissez un code PIN pour { $name } : quatre à huit chiffres
pin-repeat = Saisissez le même code PIN une seconde fois
pin-differs = Les codes ne correspondent pas : choisissez à nouveau
pin-erase = Effacer
pin-ok = OK
pin-checking = Vérification…
confirm-remove-profile = Supprimer le profil de { $name } ?
confirm-remove-profile-means = Sa liste, ses avis et toutes ses positions seront perdus définitivement
confirm-remove-pin = Supprimer le code PIN de { $name } ?
confirm-remove-pin-means = Tout le foyer pourra alors regarder avec ce profil
confirm-end-device = Déconnecter { $name } ?
confirm-end-device-means = Il faudra se reconnecter avant de l’utiliser
confirm-forget-searches = Effacer les recherches ?
confirm-forget-searches-means = Les recherches de ce profil sur cet appareil
confirm-erase = Effacer votre compte ?
confirm-erase-means = Tous les profils, listes, positions et appareils sont supprimés et tout le monde est déconnecté. C’est irréversible
erase-for-ever = Effacer définitivement

## Home and titles.
home-being-made = Votre médiathèque se prépare : { $ready } titres sur { $total } sont prêts
home-nothing = Il n’y a encore rien à voir
home-loading = Chargement de votre médiathèque
list-mine = Ma liste
list-add = Ajouter à ma liste
list-remove = Retirer de ma liste
list-add-title = Ajouter à ma liste : { $name }
list-remove-title = Retirer de ma liste : { $name }
note-listed = { $name } a été ajouté à votre liste
note-unlisted = { $name } a été retiré de votre liste
note-list-unchanged = Votre liste n’a pas pu être modifiée
note-rating-lost = Votre avis n’a pas été enregistré
row-because = Parce que vous avez regardé { $name }
row-earlier = Précédent dans la rangée : { $name }
row-later = Suivant dans la rangée : { $name }
title-more-info = Plus d’infos
title-preparing = Préparation : { $percent } %
title-preparing-plain = En préparation…
title-watched = Vu
title-resume-at = Reprendre à { $time }
title-resume-episode = Reprendre { $name }
title-play-episode = Lire { $name }
title-in-plan = Inclus dans { $plan }
title-like = J’aime
title-dislike = Pas pour moi
title-season = Saison { $number }
episodes =
    { $count ->
        [one] { $count } épisode
       *[other] { $count } épisodes
    }
title-more-like = Titres similaires
title-genres = Genres
title-protection = Protection
title-clear = Non chiffré
title-encrypted = Chiffré ({ $scheme })
title-chapters = Chapitres
title-play-from = Lire à partir de { $place }
title-loading = Chargement des détails

## Searching.
search-nothing = Aucun résultat pour « { $words } »
search-meant = Vouliez-vous dire { $words } ?
search-count =
    { $count ->
        [one] { $count } titre
       *[other] { $count } titres
    }
search-count-more = { $count } titres et plus
search-searching = Recherche…
search-what = Titres, personnes et genres
search-before = Recherches récentes
search-forget = Effacer
search-for = Rechercher { $words }
search-more-failed = D’autres résultats n’ont pas pu être chargés
search-forgotten = Les recherches sont effacées
pin-digits =
    { $count ->
        [one] un chiffre
       *[other] { $count } chiffres
    }
