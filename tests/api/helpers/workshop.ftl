# The professional plan.

flow-workshop-title = Workshop
flow-workshop-heading = Create your Workshop account
flow-workshop-summary = A workspace of your own, from the first recording to the finished model.
flow-workshop-for = One engineer with a product to build
flow-workshop-why = From raw sensor data to a working model
flow-workshop-point-1 = A first project, ready when you sign in
flow-workshop-point-2 = All tools of the Workshop plan
flow-workshop-point-3 = Start today, without a sales call
flow-workshop-next = You go on to the payment. Your plan starts when it is done.
flow-workshop-choose = Choose Workshop
flow-workshop-submit = Create account
flow-workshop-sending = Creating your account…

