## The parts of the settings.
part-account = Account
part-plan = Plan
part-devices = Devices
part-playback = Playback
part-privacy = Privacy
part-support = Support
part-about = About
language = Language
language-detail = Menus and messages
language-of-system = As the system
language-no-font = Japanese needs a font that has its letters, and none is installed: Noto Sans CJK, for example (package fonts-noto-cjk). Until then everything is in English

## The account and its plan.
account-name = Name
account-email = E-mail
account-email-unconfirmed = { $address } (not confirmed)
account-at-once = At the same time
account-best-quality = Best quality
account-plan-includes = What the plan includes
account-elsewhere = Name, e-mail and password are changed on the account page of the service, in a browser
devices =
    { $count ->
        [one] one device
       *[other] { $count } devices
    }
quality-sd = up to 576p
quality-hd = up to 1080p
quality-uhd = up to 4K
plan-all-titles = All titles of the catalog
plan-titles = Titles
plan-all-but = All but those marked
plan-at-once = Watching at the same time
plan-registered = Registered devices
plan-offline = Keep titles for offline
plan-largest = You have the largest plan: every title of the catalog is yours to watch
plan-larger = a larger plan
plan-needs = Titles marked { $name } need that plan. Whoever runs the service changes plans: ask under Support
plan-ask = Ask for another plan
plan-own = { $name }, your plan
device-this = This device
device-last-used = Last used { $day }
device-signed-in = { $used }, signed in { $day }
devices-why = Where your account is signed in. A device that you do not know: sign it out, then change your password
account-stale = Your account is as it was told last
devices-stale = The devices are as they were told last
device-still-in = It is still signed in
device-is-out = It was signed out
not-saved = That was not saved
account-erased = Your account was erased

## Playback.
autoplay = Play the next episode
autoplay-detail = By itself, when one has ended
subtitles-detail = Shown from the start, where a title has them
skip-play = Play them
skip-offer = Offer to skip
skip-auto = Skip by itself

## Privacy.
privacy-agreed = What you agree to
privacy-suggestions = Suggestions from what was watched
privacy-suggestions-detail = Rows such as “Because you watched”; off, they are not made
privacy-details = Technical details for support
privacy-details-detail = Attached to requests from the start; you see them before they are sent
privacy-kept = What is kept about you
privacy-forget = Forget what was searched
privacy-leave = Leave
export-collecting = Collecting…
export-save = Save a copy of my data
export-saved = Saved as { $path }
export-what = One file with your account, profiles, lists, ratings, positions, devices and requests
erase-begin = Erase my account
erase-password = Enter your password: whoever holds this device is not always you
erase-ten-minutes = This is possible for ten minutes after signing in: your account has no password to ask for
erase-password-hint = Password
erase-under-way = Erasing…
erase-keep = Keep my account

## Support.
support-playback = Something does not play
support-account = Account and plan
support-feedback = What I think
support-about = What is it about?
support-message = Message
support-hint = What happened, and what did you expect?
support-attach = Attach technical details
support-attached = This and nothing else:
support-attach-detail = You see them before they are sent
support-thanks = Thank you. Your request is { $reference }: name it if you write again
support-failed = { $why }. What you wrote is still here

## About.
about-for-television = for televisions
about-for-desktop = for the desktop
about-server = Server
about-licence = Licence
about-licence-lumen = MIT or Apache-2.0, as you like
about-made-with = What it is made with
about-inter = SIL Open Font Licence 1.1, The Inter Project Authors
about-phosphor = MIT, Phosphor Icons
about-egui = MIT or Apache-2.0, Emil Ernerfeldt and others
about-gstreamer = LGPL 2.1 or later, used as it is installed
about-licences = The licences of all libraries come with the source, in Cargo.lock

## The page of a television for whoever repairs it.
diagnostics = Diagnostics
diagnostics-larger = Larger picture
diagnostics-smaller = Smaller picture
diagnostics-picture = Picture of these lines, for a phone
diagnostics-signed-in = signed in
diagnostics-signed-out = signed out
diagnostics-lumen = Lumen { $version } on { $machine }
diagnostics-server = Server { $address } ({ $state })
diagnostics-panel = Panel { $width } × { $height }, { $percent } % of each edge left free
diagnostics-memory = Memory in use { $memory }
language-no-font-short = Install fonts-noto-cjk for Japanese

## This television: what its panel shows, and giving it away.
part-television = This TV
edges = Edges of the picture
edges-free = Edges left free, until the whole frame around this page is seen
previews = Previews
previews-detail = A title that rests above the rows begins to move, without sound
previews-not-here = off, this TV has too little memory for them
ambient = Ambient mode
ambient-detail = After ten minutes of rest the time of day beside a picture; off, the screen is only dimmed
keyboard = Keys on the screen
keyboard-detail = Letters for searching
reset = Factory reset
reset-offer = Reset
reset-now = Reset now
confirm-reset = Reset this TV?
confirm-reset-means = It is signed out, and forgets its settings, searches and positions that were not sent yet
confirm-reset-for-good = Really reset it?
confirm-reset-for-good-means = This cannot be undone. Your account and what you watched stay with the service
