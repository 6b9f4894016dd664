"""Every operation of the OpenAPI document, asked in ways that no well-meaning program asks."""

import logging
import re
from collections.abc import AsyncIterator, Mapping

import pytest
from aiohttp import ClientSession
from yarl import URL

from bach_lib import Bach, Connection, Fault, Place, Route, Step
from bach_lib.outcomes import Dead
from bach_lib.testing import FakeClock, FakePlatform
from tests.lib.rest.conftest import TOKEN, Client
from tests.lib.rest.probing import Operation, Probe, operations
from tests.lib.rows_written import rows_written

ONE: Mapping[str, str] = {"id": "1"}
BELL: Mapping[str, str] = {"connection": "bell"}
CLUB: Mapping[str, str] = {"name": "club"}
GOOD: Mapping[str, Mapping[str, object]] = {
    "send": {"connector": "home", "recipient": "ada", "content": "text"},
    "amend": {"content": "other"},
    "edit": {"content": "other"},
    "clear": {"connector": "home", "recipient": "ada", "tag": "leak"},
    "pin": {"id": 1},
    "unpin": {"id": 1},
    "react": {"id": 1, "emoji": "👍"},
    "forward": {"id": 1, "connector": "home", "recipient": "bob"},
    "discard": {"ids": [1]},
    "release": {"connector": "home"},
    "startRoute": {"content": "Water!"},
    "acknowledge": {"by": "Ada"},
    "snooze": {"by": "Ada", "seconds": 60},
    "allClear": {"content": "dry"},
    "setBridge": {
        "name": "club",
        "source": {"connector": "home", "recipient": "ada"},
        "targets": [{"connector": "home", "recipient": "bob"}],
        "replaces": True,
    },
    "discardHeld": {"connector": "home"},
    "hook": {},
    "hookByPut": {},
}
PLACES: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(("message", "send_now", "retry", "amend", "edit", "cancel"), ONE),
    **dict.fromkeys(("run", "acknowledge", "snooze", "cancelRoute", "allClear"), ONE),
    "startRoute": {"name": "alarm"},
    **dict.fromkeys(("bridge", "removeBridge", "enableBridge", "disableBridge"), CLUB),
    **dict.fromkeys(("hook", "hookByPut", "hookByAddress"), BELL),
}
ALL = {one.name: one for one in operations()}
_QUICK = ("send", "edit", "inbox", "messages", "hook")
"""Each operation is read by the same code; these have the most fields, or the oddest."""
OPERATIONS = [pytest.param(one, id=name, marks=() if name in _QUICK else pytest.mark.slow) for name, one in ALL.items()]


@pytest.fixture
async def session(
    client: Client, bach: Bach, platform: FakePlatform, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[ClientSession]:
    """A line to the interface: message 1 is a dead letter, message 2 waits, and a connection takes what is posted."""
    platform.outcomes.append(Dead(fault=Fault(code="refused", text="no")))
    await client.send("Water leak")
    await clock.settle()
    await bach.stop("home")
    await client.send("ding")
    await bach.routes.set(Route(name="alarm", steps=(Step(places=(Place(connection="home", recipient="ada"),)),)))
    await bach.all_clear((await bach.start_route("alarm", "Water!")).id, "dry")  # so that it goes on no more by itself
    await clock.settle()
    await bach.registry.add(Connection(name="bell", type="webhook", endpoint="http://127.0.0.1:9/"))
    await clock.settle()
    caplog.set_level(logging.WARNING)  # else each request is a line
    async with ClientSession() as session:
        yield session


async def fault_of(session: ClientSession, url: str, probe: Probe) -> tuple[bool, str]:
    """Whether it was refused, and what is wrong with the answer."""
    headers = {"Authorization": f"Bearer {TOKEN}", **probe.headers}
    address = URL(f"{url}{probe.path}", encoded=True)
    async with session.request(probe.method, address, data=probe.data, headers=headers) as response:
        if response.content_type == "text/event-stream":  # has no end
            return False, "was taken" if probe.is_bad else ""
        text = await response.text()
        if response.status < 300:
            return False, f"was taken: {text:.80}" if probe.is_bad else ""
        if not 400 <= response.status < 500 or response.content_type != "application/json":
            return True, f"{response.status} {text:.200}"
        body = await response.json()
        if sorted(body) != ["code", "detail"]:
            return True, f"another form: {text:.200}"
        is_sentence = re.fullmatch(r"[\"\w].{4,1200}\.", body["detail"]) and body["detail"].isprintable()
        return True, "" if is_sentence else f"no sentence: {text[:400]}"


def test_every_operation_is_probed() -> None:
    """One that takes a body would be probed without one."""
    assert {name for name, one in ALL.items() if "requestBody" in one.described} == GOOD.keys()
    assert {name for name, one in ALL.items() if "{" in one.path} == PLACES.keys()


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_what_makes_no_sense_is_refused_with_a_sentence_and_changes_nothing(
    client: Client, bach: Bach, session: ClientSession, operation: Operation
) -> None:
    """A program with a fault in it would read of an error inside BACH, or half of what it asked would be done."""
    found, number = [], 0
    before = await rows_written(bach)
    for probe in operation.probes(PLACES.get(operation.name, {}), GOOD.get(operation.name)):
        number += 1
        was_refused, fault = await fault_of(session, client.url, probe)
        after = await rows_written(bach)
        if was_refused and after != before:
            fault += " Something was written."
        before = after
        if fault:
            found.append(f"{probe.what}: {fault}")
    assert not found, "\n".join(found)
    assert number or operation.name in {"health", "ready"}, "they ask for nothing"
