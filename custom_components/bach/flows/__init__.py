"""The steps of the dialogs: adding and changing recipients and people, a webhook's page, and the fixes of repairs.

Everything typed is checked here before it is kept, and each error stands at its field. `config_flow` and `repairs`,
where Home Assistant looks, are made of these steps.
"""
