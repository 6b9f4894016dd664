"""What follows a config entry while it is loaded: recipients' entities, issues, people and groups that move or go.

It follows events of the library and changes of the entry. It sends nothing.
"""
