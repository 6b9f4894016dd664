"""An ntfy server on loopback, made from its documented API: the public test double for ntfy.

It keeps what was published, and tells those who listen. Nothing of the connector is imported here: a double that shared
its mistakes would find none.
"""

from bach_lib.testing.ntfy.published import PublishedMessage
from bach_lib.testing.ntfy.server import NtfyServer

__all__ = ["NtfyServer", "PublishedMessage"]
