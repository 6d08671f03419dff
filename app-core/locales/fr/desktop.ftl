## Opening addresses and files.
open-hint-drop = Une adresse, un fichier, ou déposez-en un dans la fenêtre
open-hint-paste = Une adresse ou un fichier ; Ctrl V lit une adresse copiée
open-example = https://example.com/a.mpd ou ~/film.mp4
open-lately = Ouverts récemment
open-choosing = Choix en cours…
open-choose = Choisir un fichier…
open-clear = Vider la liste
open-drop = Déposez pour lire
open-no-dialog = Ce bureau n’a pas de sélecteur de fichiers ; tapez le chemin
dialog-open = Ouvrir un film ou un flux
dialog-films = Films et flux
dialog-all-files = Tous les fichiers
address-enter = Saisissez l’adresse d’un flux, comme https://example.com/master.m3u8, ou un fichier
address-too-long = C’est trop long pour une adresse, ou il y a des caractères étranges
address-standard-input = L’entrée standard ne peut pas être lue ; donnez l’adresse ou le fichier
address-no-server = Cette adresse n’indique aucun serveur
address-other-machine = Seuls les fichiers de cette machine peuvent être ouverts
address-kinds = Seuls les adresses http et https, les fichiers et les liens vers des titres peuvent être ouverts
address-no-such-name = Aucun fichier de ce nom ; une adresse complète commence par https://
address-no-file = Ce fichier n’existe pas ou ne peut pas être lu
address-folder = C’est un dossier ; indiquez une playlist, un MPD ou un fichier multimédia
address-only-files = Seuls les fichiers peuvent être ouverts
address-bad-path = Ce chemin ne peut pas être ouvert
address-bad-link = Ce lien ne mène à rien que Lumen connaisse
address-stream = Flux

## After a crash.
crash-heading = Lumen a planté la dernière fois
crash-what = Voici ce que l’on en sait. Cela reste sur cet appareil ; rien n’est envoyé, sauf si vous le transmettez.
crash-copy = Copier le rapport
crash-delete = Le supprimer
crash-copied = Rapport copié

## Settings of the desktop.
desktop = Bureau
desktop-settings = Paramètres du bureau
desktop-media-keys = Touches multimédias
desktop-media-keys-detail = Touches, casques et panneaux du bureau pilotent le lecteur
desktop-awake = Garder l’écran allumé
desktop-awake-detail = Pendant la lecture et une demi-minute de pause
desktop-recents = Retenir ce qui a été ouvert
desktop-recents-detail = Adresses et fichiers, dans la liste de Ctrl O
desktop-text-size = Taille du texte
desktop-text-size-detail = De tout sauf les sous-titres
desktop-as-desktop = Comme le bureau
desktop-movement = Animations
desktop-movement-detail = De ce qui glisse et s’estompe
desktop-reduced = Réduites
desktop-full = Complètes

## `lumen doctor`.
doctor-plugins = Installez les greffons good, bad, ugly et libav de GStreamer
doctor-none = aucun : { $missing }
doctor-none-for = { $here } ; aucun pour { $missing }
doctor-display = Il faut un affichage avec OpenGL 2.1 ou OpenGL ES 2.0 ; sur un serveur, essayez Xvfb
doctor-software = Les images sont dessinées sans carte graphique ; le 1080p peut saccader
doctor-no-window = aucune fenêtre n’a pu être examinée
doctor-answers = répond
doctor-keyring-silent = ne répond pas ; la connexion est gardée dans un fichier chiffré
doctor-keyring = Un Secret Service comme gnome-keyring la garderait mieux
doctor-certificates = Donnez un autre fichier avec --ca, ou retirez-le des paramètres
doctor-server = Flux et fichiers se regardent sans lui ; --server en indique un autre
doctor-server-answers = { $name } répond
doctor-folder = Rien n’est retenu d’un démarrage à l’autre tant que ce dossier n’est pas accessible en écriture
doctor-no-crash = aucun qui n’ait été vu
doctor-crash = Le prochain démarrage le montre ; il peut y être copié
doctor-desktop-proxy = proxy du bureau
doctor-own-certificates = certificats propres
doctor-count-in = { $count } dans { $path }
doctor-no-such-file = { $path } : ce fichier n’existe pas
doctor-no-certificate = { $path } : il ne contient aucun certificat (PEM)
desktop-playing = Une vidéo est en lecture

## How the window looks, and how pictures come to it.
desktop-theme = Thème
desktop-theme-detail = Le lecteur est toujours sombre
desktop-dark = Sombre
desktop-light = Clair
desktop-contrast = Contraste élevé
desktop-contrast-detail = Des couleurs bien distinctes
path-rgba = rgba, converti par le processeur
path-yuv = yuv, converti par un shader
path-no-sharing = --video-path gl est ignoré : cette version ne partage pas de textures avec les décodeurs
path-no-planes = --video-path yuv est ignoré : cet OpenGL n’a pas de textures pour les plans
path-no-graphics = --video-path est ignoré : la fenêtre n’est pas dessinée par OpenGL
path-toolkit = par l’interface
