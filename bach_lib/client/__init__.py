"""`connect`: a BACH for programs, whether they have the database open themselves or ask the process that has.

Three things have the calls of `AnyBach`: `Bach` itself, the client over the socket beside the file, and the client
over REST from another machine. What they need is loaded when somebody connects.
"""

from bach_lib.client.any_bach import AnyBach
from bach_lib.client.entrance import connect, share

__all__ = ["AnyBach", "connect", "share"]
