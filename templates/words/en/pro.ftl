# The professional plan.

flow-pro-title = Professional
flow-pro-heading = Create your Professional account
flow-pro-summary = A workspace of your own, from the first recording to the finished model.
flow-pro-for = One engineer with a product to build
flow-pro-why = From raw sensor data to a working model
flow-pro-point-1 = A first project, ready when you sign in
flow-pro-point-2 = All tools of the Professional plan
flow-pro-point-3 = Start today, without a sales call
flow-pro-next = You continue to the payment. Your plan starts as soon as it is complete.
flow-pro-choose = Choose Professional
flow-pro-submit = Create account
flow-pro-sending = Creating your account…

field-projectName-label = Name of your first project
