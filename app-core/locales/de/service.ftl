## Navigation and signing in.
nav-home = Start
nav-open-settings = Einstellungen öffnen
nav-profile = Profil: { $name }
nav-library = Mediathek { $ready } von { $total }
nav-switch-profile = Profil wechseln
sign-in-why = Melde dich an, um deine Mediathek zu sehen und dort weiterzuschauen, wo du aufgehört hast
sign-in-by-phone = mit deinem Handy
sign-in-by-browser = öffnet deinen Browser
sign-in-asking = { $server } wird gefragt …
sign-in-waiting = Warte auf deinen Browser …
sign-in-copy-link = Link kopieren
sign-in-open-again = Erneut öffnen
sign-in-by-code = Mit Code
sign-in-stream = Ohne Anmeldung einen Stream ansehen
sign-in-watch = Ansehen
sign-in-open-file = Datei oder zuletzt Geöffnetes öffnen
code-picture = Bild der Adresse mit dem Code, fürs Handy
code-heading = Mit dem Handy anmelden
code-scan-or-open = Scanne das Bild oder öffne diese Seite auf einem beliebigen Gerät
code-open = Öffne diese Seite auf einem beliebigen Gerät
code-enter = und gib diesen Code ein
code-spelled = Code { $letters }
code-good-for = Warte auf dich – der Code gilt noch { $time }
code-expired = Der Code ist abgelaufen, ein neuer kommt …
code-not-now = Nicht jetzt
code-new = Neuer Code

## Profiles.
profiles-whose = Welches Profil?
profiles-who = Wer schaut?
profiles-manage = Profile verwalten
profiles-add = Profil hinzufügen
profiles-change = { $name } ändern
profiles-locked = { $name }, gesperrt
profiles-kids = Kinder, bis { $age } Jahre
profiles-up-to = bis { $age } Jahre
profile-change = Profil ändern
profile-new = Neues Profil
profile-name = Name
profile-picture = Bild
profile-picture-is = Bild: { $name }
profile-colour = Farbe
profile-colour-is = Farbe: { $name }
profile-for-child = Für ein Kind
profile-for-child-detail = Hat immer eine Altersgrenze und ändert keine anderen Profile, wenn eine PIN sie schützt
profile-titles-shown = Titel, die gezeigt werden: Das gilt auf jedem Gerät
profile-remove = Profil löschen
profile-pin = PIN
profile-pin-choose = Festlegen
profile-pin-none = Es wird nach keiner gefragt
profile-pin-change = Ändern
profile-pin-asked = Wird abgefragt, bevor dieses Profil genutzt wird
profile-pin-remove = PIN entfernen
profile-initial = Anfangsbuchstabe
ages-all-titles = Alle Titel
ages-titles-everybody = Titel für alle
ages-titles-up-to = Titel bis { $age } Jahre
ages-all = Alle
ages-everybody = Für alle
ages-up-to = Bis { $age }
colour-blue = Blau
colour-red = Rot
colour-yellow = Gelb
colour-green = Grün
colour-violet = Violett
colour-pink = Pink
colour-teal = Petrol
colour-grey = Grau
avatar-cat = Katze
avatar-dog = Hund
avatar-rabbit = Hase
avatar-bird = Vogel
avatar-fish = Fisch
avatar-horse = Pferd
avatar-butterfly = Schmetterling
avatar-flower = Blume
avatar-cactus = Kaktus
avatar-acorn = Eichel
avatar-robot = Roboter
avatar-ghost = Gespenst
avatar-rocket = Rakete
avatar-planet = Planet
avatar-sailboat = Segelboot
avatar-guitar = Gitarre
note-profile-saved = { $name } wurde gespeichert
note-profile-removed = Das Profil wurde gelöscht
note-pin-set = Die PIN ist festgelegt
note-pin-removed = Die PIN wurde entfernt
pin-enter = Gib die PIN von { $name } ein
pin-choose = Wähle eine PIN für { $name }: vier bis acht Ziffern
pin-repeat = Gib dieselbe PIN noch einmal ein
pin-differs = Die beiden waren nicht gleich: Wähle die PIN noch einmal
pin-erase = Löschen
pin-ok = OK
pin-checking = Wird geprüft …
confirm-remove-profile = Profil von { $name } löschen?
confirm-remove-profile-means = Merkliste, Bewertungen und alle Positionen gehen endgültig verloren
confirm-remove-pin = PIN von { $name } entfernen?
confirm-remove-pin-means = Dann kann jeder im Haushalt mit diesem Profil schauen
confirm-end-device = { $name } abmelden?
confirm-end-device-means = Das Gerät muss sich erst wieder anmelden
confirm-forget-searches = Suchverlauf löschen?
confirm-forget-searches-means = Suchanfragen dieses Profils auf diesem Gerät
confirm-erase = Dein Konto löschen?
confirm-erase-means = Alle Profile, Listen, Positionen und Geräte werden gelöscht und alle abgemeldet. Das lässt sich nicht rückgängig machen
erase-for-ever = Endgültig löschen

## Home and titles.
home-being-made = Deine Mediathek entsteht: { $ready } von { $total } Titeln sind fertig
home-nothing = Hier gibt es noch nichts zu sehen
home-loading = Deine Mediathek wird geladen
list-mine = Meine Liste
list-add = Zu meiner Liste hinzufügen
list-remove = Von meiner Liste entfernen
list-add-title = Zu meiner Liste hinzufügen: { $name }
list-remove-title = Von meiner Liste entfernen: { $name }
note-listed = { $name } ist jetzt auf deiner Liste
note-unlisted = { $name } ist nicht mehr auf deiner Liste
note-list-unchanged = Deine Liste konnte nicht geändert werden
note-rating-lost = Deine Bewertung wurde nicht gespeichert
row-because = Weil du { $name } gesehen hast
row-earlier = Weiter vorn in der Reihe: { $name }
row-later = Weiter hinten in der Reihe: { $name }
title-more-info = Mehr Infos
title-preparing = Wird vorbereitet: { $percent } %
title-preparing-plain = Wird vorbereitet …
title-watched = Gesehen
title-resume-at = Weiter bei { $time }
title-resume-episode = { $name } weiterschauen
title-play-episode = { $name } abspielen
title-in-plan = Enthalten in { $plan }
title-like = Gefällt mir
title-dislike = Nichts für mich
title-season = Staffel { $number }
episodes =
    { $count ->
        [one] Eine Folge
       *[other] { $count } Folgen
    }
title-more-like = Mehr davon
title-genres = Genres
title-protection = Schutz
title-clear = Nicht verschlüsselt
title-encrypted = Verschlüsselt ({ $scheme })
title-chapters = Kapitel
title-play-from = Abspielen ab { $place }
title-loading = Details werden geladen

## Searching.
search-nothing = Nichts gefunden für „{ $words }“
search-meant = Meintest du { $words }?
search-count =
    { $count ->
        [one] Ein Titel
       *[other] { $count } Titel
    }
search-count-more = { $count } Titel und mehr
search-searching = Suche läuft …
search-what = Titel, Personen und Genres
search-before = Zuletzt gesucht
search-forget = Verlauf löschen
search-for = Nach { $words } suchen
search-more-failed = Weitere Treffer konnten nicht geladen werden
search-forgotten = Der Suchverlauf ist gelöscht
pin-digits =
    { $count ->
        [one] eine Ziffer
       *[other] { $count } Ziffern
    }
