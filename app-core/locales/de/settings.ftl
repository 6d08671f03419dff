## The parts of the settings.
part-account = Konto
part-plan = Tarif
part-devices = Geräte
part-playback = Wiedergabe
part-privacy = Datenschutz
part-support = Hilfe
part-about = Über Lumen
language = Sprache
language-detail = Von Menüs und Meldungen
language-of-system = Wie das System
language-no-font = Für Japanisch fehlt eine Schrift mit den nötigen Zeichen, zum Beispiel Noto Sans CJK (Paket fonts-noto-cjk). Bis dahin ist alles auf Englisch

## The account and its plan.
account-name = Name
account-email = E-Mail
account-email-unconfirmed = { $address } (nicht bestätigt)
account-at-once = Gleichzeitig
account-best-quality = Beste Qualität
account-plan-includes = Was der Tarif enthält
account-elsewhere = Name, E-Mail und Passwort änderst du im Browser auf der Kontoseite des Dienstes
devices =
    { $count ->
        [one] ein Gerät
       *[other] { $count } Geräte
    }
quality-sd = bis 576p
quality-hd = bis 1080p
quality-uhd = bis 4K
plan-all-titles = Alle Titel des Katalogs
plan-titles = Titel
plan-all-but = Alle außer den markierten
plan-at-once = Gleichzeitig schauen
plan-registered = Angemeldete Geräte
plan-offline = Titel offline behalten
plan-largest = Du hast den größten Tarif: Du kannst jeden Titel des Katalogs sehen
plan-larger = einem größeren Tarif
plan-needs = Mit { $name } markierte Titel brauchen diesen Tarif. Den Tarif ändert der Betreiber des Dienstes: Frag unter „Hilfe“ nach
plan-ask = Nach einem anderen Tarif fragen
plan-own = { $name }, dein Tarif
device-this = Dieses Gerät
device-last-used = Zuletzt genutzt am { $day }
device-signed-in = { $used }, angemeldet am { $day }
devices-why = Hier ist dein Konto angemeldet. Ein Gerät, das du nicht kennst: Melde es ab und ändere dann dein Passwort
account-stale = Dein Konto zeigt den letzten bekannten Stand
devices-stale = Die Geräte zeigen den letzten bekannten Stand
device-still-in = Es ist noch angemeldet
device-is-out = Es wurde abgemeldet
not-saved = Das wurde nicht gespeichert
account-erased = Dein Konto wurde gelöscht

## Playback.
autoplay = Nächste Folge abspielen
autoplay-detail = Automatisch, wenn eine zu Ende ist
subtitles-detail = Von Anfang an, wenn ein Titel welche hat
skip-play = Abspielen
skip-offer = Überspringen anbieten
skip-auto = Automatisch überspringen

## Privacy.
privacy-agreed = Dein Einverständnis
privacy-suggestions = Vorschläge aus dem, was geschaut wurde
privacy-suggestions-detail = Reihen wie „Weil du … gesehen hast“; aus: es gibt sie nicht
privacy-details = Technische Angaben für den Support
privacy-details-detail = Sind Anfragen gleich beigefügt; du siehst sie vor dem Senden
privacy-kept = Was über dich gespeichert ist
privacy-forget = Suchverlauf löschen
privacy-leave = Konto verlassen
export-collecting = Wird zusammengestellt …
export-save = Kopie meiner Daten speichern
export-saved = Gespeichert als { $path }
export-what = Eine Datei mit Konto, Profilen, Listen, Bewertungen, Positionen, Geräten und Anfragen
erase-begin = Mein Konto löschen
erase-password = Gib dein Passwort ein: Nicht immer hältst du dieses Gerät in der Hand
erase-ten-minutes = Das geht nur in den zehn Minuten nach der Anmeldung: Dein Konto hat kein Passwort, das abgefragt werden könnte
erase-password-hint = Passwort
erase-under-way = Wird gelöscht …
erase-keep = Mein Konto behalten

## Support.
support-playback = Etwas spielt nicht ab
support-account = Konto und Tarif
support-feedback = Meine Meinung
support-about = Worum geht es?
support-message = Nachricht
support-hint = Was ist passiert, und was hast du erwartet?
support-attach = Technische Angaben beifügen
support-attached = Nur das, sonst nichts:
support-attach-detail = Du siehst sie vor dem Senden
support-thanks = Danke. Deine Anfrage ist { $reference }: Nenne die Nummer, wenn du wieder schreibst
support-failed = { $why }. Was du geschrieben hast, ist noch da

## About.
about-for-television = für Fernseher
about-for-desktop = für den Desktop
about-server = Server
about-licence = Lizenz
about-licence-lumen = MIT oder Apache-2.0, ganz nach Wunsch
about-made-with = Womit es gemacht ist
about-inter = SIL Open Font License 1.1, The Inter Project Authors
about-phosphor = MIT, Phosphor Icons
about-egui = MIT oder Apache-2.0, Emil Ernerfeldt und andere
about-gstreamer = LGPL 2.1 oder neuer, so genutzt, wie es installiert ist
about-licences = Die Lizenzen aller Bibliotheken liegen dem Quelltext bei, in Cargo.lock

## The page of a television for whoever repairs it.
diagnostics = Diagnose
diagnostics-larger = Größeres Bild
diagnostics-smaller = Kleineres Bild
diagnostics-picture = Bild dieser Zeilen, fürs Handy
diagnostics-signed-in = angemeldet
diagnostics-signed-out = abgemeldet
diagnostics-lumen = Lumen { $version } auf { $machine }
diagnostics-server = Server { $address } ({ $state })
diagnostics-panel = Bildschirm { $width } × { $height }, { $percent } % an jedem Rand frei
diagnostics-memory = Belegter Speicher { $memory }
language-no-font-short = Japanisch braucht fonts-noto-cjk

## This television: what its panel shows, and giving it away.
part-television = Dieser Fernseher
edges = Ränder des Bildes
edges-free = Freie Ränder, bis der ganze Rahmen um diese Seite zu sehen ist
previews = Vorschauen
previews-detail = Ein Titel, der über den Reihen steht, beginnt sich zu bewegen, ohne Ton
previews-not-here = aus: dafür hat dieser Fernseher zu wenig Speicher
ambient = Ruhebild
ambient-detail = Nach zehn Minuten Ruhe die Uhrzeit neben einem Bild; aus: der Bildschirm wird nur dunkler
keyboard = Tasten auf dem Bildschirm
keyboard-detail = Buchstaben zum Suchen
reset = Zurücksetzen
reset-offer = Zurücksetzen
reset-now = Jetzt zurücksetzen
confirm-reset = Diesen Fernseher zurücksetzen?
confirm-reset-means = Er wird abgemeldet und vergisst Einstellungen, Suchanfragen und Positionen, die noch nicht gesendet sind
confirm-reset-for-good = Wirklich zurücksetzen?
confirm-reset-for-good-means = Das lässt sich nicht rückgängig machen. Dein Konto und was du gesehen hast bleiben beim Dienst
