# Der Tarif Professional.

flow-pro-title = Professional
flow-pro-heading = Legen Sie Ihr Professional-Konto an
flow-pro-summary = Ein eigener Arbeitsbereich, von der ersten Aufnahme bis zum fertigen Modell.
flow-pro-for = Alle, die allein ein Produkt entwickeln
flow-pro-why = Von rohen Sensordaten zum fertigen Modell
flow-pro-point-1 = Ein erstes Projekt, bereit ab der ersten Anmeldung
flow-pro-point-2 = Alle Werkzeuge des Tarifs Professional
flow-pro-point-3 = Heute anfangen, ohne Verkaufsgespräch
flow-pro-next = Als Nächstes folgt die Zahlung. Ihr Tarif beginnt, sobald sie abgeschlossen ist.
flow-pro-choose = Professional wählen
flow-pro-submit = Konto anlegen
flow-pro-sending = Ihr Konto wird angelegt …

field-projectName-label = Name Ihres ersten Projekts
