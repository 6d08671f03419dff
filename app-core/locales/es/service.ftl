## Navigation and signing in.
nav-home = Inicio
nav-open-settings = Abrir ajustes
nav-profile = Perfil: { $name }
nav-library = Biblioteca { $ready } de { $total }
nav-switch-profile = Cambiar de perfil
sign-in-why = Inicia sesión para ver tu biblioteca y seguir donde lo dejaste
sign-in-by-phone = con tu teléfono
sign-in-by-browser = abre tu navegador
sign-in-asking = Preguntando a { $server }…
sign-in-waiting = Esperando a tu navegador…
sign-in-copy-link = Copiar enlace
sign-in-open-again = Abrir de nuevo
sign-in-by-code = Usar un código
sign-in-stream = Ver un stream sin iniciar sesión
sign-in-watch = Ver
sign-in-open-file = Abrir un archivo o algo reciente
code-picture = Imagen de la dirección con el código, para un teléfono
code-heading = Inicia sesión con tu teléfono
code-scan-or-open = Escanea la imagen o abre esta página en cualquier dispositivo
code-open = Abre esta página en cualquier dispositivo
code-enter = e introduce este código
code-spelled = Código { $letters }
code-good-for = Te esperamos: el código vale { $time } más
code-expired = El código ha caducado, pidiendo otro…
code-not-now = Ahora no
code-new = Nuevo código

## Profiles.
profiles-whose = ¿Qué perfil?
profiles-who = ¿Quién está viendo?
profiles-manage = Administrar perfiles
profiles-add = Añadir perfil
profiles-change = Cambiar { $name }
profiles-locked = { $name }, bloqueado
profiles-kids = Niños, hasta { $age } años
profiles-up-to = hasta { $age } años
profile-change = Cambiar perfil
profile-new = Nuevo perfil
profile-name = Nombre
profile-picture = Imagen
profile-picture-is = Imagen: { $name }
profile-colour = Color
profile-colour-is = Color: { $name }
profile-for-child = Para un niño
profile-for-child-detail = Siempre tiene un límite de edad y no cambia otros perfiles si un PIN los protege
profile-titles-shown = Títulos que se muestran: se aplica en todos los dispositivos
profile-remove = Eliminar perfil
profile-pin = PIN
profile-pin-choose = Elegir
profile-pin-none = No se pide a nadie
profile-pin-change = Cambiar
profile-pin-asked = Se pide antes de usar este perfil
profile-pin-remove = Quitar el PIN
profile-initial = Inicial
ages-all-titles = Todos los títulos
ages-titles-everybody = Títulos para todos los públicos
ages-titles-up-to = Títulos hasta { $age } años
ages-all = Todos
ages-everybody = Para todos
ages-up-to = Hasta { $age }
colour-blue = Azul
colour-red = Rojo
colour-yellow = Amarillo
colour-green = Verde
colour-violet = Violeta
colour-pink = Rosa
colour-teal = Turquesa
colour-grey = Gris
avatar-cat = gato
avatar-dog = perro
avatar-rabbit = conejo
avatar-bird = pájaro
avatar-fish = pez
avatar-horse = caballo
avatar-butterfly = mariposa
avatar-flower = flor
avatar-cactus = cactus
avatar-acorn = bellota
avatar-robot = robot
avatar-ghost = fantasma
avatar-rocket = cohete
avatar-planet = planeta
avatar-sailboat = velero
avatar-guitar = guitarra
note-profile-saved = { $name } se ha guardado
note-profile-removed = El perfil se ha eliminado
note-pin-set = El PIN se ha establecido
note-pin-removed = El PIN se ha quitado
pin-enter = Introduce el PIN de { $name }
pin-choose = Elige un PIN para { $name }: de cuatro a ocho cifras
pin-repeat = Introduce el mismo PIN otra vez
pin-differs = No coinciden: elige el PIN de nuevo
pin-erase = Borrar
pin-ok = OK
pin-checking = Comprobando…
confirm-remove-profile = ¿Eliminar el perfil de { $name }?
confirm-remove-profile-means = Su lista, sus valoraciones y todas sus posiciones se pierden para siempre
confirm-remove-pin = ¿Quitar el PIN de { $name }?
confirm-remove-pin-means = Después, cualquiera del hogar podrá ver con este perfil
confirm-end-device = ¿Cerrar la sesión de { $name }?
confirm-end-device-means = Habrá que iniciar sesión otra vez para usarlo
confirm-forget-searches = ¿Borrar las búsquedas?
confirm-forget-searches-means = Las búsquedas de este perfil en este dispositivo
confirm-erase = ¿Borrar tu cuenta?
confirm-erase-means = Se borran todos los perfiles, listas, posiciones y dispositivos, y se cierra la sesión de todos. No se puede deshacer
erase-for-ever = Borrar para siempre

## Home and titles.
home-being-made = Tu biblioteca se está creando: { $ready } de { $total } títulos están listos
home-nothing = Todavía no hay nada que ver
home-loading = Cargando tu biblioteca
list-mine = Mi lista
list-add = Añadir a mi lista
list-remove = Quitar de mi lista
list-add-title = Añadir a mi lista: { $name }
list-remove-title = Quitar de mi lista: { $name }
note-listed = { $name } se ha añadido a tu lista
note-unlisted = { $name } se ha quitado de tu lista
note-list-unchanged = No se pudo cambiar tu lista
note-rating-lost = Tu valoración no se guardó
row-because = Porque viste { $name }
row-earlier = Anterior en la fila: { $name }
row-later = Siguiente en la fila: { $name }
title-more-info = Más información
title-preparing = Preparando: { $percent } %
title-preparing-plain = Preparando…
title-watched = Visto
title-resume-at = Reanudar en { $time }
title-resume-episode = Reanudar { $name }
title-play-episode = Reproducir { $name }
title-in-plan = Incluido en { $plan }
title-like = Me gusta
title-dislike = No es para mí
title-season = Temporada { $number }
episodes =
    { $count ->
        [one] Un episodio
       *[other] { $count } episodios
    }
title-more-like = Más títulos similares
title-genres = Géneros
title-protection = Protección
title-clear = Sin cifrar
title-encrypted = Cifrado ({ $scheme })
title-chapters = Capítulos
title-play-from = Reproducir desde { $place }
title-loading = Cargando detalles

## Searching.
search-nothing = No hay nada para «{ $words }»
search-meant = ¿Quisiste decir { $words }?
search-count =
    { $count ->
        [one] Un título
       *[other] { $count } títulos
    }
search-count-more = { $count } títulos y más
search-searching = Buscando…
search-what = Títulos, personas y géneros
search-before = Búsquedas recientes
search-forget = Borrar
search-for = Buscar { $words }
search-more-failed = Hay más resultados que no se pudieron cargar
search-forgotten = Las búsquedas se han borrado
pin-digits =
    { $count ->
        [one] una cifra
       *[other] { $count } cifras
    }
