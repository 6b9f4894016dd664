"""Messages on their way through Home Assistant: what came in or went out becomes events and the data they carry.

Also a first or test message, and what becomes of messages whose recipient moves or goes. Actions and triggers build on
it and are not known here.
"""
