# The words of every page. Say what to do, in words a tired person understands.
# `{ $brand }` is the product's name and may stand in any message of a page.

## Every page

skip-to-content = Skip to main content
have-account = Already have an account?
sign-in = Sign in
footer-label = More about this service
footer-terms = Terms of service
footer-privacy = Privacy policy
footer-support = Get help
language-label = Language
error-prefix = Error:
optional = (optional)

## The plan chooser

plans-title = Choose how to start
plans-lead = Pick a plan, fill in one form, and start building.
plans-lead-one = Fill in one form, and start building.
plans-for = Made for
plans-get = What you get
plans-next = What happens next
plans-none-title = Sign-up is closed
plans-none-text = There is no plan to choose at the moment. If you have an account, sign in.

## The form

summary-title = There is a problem
form-all-plans = All plans
form-other-plans = Looking for something else?
group-account = Your account
group-company = Your company
group-project = Your project
country-none = Choose a country
password-show = Show
password-hide = Hide
password-show-label = Show password
password-hide-label = Hide password
password-shown = Your password is visible
password-hidden = Your password is hidden
strength-0 = Easy to guess. Make it longer, or add an unrelated word.
strength-1 = Could be stronger. One more unrelated word helps.
strength-2 = Good password.
strength-3 = Strong password.
email-suggestion = Did you mean { $address }?
email-anyway = Use this email address anyway
email-other-plan = Only have a personal address? Choose another plan:
email-support = Contact us about your address
honeypot-label = Leave this field empty

## Fields: label, hint

field-name-label = Full name
field-username-label = Username
field-username-hint = 4 to 30 characters: letters, digits, hyphens, dots and underscores.
field-email-label = Email address
field-email-hint = We send a link to this address to confirm it.
field-email-hint-business = Use your work address. We send a link to it to confirm it.
field-password-label = Password
field-password-hint = { $min } characters or more. A few unrelated words work well.
field-password-hint-again = Enter your password again: it is never kept in a page. { $min } characters or more. A few unrelated words work well.
field-jobTitle-label = Job title
field-companyName-label = Company
field-privacyPolicy-label = Terms and privacy

consent-text = I agree to the <terms>terms of service</terms> and the <privacy>privacy policy</privacy> of { $brand }.
# The date of the wording above: change it whenever the wording changes.
consent-version = 2026-11-22

## The security check

challenge-label = Security check
challenge-no-script = The security check needs JavaScript. Turn it on in your browser, then submit the form: it comes back with your answers and loads the check.
challenge-blocked = The security check did not load. Check your connection, and turn off content blockers for this page. Then submit the form: it comes back with your answers and loads the check again.
challenge-failed = The security check did not work. Wait a few seconds while it tries again. If it does not, try another network or browser.
challenge-expired = The security check ran out of time. Solve it again, then continue.
challenge-unsupported = Your browser is too old for the security check. Update it, or use another browser.
challenge-interactive = Tick the box above to continue.
challenge-waiting = Waiting for the security check…
error-challenge-missing = Complete the security check
error-challenge-refused = Complete the security check again: the last one was not accepted

## What is wrong with a field. `error-{ field }-{ code }`, else `error-{ code }`.

error-missing = Enter an answer for “{ $label }”
error-unreadable = “{ $label }” has characters that cannot be read. Type it again
error-control = “{ $label }” has a hidden character, such as a line break. Type it again
error-too-long = “{ $label }” must be { $max } characters or fewer
error-too-short = “{ $label }” must be { $min } characters or more
error-not-a-choice = Choose one of the answers for “{ $label }”
error-character = “{ $label }” has a character that cannot be used here
error-separator = “{ $label }” has a dot or underscore in the wrong place
error-at = “{ $label }” must look like name@example.com
error-local = Check the part before the @ in “{ $label }”
error-domain = Check the part after the @ in “{ $label }”
error-disposable = Enter an address you will keep: this one is from a service for temporary mail
error-free = Enter a work address: this one is from a personal mail service
error-blocked = Enter another address: this one cannot be used to sign up here
error-common = Choose a password that is harder to guess: this one is on lists of common passwords
error-weak = Choose a password that is harder to guess. Make it longer, or add an unrelated word

error-name-missing = Enter your full name
error-username-missing = Enter a username
error-username-character = Username can only have the letters a to z, digits, hyphens, dots and underscores
error-username-separator = Username must not begin or end with a dot or underscore, or have two of them in a row
error-username-too-short = Username must be { $min } characters or more
error-username-too-long = Username must be { $max } characters or fewer
error-username-taken = This username is taken. Choose another one
error-email-missing = Enter your email address
error-email-at = Enter an email address in the form name@example.com
error-email-local = Check the part of your email address before the @
error-email-domain = Check the part of your email address after the @. It should look like example.com
error-email-refused = This email address was not accepted. Check it, or use another one
error-email-doubtful = Check your email address: we could not confirm that it exists
error-email-doubtful-suggestion = Check your email address. Did you mean { $suggestion }?
error-password-missing = Enter a password
error-password-too-short = Password must be { $min } characters or more
error-password-too-long = Password must be { $max } characters or fewer
error-password-unreadable = Password has characters that cannot be read. Type it again
error-password-refused = This password was not accepted. Choose another one
error-privacyPolicy-missing = Tick the box to agree to the terms and the privacy policy

## Above the form

