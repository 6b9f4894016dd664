"""File locations: the database, and beside it what belongs to it."""

import os
import sys
from hashlib import sha256
from pathlib import Path


def default_database() -> Path:
    """In the folder that the system has for a user's data."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "bach" / "bach.db"


def token_file(database: Path) -> Path:
    """The token of the REST interface."""
    return database.with_name(f"{database.name}.token")


def log_file(database: Path) -> Path:
    """What the daemon had to tell."""
    return database.with_name(f"{database.name}.daemon.log")


def runs_file(database: Path) -> Path:
    """How far the database of this place had come, in the folder that the system has for a user's state.

    It must not lie beside the database: whoever copies that folder would copy it as well.
    """
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    place = sha256(os.fsencode(database.absolute().resolve())).hexdigest()[:16]
    return base / "bach-runs" / place


def secrets_folder(database: Path) -> Path:
    """The secrets that the command was told."""
    return database.with_name(f"{database.name}.secrets")
