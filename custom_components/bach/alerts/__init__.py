"""Alerts: something of this home is watched, and people are told of it until somebody has it or it is over.

Telling is a route's: an alert without one makes one of its recipients and reminders. So whoever is told acknowledges it
in the same ways, and what is told survives in the same database.
"""
