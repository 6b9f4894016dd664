"""How the demo judges: it must not say that all is well when it is not."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from demo.home import Home
from demo.story import MEANWHILE, BrokenPromiseError, check_arrived
from demo.telegram import Arrived
from demo.world import CHAT

ONE, TWO, THREE = MEANWHILE
TOKEN = "123:secret"
AT = "2026-11-23 04:38:00.428"


@pytest.fixture
async def home(tmp_path: Path) -> AsyncGenerator[Home]:
    """A Home Assistant that has not been started: only its log is read."""
    async with Home(tmp_path) as home:
        yield home


def arrived(*texts: str, chat_id: int = CHAT) -> list[Arrived]:
    """Messages as Telegram has them."""
    return [
        Arrived(chat_id=chat_id, message_id=number, text=text, received_at=0.0) for number, text in enumerate(texts)
    ]


def test_all_in_order_is_well() -> None:
    """If this fails, the demo fails although all arrived."""
    check_arrived(arrived(ONE, TWO, THREE), MEANWHILE)


@pytest.mark.parametrize(
    "messages",
    [
        arrived(ONE, THREE),
        arrived(ONE, TWO, TWO, THREE),
        arrived(TWO, ONE, THREE),
        arrived(ONE, TWO, THREE, "more"),
        arrived(ONE, TWO, THREE) + arrived(ONE, chat_id=7),
    ],
    ids=["lost", "twice", "out of order", "too many", "somebody else's"],
)
def test_anything_else_breaks_the_promise(messages: list[Arrived]) -> None:
    """If this fails, the demo says that all is well although a message was lost, repeated, reordered or misdirected."""
    with pytest.raises(BrokenPromiseError):
        check_arrived(messages, MEANWHILE)


@pytest.mark.parametrize(
    "record",
    [
        f"{AT} ERROR (MainThread) [custom_components.bach.home.hub] The database is gone",
        f"{AT} ERROR (MainThread) [homeassistant] Error doing job: bach: wait for a recipient",
        f'{AT} ERROR (MainThread) [homeassistant] Error\nTraceback (most recent call last):\n  File "/bach_lib/x.py"',
        f"{AT} WARNING (MainThread) [homeassistant.util.loop] Detected blocking call to open by integration 'bach'",
        f"{AT} DEBUG (MainThread) [aiohttp] GET /bot{TOKEN}/getMe",
    ],
    ids=["our error", "our job", "our traceback", "blocking call", "secret"],
)
def test_a_log_that_accuses_us_is_noticed(home: Home, record: str) -> None:
    """If this fails, errors, blocking calls or leaked tokens in a real Home Assistant pass unnoticed."""
    home.log.write_text(f"{AT} INFO (MainThread) [homeassistant] Fine\n{record}\n")
    assert home.problems(secret=TOKEN) == [record]


@pytest.mark.parametrize(
    "record",
    [
        f"{AT} WARNING (MainThread) [bach_lib.models.health] Sending through telegram_123 does not work: refused",
        f'{AT} ERROR (MainThread) [homeassistant.setup] Failed\nTraceback:\n  File "/home/x/bach/.venv/turbojpeg.py"',
    ],
    ids=["what we tell a person", "somebody else's error in a folder of our name"],
)
def test_a_log_that_does_not_accuse_us_is_well(home: Home, record: str) -> None:
    """If this fails, the demo fails because of what others do, or because of what people ought to read."""
    home.log.write_text(f"{record}\n")
    assert home.problems(secret=TOKEN) == []
