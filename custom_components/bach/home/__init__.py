"""BACH inside one Home Assistant: the shared hub, mapping of entries, credentials, people, roles and permissions.

Whatever needs to know who somebody is, or what they may do, asks here. Nothing here talks to people but by errors and
issues.
"""
