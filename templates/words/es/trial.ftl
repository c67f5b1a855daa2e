# La prueba del plan Enterprise.

flow-trial-title = Prueba Enterprise
flow-trial-heading = Empiece su prueba Enterprise
flow-trial-summary = Todas las funciones Enterprise para todo su equipo, gratis por tiempo limitado.
flow-trial-for = Empresas que quieren probar antes de decidir
flow-trial-why = Descubra lo que su equipo puede crear
flow-trial-point-1 = Todas las funciones Enterprise, desde el primer minuto
flow-trial-point-2 = Una organización propia para compartir con su equipo
flow-trial-point-3 = Sin datos de pago
flow-trial-next = Irá directamente a su nueva organización. La prueba termina sola: no hay nada que cancelar.
flow-trial-choose = Empezar una prueba
flow-trial-submit = Empezar la prueba
flow-trial-sending = Preparando su prueba…

field-companySize-label = Número de empleados
field-country-label = País
field-stateOrProvince-label = Estado o provincia
field-organizationName-label = Nombre de la organización
field-organizationName-hint = Déjelo vacío para usar su propio nombre.
field-useCase-label = Qué quiere crear
field-userHasMLModelsInProduction-label = ¿Tiene modelos de aprendizaje automático en producción?
choice-models-yes = Sí
choice-models-no = No
choice-models-soon = No, pero pronto sí

# Lo que los navegadores sugieren como respuesta a `useCase`. Se envía el texto tal como queda en el campo.
suggestion-industrial = Industria
suggestion-predictive-maintenance = Mantenimiento predictivo
suggestion-asset-tracking = Seguimiento de activos
suggestion-consumer-electronics = Electrónica de consumo
suggestion-health-and-wearables = Salud y dispositivos portátiles
suggestion-smart-buildings = Edificios inteligentes
suggestion-agriculture = Agricultura
suggestion-automotive = Automoción
suggestion-research-and-teaching = Investigación y docencia
