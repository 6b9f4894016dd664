"""Moves all that is stored from one place to another: from a file to a server, back, or from file to file.

Rows go by the tables that the migrations make, whatever is in them, so that none is forgotten. No module here knows
what a message means. Only one of the two databases may be used at any moment; `moved` beside this folder says which.
"""

from bach_lib.storage.moving.looking import Found, clear, look
from bach_lib.storage.moving.move import Bar, Ended, Move, no_bar, take_back
from bach_lib.storage.moving.places import Place, place

__all__ = ["Bar", "Ended", "Found", "Move", "Place", "clear", "look", "no_bar", "place", "take_back"]
