# Las palabras de cada página. Decir qué hacer, con palabras que entienda una persona cansada. Se trata de usted.
# `{ $brand }` es el nombre del producto y puede aparecer en cualquier mensaje de una página.

## En todas las páginas

skip-to-content = Ir al contenido principal
have-account = ¿Ya tiene una cuenta?
sign-in = Iniciar sesión
footer-label = Más sobre este servicio
footer-terms = Condiciones del servicio
footer-privacy = Política de privacidad
footer-support = Obtener ayuda
language-label = Idioma
error-prefix = Error:
optional = (opcional)

## La elección del plan

plans-title = ¿Cómo quiere empezar?
plans-lead = Elija un plan, rellene un formulario y empiece a crear.
plans-lead-one = Rellene un formulario y empiece a crear.
plans-for = Pensado para
plans-get = Qué incluye
plans-next = Qué pasa después
plans-none-title = El registro está cerrado
plans-none-text = En este momento no hay ningún plan para elegir. Si tiene una cuenta, inicie sesión.

## El formulario

summary-title = Hay un problema
form-all-plans = Todos los planes
form-other-plans = ¿Busca otra cosa?
group-account = Su cuenta
group-company = Su empresa
group-project = Su proyecto
country-none = Elija un país
password-show = Mostrar
password-hide = Ocultar
password-show-label = Mostrar la contraseña
password-hide-label = Ocultar la contraseña
password-shown = Su contraseña está visible
password-hidden = Su contraseña está oculta
strength-0 = Fácil de adivinar. Hágala más larga o añada una palabra que no tenga relación.
strength-1 = Podría ser más segura. Añada otra palabra que no tenga relación.
strength-2 = Buena contraseña.
strength-3 = Contraseña muy segura.
email-suggestion = ¿Quiso decir { $address }?
email-anyway = Usar esta dirección de correo de todos modos
email-other-plan = ¿Solo tiene una dirección personal? Consulte otro plan:
email-support = Escríbanos sobre su dirección
honeypot-label = Deje este campo vacío

## Campos: etiqueta, indicación

field-name-label = Nombre completo
field-username-label = Nombre de usuario
field-username-hint = De 4 a 30 caracteres: letras de la a a la z sin tildes ni eñe, cifras, guiones, puntos y guiones bajos.
field-email-label = Correo electrónico
field-email-hint = Enviaremos un enlace a esta dirección para confirmarla.
field-email-hint-business = Use su dirección de trabajo. Enviaremos un enlace para confirmarla.
field-password-label = Contraseña
field-password-hint = { $min } caracteres o más. Van bien varias palabras sin relación entre sí.
field-password-hint-again = Escriba de nuevo su contraseña: nunca se guarda en una página. { $min } caracteres o más. Van bien varias palabras sin relación entre sí.
field-jobTitle-label = Cargo
field-companyName-label = Empresa
field-privacyPolicy-label = Condiciones y privacidad

consent-text = Acepto las <terms>condiciones del servicio</terms> y la <privacy>política de privacidad</privacy> de { $brand }.
# La fecha de este texto: cámbiela cada vez que cambie el texto.
consent-version = 2026-11-22

## La comprobación de seguridad

challenge-label = Comprobación de seguridad
challenge-no-script = La comprobación de seguridad necesita JavaScript. Actívelo en su navegador y envíe el formulario: volverá con sus respuestas y cargará la comprobación.
challenge-blocked = La comprobación de seguridad no se ha cargado. Revise su conexión y desactive los bloqueadores de contenido en esta página. Después envíe el formulario: volverá con sus respuestas y cargará de nuevo la comprobación.
challenge-failed = La comprobación de seguridad no ha funcionado. Espere unos segundos mientras lo intenta de nuevo. Si no lo consigue, pruebe con otra red u otro navegador.
challenge-expired = El tiempo de la comprobación de seguridad se ha agotado. Complétela de nuevo y continúe.
challenge-unsupported = Su navegador es demasiado antiguo para la comprobación de seguridad. Actualícelo o use otro.
challenge-interactive = Marque la casilla de arriba para continuar.
challenge-waiting = Esperando la comprobación de seguridad…
error-challenge-missing = Complete la comprobación de seguridad
error-challenge-refused = Complete de nuevo la comprobación de seguridad: la anterior no se ha aceptado

## Qué falla en un campo. `error-{ field }-{ code }`, o si no `error-{ code }`.

