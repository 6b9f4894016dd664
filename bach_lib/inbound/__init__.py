"""Receiving: everything between a platform and those who wait for messages: receiver, admission, inbox, rules, router.

What comes in is stored with the cursor before the platform is told, and announced once. Nothing here sends, and nothing
here knows `outbound`.
"""
