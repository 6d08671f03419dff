## Opening addresses and files.
open-hint-drop = Eine Adresse oder Datei, oder zieh eine ins Fenster
open-hint-paste = Eine Adresse oder Datei; Strg V spielt eine kopierte Adresse ab
open-example = https://example.com/a.mpd oder ~/film.mp4
open-lately = Zuletzt geöffnet
open-choosing = Auswahl läuft …
open-choose = Datei auswählen …
open-clear = Liste leeren
open-drop = Zum Abspielen loslassen
open-no-dialog = Dieser Desktop hat keinen Dateidialog; gib stattdessen den Pfad ein
dialog-open = Film oder Stream öffnen
dialog-films = Filme und Streams
dialog-all-files = Alle Dateien
address-enter = Gib die Adresse eines Streams ein, etwa https://example.com/master.m3u8, oder eine Datei
address-too-long = Das ist zu lang für eine Adresse oder enthält ungewöhnliche Zeichen
address-standard-input = Die Standardeingabe lässt sich nicht abspielen; gib die Adresse oder die Datei selbst an
address-no-server = Diese Adresse nennt keinen Server
address-other-machine = Es lassen sich nur Dateien dieses Rechners öffnen
address-kinds = Es lassen sich nur http- und https-Adressen, Dateien und Links zu Titeln öffnen
address-no-such-name = Es gibt keine Datei mit diesem Namen; eine vollständige Adresse beginnt mit https://
address-no-file = Die Datei gibt es nicht, oder sie darf nicht gelesen werden
address-folder = Das ist ein Ordner; nenne eine Playlist, MPD oder Mediendatei darin
address-only-files = Es lassen sich nur Dateien öffnen
address-bad-path = Dieser Pfad lässt sich nicht öffnen
address-bad-link = Dieser Link führt zu nichts, was Lumen kennt
address-stream = Stream

## After a crash.
crash-heading = Lumen ist letztes Mal abgestürzt
crash-what = Das ist darüber bekannt. Es liegt nur auf diesem Gerät; nichts wird gesendet, wenn du es nicht selbst weitergibst.
crash-copy = Bericht kopieren
crash-delete = Löschen
crash-copied = Bericht kopiert

## Settings of the desktop.
desktop = Desktop
desktop-settings = Desktop-Einstellungen
desktop-media-keys = Medientasten
desktop-media-keys-detail = Tasten, Headsets und Leisten des Desktops steuern den Player
desktop-awake = Bildschirm anlassen
desktop-awake-detail = Während der Wiedergabe und bis zu einer halben Minute Pause
desktop-recents = Geöffnetes merken
desktop-recents-detail = Adressen und Dateien, in der Liste von Strg O
desktop-text-size = Textgröße
desktop-text-size-detail = Von allem außer Untertiteln
desktop-as-desktop = Wie der Desktop
desktop-movement = Bewegung
desktop-movement-detail = Beim Gleiten und Einblenden
desktop-reduced = Reduziert
desktop-full = Voll

## `lumen doctor`.
doctor-plugins = Installiere die GStreamer-Plugins good, bad, ugly und libav
doctor-none = keine: { $missing }
doctor-none-for = { $here }; keiner für { $missing }
doctor-display = Nötig ist ein Display mit OpenGL 2.1 oder OpenGL ES 2.0; auf Servern hilft Xvfb
doctor-software = Die Bilder werden ohne Grafikkarte gezeichnet; 1080p kann ruckeln
doctor-no-window = kein Fenster ließ sich öffnen
doctor-answers = antwortet
doctor-keyring-silent = antwortet nicht; die Anmeldung liegt in einer verschlüsselten Datei
doctor-keyring = Ein Secret Service wie gnome-keyring würde sie besser verwahren
doctor-certificates = Gib mit --ca eine andere Datei an oder nimm sie aus den Einstellungen
doctor-server = Streams und Dateien laufen auch ohne; einen anderen Server nennst du mit --server
doctor-server-answers = { $name } antwortet
doctor-folder = Solange dieser Ordner nicht beschreibbar ist, merkt sich Lumen nichts
doctor-no-crash = keine, die nicht angesehen wurden
doctor-crash = Der nächste Start zeigt ihn; dort lässt er sich kopieren
doctor-desktop-proxy = Proxy des Desktops
doctor-own-certificates = eigene Zertifikate
doctor-count-in = { $count } in { $path }
doctor-no-such-file = { $path }: die Datei gibt es nicht
doctor-no-certificate = { $path }: darin ist kein Zertifikat (PEM)
desktop-playing = Ein Video läuft

## How the window looks, and how pictures come to it.
desktop-theme = Design
desktop-theme-detail = Der Player ist immer dunkel
desktop-dark = Dunkel
desktop-light = Hell
desktop-contrast = Hoher Kontrast
desktop-contrast-detail = Farben, die weit auseinanderliegen
path-rgba = rgba, vom Prozessor umgerechnet
path-yuv = yuv, von einem Shader umgerechnet
path-no-sharing = --video-path gl gilt nicht: Diese Version kann Texturen nicht mit Decodern teilen
path-no-planes = --video-path yuv gilt nicht: Dieses OpenGL hat keine Texturen für Ebenen
path-no-graphics = --video-path gilt nicht: Das Fenster wird nicht von OpenGL gezeichnet
path-toolkit = durch die Oberfläche
