"""The steps of config flows, subentry flows and repair flows.

Everything typed is checked here before it is kept, and each error stands at its field. `config_flow` and `repairs`,
where Home Assistant looks, are made of these steps.
"""
