"""A signal-cli-rest-api on loopback, made from its documented API: the public test double for Signal."""

from bach_lib.testing.signal.mailbox import Reaction, SentMessage
from bach_lib.testing.signal.server import SignalServer

__all__ = ["Reaction", "SentMessage", "SignalServer"]
