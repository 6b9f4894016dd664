"""`Bach`, the facade of the library: opening, closing, and its calls for both directions.

Each call checks what it is given and passes it on to one part. No rule about messages is decided here.
"""

from bach_lib.bach.bach import Bach

__all__ = ["Bach"]
