## The parts of the settings.
part-account = Cuenta
part-plan = Plan
part-devices = Dispositivos
part-playback = Reproducción
part-privacy = Privacidad
part-support = Ayuda
part-about = Acerca de
language = Idioma
language-detail = De menús y mensajes
language-of-system = Como el sistema
language-no-font = Para el japonés falta una fuente con sus caracteres, por ejemplo Noto Sans CJK (paquete fonts-noto-cjk). Hasta entonces, todo está en inglés

## The account and its plan.
account-name = Nombre
account-email = Correo electrónico
account-email-unconfirmed = { $address } (sin confirmar)
account-at-once = A la vez
account-best-quality = Mejor calidad
account-plan-includes = Qué incluye el plan
account-elsewhere = El nombre, el correo y la contraseña se cambian en la página de tu cuenta, en un navegador
devices =
    { $count ->
        [one] un dispositivo
       *[other] { $count } dispositivos
    }
quality-sd = hasta 576p
quality-hd = hasta 1080p
quality-uhd = hasta 4K
plan-all-titles = Todos los títulos del catálogo
plan-titles = Títulos
plan-all-but = Todos menos los marcados
plan-at-once = Ver a la vez
plan-registered = Dispositivos registrados
plan-offline = Guardar títulos sin conexión
plan-largest = Tienes el plan más completo: puedes ver todos los títulos del catálogo
plan-larger = un plan superior
plan-needs = Los títulos marcados { $name } requieren ese plan. Los planes los cambia quien gestiona el servicio: pídelo en Ayuda
plan-ask = Pedir otro plan
plan-own = { $name }, tu plan
device-this = Este dispositivo
device-last-used = Último uso: { $day }
device-signed-in = { $used }, sesión iniciada el { $day }
devices-why = Dónde está iniciada tu sesión. Si no conoces un dispositivo, cierra su sesión y cambia la contraseña
account-stale = Tu cuenta muestra los últimos datos conocidos
devices-stale = Los dispositivos muestran los últimos datos conocidos
device-still-in = La sesión sigue iniciada
device-is-out = Se ha cerrado la sesión
not-saved = No se ha guardado
account-erased = Tu cuenta se ha borrado

## Playback.
autoplay = Reproducir el siguiente episodio
autoplay-detail = Automáticamente, al terminar uno
subtitles-detail = Desde el principio, si el título los tiene
skip-play = Reproducir
skip-offer = Ofrecer saltar
skip-auto = Saltar automáticamente

## Privacy.
privacy-agreed = Lo que aceptas
privacy-suggestions = Sugerencias según lo que se vio
privacy-suggestions-detail = Filas como «Porque viste»; desactivado, no se crean
privacy-details = Datos técnicos para la ayuda
privacy-details-detail = Se adjuntan a las consultas; los ves antes de enviarlos
privacy-kept = Lo que se guarda sobre ti
privacy-forget = Borrar las búsquedas
privacy-leave = Marcharse
export-collecting = Recopilando…
export-save = Guardar una copia de mis datos
export-saved = Guardado como { $path }
export-what = Un archivo con tu cuenta, perfiles, listas, valoraciones, posiciones, dispositivos y consultas
erase-begin = Borrar mi cuenta
erase-password = Introduce tu contraseña: no siempre eres tú quien tiene este dispositivo
erase-ten-minutes = Solo es posible durante diez minutos tras iniciar sesión: tu cuenta no tiene contraseña que pedir
erase-password-hint = Contraseña
erase-under-way = Borrando…
erase-keep = Conservar mi cuenta

## Support.
support-playback = Algo no se reproduce
support-account = Cuenta y plan
support-feedback = Mi opinión
support-about = ¿De qué se trata?
support-message = Mensaje
support-hint = ¿Qué pasó y qué esperabas?
support-attach = Adjuntar datos técnicos
support-attached = Esto y nada más:
support-attach-detail = Los ves antes de enviarlos
support-thanks = Gracias. Tu consulta es { $reference }: menciónala si vuelves a escribir
support-failed = { $why }. Lo que escribiste sigue aquí

## About.
about-for-television = para televisores
about-for-desktop = para escritorio
about-server = Servidor
about-licence = Licencia
about-licence-lumen = MIT o Apache-2.0, a tu elección
about-made-with = Con qué está hecho
about-inter = SIL Open Font License 1.1, The Inter Project Authors
about-phosphor = MIT, Phosphor Icons
about-egui = MIT o Apache-2.0, Emil Ernerfeldt y otros
about-gstreamer = LGPL 2.1 o posterior, se usa tal como está instalado
about-licences = Las licencias de todas las bibliotecas vienen con el código fuente, en Cargo.lock

## The page of a television for whoever repairs it.
diagnostics = Diagnóstico
diagnostics-larger = Imagen más grande
diagnostics-smaller = Imagen más pequeña
diagnostics-picture = Imagen de estas líneas, para un teléfono
diagnostics-signed-in = sesión iniciada
diagnostics-signed-out = sin sesión
diagnostics-lumen = Lumen { $version } en { $machine }
diagnostics-server = Servidor { $address } ({ $state })
diagnostics-panel = Panel { $width } × { $height }, { $percent } % libre en cada borde
diagnostics-memory = Memoria en uso { $memory }
language-no-font-short = Para el japonés: fonts-noto-cjk

## This television: what its panel shows, and giving it away.
part-television = Este televisor
edges = Bordes de la imagen
edges-free = Bordes libres, hasta que se vea entero el marco de esta página
previews = Avances
previews-detail = Un título que queda sobre las filas empieza a moverse, sin sonido
previews-not-here = desactivados: este televisor no tiene memoria suficiente
ambient = Modo ambiente
ambient-detail = Tras diez minutos de reposo, la hora junto a una imagen; si no, solo se atenúa la pantalla
keyboard = Teclas en pantalla
keyboard-detail = Letras para buscar
reset = Restablecer de fábrica
reset-offer = Restablecer
reset-now = Restablecer ahora
confirm-reset = ¿Restablecer este televisor?
confirm-reset-means = Se cierra la sesión y se olvidan los ajustes, las búsquedas y las posiciones que aún no se enviaron
confirm-reset-for-good = ¿Restablecerlo de verdad?
confirm-reset-for-good-means = No se puede deshacer. Tu cuenta y lo que viste se quedan en el servicio
