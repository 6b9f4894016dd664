"""The two ways of a message, walked: whoever follows one opens eight files at most, each once, as the page says.

`docs/architecture.md` draws the same. Each step is a function; the test watches in which order they are entered while a
message goes out and another comes in, and through which files of ours each is reached.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib.bach import Bach
from bach_lib.connectors.checked import Checked
from bach_lib.connectors.telegram.connector import TelegramConnector
from bach_lib.inbound.inbox import Inbox
from bach_lib.inbound.receiver import Receiver
from bach_lib.inbound.router import Router
from bach_lib.outbound.attempt import Trials
from bach_lib.outbound.dispatcher import Dispatcher
from bach_lib.outbound.ledger import Ledger
from bach_lib.outbound.sender import Sender
from bach_lib.testing.telegram_server import Fault, TelegramServer
from custom_components.bach.actions.send_message import async_send_message
from custom_components.bach.home.hub import Hub
from custom_components.bach.messages.incoming import received
from custom_components.bach.messages.undelivered import async_tell_of_undelivered
from custom_components.bach.triggers.on_incoming import MessageReceivedTrigger
from tests.component.automations import automate
from tests.component.conftest import ADA, TOKEN, until

ROOT = Path(__file__).parents[2]
MOST_FILES = 8
BORDER = "bach_lib/connectors/checked.py"
SEE_NO_MESSAGE = {"bach_lib/bus.py", "bach_lib/foreign.py"}
"""What calls a step without looking at what it hands over: the bus, and what waits for code that is not ours.

The border to that code looks at nothing that goes out, as the page says, and at what comes in: there it is a step.
"""
TOOL = 4
"""A number that no debugger, profiler or measure of coverage has (https://docs.python.org/3/library/sys.monitoring.html)."""


def inside(function: Callable[..., object], name: str) -> CodeType:
    """A function that another one makes."""
    [found] = [one for one in function.__code__.co_consts if isinstance(one, CodeType) and one.co_name == name]
    return found


OUT = (
    async_send_message.__code__,
    Bach.send.__code__,
    Sender.send.__code__,
    Dispatcher.put.__code__,
    Trials.hold.__code__,
    TelegramConnector.send.__code__,
    Ledger.advance.__code__,
    inside(async_tell_of_undelivered, "ended"),
)
IN = (
    TelegramConnector.receive.__code__,
    Checked.receive.__code__,
    Receiver._take_in.__code__,
    Inbox.accept.__code__,
    Router.announce.__code__,
    Hub._received.__code__,
    received.__code__,
    MessageReceivedTrigger._concerns.__code__,
)
POLL = (TelegramConnector.receive.__code__, Checked.receive.__code__)


def file_of(code: CodeType) -> str:
    """Where it stands, from the root of the checkout; empty if it is none of ours."""
    path = Path(code.co_filename)
    name = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else ""
    return name if name.startswith(("bach_lib/", "custom_components/")) else ""


def reached_through(frame: FrameType | None) -> set[str]:
    """The files of ours that stand between here and the event loop."""
    found = set()
    while frame is not None:
        found.add(file_of(frame.f_code))
        frame = frame.f_back
    return found - {""}


@contextmanager
def watched(way: tuple[CodeType, ...]) -> Iterator[list[tuple[CodeType, set[str]]]]:
    """The steps in the order in which they are entered first, each with the files through which it was reached."""
    entered: dict[CodeType, set[str]] = {}
    order: list[tuple[CodeType, set[str]]] = []

    def passes(code: CodeType, *_: object) -> None:
        if code not in entered:
            entered[code] = reached_through(sys._getframe(1))
            order.append((code, entered[code]))

    begin, end = sys.monitoring.events.PY_START, sys.monitoring.events.PY_RETURN
    sys.monitoring.use_tool_id(TOOL, "ways")
    sys.monitoring.register_callback(TOOL, begin, passes)
    sys.monitoring.register_callback(TOOL, end, passes)
    for code in way:  # a poll has begun long before the message comes, so it is its end that counts
        sys.monitoring.set_local_events(TOOL, code, end if code in POLL else begin)
    try:
        yield order
    finally:
        for code in way:
            sys.monitoring.set_local_events(TOOL, code, 0)
        sys.monitoring.register_callback(TOOL, begin, None)
        sys.monitoring.register_callback(TOOL, end, None)
        sys.monitoring.free_tool_id(TOOL)


def check(way: tuple[CodeType, ...], walked: list[tuple[CodeType, set[str]]]) -> None:
    """Each step once, in its order, in a file of its own, and reached through no file that is no step."""
    files = [file_of(code) for code in way]
    assert [file_of(code) for code, _ in walked] == files
    assert len(files) == len(set(files)) <= MOST_FILES
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    for code, through in walked:
        step = file_of(code)
        assert f"`{step}`" in page, f"docs/architecture.md does not name {step}"
        beside = through - set(files) - SEE_NO_MESSAGE - ({BORDER} if way is OUT else set())
        assert beside == set(), f"{step} is reached through {beside}, which only passes on"


async def test_a_message_goes_out_through_eight_files(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Who looks for the line that loses a message would have to read all of BACH."""
    telegram.fail(Fault.chat_not_found(), methods=["sendMessage"])
    with watched(OUT) as walked:
        await hass.services.async_call(
            "bach", "send_message", {"config_entry_id": loaded.entry_id, "recipient": "4711", "message": "hello"}
        )
        await until(hass, lambda: len(walked) == len(OUT))
    check(OUT, walked)


async def test_a_message_comes_in_through_eight_files(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Who looks for the line that lets somebody in would have to read all of BACH."""
    automation = await automate(hass, {"trigger": "bach.message_received"})
    with watched(IN) as walked:
        telegram.says("hello", bot=telegram.bots[TOKEN], chat_id=ADA)
        await until(hass, lambda: len(walked) == len(IN) and bool(automation.told))
    check(IN, walked)
