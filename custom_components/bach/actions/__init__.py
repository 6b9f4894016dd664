"""The actions (services) of the integration: each reads its fields, asks who may, and calls the library.

What an action takes and answers is decided here. No dialog and no entity lives here.
"""
