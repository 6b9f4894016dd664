"""What keeps a loaded entry in step with reality: entities of recipients, issues, reauthentication, moved groups.

It reacts to events of the library and to changes of the entry. It sends nothing.
"""
