"""Bridges: what comes in at one place goes out at others, once, also after a crash.

Carrying reads the inbox and puts messages, so this stands above both directions. Nothing here knows a platform.
"""
