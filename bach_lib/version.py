"""The version of BACH, here and nowhere else in the library; what builds the package reads it from here."""

VERSION = "0.1.0"
"""The integration's manifest has the same, as Home Assistant reads it there; it refuses another."""
