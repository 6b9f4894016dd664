"""Relocation: what a program needs that keeps by itself where its messages are, as a home does.

It looks whether a database is free, moves everything there, and empties what was left. The command does the same for
people; whatever is stored is the storage's business, and only its names are passed on here.
"""

from bach_lib.storage import Address, is_address
from bach_lib.storage.moving import Bar, Ended, Found, Move, Place, clear, look, no_bar

__all__ = ["Address", "Bar", "Ended", "Found", "Move", "Place", "clear", "is_address", "look", "no_bar"]
