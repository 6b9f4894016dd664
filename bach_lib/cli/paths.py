"""File locations: the database, and beside it what belongs to it. Of one on a server only the latter are files."""

import os
import sys
from hashlib import sha256
from pathlib import Path
from typing import override

from bach_lib.arguments import file_path
from bach_lib.storage import Address, is_address


def default_database() -> Path:
    """In the folder that the system has for a user's data."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "bach" / "bach.db"


class ServerPlace(Path):
    """Where on this machine lies what belongs to a database on a server: its socket, token, log and secrets.

    It is a name in the folder for a user's data, and the same for each spelling of an address. `address`: the database.
    """

    def __init__(self, address: str) -> None:
        database = Address(address)
        shown, name = str(database), f"postgresql-{sha256(database.which.encode()).hexdigest()[:12]}"
        super().__init__(default_database().with_name(name))
        self.address: str = address
        self.shown: str = shown

    @override
    def with_segments(self, *parts: str | os.PathLike[str]) -> Path:  # type: ignore[override] # not another database
        """What lies beside it is a file like any other."""
        return Path(*parts)


def place(named: str | None) -> Path:
    """Where the database lies that somebody named, or by default; of one on a server what belongs to it.

    Raises `InvalidValueError` for any other address.
    """
    if named is None:
        return default_database().absolute()
    if is_address(named):
        return ServerPlace(named)
    return file_path("--db", named, 'a file, or "postgresql://user@host/database"').expanduser().absolute()


def to_open(database: Path) -> Path | str:
    """What `Bach` opens."""
    return database.address if isinstance(database, ServerPlace) else database


def shown(database: Path) -> str:
    """The database, for people: an address without its password."""
    return database.shown if isinstance(database, ServerPlace) else str(database)


def may_be_there(database: Path) -> bool:
    """Whether there may be a database; of one on a server only the server knows."""
    return isinstance(database, ServerPlace) or database.exists()


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
    place = sha256(os.fsencode(os.path.realpath(database))).hexdigest()[:16]
    return base / "bach-runs" / place


def secrets_folder(database: Path) -> Path:
    """The secrets that the command was told."""
    return database.with_name(f"{database.name}.secrets")
