"""An ntfy server on loopback, made from its documented API: the public test double for ntfy."""

from bach_lib.testing.ntfy.server import NtfyServer, PublishedMessage

__all__ = ["NtfyServer", "PublishedMessage"]
