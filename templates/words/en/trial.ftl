# The enterprise trial.

flow-trial-title = Enterprise trial
flow-trial-heading = Start your Enterprise trial
flow-trial-summary = Every enterprise feature for your whole team, free for a limited time.
flow-trial-for = Companies that want to try before they decide
flow-trial-why = See what your team can build
flow-trial-point-1 = Every enterprise feature, from the first minute
flow-trial-point-2 = An organization of your own to share with your team
flow-trial-point-3 = No payment details
flow-trial-next = You go straight to your new organization. The trial ends by itself: there is nothing to cancel.
flow-trial-choose = Start a trial
flow-trial-submit = Start trial
flow-trial-sending = Starting your trial…

field-companySize-label = Number of employees
field-country-label = Country
field-stateOrProvince-label = State or province
field-organizationName-label = Organization name
field-organizationName-hint = Leave it empty to use your own name.
field-useCase-label = What you want to build
field-userHasMLModelsInProduction-label = Do you have machine learning models in production?
choice-models-yes = Yes
choice-models-no = No
choice-models-soon = No, but we will soon

# What browsers suggest as an answer to `useCase`. The visitor's text is forwarded as it stands in the box.
suggestion-industrial = Industrial
suggestion-predictive-maintenance = Predictive maintenance
suggestion-asset-tracking = Asset tracking
suggestion-consumer-electronics = Consumer electronics
suggestion-health-and-wearables = Health and wearables
suggestion-smart-buildings = Smart buildings
suggestion-agriculture = Agriculture
suggestion-automotive = Automotive
suggestion-research-and-teaching = Research and teaching
