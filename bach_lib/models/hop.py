"""The way to a platform, hop by hop: what a check found of each, so that whoever mends it knows where to look."""

from dataclasses import dataclass
from enum import StrEnum

from bach_lib.models.fault import Fault


class HopName(StrEnum):
    """A step on the way, in this order."""

    DNS = "dns"
    """The name of the server becomes an address."""
    TCP = "tcp"
    """The server, or the proxy, takes a connection."""
    PROXY = "proxy"
    """The proxy lets us through. Only where one is set."""
    TLS = "tls"
    """Server and certificate belong together. Only where the address begins with `https`."""
    HTTP = "http"
    """It speaks HTTP, and is what it should be."""
    CREDENTIALS = "credentials"
    """It takes our token, key or password."""
    PERMISSION = "permission"
    """The account may do what it is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One step. The last one that was made has the `fault` if the way ends there; what lies behind was not tried."""

    name: HopName
    """Which."""
    seconds: float | None = None
    """What it took, or took until it failed; None where that cannot be told apart from another."""
    fault: Fault | None = None
    """Why it goes no further."""
