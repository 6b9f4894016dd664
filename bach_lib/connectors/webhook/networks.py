"""Allow list of source addresses: IP addresses, networks, and the word "local".

An IPv4 address that a server with IPv6 sees as `::ffff:192.0.2.1` is the same address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Self

from bach_lib.errors import InvalidValueError
from bach_lib.said import Sentence

LOCAL: Final = "local"
"""Stands for this machine and the private networks that homes have."""

_HOME = tuple(
    ip_network(network)
    for network in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)
_MAX = 100
_MAPPED_BITS = 96
"""How many bits stand before an IPv4 address that is written as one of IPv6."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Allow list of addresses; it lets everybody in while it is empty."""

    networks: Sequence[IPv4Network | IPv6Network] = ()

    @classmethod
    def read(cls, found: object) -> Self:
        """Raises `InvalidValueError`."""
        if not isinstance(found, list | tuple) or len(found) > _MAX:
            raise _invalid(found)
        return cls(tuple(network for one in found for network in (_HOME if one == LOCAL else [_network(one)])))

    def include(self, address: str | None) -> bool:
        """Whether a request from there may be looked at. An address that nobody knows is in no list."""
        if not self.networks:
            return True
        try:
            asking = _plain(ip_address(address or ""))
        except ValueError:
            return False
        return any(asking in network for network in self.networks)


def _network(written: object) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(written.strip() if isinstance(written, str) else "")
    except ValueError:
        raise _invalid(written) from None
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is None:
        return network
    return IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Without the name of a network card, and IPv4 as IPv4."""
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))


def _invalid(found: object) -> InvalidValueError:
    return InvalidValueError(
        field="incoming_addresses",
        value=str(found)[:50],
        expected=Sentence(
            "a_list_of_at_most_number_ip_addresses",
            'a list of at most {number} IP addresses or networks, such as "192.168.1.20", "10.0.0.0/8" and "local"',
            number=_MAX,
        ),
    )
