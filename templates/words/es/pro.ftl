# El plan Professional.

flow-pro-title = Professional
flow-pro-heading = Cree su cuenta Professional
flow-pro-summary = Un espacio de trabajo propio, desde la primera grabación hasta el modelo terminado.
flow-pro-for = Quien desarrolla un producto por su cuenta
flow-pro-why = De los datos del sensor a un modelo que funciona
flow-pro-point-1 = Un primer proyecto, listo al iniciar sesión
flow-pro-point-2 = Todas las herramientas del plan Professional
flow-pro-point-3 = Empiece hoy, sin llamadas comerciales
flow-pro-next = Pasará al pago. Su plan empieza cuando se complete.
flow-pro-choose = Elegir Professional
flow-pro-submit = Crear cuenta
flow-pro-sending = Creando su cuenta…

field-projectName-label = Nombre de su primer proyecto
