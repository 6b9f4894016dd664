"""The actions of the integration: each reads its fields, asks who may, and gives the rest to the library.

What an action takes and answers is decided here. No dialog and no entity lives here.
"""
