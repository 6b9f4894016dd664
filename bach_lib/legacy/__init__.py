"""Imports the database of an original BACH (2 or 3): connections, what was never delivered, and the inbox.

`read` reads the old file, `plan` decides without writing anything, `take` writes all of it in one transaction. What was
taken once is not taken again, and the old file is never written to.
"""

from bach_lib.legacy.planning import Plan, plan
from bach_lib.legacy.reading import Old, OldConnection, read
from bach_lib.legacy.taking import Taken, take
from bach_lib.legacy.triggers import Left

__all__ = ["Left", "Old", "OldConnection", "Plan", "Taken", "plan", "read", "take"]
