## Navigation and signing in.
nav-home = Home
nav-open-settings = Open settings
nav-profile = Profile: { $name }
nav-library = Library { $ready } of { $total }
nav-switch-profile = Switch profile
sign-in-why = Sign in to see your library and to continue where you left off
sign-in-by-phone = with your phone
sign-in-by-browser = opens your browser
sign-in-asking = Asking { $server }…
sign-in-waiting = Waiting for your browser…
sign-in-copy-link = Copy link
sign-in-open-again = Open again
sign-in-by-code = Use a code
sign-in-stream = Watch a stream without signing in
sign-in-watch = Watch
sign-in-open-file = Open a file, or what was opened lately
code-picture = Picture of the address with the code, for a phone
code-heading = Sign in with your phone
code-scan-or-open = Scan the picture, or open this page on any device
code-open = Open this page on any device
code-enter = and enter this code
code-spelled = Code { $letters }
code-good-for = Waiting for you – the code is good for { $time }
code-expired = The code has expired, getting another…
code-not-now = Not now
code-new = New code

## Profiles.
profiles-whose = Whose profile?
profiles-who = Who is watching?
profiles-manage = Manage profiles
profiles-add = Add profile
profiles-change = Change { $name }
profiles-locked = { $name }, locked
profiles-kids = Kids, up to { $age }
profiles-up-to = up to { $age }
profile-change = Change profile
profile-new = New profile
profile-name = Name
profile-picture = Picture
profile-picture-is = Picture: { $name }
profile-colour = Colour
profile-colour-is = Colour: { $name }
profile-for-child = For a child
profile-for-child-detail = Always has an age limit, and changes no other profile where a PIN guards them
profile-titles-shown = Titles that are shown: the service holds to it on every device
profile-remove = Remove profile
profile-pin = PIN
profile-pin-choose = Choose
profile-pin-none = Nobody is asked for one
profile-pin-change = Change
profile-pin-asked = Asked for before this profile is used
profile-pin-remove = Remove PIN
profile-initial = Initial
ages-all-titles = All titles
ages-titles-everybody = Titles for everybody
ages-titles-up-to = Titles up to { $age }
ages-all = All
ages-everybody = For everybody
ages-up-to = Up to { $age }
colour-blue = Blue
colour-red = Red
colour-yellow = Yellow
colour-green = Green
colour-violet = Violet
colour-pink = Pink
colour-teal = Teal
colour-grey = Grey
avatar-cat = cat
avatar-dog = dog
avatar-rabbit = rabbit
avatar-bird = bird
avatar-fish = fish
avatar-horse = horse
avatar-butterfly = butterfly
avatar-flower = flower
avatar-cactus = cactus
avatar-acorn = acorn
avatar-robot = robot
avatar-ghost = ghost
avatar-rocket = rocket
avatar-planet = planet
avatar-sailboat = sailboat
avatar-guitar = guitar
note-profile-saved = { $name } was saved
note-profile-removed = The profile was removed
note-pin-set = The PIN was set
note-pin-removed = The PIN was removed
pin-enter = Enter the PIN of { $name }
pin-choose = Choose a PIN for { $name }: four to eight digits
pin-repeat = Enter the same PIN again
pin-differs = These were not the same: choose a PIN again
pin-erase = Erase
pin-ok = OK
pin-checking = Checking…
confirm-remove-profile = Remove the profile of { $name }?
confirm-remove-profile-means = Its list, its ratings and all its positions go with it, and do not come back
confirm-remove-pin = Remove the PIN of { $name }?
confirm-remove-pin-means = Everybody in the household can watch with this profile then
confirm-end-device = Sign out { $name }?
confirm-end-device-means = It has to sign in again before it can be used
confirm-forget-searches = Forget what was searched?
confirm-forget-searches-means = Searches of this profile on this device
confirm-erase = Erase your account?
confirm-erase-means = All profiles, lists, positions and devices are deleted, and everybody is signed out. This cannot be undone
erase-for-ever = Erase for ever

## Home and titles.
home-being-made = Your library is being made: { $ready } of { $total } titles are ready
home-nothing = There is nothing to watch yet
home-loading = Loading your library
list-mine = My list
list-add = Add to my list
list-remove = Remove from my list
list-add-title = Add to my list: { $name }
list-remove-title = Remove from my list: { $name }
note-listed = { $name } added to your list
note-unlisted = { $name } removed from your list
note-list-unchanged = Your list could not be changed
note-rating-lost = Your rating was not saved
row-because = Because you watched { $name }
row-earlier = Earlier in the row: { $name }
row-later = Later in the row: { $name }
title-more-info = More info
title-preparing = Preparing { $percent } %
title-preparing-plain = Preparing…
title-watched = Watched
title-resume-at = Resume at { $time }
title-resume-episode = Resume { $name }
title-play-episode = Play { $name }
title-in-plan = Included in { $plan }
title-like = I like this
title-dislike = Not for me
title-season = Season { $number }
episodes =
    { $count ->
        [one] One episode
       *[other] { $count } episodes
    }
title-more-like = More like this
title-genres = Genres
title-protection = Protection
title-clear = Not encrypted
title-encrypted = Encrypted ({ $scheme })
title-chapters = Chapters
title-play-from = Play from { $place }
title-loading = Loading details

## Searching.
search-nothing = Nothing fits “{ $words }”
search-meant = Did you mean { $words }?
search-count =
    { $count ->
        [one] One title
       *[other] { $count } titles
    }
search-count-more = { $count } titles and more
search-searching = Searching…
search-what = Titles, people and genres
search-before = Searched before
search-forget = Forget these
search-for = Search for { $words }
search-more-failed = There is more that could not be loaded
search-forgotten = What was searched is forgotten
pin-digits =
    { $count ->
        [one] one digit
       *[other] { $count } digits
    }
