"""Takes over bots of Home Assistant's own integrations: what they keep, how one is handed over, and who still uses it.

It reads what those integrations have stored, and calls nothing of theirs: they may be of another version. Nothing here
speaks to a platform; whether a token works is tried by the dialog.
"""