error-missing = Rellene «{ $label }»
error-unreadable = «{ $label }» tiene caracteres que no se pueden leer. Escríbalo de nuevo
error-control = «{ $label }» tiene un carácter oculto, como un salto de línea. Escríbalo de nuevo
error-too-long = «{ $label }» debe tener { $max } caracteres o menos
error-too-short = «{ $label }» debe tener { $min } caracteres o más
error-not-a-choice = Elija una de las respuestas de «{ $label }»
error-character = «{ $label }» tiene un carácter que no se puede usar aquí
error-separator = «{ $label }» tiene un punto o un guion bajo en un lugar incorrecto
error-at = «{ $label }» debe tener la forma nombre@example.com
error-local = Revise la parte anterior a la @ en «{ $label }»
error-domain = Revise la parte posterior a la @ en «{ $label }»
error-disposable = Escriba una dirección que vaya a conservar: esta es de un servicio de correo temporal
error-free = Escriba una dirección de trabajo: esta es de un servicio de correo personal
error-blocked = Escriba otra dirección: esta no se puede usar para registrarse aquí
error-common = Elija una contraseña más difícil de adivinar: esta figura en listas de contraseñas habituales
error-weak = Elija una contraseña más difícil de adivinar. Hágala más larga o añada una palabra que no tenga relación

error-name-missing = Escriba su nombre completo
error-username-missing = Escriba un nombre de usuario
error-username-character = El nombre de usuario solo puede tener letras de la a a la z sin tildes ni eñe, cifras, guiones, puntos y guiones bajos
error-username-separator = El nombre de usuario no puede empezar ni terminar con un punto o un guion bajo, ni tener dos seguidos
error-username-too-short = El nombre de usuario debe tener { $min } caracteres o más
error-username-too-long = El nombre de usuario debe tener { $max } caracteres o menos
error-username-taken = Este nombre de usuario ya está en uso. Elija otro
error-email-missing = Escriba su correo electrónico
error-email-at = Escriba una dirección de correo con la forma nombre@example.com
error-email-local = Revise la parte de su dirección de correo anterior a la @
error-email-domain = Revise la parte de su dirección de correo posterior a la @. Debería parecerse a example.com
error-email-refused = Esta dirección de correo no se ha aceptado. Revísela o use otra
error-email-doubtful = Revise su dirección de correo: no hemos podido confirmar que exista
error-email-doubtful-suggestion = Revise su dirección de correo. ¿Quiso decir { $suggestion }?
error-password-missing = Escriba una contraseña
error-password-too-short = La contraseña debe tener { $min } caracteres o más
error-password-too-long = La contraseña debe tener { $max } caracteres o menos
error-password-unreadable = La contraseña tiene caracteres que no se pueden leer. Escríbala de nuevo
error-password-refused = Esta contraseña no se ha aceptado. Elija otra
error-privacyPolicy-missing = Marque la casilla para aceptar las condiciones y la política de privacidad

## Encima del formulario

kept = Sus respuestas siguen aquí.
notice-expired-title = Este formulario ha caducado
notice-expired-text = Ha estado abierto demasiado tiempo, así que aquí tiene uno nuevo. Revise sus respuestas y envíelo.
notice-suspicious-title = El formulario no se ha aceptado
notice-suspicious-text = Se ha rellenado un campo que nadie puede ver, quizá por una extensión del navegador. Envíe de nuevo el formulario.
notice-limited-title = Demasiados intentos
notice-limited-text = Podrá enviar de nuevo el formulario { $wait }.
notice-challenge-unavailable-title = La comprobación de seguridad no está disponible
notice-challenge-unavailable-text = El fallo es nuestro y no se ha creado ninguna cuenta. Envíe de nuevo el formulario dentro de unos minutos.
notice-unavailable-title = Lo sentimos, hay un problema con el servicio
notice-unavailable-text = No se ha creado ninguna cuenta. Envíe de nuevo el formulario dentro de unos minutos.
notice-upstream-failed-title = Lo sentimos, hay un problema con el servicio
notice-upstream-failed-text = No se ha podido crear su cuenta. Envíe de nuevo el formulario dentro de unos minutos.
notice-unknown-title = Es posible que su cuenta ya esté creada
notice-unknown-text = El servicio dejó de responder antes de confirmarlo. Antes de intentarlo de nuevo:
notice-unknown-step-1 = Busque en su correo, también en la carpeta de correo no deseado, un mensaje que le pida confirmar su dirección. Si está, siga el enlace y habrá terminado.
notice-unknown-step-2 = ¿No hay ningún mensaje después de unos minutos? Intente iniciar sesión con su nombre de usuario y su contraseña.
notice-unknown-step-3 = Si tampoco funciona, envíe de nuevo el formulario de abajo.
notice-refused-title = Su cuenta no se ha creado
notice-email-in-use-title = Es posible que ya tenga una cuenta
notice-email-in-use-text = Si esta dirección tiene una cuenta, inicie sesión o restablezca su contraseña en la página de inicio de sesión. Si no, use otra dirección de correo.
notice-account-exists-title = Esta cuenta ya existe
notice-account-exists-text = Busque en su correo el mensaje para confirmar su dirección, o inicie sesión.
notice-used-title = Este formulario ya se ha usado
notice-used-text = Con él se creó una cuenta para otra dirección de correo. Para crear una cuenta más, revise sus respuestas y envíe este formulario nuevo.
notice-code-title = El código de su enlace no se puede usar
notice-code-text = Puede que esté incompleto o que ya se haya usado. Puede registrarse con el formulario de abajo.
notice-code-unknown-title = No hemos podido comprobar el código de su enlace
notice-code-unknown-text = Abra de nuevo el enlace dentro de unos minutos, o regístrese con el formulario de abajo.
notice-link-expired-title = Los datos de su enlace han caducado
notice-link-expired-text = Abra de nuevo el enlace donde lo encontró, o rellene el formulario de abajo.

