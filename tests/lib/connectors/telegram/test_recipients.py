"""How recipients are written, and how fast each may be written to."""

import pytest

from bach_lib.connectors.telegram import TelegramConnector
from bach_lib.errors import InvalidRecipientError
from bach_lib.outbound.limiter import Limiter
from tests.lib.connectors.telegram.conftest import GROUP, Connect


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("42", "42"),
        (" -1001234567890 ", "-1001234567890"),
        ("-1001234567890/7", "-1001234567890/7"),
        ("-1001234567890/1", "-1001234567890"),
        ("@Our_Home", "@our_home"),
        ("@our_home/7", "@our_home/7"),
    ],
)
def test_one_way_to_write_it(written: str, normal: str) -> None:
    """One recipient would have two lanes, and its messages could overtake each other."""
    assert TelegramConnector.normalize_recipient(written) == normal


NONSENSE = ["", "0", "-0", "+42", "042", "4 2", "42/", "42/0", "/7", "42/-7", "42/7/8", "42\n43", "1e5", "٤٢", "9" * 17]
NONSENSE += [
    "ada",
    "@",
    "@ada",
    "@1abcd",
    "@a b c d",
    "@our-home",
    "@" + "x" * 33,
    "https://t.me/our_home",
    "42?text=x",
]


@pytest.mark.parametrize("recipient", NONSENSE)
def test_no_recipient(recipient: str) -> None:
    """A slip of the pen would be queued, and only fail when the alarm goes off."""
    with pytest.raises(InvalidRecipientError, match="telegram"):
        TelegramConnector.normalize_recipient(recipient)


def allowed_in(connector: TelegramConnector, recipients: list[str], seconds: float) -> int:
    """How many messages go out in a time when there are always more, taking turns."""
    now = sent = 0.0
    limiter = Limiter(lambda: now)
    while now < seconds:
        stops = [limiter.reserve(connector.rates(recipient)) for recipient in recipients]
        waits = [stop.seconds if stop else 0.0 for stop in stops]
        sent += waits.count(0)
        now += min(waits)
    return int(sent)


@pytest.mark.parametrize(
    ("recipients", "seconds", "limit"),
    [
        ([str(number) for number in range(1, 100)], 1.0, 30),
        (["42"], 60.0, 63),
        ([str(GROUP)], 60.0, 20),
        ([str(GROUP), f"{GROUP}/7", f"{GROUP}/8"], 60.0, 20),
        (["@our_home"], 60.0, 20),
    ],
)
def test_under_the_published_limits(connect: Connect, recipients: list[str], seconds: float, limit: int) -> None:
    """The platform would refuse messages with 429, and the bot be slowed down for everybody."""
    sent = allowed_in(connect(), recipients, seconds)
    assert limit * 0.9 <= sent <= limit


def test_a_link_brings_the_code_to_the_bot() -> None:
    """A person would have to type it, and a group could not bring it at all."""
    found = TelegramConnector.invitation("K7QF2-MXP9R", "https://t.me/home_bot")
    assert found.link == "https://t.me/home_bot?start=K7QF2-MXP9R"
    assert found.group_link == "https://t.me/home_bot?startgroup=K7QF2-MXP9R"
    assert TelegramConnector.invitation("K7QF2-MXP9R", None).link is None
