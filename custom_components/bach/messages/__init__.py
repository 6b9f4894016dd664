"""Messages on their way through Home Assistant: events, payloads, and issues about what was not delivered.

Also a first or test message, and the messages of recipients who move or are removed. Actions and triggers build on it
and are not known here.
"""
