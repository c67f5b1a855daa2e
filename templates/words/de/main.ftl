# Die Wörter jeder Seite. Sagen, was zu tun ist, in Worten, die auch müde Menschen verstehen. Anrede: Sie.
# `{ $brand }` ist der Name des Produkts und darf in jeder Meldung einer Seite stehen.

## Auf jeder Seite

skip-to-content = Zum Hauptinhalt springen
have-account = Sie haben schon ein Konto?
sign-in = Anmelden
footer-label = Mehr zu diesem Dienst
footer-terms = Nutzungsbedingungen
footer-privacy = Datenschutzerklärung
footer-support = Hilfe erhalten
language-label = Sprache
error-prefix = Fehler:
optional = (optional)

## Die Auswahl der Tarife

plans-title = Wie möchten Sie starten?
plans-lead = Wählen Sie einen Tarif, füllen Sie ein Formular aus, und legen Sie los.
plans-lead-one = Füllen Sie ein Formular aus, und legen Sie los.
plans-for = Für wen
plans-get = Das bekommen Sie
plans-next = So geht es weiter
plans-none-title = Die Registrierung ist geschlossen
plans-none-text = Zurzeit steht kein Tarif zur Wahl. Wenn Sie ein Konto haben, melden Sie sich an.

## Das Formular

summary-title = Etwas stimmt noch nicht
form-all-plans = Alle Tarife
form-other-plans = Suchen Sie etwas anderes?
group-account = Ihr Konto
group-company = Ihr Unternehmen
group-project = Ihr Projekt
country-none = Land wählen
password-show = Anzeigen
password-hide = Verbergen
password-show-label = Passwort anzeigen
password-hide-label = Passwort verbergen
password-shown = Ihr Passwort ist sichtbar
password-hidden = Ihr Passwort ist verborgen
strength-0 = Leicht zu erraten. Machen Sie es länger, oder ergänzen Sie ein Wort, das nichts damit zu tun hat.
strength-1 = Könnte stärker sein. Ein weiteres Wort, das nichts damit zu tun hat, hilft.
strength-2 = Gutes Passwort.
strength-3 = Starkes Passwort.
email-suggestion = Meinten Sie { $address }?
email-anyway = Diese E-Mail-Adresse trotzdem verwenden
email-other-plan = Sie haben nur eine private Adresse? Sehen Sie sich einen anderen Tarif an:
email-support = Schreiben Sie uns zu Ihrer Adresse
honeypot-label = Lassen Sie dieses Feld leer

## Felder: Beschriftung, Hinweis

field-name-label = Vor- und Nachname
field-username-label = Benutzername
field-username-hint = 4 bis 30 Zeichen: Buchstaben von a bis z, Ziffern, Bindestriche, Punkte und Unterstriche.
field-email-label = E-Mail-Adresse
field-email-hint = An diese Adresse senden wir einen Link, mit dem Sie sie bestätigen.
field-email-hint-business = Verwenden Sie Ihre geschäftliche Adresse. Wir senden Ihnen einen Link, mit dem Sie sie bestätigen.
field-password-label = Passwort
field-password-hint = Mindestens { $min } Zeichen. Gut sind ein paar Wörter, die nichts miteinander zu tun haben.
field-password-hint-again = Geben Sie Ihr Passwort noch einmal ein: Es bleibt nie in einer Seite stehen. Mindestens { $min } Zeichen. Gut sind ein paar Wörter, die nichts miteinander zu tun haben.
field-jobTitle-label = Position
field-companyName-label = Unternehmen
field-privacyPolicy-label = Bedingungen und Datenschutz

consent-text = Ich stimme den <terms>Nutzungsbedingungen</terms> und der <privacy>Datenschutzerklärung</privacy> von { $brand } zu.
# Das Datum dieses Wortlauts: Wer den Wortlaut ändert, ändert auch das Datum.
consent-version = 2026-11-22

## Die Sicherheitsprüfung

challenge-label = Sicherheitsprüfung
challenge-no-script = Die Sicherheitsprüfung braucht JavaScript. Schalten Sie es in Ihrem Browser ein, und senden Sie dann das Formular ab: Es kommt mit Ihren Angaben zurück und lädt die Prüfung.
challenge-blocked = Die Sicherheitsprüfung wurde nicht geladen. Prüfen Sie Ihre Verbindung, und schalten Sie Werbeblocker für diese Seite aus. Senden Sie dann das Formular ab: Es kommt mit Ihren Angaben zurück und lädt die Prüfung noch einmal.
challenge-failed = Die Sicherheitsprüfung hat nicht funktioniert. Warten Sie einige Sekunden, während sie es noch einmal versucht. Wenn das nicht hilft, versuchen Sie es mit einem anderen Netz oder Browser.
challenge-expired = Die Zeit für die Sicherheitsprüfung ist abgelaufen. Lösen Sie sie noch einmal, und machen Sie dann weiter.
challenge-unsupported = Ihr Browser ist zu alt für die Sicherheitsprüfung. Aktualisieren Sie ihn, oder verwenden Sie einen anderen Browser.
challenge-interactive = Setzen Sie oben das Häkchen, um fortzufahren.
challenge-waiting = Die Sicherheitsprüfung läuft noch …
error-challenge-missing = Schließen Sie die Sicherheitsprüfung ab
error-challenge-refused = Führen Sie die Sicherheitsprüfung noch einmal durch: Die letzte wurde nicht anerkannt

