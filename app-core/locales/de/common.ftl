## Words that stand in many places.
play = Abspielen
pause = Pause
resume = Weiterschauen
start-over = Von vorn
close = Schließen
cancel = Abbrechen
done = Fertig
back = Zurück
retry = Erneut versuchen
save = Speichern
saving = Wird gespeichert …
send = Senden
sending = Wird gesendet …
search = Suche
settings = Einstellungen
sign-in = Anmelden
sign-out = Abmelden
yes = Ja
no = Nein
on = An
off = Aus
loading = Wird geladen
open = Öffnen
remove = Entfernen
forget = Vergessen
unknown = unbekannt
audio = Ton
subtitles = Untertitel
quality = Qualität
speed = Tempo
stats = Statistik
intros = Intros
recaps = Rückblicke
credits = Abspann
next-episode = Nächste Folge
still-watching = Schaust du noch?
playback-stopped = Wiedergabe beendet
list-comma = {", "}

## Times, amounts and dates. Hours, minutes and seconds come as digits.
length-hours = { $hours } Std. { $minutes } Min.
length-minutes = { $minutes } Min.
length-seconds = { $seconds } Sek.
spoken-hours =
    { $count ->
        [one] 1 Stunde
       *[other] { $count } Stunden
    }
spoken-minutes =
    { $count ->
        [one] 1 Minute
       *[other] { $count } Minuten
    }
spoken-seconds =
    { $count ->
        [one] 1 Sekunde
       *[other] { $count } Sekunden
    }
spoken-joint = {" "}
time-left = noch { $time }
time-of = { $time } von { $whole }
percent = { $amount } %
milliseconds = { $amount } ms
seconds-short = { $amount } s
decimal-mark = ,
group-mark = .
date = { $day }. { $month } { $year }
month =
    { $month ->
        [1] Januar
        [2] Februar
        [3] März
        [4] April
        [5] Mai
        [6] Juni
        [7] Juli
        [8] August
        [9] September
        [10] Oktober
        [11] November
       *[other] Dezember
    }

## Names of languages.
language-english = Englisch
language-german = Deutsch
language-french = Französisch
language-spanish = Spanisch
language-italian = Italienisch
language-portuguese = Portugiesisch
language-dutch = Niederländisch
language-swedish = Schwedisch
language-polish = Polnisch
language-japanese = Japanisch
language-chinese = Chinesisch
language-korean = Koreanisch
language-unknown = Unbekannte Sprache

## The keys on the screen of a television.
keyboard-capitals = Großschrift
keyboard-space = Leertaste
keyboard-erase = Löschen
keyboard-clear = Leeren
keyboard-letters = Buchstaben
keyboard-digits = Ziffern
keyboard-layout = Tastatur { $language }, Sprache wechseln
keyboard-typed =
    { $count ->
        [one] 1 Zeichen
       *[other] { $count } Zeichen
    }

## What can be done about a failure.
remedy-try-again = Erneut versuchen
remedy-see-plans = Tarife ansehen
remedy-see-devices = Geräte ansehen

## Why a title may not be watched.
refusal-stream-limit = Es schauen zu viele Geräte gleichzeitig: Beende eines davon oder wechsle den Tarif
refusal-device-limit = In deinem Tarif ist kein Platz für ein weiteres Gerät: Melde eines ab, das du nicht mehr nutzt
refusal-not-entitled = Dieser Titel ist nicht in deinem Tarif enthalten
refusal-pin-required = Dieser Haushalt ist durch eine PIN geschützt: Wähle das Profil mit der PIN, gib sie ein und komm dann zurück
refusal-revoked = Die Wiedergabe auf diesem Gerät wurde von einem anderen Gerät oder deiner Kontoseite aus beendet
refusal-not-now = Dieser Titel ist nicht mehr oder noch nicht verfügbar
refusal-not-here = Dieser Titel ist an deinem Ort nicht verfügbar
refusal-address-hidden = Deine Verbindung verbirgt deinen Standort: Schalte VPN oder Proxy aus und versuche es erneut
refusal-somebody = Jemand
refusal-one-elsewhere = { $who } schaut gerade auf { $place } – beende dort die Wiedergabe, um hier zu schauen, oder wechsle den Tarif
refusal-several-elsewhere = { $count } andere Geräte schauen gerade – beende eines davon, um hier zu schauen, oder wechsle den Tarif
refusal-on-device = { $who } auf { $place }
device-computer = einem Computer
device-browser = einem Browser
device-phone = einem Handy
device-tablet = einem Tablet
device-television = einem Fernseher

## What the application says in passing.
note-failed = { $what }: { $why }
note-link-copied = Link kopiert
note-press-back-again = Drücke noch einmal „Zurück“, um zu beenden
note-sign-in-for-title = Melde dich an und wähle ein Profil, um diesen Titel zu sehen
note-no-browser = Es konnte kein Browser geöffnet werden: Kopiere den Link und öffne ihn selbst
note-disconnected = { $name } ist nicht mehr verbunden
note-no-subtitles = Dieser Titel hat keine Untertitel
note-one-sound = Dieser Titel hat nur eine Tonspur
failure-not-saved = Die Datei konnte nicht gespeichert werden: Ist im Download-Ordner noch Platz?

## The way to the service, and what holds the remote.
link-away = Keine Verbindung. Neuer Versuch in { $seconds } s
link-asking = Verbinde neu…
link-back = Wieder online
note-battery = { $name }: Der Akku hat noch { $left } %
