"""Optional packages that connectors and a database on a server need: what says which, and which versions.

The extras in `pyproject.toml` say the same for pip, and a test compares the two. Whoever installs while the program
runs, as the Home Assistant integration does, asks here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package on the index: `requirement` is what pip is told, `extra` the extra of ours that brings it."""

    name: str
    requirement: str
    extra: str

    def installed(self) -> str | None:
        """Its version; None if there is none. Reads from the disk."""
        try:
            return version(self.name)
        except PackageNotFoundError:
            return None


_DISCORD: Final = Package(name="discord.py", requirement="discord.py>=2.7.1,<3", extra="discord")
_TELEGRAM: Final = Package(name="python-telegram-bot", requirement="python-telegram-bot>=22.7,<23", extra="telegram")

POSTGRESQL: Final = Package(name="psycopg", requirement="psycopg[binary]>=3.2,<4", extra="postgresql")
"""The driver of a database on a server."""
SOCKS: Final = Package(name="aiohttp-socks", requirement="aiohttp-socks>=0.11,<1", extra="socks")
"""For a connection that goes through a SOCKS proxy."""
PICTURES: Final = Package(name="pillow", requirement="pillow>=11,<13", extra="pictures")
"""For pictures that are too large for their place. Home Assistant has it; without it they go as documents, or not."""
SOCKS_PROXY: Final = "SOCKS proxy"
"""What errors call such a connection by, as they call others by their type."""

NEEDED: Final[Mapping[str, Package]] = {
    "discord": _DISCORD,
    "discord_webhook": _DISCORD,
    "telegram": _TELEGRAM,
}
"""By the type of a connection. What is not here needs nothing."""
