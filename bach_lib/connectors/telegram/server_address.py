"""Which Bot API a connection asks, Telegram's own or a server of somebody's own, and what that takes."""

from dataclasses import replace
from typing import Final

from bach_lib.connectors.capabilities import Capabilities

PUBLIC_ENDPOINT: Final = "https://api.telegram.org"
_OWN_SERVER_BYTES: Final = 2_000_000_000


def server_of(endpoint: str | None) -> str:
    """The address before `/bot<token>/`. Other programs want it with the `/bot`, so people have it like that, too."""
    return (endpoint or PUBLIC_ENDPOINT).rstrip("/").removesuffix("/bot").rstrip("/")


def able_at(endpoint: str | None, capabilities: Capabilities) -> Capabilities:
    """A server of one's own takes larger files: https://core.telegram.org/bots/api#using-a-local-bot-api-server.

    Only if it runs with `--local`; else it refuses what is larger, and the words go without it.
    """
    if server_of(endpoint) == PUBLIC_ENDPOINT:
        return capabilities
    return replace(capabilities, file_bytes=_OWN_SERVER_BYTES)
