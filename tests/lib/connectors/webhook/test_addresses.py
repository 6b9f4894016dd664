"""From where requests may come: the list is kept, however the address is written."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib.connectors.webhook.codec import PostDecoder
from bach_lib.connectors.webhook.networks import Addresses
from bach_lib.connectors.webhook.proofs import Proofs
from bach_lib.errors import InvalidValueError, PushRefusedError

LIST = ["192.168.1.20", " 10.0.0.0/8 ", "2001:db8::/32", "::ffff:172.16.0.0/108", "2001:dba::7"]

four = st.integers(0, 2**32 - 1).map(IPv4Address)


@pytest.mark.parametrize(
    ("address", "is_in"),
    [
        ("192.168.1.20", True),
        ("192.168.1.21", False),
        ("::ffff:192.168.1.20", True),
        ("::ffff:192.168.1.21", False),
        ("10.255.0.1", True),
        ("11.0.0.1", False),
        ("2001:db8:1::1", True),
        ("2001:db8:1::1%eth0", True),
        ("2001:db9::1", False),
        ("2001:dba::7", True),
        ("2001:dba::8", False),
        ("172.17.0.1", True),
        ("172.32.0.1", False),
        ("::ffff:0a00:0001", True),
        ("", False),
        ("home", False),
        ("192.168.1.20:80", False),
        (None, False),
    ],
)
def test_the_list_is_kept(address: str | None, is_in: bool) -> None:
    """Everybody could knock, or the one machine that may could not."""
    assert Addresses.read(LIST).include(address) is is_in


@pytest.mark.parametrize(
    ("address", "is_in"),
    [
        *((address, True) for address in ("127.0.0.1", "::1", "192.168.0.9", "::ffff:10.1.2.3", "172.31.255.255")),
        *((address, True) for address in ("fe80::1%eth0", "fd00::1", "169.254.1.1", "203.0.113.9")),
        *((address, False) for address in ("8.8.8.8", "172.32.0.1", "2001:4860::8888", "::ffff:8.8.8.8", "100.64.0.1")),
        ("203.0.113.10", False),
        (None, False),
    ],
)
def test_the_home_by_its_word(address: str | None, is_in: bool) -> None:
    """People would have to know which networks are private."""
    assert Addresses.read(["local", "203.0.113.9"]).include(address) is is_in


@pytest.mark.parametrize("address", ["1.2.3.4", "::1", None, "nonsense"])
def test_without_a_list_everybody_may_knock(address: str | None) -> None:
    """Whoever never heard of the list would be locked out."""
    assert Addresses.read([]).include(address)


@given(four, st.integers(0, 32), four)
def test_one_address_has_one_answer_in_both_spellings(base: IPv4Address, bits: int, address: IPv4Address) -> None:
    """Through a server with IPv6 a listed address would be refused, or an unlisted one let in."""
    network = IPv4Network((base, bits), strict=False)
    mapped_network = f"{IPv6Address((0xFFFF << 32) | int(network.network_address))}/{96 + bits}"
    mapped = str(IPv6Address((0xFFFF << 32) | int(address)))
    answers = {
        Addresses.read([listed]).include(asking)
        for listed in (str(network), mapped_network)
        for asking in (str(address), mapped)
    }
    assert answers == {address in network}


@pytest.mark.parametrize(
    "found",
    [
        "10.0.0.1",
        5,
        None,
        {"10.0.0.1": 1},
        [5],
        [""],
        ["home"],
        ["Local"],
        ["10.0.0.1/8"],
        ["10.0.0.0/33"],
        ["::"] * 101,
    ],
)
def test_what_is_no_list_of_addresses(found: object) -> None:
    """A slip would let everybody in, or nobody, and only show when it matters."""
    with pytest.raises(InvalidValueError):
        Addresses.read(found)


def test_others_are_denied_before_anything_is_looked_at() -> None:
    """Whoever may not even knock could try out secrets and keep us busy."""
    proofs = Proofs(token="a-token-of-sixteen", keys=())
    door = PostDecoder(name="hook", proofs=proofs, fields={}, addresses=Addresses.read(["10.0.0.1"]))
    for headers, body in (({}, b"{"), ({"Authorization": "Bearer a-token-of-sixteen"}, b'{"text": "x"}')):
        with pytest.raises(PushRefusedError, match="address"):
            door.admit(headers, body, 0.0, "10.0.0.2")
