## Words that stand in many places.
play = Play
pause = Pause
resume = Resume
start-over = Start over
close = Close
cancel = Cancel
done = Done
back = Back
retry = Retry
save = Save
saving = Saving…
send = Send
sending = Sending…
search = Search
settings = Settings
sign-in = Sign in
sign-out = Sign out
yes = Yes
no = No
on = On
off = Off
loading = Loading
open = Open
remove = Remove
forget = Forget
unknown = unknown
audio = Audio
subtitles = Subtitles
quality = Quality
speed = Speed
stats = Stats
intros = Intros
recaps = Recaps
credits = Credits
next-episode = Next episode
still-watching = Still watching?
playback-stopped = Playback stopped
list-comma = {", "}

## Times, amounts and dates. Hours, minutes and seconds come as digits.
length-hours = { $hours } h { $minutes } min
length-minutes = { $minutes } min
length-seconds = { $seconds } s
spoken-hours = { $count } h
spoken-minutes = { $count } min
spoken-seconds = { $count } s
spoken-joint = {" "}
time-left = { $time } left
time-of = { $time } of { $whole }
percent = { $amount } %
milliseconds = { $amount } ms
seconds-short = { $amount } s
decimal-mark = .
group-mark = {"\u00A0"}
date = { $day } { $month } { $year }
month =
    { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[other] December
    }

## Names of languages.
language-english = English
language-german = German
language-french = French
language-spanish = Spanish
language-italian = Italian
language-portuguese = Portuguese
language-dutch = Dutch
language-swedish = Swedish
language-polish = Polish
language-japanese = Japanese
language-chinese = Chinese
language-korean = Korean
language-unknown = Unknown language

## The keys on the screen of a television.
keyboard-capitals = Capitals
keyboard-space = Space
keyboard-erase = Erase
keyboard-clear = Clear
keyboard-letters = Letters
keyboard-digits = Digits
keyboard-layout = { $language } keys, change language
keyboard-typed = { $count } letters

## What can be done about a failure.
remedy-try-again = Try again
remedy-see-plans = See plans
remedy-see-devices = See devices

## Why a title may not be watched.
refusal-stream-limit = Too many devices are watching: stop one of them, or upgrade your plan
refusal-device-limit = Your plan has no place for another device: sign one out that is not used any more
refusal-not-entitled = This title is not in your plan
refusal-pin-required = A PIN guards this household: choose the profile that has it, enter the PIN, then come back
refusal-revoked = Playback on this device was stopped from another one, or from your account page
refusal-not-now = This title is not offered any more, or not yet
refusal-not-here = This title is not offered where you are
refusal-address-hidden = Your connection hides where you are: switch the VPN or proxy off, then try again
refusal-somebody = Somebody
refusal-one-elsewhere = { $who } is watching on { $place } – stop there to watch here, or upgrade your plan
refusal-several-elsewhere = { $count } other devices are watching – stop one of them to watch here, or upgrade your plan
refusal-on-device = { $who } on { $place }
device-computer = a computer
device-browser = a browser
device-phone = a phone
device-tablet = a tablet
device-television = a television

## What the application says in passing.
note-failed = { $what }: { $why }
note-link-copied = Link copied
note-press-back-again = Press Back again to leave
note-sign-in-for-title = Sign in and choose a profile to watch this title
note-no-browser = No browser could be opened: copy the link and open it yourself
note-disconnected = { $name } is disconnected
note-no-subtitles = This title has no subtitles
note-one-sound = This title has one sound track
failure-not-saved = The file could not be saved: is there room in the folder of downloads?

## The way to the service, and what holds the remote.
link-away = No connection. Trying again in { $seconds } s
link-asking = Reconnecting…
link-back = Back online
note-battery = { $name }: { $left } % of the battery are left