## Was an einem Feld nicht stimmt. `error-{ field }-{ code }`, sonst `error-{ code }`.

error-missing = Füllen Sie „{ $label }“ aus
error-unreadable = „{ $label }“ enthält Zeichen, die nicht lesbar sind. Geben Sie den Text noch einmal ein
error-control = „{ $label }“ enthält ein unsichtbares Zeichen, zum Beispiel einen Zeilenumbruch. Geben Sie den Text noch einmal ein
error-too-long = „{ $label }“ darf höchstens { $max } Zeichen lang sein
error-too-short = „{ $label }“ muss mindestens { $min } Zeichen lang sein
error-not-a-choice = Wählen Sie bei „{ $label }“ eine der Antworten
error-character = „{ $label }“ enthält ein Zeichen, das hier nicht möglich ist
error-separator = Bei „{ $label }“ steht ein Punkt oder Unterstrich an der falschen Stelle
error-at = „{ $label }“ muss aussehen wie name@example.com
error-local = Prüfen Sie bei „{ $label }“ den Teil vor dem @
error-domain = Prüfen Sie bei „{ $label }“ den Teil nach dem @
error-disposable = Geben Sie eine Adresse ein, die Sie behalten: Diese gehört zu einem Dienst für Wegwerfadressen
error-free = Geben Sie eine geschäftliche Adresse ein: Diese gehört zu einem Anbieter für private E-Mails
error-blocked = Geben Sie eine andere Adresse ein: Mit dieser können Sie sich hier nicht registrieren
error-common = Wählen Sie ein Passwort, das schwerer zu erraten ist: Dieses steht auf Listen häufiger Passwörter
error-weak = Wählen Sie ein Passwort, das schwerer zu erraten ist. Machen Sie es länger, oder ergänzen Sie ein Wort, das nichts damit zu tun hat

error-name-missing = Geben Sie Ihren Vor- und Nachnamen ein
error-username-missing = Geben Sie einen Benutzernamen ein
error-username-character = Der Benutzername darf nur Buchstaben von a bis z, Ziffern, Bindestriche, Punkte und Unterstriche enthalten
error-username-separator = Der Benutzername darf nicht mit einem Punkt oder Unterstrich beginnen oder enden und nicht zwei davon hintereinander enthalten
error-username-too-short = Der Benutzername muss mindestens { $min } Zeichen lang sein
error-username-too-long = Der Benutzername darf höchstens { $max } Zeichen lang sein
error-username-taken = Dieser Benutzername ist vergeben. Wählen Sie einen anderen
error-email-missing = Geben Sie Ihre E-Mail-Adresse ein
error-email-at = Geben Sie eine E-Mail-Adresse der Form name@example.com ein
error-email-local = Prüfen Sie den Teil Ihrer E-Mail-Adresse vor dem @
error-email-domain = Prüfen Sie den Teil Ihrer E-Mail-Adresse nach dem @. Er sollte aussehen wie example.com
error-email-refused = Diese E-Mail-Adresse wurde nicht angenommen. Prüfen Sie sie, oder verwenden Sie eine andere
error-email-doubtful = Prüfen Sie Ihre E-Mail-Adresse: Wir konnten nicht feststellen, dass es sie gibt
error-email-doubtful-suggestion = Prüfen Sie Ihre E-Mail-Adresse. Meinten Sie { $suggestion }?
error-password-missing = Geben Sie ein Passwort ein
error-password-too-short = Das Passwort muss mindestens { $min } Zeichen lang sein
error-password-too-long = Das Passwort darf höchstens { $max } Zeichen lang sein
error-password-unreadable = Das Passwort enthält Zeichen, die nicht lesbar sind. Geben Sie es noch einmal ein
error-password-refused = Dieses Passwort wurde nicht angenommen. Wählen Sie ein anderes
error-privacyPolicy-missing = Setzen Sie das Häkchen, um den Bedingungen und der Datenschutzerklärung zuzustimmen

