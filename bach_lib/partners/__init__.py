"""AI partners, MCP servers and other APIs: whether they answer, take our credentials, and what they offer.

No vendor's package is used: each asks for a version of its own of what Home Assistant uses too, to make two requests.
"""
