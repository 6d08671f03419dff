## The parts of the settings.
part-account = Compte
part-plan = Offre
part-devices = Appareils
part-playback = Lecture
part-privacy = Confidentialité
part-support = Assistance
part-about = À propos
language = Langue
language-detail = Des menus et des messages
language-of-system = Comme le système
language-no-font = Il manque une police avec les caractères japonais, par exemple Noto Sans CJK (paquet fonts-noto-cjk). En attendant, tout est en anglais

## The account and its plan.
account-name = Nom
account-email = E-mail
account-email-unconfirmed = { $address } (non confirmé)
account-at-once = En même temps
account-best-quality = Meilleure qualité
account-plan-includes = Ce que comprend l’offre
account-elsewhere = Le nom, l’e-mail et le mot de passe se modifient sur la page du compte, dans un navigateur
devices =
    { $count ->
        [one] { $count } appareil
       *[other] { $count } appareils
    }
quality-sd = jusqu’à 576p
quality-hd = jusqu’à 1080p
quality-uhd = jusqu’à 4K
plan-all-titles = Tous les titres du catalogue
plan-titles = Titres
plan-all-but = Tous sauf ceux marqués
plan-at-once = Regarder en même temps
plan-registered = Appareils enregistrés
plan-offline = Garder des titres hors ligne
plan-largest = Vous avez l’offre la plus complète : tous les titres du catalogue sont à vous
plan-larger = une offre supérieure
plan-needs = Les titres marqués { $name } demandent cette offre. C’est l’exploitant du service qui change les offres : demandez dans Assistance
plan-ask = Demander une autre offre
plan-own = { $name }, votre offre
device-this = Cet appareil
device-last-used = Dernière utilisation le { $day }
device-signed-in = { $used }, connecté le { $day }
devices-why = Où votre compte est connecté. Un appareil inconnu ? Déconnectez-le, puis changez votre mot de passe
account-stale = Votre compte affiche les dernières informations connues
devices-stale = Les appareils affichés sont les derniers connus
device-still-in = Il est toujours connecté
device-is-out = Il a été déconnecté
not-saved = Cela n’a pas été enregistré
account-erased = Votre compte a été effacé

## Playback.
autoplay = Lire l’épisode suivant
autoplay-detail = Automatiquement, à la fin d’un épisode
subtitles-detail = Affichés dès le début, si le titre en a
skip-play = Les lire
skip-offer = Proposer de passer
skip-auto = Passer automatiquement

## Privacy.
privacy-agreed = Ce que vous acceptez
privacy-suggestions = Suggestions d’après ce qui a été vu
privacy-suggestions-detail = Des rangées comme « Parce que vous avez regardé » ; sinon, elles n’existent pas
privacy-details = Détails techniques pour l’assistance
privacy-details-detail = Joints d’office aux demandes ; vous les voyez avant l’envoi
privacy-kept = Ce qui est conservé sur vous
privacy-forget = Effacer les recherches
privacy-leave = Partir
export-collecting = Collecte…
export-save = Enregistrer une copie de mes données
export-saved = Enregistré sous { $path }
export-what = Un fichier avec compte, profils, listes, avis, positions, appareils et demandes
erase-begin = Effacer mon compte
erase-password = Saisissez votre mot de passe : ce n’est pas toujours vous qui tenez cet appareil
erase-ten-minutes = C’est possible pendant dix minutes après la connexion : votre compte n’a pas de mot de passe à demander
erase-password-hint = Mot de passe
erase-under-way = Effacement…
erase-keep = Garder mon compte

## Support.
support-playback = La lecture ne marche pas
support-account = Compte et offre
support-feedback = Mon avis
support-about = De quoi s’agit-il ?
support-message = Message
support-hint = Que s’est-il passé, et qu’attendiez-vous ?
support-attach = Joindre des détails techniques
support-attached = Ceci et rien d’autre :
support-attach-detail = Vous les voyez avant l’envoi
support-thanks = Merci. Votre demande est { $reference } : citez-la si vous écrivez à nouveau
support-failed = { $why }. Votre texte est toujours là

## About.
about-for-television = pour téléviseurs
about-for-desktop = pour ordinateur
about-server = Serveur
about-licence = Licence
about-licence-lumen = MIT ou Apache-2.0, au choix
about-made-with = Réalisé avec
about-inter = SIL Open Font License 1.1, The Inter Project Authors
about-phosphor = MIT, Phosphor Icons
about-egui = MIT ou Apache-2.0, Emil Ernerfeldt et d’autres
about-gstreamer = LGPL 2.1 ou ultérieure, utilisé tel qu’il est installé
about-licences = Les licences de toutes les bibliothèques accompagnent le code source, dans Cargo.lock

## The page of a television for whoever repairs it.
diagnostics = Diagnostic
diagnostics-larger = Image plus grande
diagnostics-smaller = Image plus petite
diagnostics-picture = Image de ces lignes, pour un téléphone
diagnostics-signed-in = connecté
diagnostics-signed-out = déconnecté
diagnostics-lumen = Lumen { $version } sur { $machine }
diagnostics-server = Serveur { $address } ({ $state })
diagnostics-panel = Écran { $width } × { $height }, { $percent } % libres à chaque bord
diagnostics-memory = Mémoire utilisée { $memory }
language-no-font-short = Pour le japonais : fonts-noto-cjk

## This television: what its panel shows, and giving it away.
part-television = Ce téléviseur
edges = Bords de l’image
edges-free = Bords laissés libres, jusqu’à voir tout le cadre autour de cette page
previews = Aperçus
previews-detail = Un titre resté au-dessus des rangées s’anime, sans le son
previews-not-here = non : ce téléviseur a trop peu de mémoire
ambient = Mode ambiant
ambient-detail = Après dix minutes de repos, l’heure à côté d’une image ; sinon, l’écran est seulement assombri
keyboard = Touches à l’écran
keyboard-detail = Lettres pour la recherche
reset = Réinitialiser
reset-offer = Réinitialiser
reset-now = Réinitialiser maintenant
confirm-reset = Réinitialiser ce téléviseur ?
confirm-reset-means = Il est déconnecté et oublie ses paramètres, ses recherches et les positions pas encore envoyées
confirm-reset-for-good = Vraiment le réinitialiser ?
confirm-reset-for-good-means = C’est irréversible. Votre compte et ce que vous avez regardé restent chez le service