kept = Your answers are still here.
notice-expired-title = This form has expired
notice-expired-text = It was open for too long, so here is a fresh one. Check your answers, then submit it.
notice-suspicious-title = The form was not accepted
notice-suspicious-text = A field that nobody can see was filled in, perhaps by a browser extension. Submit the form again.
notice-limited-title = Too many attempts
notice-limited-text = You can submit the form again { $wait }.
notice-challenge-unavailable-title = The security check is not available
notice-challenge-unavailable-text = The fault is on our side, and no account was created. Submit the form again in a few minutes.
notice-unavailable-title = Sorry, there is a problem with the service
notice-unavailable-text = No account was created. Submit the form again in a few minutes.
notice-upstream-failed-title = Sorry, there is a problem with the service
notice-upstream-failed-text = Your account could not be created. Submit the form again in a few minutes.
notice-unknown-title = Your account may have been created
notice-unknown-text = The service stopped answering before it confirmed. Before you try again:
notice-unknown-step-1 = Look in your mailbox, and in the spam folder, for an email that asks you to confirm your address. If it is there, follow its link. You are done.
notice-unknown-step-2 = No email after a few minutes? Try to sign in with your username and password.
notice-unknown-step-3 = If that does not work either, submit the form below again.
notice-refused-title = Your account was not created
notice-email-in-use-title = You may have an account already
notice-email-in-use-text = If this address has an account, sign in, or reset your password on the sign-in page. Otherwise, use another email address.
notice-account-exists-title = This account exists already
notice-account-exists-text = Look in your mailbox for the email that confirms your address, or sign in.
notice-used-title = This form has already been used
notice-used-text = It created an account for another email address. To create one more account, check your answers and submit this fresh form.
notice-code-title = The code in your link cannot be used
notice-code-text = It may be incomplete, or used already. You can sign up with the form below.
notice-code-unknown-title = We could not look up the code in your link
notice-code-unknown-text = Open the link again in a few minutes, or sign up with the form below.
notice-link-expired-title = The details in your link have expired
notice-link-expired-text = Open the link again where you found it, or fill in the form below.

wait-seconds = { $count ->
    [one] in 1 second
   *[other] in { $count } seconds
}
wait-minutes = { $count ->
    [one] in 1 minute
   *[other] in { $count } minutes
}
wait-hours = { $count ->
    [one] in 1 hour
   *[other] in { $count } hours
}

## Error pages

error-page-400-title = This request cannot be read
error-page-400-text = Check the address in your browser, or start again.
error-page-403-title = The form was not accepted
error-page-403-text = It was sent from another website. Open the sign-up page here and fill in the form.
error-page-404-title = Page not found
error-page-404-text = Check the address for typing mistakes, or choose a plan to sign up.
error-page-405-title = This page cannot be used like that
error-page-405-text = Open it with a link or by its address, or start again.
error-page-408-title = Your connection was too slow
error-page-408-text = Your form did not arrive in time. Go back and submit it again.
error-page-413-title = Your answers are too long
error-page-413-text = Go back, shorten your answers and submit the form again.
error-page-415-title = The form could not be read
error-page-415-text = Open the sign-up page and fill in the form in your browser.
error-page-421-title = There is no sign-up page at this address
error-page-421-text = Check the address you were given.
error-page-429-title = Too many requests
error-page-429-text = You can load the page again { $wait }.
error-page-4xx-title = This did not work
error-page-4xx-text = Check the address, or start again.
error-page-5xx-title = Sorry, there is a problem with the service
error-page-5xx-text = Try again in a few minutes. If you were signing up, look in your mailbox first: your account may have been created.
error-page-home = Go to the plans
error-page-reference = Reference
error-page-support = If it happens again, tell us this reference:

## The account's progress

status-title = Your sign-up
status-unknown-title = Look in your mailbox
status-unknown-text = If you have just signed up, there is an email with a link to confirm your address. It can take a few minutes. Look in the spam folder too.
status-created-title = Confirm your email address
status-created-text = Your account is created. Follow the link in the email we have sent you. It can take a few minutes. Look in the spam folder too.
status-active-title = Your account is ready
status-active-text = Your plan is active. You can start.
status-trial-title = Your trial is running
status-trial-text = You can start.
status-trial-until = Your trial runs until { $date }.
status-over-title = Your trial has ended
status-over-text = Sign in to see how you can continue.
status-step-over = Trial ended
status-payment-title = Finish your payment
status-payment-text = Your address is confirmed. Sign in to finish the payment: your plan starts when it is done.
status-suspended-title = Your account is suspended
status-suspended-text = Contact support to find out why, and what to do.
status-suspended-text-alone = Look in your mailbox for an email that says why and what to do, or sign in to find out.
status-deleted-title = This account has been deleted
status-deleted-text = You can sign up again with a new form.
status-step-created = Account created
status-step-confirm = Confirm your email address
status-step-confirmed = Email address confirmed
status-step-active = Plan active
status-step-trial = Trial running
status-step-payment = Finish the payment
status-step-plan = Plan active
status-done = done
status-open = Go to { $brand }
status-refreshing = This page updates itself.
status-again = Check again
status-support = Contact support
status-signup = Choose a plan

## An account that is active already

already-active-title = Your account is already active
already-active-text = There is nothing left to do here. Sign in with your username or email address and your password.

# A day in full, such as 5 December 2026.
date =
    { $day } { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    } { $year }
