"""The automation triggers: messages that come in, what becomes of those that go out, and their options.

They listen to what `messages` tells. What is not told there can start no automation.
"""