wait-seconds = { $count ->
    [one] dentro de 1 segundo
   *[other] dentro de { $count } segundos
}
wait-minutes = { $count ->
    [one] dentro de 1 minuto
   *[other] dentro de { $count } minutos
}
wait-hours = { $count ->
    [one] dentro de 1 hora
   *[other] dentro de { $count } horas
}

## Páginas de error

error-page-400-title = Esta solicitud no se puede leer
error-page-400-text = Revise la dirección en su navegador o empiece de nuevo.
error-page-403-title = El formulario no se ha aceptado
error-page-403-text = Se envió desde otro sitio web. Abra aquí la página de registro y rellene el formulario.
error-page-404-title = Página no encontrada
error-page-404-text = Revise si hay errores al escribir la dirección, o elija un plan para registrarse.
error-page-405-title = Esta página no se puede usar así
error-page-405-text = Ábrala con un enlace o por su dirección, o empiece de nuevo.
error-page-408-title = Su conexión era demasiado lenta
error-page-408-text = Su formulario no llegó a tiempo. Vuelva atrás y envíelo de nuevo.
error-page-413-title = Sus respuestas son demasiado largas
error-page-413-text = Vuelva atrás, acorte sus respuestas y envíe de nuevo el formulario.
error-page-415-title = No se ha podido leer el formulario
error-page-415-text = Abra la página de registro y rellene el formulario en su navegador.
error-page-421-title = No hay ninguna página de registro en esta dirección
error-page-421-text = Revise la dirección que le han dado.
error-page-429-title = Demasiadas solicitudes
error-page-429-text = Podrá cargar de nuevo la página { $wait }.
error-page-4xx-title = Esto no ha funcionado
error-page-4xx-text = Revise la dirección o empiece de nuevo.
error-page-5xx-title = Lo sentimos, hay un problema con el servicio
error-page-5xx-text = Inténtelo de nuevo dentro de unos minutos. Si se estaba registrando, mire primero en su correo: es posible que su cuenta ya esté creada.
error-page-home = Ver los planes
error-page-reference = Referencia
error-page-support = Si vuelve a ocurrir, díganos esta referencia:

## El progreso de la cuenta

status-title = Su registro
status-unknown-title = Mire en su correo
status-unknown-text = Si acaba de registrarse, encontrará un mensaje con un enlace para confirmar su dirección. Puede tardar unos minutos. Mire también en la carpeta de correo no deseado.
status-created-title = Confirme su correo electrónico
status-created-text = Su cuenta está creada. Siga el enlace del mensaje que le hemos enviado. Puede tardar unos minutos. Mire también en la carpeta de correo no deseado.
status-active-title = Su cuenta está lista
status-active-text = Su plan está activo. Puede empezar.
status-trial-title = Su prueba está en marcha
status-trial-text = Puede empezar.
status-trial-until = Su prueba dura hasta el { $date }.
status-over-title = Su prueba ha terminado
status-over-text = Inicie sesión para ver cómo puede continuar.
status-step-over = Prueba terminada
status-payment-title = Complete el pago
status-payment-text = Su dirección está confirmada. Inicie sesión para completar el pago. Después empieza su plan.
status-suspended-title = Su cuenta está suspendida
status-suspended-text = Contacte con el equipo de asistencia para saber por qué y qué hacer.
status-suspended-text-alone = Busque en su correo un mensaje que le diga por qué y qué hacer, o inicie sesión para saber más.
status-deleted-title = Esta cuenta se ha eliminado
status-deleted-text = Puede registrarse de nuevo con otro formulario.
status-step-created = Cuenta creada
status-step-confirm = Confirmar el correo electrónico
status-step-confirmed = Correo electrónico confirmado
status-step-active = Plan activo
status-step-trial = Prueba en marcha
status-step-payment = Completar el pago
status-step-plan = Plan activo
status-done = hecho
status-open = Ir a { $brand }
status-refreshing = Esta página se actualiza sola.
status-again = Comprobar de nuevo
status-support = Contactar con asistencia
status-signup = Elegir un plan

## Una cuenta que ya está activa

already-active-title = Su cuenta ya está activa
already-active-text = No queda nada por hacer aquí. Inicie sesión con su nombre de usuario o su correo electrónico y su contraseña.

# Una fecha completa, como 5 de diciembre de 2026.
date =
    { $day } de { $month ->
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
       *[12] diciembre
    } de { $year }
