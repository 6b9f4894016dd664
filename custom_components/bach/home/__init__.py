"""BACH inside one Home Assistant: the hub that holds it, entries as rows, credentials, people, roles and permissions.

Whatever needs to know who somebody is or whether they may asks here. Nothing here tells or shows anything to people but
in errors and issues.
"""