## Über dem Formular

kept = Ihre Angaben sind noch da.
notice-expired-title = Dieses Formular ist abgelaufen
notice-expired-text = Es war zu lange offen, deshalb ist dies ein neues. Prüfen Sie Ihre Angaben, und senden Sie es dann ab.
notice-suspicious-title = Das Formular wurde nicht angenommen
notice-suspicious-text = Ein Feld, das niemand sehen kann, war ausgefüllt, vielleicht durch eine Browser-Erweiterung. Senden Sie das Formular noch einmal ab.
notice-limited-title = Zu viele Versuche
notice-limited-text = Sie können das Formular { $wait } noch einmal absenden.
notice-challenge-unavailable-title = Die Sicherheitsprüfung ist nicht verfügbar
notice-challenge-unavailable-text = Der Fehler liegt bei uns, und es wurde kein Konto angelegt. Senden Sie das Formular in einigen Minuten noch einmal ab.
notice-unavailable-title = Es gibt leider ein Problem mit dem Dienst
notice-unavailable-text = Es wurde kein Konto angelegt. Senden Sie das Formular in einigen Minuten noch einmal ab.
notice-upstream-failed-title = Es gibt leider ein Problem mit dem Dienst
notice-upstream-failed-text = Ihr Konto konnte nicht angelegt werden. Senden Sie das Formular in einigen Minuten noch einmal ab.
notice-unknown-title = Ihr Konto wurde vielleicht schon angelegt
notice-unknown-text = Der Dienst hat nicht mehr geantwortet, bevor er es bestätigen konnte. Bevor Sie es noch einmal versuchen:
notice-unknown-step-1 = Sehen Sie in Ihrem Postfach und im Spam-Ordner nach, ob eine E-Mail Sie bittet, Ihre Adresse zu bestätigen. Wenn sie da ist, folgen Sie dem Link darin. Dann sind Sie fertig.
notice-unknown-step-2 = Nach einigen Minuten keine E-Mail? Versuchen Sie, sich mit Benutzername und Passwort anzumelden.
notice-unknown-step-3 = Wenn auch das nicht geht, senden Sie das Formular unten noch einmal ab.
notice-refused-title = Ihr Konto wurde nicht angelegt
notice-email-in-use-title = Vielleicht haben Sie schon ein Konto
notice-email-in-use-text = Wenn es zu dieser Adresse ein Konto gibt, melden Sie sich an, oder setzen Sie auf der Anmeldeseite Ihr Passwort zurück. Verwenden Sie sonst eine andere E-Mail-Adresse.
notice-account-exists-title = Dieses Konto gibt es schon
notice-account-exists-text = Suchen Sie in Ihrem Postfach die E-Mail, mit der Sie Ihre Adresse bestätigen, oder melden Sie sich an.
notice-used-title = Dieses Formular wurde schon verwendet
notice-used-text = Damit wurde ein Konto für eine andere E-Mail-Adresse angelegt. Um noch ein Konto anzulegen, prüfen Sie Ihre Angaben, und senden Sie dieses neue Formular ab.
notice-code-title = Der Code in Ihrem Link ist nicht verwendbar
notice-code-text = Er ist vielleicht unvollständig oder wurde schon verwendet. Sie können sich mit dem Formular unten registrieren.
notice-code-unknown-title = Der Code in Ihrem Link ließ sich nicht nachschlagen
notice-code-unknown-text = Öffnen Sie den Link in einigen Minuten noch einmal, oder registrieren Sie sich mit dem Formular unten.
notice-link-expired-title = Die Angaben in Ihrem Link sind abgelaufen
notice-link-expired-text = Öffnen Sie den Link noch einmal dort, wo Sie ihn gefunden haben, oder füllen Sie das Formular unten aus.

wait-seconds = { $count ->
    [one] in 1 Sekunde
   *[other] in { $count } Sekunden
}
wait-minutes = { $count ->
    [one] in 1 Minute
   *[other] in { $count } Minuten
}
wait-hours = { $count ->
    [one] in 1 Stunde
   *[other] in { $count } Stunden
}

## Fehlerseiten

