"""An ntfy server on loopback, made from its documented API: the public test double for ntfy."""

from bach_lib.testing.ntfy.published import PublishedMessage
from bach_lib.testing.ntfy.server import NtfyServer

__all__ = ["NtfyServer", "PublishedMessage"]
