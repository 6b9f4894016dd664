"""A signal-cli-rest-api on loopback, made from its documented API: the public test double for Signal.

It keeps what was sent, and plays everybody else. Nothing of the connector is imported here: a double that shared its
mistakes would find none.
"""

from bach_lib.testing.signal.mailbox import Reaction, SentMessage
from bach_lib.testing.signal.server import SignalServer

__all__ = ["Reaction", "SentMessage", "SignalServer"]