error-page-400-title = Diese Anfrage ist nicht lesbar
error-page-400-text = Prüfen Sie die Adresse in Ihrem Browser, oder beginnen Sie von vorn.
error-page-403-title = Das Formular wurde nicht angenommen
error-page-403-text = Es wurde von einer anderen Website gesendet. Öffnen Sie die Registrierung hier, und füllen Sie das Formular aus.
error-page-404-title = Seite nicht gefunden
error-page-404-text = Prüfen Sie die Adresse auf Tippfehler, oder wählen Sie einen Tarif, um sich zu registrieren.
error-page-405-title = So lässt sich diese Seite nicht aufrufen
error-page-405-text = Öffnen Sie sie über einen Link oder über ihre Adresse, oder beginnen Sie von vorn.
error-page-408-title = Ihre Verbindung war zu langsam
error-page-408-text = Ihr Formular ist nicht rechtzeitig angekommen. Gehen Sie zurück, und senden Sie es noch einmal ab.
error-page-413-title = Ihre Angaben sind zu lang
error-page-413-text = Gehen Sie zurück, kürzen Sie Ihre Angaben, und senden Sie das Formular noch einmal ab.
error-page-415-title = Das Formular war nicht lesbar
error-page-415-text = Öffnen Sie die Registrierung, und füllen Sie das Formular in Ihrem Browser aus.
error-page-421-title = Unter dieser Adresse gibt es keine Registrierung
error-page-421-text = Prüfen Sie die Adresse, die Sie bekommen haben.
error-page-429-title = Zu viele Anfragen
error-page-429-text = Sie können die Seite { $wait } noch einmal laden.
error-page-4xx-title = Das hat nicht funktioniert
error-page-4xx-text = Prüfen Sie die Adresse, oder beginnen Sie von vorn.
error-page-5xx-title = Es gibt leider ein Problem mit dem Dienst
error-page-5xx-text = Versuchen Sie es in einigen Minuten noch einmal. Wenn Sie sich gerade registriert haben, sehen Sie zuerst in Ihrem Postfach nach: Ihr Konto wurde vielleicht schon angelegt.
error-page-home = Zu den Tarifen
error-page-reference = Kennung
error-page-support = Wenn es wieder passiert, nennen Sie uns diese Kennung:

## Der Stand des Kontos

status-title = Ihre Registrierung
status-unknown-title = Sehen Sie in Ihrem Postfach nach
status-unknown-text = Wenn Sie sich gerade registriert haben, finden Sie dort eine E-Mail mit einem Link, mit dem Sie Ihre Adresse bestätigen. Das kann einige Minuten dauern. Sehen Sie auch im Spam-Ordner nach.
status-created-title = Bestätigen Sie Ihre E-Mail-Adresse
status-created-text = Ihr Konto ist angelegt. Folgen Sie dem Link in der E-Mail, die wir Ihnen gesendet haben. Das kann einige Minuten dauern. Sehen Sie auch im Spam-Ordner nach.
status-active-title = Ihr Konto ist bereit
status-active-text = Ihr Tarif ist aktiv. Sie können anfangen.
status-trial-title = Ihre Testphase läuft
status-trial-text = Sie können anfangen.
status-trial-until = Ihre Testphase läuft bis zum { $date }.
status-over-title = Ihre Testphase ist zu Ende
status-over-text = Melden Sie sich an, um zu sehen, wie es weitergehen kann.
status-step-over = Testphase zu Ende
status-payment-title = Schließen Sie die Zahlung ab
status-payment-text = Ihre Adresse ist bestätigt. Melden Sie sich an, um die Zahlung abzuschließen. Danach beginnt Ihr Tarif.
status-suspended-title = Ihr Konto ist gesperrt
status-suspended-text = Wenden Sie sich an den Support. Dort erfahren Sie, warum und was zu tun ist.
status-suspended-text-alone = Suchen Sie in Ihrem Postfach nach einer E-Mail, die sagt, warum und was zu tun ist, oder melden Sie sich an, um mehr zu erfahren.
status-deleted-title = Dieses Konto wurde gelöscht
status-deleted-text = Sie können sich mit einem neuen Formular wieder registrieren.
status-step-created = Konto angelegt
status-step-confirm = E-Mail-Adresse bestätigen
status-step-confirmed = E-Mail-Adresse bestätigt
status-step-active = Tarif aktiv
status-step-trial = Testphase läuft
status-step-payment = Zahlung abschließen
status-step-plan = Tarif aktiv
status-done = erledigt
status-open = Weiter zu { $brand }
status-refreshing = Diese Seite aktualisiert sich von selbst.
status-again = Noch einmal prüfen
status-support = Support kontaktieren
status-signup = Tarif wählen

## Ein Konto, das schon aktiv ist

already-active-title = Ihr Konto ist schon aktiv
already-active-text = Hier ist nichts mehr zu tun. Melden Sie sich mit Benutzername oder E-Mail-Adresse und Passwort an.

# Ein ganzes Datum, wie 5. Dezember 2026.
date =
    { $day }. { $month ->
        [1] Januar
        [2] Februar
        [3] März
        [4] April
        [5] Mai
        [6] Juni
        [7] Juli
        [8] August
        [9] September
        [10] Oktober
        [11] November
       *[12] Dezember
    } { $year }
