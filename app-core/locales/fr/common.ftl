## Words that stand in many places.
play = Lecture
pause = Pause
resume = Reprendre
start-over = Depuis le début
close = Fermer
cancel = Annuler
done = Terminé
back = Retour
retry = Réessayer
save = Enregistrer
saving = Enregistrement…
send = Envoyer
sending = Envoi…
search = Rechercher
settings = Paramètres
sign-in = Se connecter
sign-out = Se déconnecter
yes = Oui
no = Non
on = Activé
off = Désactivé
loading = Chargement
open = Ouvrir
remove = Supprimer
forget = Oublier
unknown = inconnu
audio = Audio
subtitles = Sous-titres
quality = Qualité
speed = Vitesse
stats = Statistiques
intros = Génériques de début
recaps = Résumés
credits = Génériques de fin
next-episode = Épisode suivant
still-watching = Toujours là ?
playback-stopped = Lecture arrêtée
list-comma = {", "}

## Times, amounts and dates. Hours, minutes and seconds come as digits.
length-hours = { $hours } h { $minutes } min
length-minutes = { $minutes } min
length-seconds = { $seconds } s
spoken-hours =
    { $count ->
        [one] { $count } heure
       *[other] { $count } heures
    }
spoken-minutes =
    { $count ->
        [one] { $count } minute
       *[other] { $count } minutes
    }
spoken-seconds =
    { $count ->
        [one] { $count } seconde
       *[other] { $count } secondes
    }
spoken-joint = {" "}
time-left = reste { $time }
time-of = { $time } sur { $whole }
percent = { $amount } %
milliseconds = { $amount } ms
seconds-short = { $amount } s
decimal-mark = ,
group-mark = {"\u00A0"}
date = { $day } { $month } { $year }
month =
    { $month ->
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
       *[other] décembre
    }

## Names of languages.
language-english = Anglais
language-german = Allemand
language-french = Français
language-spanish = Espagnol
language-italian = Italien
language-portuguese = Portugais
language-dutch = Néerlandais
language-swedish = Suédois
language-polish = Polonais
language-japanese = Japonais
language-chinese = Chinois
language-korean = Coréen
language-unknown = Langue inconnue

## The keys on the screen of a television.
keyboard-capitals = Majuscules
keyboard-space = Espace
keyboard-erase = Effacer
keyboard-clear = Vider
keyboard-letters = Lettres
keyboard-digits = Chiffres
keyboard-layout = Clavier { $language }, changer de langue
keyboard-typed =
    { $count ->
        [one] { $count } caractère
       *[other] { $count } caractères
    }

## What can be done about a failure.
remedy-try-again = Réessayer
remedy-see-plans = Voir les offres
remedy-see-devices = Voir les appareils

## Why a title may not be watched.
refusal-stream-limit = Trop d’appareils regardent en même temps : arrêtez-en un ou changez d’offre
refusal-device-limit = Votre offre n’accepte pas d’autre appareil : déconnectez-en un qui ne sert plus
refusal-not-entitled = Ce titre n’est pas inclus dans votre offre
refusal-pin-required = Un code PIN protège ce foyer : choisissez le profil concerné, saisissez le code, puis revenez
refusal-revoked = La lecture sur cet appareil a été arrêtée depuis un autre appareil ou la page de votre compte
refusal-not-now = Ce titre n’est plus disponible, ou pas encore
refusal-not-here = Ce titre n’est pas disponible là où vous êtes
refusal-address-hidden = Votre connexion masque votre position : désactivez le VPN ou le proxy, puis réessayez
refusal-somebody = Quelqu’un
refusal-one-elsewhere = { $who } regarde sur { $place } : arrêtez la lecture là-bas pour regarder ici, ou changez d’offre
refusal-several-elsewhere = { $count } autres appareils regardent : arrêtez-en un pour regarder ici, ou changez d’offre
refusal-on-device = { $who } sur { $place }
device-computer = un ordinateur
device-browser = un navigateur
device-phone = un téléphone
device-tablet = une tablette
device-television = un téléviseur

## What the application says in passing.
note-failed = { $what } : { $why }
note-link-copied = Lien copié
note-press-back-again = Appuyez encore sur Retour pour quitter
note-sign-in-for-title = Connectez-vous et choisissez un profil pour voir ce titre
note-no-browser = Aucun navigateur n’a pu être ouvert : copiez le lien et ouvrez-le vous-même
note-disconnected = { $name } est déconnecté
note-no-subtitles = Ce titre n’a pas de sous-titres
note-one-sound = Ce titre n’a qu’une piste audio
failure-not-saved = Le fichier n’a pas pu être enregistré : reste-t-il de la place dans le dossier des téléchargements ?

## The way to the service, and what holds the remote.
link-away = Pas de connexion. Nouvel essai dans { $seconds } s
link-asking = Reconnexion…
link-back = De nouveau en ligne
note-battery = { $name } : il reste { $left } % de batterie
