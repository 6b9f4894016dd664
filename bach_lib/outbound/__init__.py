"""Sending: everything between `send` and the platform: draft, queue, lanes, dispatcher, retry, breaker, limiter.

What becomes of a message is decided here and nowhere else. Nothing here receives, and nothing here knows `inbound` or a
certain platform.
"""
