"""Steps of config flows, subentry flows and fix flows.

Input is validated here before it is saved, and each error stands at its field. `config_flow` and `repairs`, where Home
Assistant looks for flows, are composed of these steps.
"""
