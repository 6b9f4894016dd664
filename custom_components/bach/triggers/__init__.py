"""Automation triggers: incoming messages, ends of outgoing ones, and changes of connections.

They listen to the dispatcher signals of `messages`. What is not announced there can start no automation.
"""
