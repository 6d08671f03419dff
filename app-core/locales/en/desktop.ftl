## Opening addresses and files.
open-hint-drop = An address, a file, or drop one on the window
open-hint-paste = An address or a file; Ctrl V plays a copied address
open-example = https://example.com/a.mpd or ~/film.mp4
open-lately = Opened lately
open-choosing = Choosing…
open-choose = Choose a file…
open-clear = Clear the list
open-drop = Drop to play
open-no-dialog = This desktop has no dialog for files; type the path instead
dialog-open = Open a film or a stream
dialog-films = Films and streams
dialog-all-files = All files
address-enter = Enter the address of a stream, such as https://example.com/master.m3u8, or a file
address-too-long = This is too long for an address, or has strange characters in it
address-standard-input = Standard input cannot be played; give the address or the file itself
address-no-server = This address names no server
address-other-machine = Only files of this machine can be opened
address-kinds = Only http and https addresses, files and links to titles can be opened
address-no-such-name = There is no file of this name; a complete address begins with https://
address-no-file = There is no such file, or it may not be read
address-folder = This is a folder; name a playlist, an MPD or a media file in it
address-only-files = Only files can be opened
address-bad-path = This path cannot be opened
address-bad-link = This link leads to nothing that Lumen knows
address-stream = Stream

## After a crash.
crash-heading = Lumen crashed the last time
crash-what = This is what is known of it. It is on this device only; nothing is sent unless you pass it on yourself.
crash-copy = Copy the report
crash-delete = Delete it
crash-copied = Report copied

## Settings of the desktop.
desktop = Desktop
desktop-settings = Desktop settings
desktop-media-keys = Media keys
desktop-media-keys-detail = Keys, headsets and panels of the desktop steer the player
desktop-awake = Keep the screen on
desktop-awake-detail = While something plays, and for half a minute of a pause
desktop-recents = Remember what was opened
desktop-recents-detail = Addresses and files, in the list of Ctrl O
desktop-text-size = Text size
desktop-text-size-detail = Of everything but subtitles
desktop-as-desktop = As the desktop
desktop-movement = Movement
desktop-movement-detail = Of what slides and fades
desktop-reduced = Reduced
desktop-full = Full

## `lumen doctor`.
doctor-plugins = Install GStreamer's plugins good, bad, ugly and libav
doctor-none = none: { $missing }
doctor-none-for = { $here }; none for { $missing }
doctor-display = A display with OpenGL 2.1 or OpenGL ES 2.0 is needed; on servers try Xvfb
doctor-software = Pictures are drawn without a graphics card; 1080p may stutter
doctor-no-window = no window could be looked at
doctor-answers = answers
doctor-keyring-silent = does not answer; the sign-in is kept in an encrypted file
doctor-keyring = A Secret Service such as gnome-keyring would keep it better
doctor-certificates = Give another file with --ca, or take it out of the settings
doctor-server = Streams and files can be watched without it; another server is named with --server
doctor-server-answers = { $name } answers
doctor-folder = Nothing is remembered from start to start until this folder can be written
doctor-no-crash = none that was not looked at
doctor-crash = The next start shows it; it can be copied there
doctor-desktop-proxy = the desktop's proxy
doctor-own-certificates = own certificates
doctor-count-in = { $count } in { $path }
doctor-no-such-file = { $path }: there is no such file
doctor-no-certificate = { $path }: there is no certificate in it (PEM)
desktop-playing = Playing a video

## How the window looks, and how pictures come to it.
desktop-theme = Theme
desktop-theme-detail = The player is always dark
desktop-dark = Dark
desktop-light = Light
desktop-contrast = High contrast
desktop-contrast-detail = Colours that are far apart
path-rgba = rgba, converted by the processor
path-yuv = yuv, converted by a shader
path-no-sharing = --video-path gl is not followed: this build cannot share textures with decoders
path-no-planes = --video-path yuv is not followed: this OpenGL has no textures for planes
path-no-graphics = --video-path is not followed: the window is not drawn by OpenGL
path-toolkit = through the toolkit
