"""The actions (services) of the integration: each validates its fields, checks permissions, and calls the library.

What an action takes and returns is decided here. No dialog and no entity lives here.
"""
