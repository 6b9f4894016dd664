"""Descriptions of the connection types behind the dialogs: forms, validation, required packages.

Nothing here knows entries, entities or a running BACH.
"""
