## Words that stand in many places.
play = Reproducir
pause = Pausa
resume = Reanudar
start-over = Desde el principio
close = Cerrar
cancel = Cancelar
done = Listo
back = Atrás
retry = Reintentar
save = Guardar
saving = Guardando…
send = Enviar
sending = Enviando…
search = Buscar
settings = Ajustes
sign-in = Iniciar sesión
sign-out = Cerrar sesión
yes = Sí
no = No
on = Sí
off = No
loading = Cargando
open = Abrir
remove = Eliminar
forget = Olvidar
unknown = desconocido
audio = Audio
subtitles = Subtítulos
quality = Calidad
speed = Velocidad
stats = Estadísticas
intros = Intros
recaps = Resúmenes
credits = Créditos
next-episode = Siguiente episodio
still-watching = ¿Sigues viendo?
playback-stopped = Reproducción detenida
list-comma = {", "}

## Times, amounts and dates. Hours, minutes and seconds come as digits.
length-hours = { $hours } h { $minutes } min
length-minutes = { $minutes } min
length-seconds = { $seconds } s
spoken-hours =
    { $count ->
        [one] 1 hora
       *[other] { $count } horas
    }
spoken-minutes =
    { $count ->
        [one] 1 minuto
       *[other] { $count } minutos
    }
spoken-seconds =
    { $count ->
        [one] 1 segundo
       *[other] { $count } segundos
    }
spoken-joint = {" "}
time-left = quedan { $time }
time-of = { $time } de { $whole }
percent = { $amount } %
milliseconds = { $amount } ms
seconds-short = { $amount } s
decimal-mark = ,
group-mark = {"\u00A0"}
date = { $day } de { $month } de { $year }
month =
    { $month ->
        [1] enero
        [2] febrero
        [3] marzo
        [4] abril
        [5] mayo
        [6] junio
        [7] julio
        [8] agosto
        [9] septiembre
        [10] octubre
        [11] noviembre
       *[other] diciembre
    }

## Names of languages.
language-english = Inglés
language-german = Alemán
language-french = Francés
language-spanish = Español
language-italian = Italiano
language-portuguese = Portugués
language-dutch = Neerlandés
language-swedish = Sueco
language-polish = Polaco
language-japanese = Japonés
language-chinese = Chino
language-korean = Coreano
language-unknown = Idioma desconocido

## The keys on the screen of a television.
keyboard-capitals = Mayúsculas
keyboard-space = Espacio
keyboard-erase = Borrar
keyboard-clear = Vaciar
keyboard-letters = Letras
keyboard-digits = Números
keyboard-layout = Teclado en { $language }, cambiar idioma
keyboard-typed =
    { $count ->
        [one] 1 carácter
       *[other] { $count } caracteres
    }

## What can be done about a failure.
remedy-try-again = Intentar de nuevo
remedy-see-plans = Ver planes
remedy-see-devices = Ver dispositivos

## Why a title may not be watched.
refusal-stream-limit = Hay demasiados dispositivos viendo contenido: detén uno o mejora tu plan
refusal-device-limit = Tu plan no admite más dispositivos: cierra la sesión de uno que ya no uses
refusal-not-entitled = Este título no está incluido en tu plan
refusal-pin-required = Un PIN protege este hogar: elige el perfil que lo tiene, introduce el PIN y vuelve
refusal-revoked = La reproducción en este dispositivo se detuvo desde otro o desde la página de tu cuenta
refusal-not-now = Este título ya no está disponible, o todavía no
refusal-not-here = Este título no está disponible donde te encuentras
refusal-address-hidden = Tu conexión oculta dónde estás: desactiva la VPN o el proxy e inténtalo de nuevo
refusal-somebody = Alguien
refusal-one-elsewhere = { $who } está viendo en { $place }: detenlo allí para ver aquí o mejora tu plan
refusal-several-elsewhere = Otros { $count } dispositivos están viendo contenido: detén uno para ver aquí o mejora tu plan
refusal-on-device = { $who } en { $place }
device-computer = un ordenador
device-browser = un navegador
device-phone = un teléfono
device-tablet = una tableta
device-television = un televisor

## What the application says in passing.
note-failed = { $what }: { $why }
note-link-copied = Enlace copiado
note-press-back-again = Pulsa Atrás otra vez para salir
note-sign-in-for-title = Inicia sesión y elige un perfil para ver este título
note-no-browser = No se pudo abrir ningún navegador: copia el enlace y ábrelo tú
note-disconnected = { $name } se ha desconectado
note-no-subtitles = Este título no tiene subtítulos
note-one-sound = Este título tiene una sola pista de audio
failure-not-saved = No se pudo guardar el archivo: ¿hay espacio en la carpeta de descargas?

## The way to the service, and what holds the remote.
link-away = Sin conexión. Nuevo intento en { $seconds } s
link-asking = Reconectando…
link-back = De nuevo en línea
note-battery = { $name }: queda un { $left } % de batería
