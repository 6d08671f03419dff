## Opening addresses and files.
open-hint-drop = Una dirección, un archivo, o suéltalo en la ventana
open-hint-paste = Una dirección o un archivo; Ctrl V reproduce una dirección copiada
open-example = https://example.com/a.mpd o ~/film.mp4
open-lately = Abierto hace poco
open-choosing = Eligiendo…
open-choose = Elegir un archivo…
open-clear = Vaciar la lista
open-drop = Suelta para reproducir
open-no-dialog = Este escritorio no tiene diálogo de archivos; escribe la ruta
dialog-open = Abrir una película o un stream
dialog-films = Películas y streams
dialog-all-files = Todos los archivos
address-enter = Introduce la dirección de un stream, como https://example.com/master.m3u8, o un archivo
address-too-long = Es demasiado largo para una dirección o tiene caracteres extraños
address-standard-input = La entrada estándar no se puede reproducir; indica la dirección o el archivo
address-no-server = Esta dirección no indica ningún servidor
address-other-machine = Solo se pueden abrir archivos de este equipo
address-kinds = Solo se pueden abrir direcciones http y https, archivos y enlaces a títulos
address-no-such-name = No hay ningún archivo con ese nombre; una dirección completa empieza por https://
address-no-file = Ese archivo no existe o no se puede leer
address-folder = Es una carpeta; indica una lista, un MPD o un archivo multimedia que contenga
address-only-files = Solo se pueden abrir archivos
address-bad-path = Esta ruta no se puede abrir
address-bad-link = Este enlace no lleva a nada que Lumen conozca
address-stream = Stream

## After a crash.
crash-heading = Lumen se cerró inesperadamente la última vez
crash-what = Esto es lo que se sabe. Solo está en este dispositivo; no se envía nada si no lo haces tú.
crash-copy = Copiar el informe
crash-delete = Eliminarlo
crash-copied = Informe copiado

## Settings of the desktop.
desktop = Escritorio
desktop-settings = Ajustes de escritorio
desktop-media-keys = Teclas multimedia
desktop-media-keys-detail = Las teclas, los auriculares y los paneles controlan el reproductor
desktop-awake = Mantener la pantalla encendida
desktop-awake-detail = Mientras se reproduce algo y durante medio minuto de pausa
desktop-recents = Recordar lo abierto
desktop-recents-detail = Direcciones y archivos, en la lista de Ctrl O
desktop-text-size = Tamaño del texto
desktop-text-size-detail = De todo menos los subtítulos
desktop-as-desktop = Como el escritorio
desktop-movement = Movimiento
desktop-movement-detail = De lo que se desliza y se funde
desktop-reduced = Reducido
desktop-full = Completo

## `lumen doctor`.
doctor-plugins = Instala los complementos good, bad, ugly y libav de GStreamer
doctor-none = ninguno: { $missing }
doctor-none-for = { $here }; ninguno para { $missing }
doctor-display = Hace falta una pantalla con OpenGL 2.1 u OpenGL ES 2.0; en servidores, prueba Xvfb
doctor-software = Las imágenes se dibujan sin tarjeta gráfica; 1080p puede ir a saltos
doctor-no-window = no se pudo examinar ninguna ventana
doctor-answers = responde
doctor-keyring-silent = no responde; la sesión se guarda en un archivo cifrado
doctor-keyring = Un Secret Service como gnome-keyring la guardaría mejor
doctor-certificates = Indica otro archivo con --ca o quítalo de los ajustes
doctor-server = Los streams y archivos se ven sin él; con --server se indica otro
doctor-server-answers = { $name } responde
doctor-folder = No se recordará nada entre inicios hasta que se pueda escribir en esta carpeta
doctor-no-crash = ninguno sin revisar
doctor-crash = El próximo inicio lo muestra; allí se puede copiar
doctor-desktop-proxy = proxy del escritorio
doctor-own-certificates = certificados propios
doctor-count-in = { $count } en { $path }
doctor-no-such-file = { $path }: ese archivo no existe
doctor-no-certificate = { $path }: no contiene ningún certificado (PEM)
desktop-playing = Reproduciendo un vídeo

## How the window looks, and how pictures come to it.
desktop-theme = Tema
desktop-theme-detail = El reproductor siempre es oscuro
desktop-dark = Oscuro
desktop-light = Claro
desktop-contrast = Alto contraste
desktop-contrast-detail = Colores muy distintos entre sí
path-rgba = rgba, convertido por el procesador
path-yuv = yuv, convertido por un sombreador
path-no-sharing = --video-path gl no se aplica: esta versión no puede compartir texturas con los decodificadores
path-no-planes = --video-path yuv no se aplica: este OpenGL no tiene texturas para planos
path-no-graphics = --video-path no se aplica: OpenGL no dibuja la ventana
path-toolkit = a través de la interfaz
