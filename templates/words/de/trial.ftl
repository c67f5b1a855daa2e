# Die Testphase von Enterprise.

flow-trial-title = Enterprise-Testphase
flow-trial-heading = Starten Sie Ihre Enterprise-Testphase
flow-trial-summary = Alle Enterprise-Funktionen für Ihr ganzes Team, eine Zeit lang kostenlos.
flow-trial-for = Unternehmen, die testen möchten, bevor sie sich entscheiden
flow-trial-why = Sehen Sie, was Ihr Team schaffen kann
flow-trial-point-1 = Alle Enterprise-Funktionen, von der ersten Minute an
flow-trial-point-2 = Eine eigene Organisation, die Sie mit Ihrem Team teilen
flow-trial-point-3 = Keine Zahlungsdaten
flow-trial-next = Sie kommen direkt zu Ihrer neuen Organisation. Die Testphase endet von selbst: Sie müssen nichts kündigen.
flow-trial-choose = Kostenlos testen
flow-trial-submit = Testphase starten
flow-trial-sending = Ihre Testphase wird gestartet …

field-companySize-label = Zahl der Beschäftigten
field-country-label = Land
field-stateOrProvince-label = Bundesland, Staat oder Provinz
field-organizationName-label = Name der Organisation
field-organizationName-hint = Lassen Sie das Feld leer, um Ihren eigenen Namen zu verwenden.
field-useCase-label = Was Sie entwickeln möchten
field-userHasMLModelsInProduction-label = Setzen Sie schon Modelle für maschinelles Lernen produktiv ein?
choice-models-yes = Ja
choice-models-no = Nein
choice-models-soon = Nein, aber bald

# Was Browser als Antwort auf `useCase` vorschlagen. Weitergegeben wird der Text, der im Feld steht.
suggestion-industrial = Industrie
suggestion-predictive-maintenance = Vorausschauende Wartung
suggestion-asset-tracking = Ortung von Geräten und Waren
suggestion-consumer-electronics = Unterhaltungselektronik
suggestion-health-and-wearables = Gesundheit und Wearables
suggestion-smart-buildings = Intelligente Gebäude
suggestion-agriculture = Landwirtschaft
suggestion-automotive = Automobil
suggestion-research-and-teaching = Forschung und Lehre
