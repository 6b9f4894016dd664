"""The registry: the one list of connections, and everything by which one is checked before it is written.

Rows, secrets, the types of partners, accounts, the sender tag and what was learned of addresses live here. Nothing here
sends, receives or asks a platform.
"""

from bach_lib.registry.changing import Changes
from bach_lib.registry.ensuring import Ensured, EnsureResult
from bach_lib.registry.examining import FRESH_START
from bach_lib.registry.registry import Registry

__all__ = ["FRESH_START", "Changes", "EnsureResult", "Ensured", "Registry"]
