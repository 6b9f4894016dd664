"""Every operation of the daemon, asked in ways that no command of ours asks."""

import asyncio
import inspect
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Mapping
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Fault, Place, Route, Step
from bach_lib.control.link import DaemonClient
from bach_lib.control.operations import OPERATIONS, perform
from bach_lib.control.sentences import SentenceError
from bach_lib.control.socket_server import ControlServer
from bach_lib.errors import BachError
from bach_lib.models.bridge import Bridge
from bach_lib.outcomes import Dead
from bach_lib.redact import readable
from bach_lib.rest.answers import Json
from bach_lib.testing import FakeClock, FakePlatform
from tests.lib.cli.asked_wrongly import Asked, asked_wrongly
from tests.lib.rows_written import rows_written

_FIELDS: Mapping[str, Json] = {
    "name": "new",
    "type": "webhook",
    "category": "connector",
    "endpoint": "http://127.0.0.1:9/",
    "is_active": False,
    "auth_type": "none",
    "auth_config": {},
    "allowed": [],
    "settings": {},
}
_CHANGES: Mapping[str, Json] = {
    "endpoint": None,
    "is_active": True,
    "auth_type": "none",
    "allowed": [],
    "auth_config": {},
    "settings": {},
}
_OPTIONS: Mapping[str, Json] = {
    "title": "t",
    "format": "plain",
    "silent": True,
    "reply_to": "1",
    "priority": 1,
    "tag": "t",
    "time_to_live": 5,
    "delivery": "at_most_once",
    "max_retries": 1,
    "context": "c",
    "buttons": [],
    "idempotency_key": "k",
}
_ROUTE: Mapping[str, Json] = {
    "name": "alarm",
    "steps": [
        {
            "places": [{"connection": "home", "recipient": "ada"}],
            "wait": 5,
            "in_turn": False,
            "reached": "seen",
            "repeats": 1,
            "repeat_every": 1,
        }
    ],
    "words": {"button": "b", "acknowledged": "a", "over": "o", "snooze": "s", "snoozed": "q"},
}
_BRIDGE: Mapping[str, Json] = {
    "name": "over",
    "source": {"connection": "home", "recipient": "42"},
    "targets": [{"connection": "home", "recipient": "ada"}],
    **dict.fromkeys(("both_ways", "with_name", "files", "edits", "deletions", "is_active"), True),
    "words": {"edited": "e", "missed": "m"},
}
_START: Mapping[str, Json] = {
    "title": "t",
    "format": "plain",
    "silent": True,
    "priority": 1,
    "tag": None,
    "idempotency_key": "k",
}
_HOME: Mapping[str, Json] = {"name": "home"}
_ONE: Mapping[str, Json] = {"message_id": 1}
_NOW: Mapping[str, Json] = {"seconds": 0, "starts": False}
GOOD: Mapping[str, Mapping[str, Json]] = {
    **dict.fromkeys(("connection", "lost_secrets", "remove", "start"), _HOME),
    **dict.fromkeys(("incoming", "message", "retry", "send_now"), _ONE),
    **{name: {"fields": _FIELDS} for name in ("add", "try_out")},
    **{name: {"ids": [1]} for name in ("discard", "discard_messages")},
    "amend": {**_ONE, "amendment": {"text": "other", "title": None, "format": "plain", "time_to_live": None}},
    "backup": {"path": "/nowhere/copy"},
    "cancel": {"message_id": 2},
    "clear": {"connection": "home", "recipient": "ada", "tag": "leak"},
    "change": {**_HOME, "changes": _CHANGES},
    "check": {**_HOME, "is_daemon": True},
    "react": {**_ONE, "emoji": "👍"},
    "forward": {**_ONE, "connection": "home", "recipient": "bob"},
    "invite": {**_HOME, "code": "123456", "starts": False},
    "mark": {"ids": [1], "status": "read"},
    "incoming_after": {"after": 0, "seconds": 0},
    "pair": {**_HOME, **_NOW, "code": "123456"},
    **dict.fromkeys(("program_get", "program_cancel", "program_send_now"), _ONE),
    "program_forward": {**_ONE, "connection": "home", "recipient": "bob", "options": {"silent": True}},
    "program_pin": {**_ONE, "options": {"silent": True}},
    "program_edit": {**_ONE, "text": "other", "options": _OPTIONS},
    "program_send": {"connection": "home", "recipient": "ada", "text": "hi", "options": _OPTIONS},
    "program_wait": {**_ONE, "seconds": 0},
    "poll": {**_HOME, **_NOW},
    "remove_rule": {"name": "water"},
    **{name: {"run_id": 1} for name in ("cancel_route", "route_run")},
    "acknowledge": {"run_id": 1, "by": "Ada"},
    "all_clear": {"run_id": 1, "text": "dry"},
    "snooze_route": {"run_id": 1, "seconds": 60, "by": "Ada"},
    "follow_run": {"run_id": 1, "version": 0, "seconds": 0},
    "remove_route": {"name": "alarm"},
    "set_route": {"route": _ROUTE, "replaces": True},
    "start_route": {"route": "alarm", "text": "Water!", "options": _START},
    "send": {"connection": "home", "recipient": "ada", "text": "hi", "options": _OPTIONS},
    "remove_bridge": {"name": "over"},
    "set_bridge": {"bridge": _BRIDGE, "replaces": True},
    "set_rule": {"name": "water", "phrases": ["leak"], "patterns": []},
    "unreadable": {"connection": "home"},
    "vacant": {"name": "new"},
    "wait": {**_ONE, "seconds": 0},
}


@pytest.fixture
async def link(
    bach: Bach, platform: FakePlatform, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[DaemonClient]:
    """The line to a daemon, whose message 1 is a dead letter and whose message 2 waits."""
    monkeypatch.chdir(tmp_path)  # some names of files are good, and become one
    platform.outcomes.append(Dead(fault=Fault(code="refused", text="no")))
    await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"42"})))
    await clock.settle()
    await bach.send("home", "ada", "dead")
    await clock.settle()
    await bach.stop("home")
    await bach.send("home", "ada", "waits")
    await bach.routes.set(Route(name="alarm", steps=(Step(places=(Place(connection="home", recipient="ada"),)),)))
    here, there = (Place(connection="home", recipient=one) for one in ("42", "ada"))
    await bach.bridges.set(Bridge(name="over", source=here, targets=(there,)))
    await bach.all_clear((await bach.start_route("alarm", "Water!")).id, "dry")  # so that it goes on no more by itself
    await clock.settle()
    server = ControlServer(bach, tmp_path / "sock")
    await server.start()
    async with DaemonClient(tmp_path / "sock") as link:
        yield link
    await server.stop()


async def refusal(work: Awaitable[Json]) -> str | None:
    """Why it was refused; None if it was not."""
    async with asyncio.timeout(60):
        try:
            await work
        except (SentenceError, BachError) as error:
            return str(error)
    return None


async def fault_of(bach: Bach, link: DaemonClient, operation: str, asked: Asked, known: set[str]) -> str:
    """What is wrong with the answer to one question. `known`: refusals that were asked for over the socket before."""
    before = await rows_written(bach)
    try:
        alone = await refusal(perform(bach, operation, asked.arguments))
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return f"raised {type(error).__name__}: {error!s:.100}"
    if alone is None:
        return "was taken" if asked.is_bad else ""
    if await rows_written(bach) != before:
        return f"wrote something, and then: {alone:.100}"
    if alone in known:
        return ""
    known.add(alone)
    served = await refusal(link.ask(operation, asked.arguments))
    if served != alone:
        return f"says {alone:.100}, the daemon {served!s:.100}"
    is_sentence = re.fullmatch(r".{5,1200}[.)]", readable(alone))
    return "" if is_sentence else f"no sentence: {alone:.400}"


def test_every_operation_is_asked() -> None:
    """One that has to be told something would only be asked without it."""
    needing = {
        name
        for name, operation in OPERATIONS.items()
        if any(
            one.default is inspect.Parameter.empty for one in [*inspect.signature(operation).parameters.values()][1:]
        )
    }
    assert needing == GOOD.keys()


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_what_makes_no_sense_is_refused_in_the_same_sentence_with_a_daemon_and_without(
    bach: Bach, link: DaemonClient, operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A slip would end in "could not answer" and a traceback in the daemon's log, or be half done."""
    caplog.set_level(logging.CRITICAL)
    known = set[str]()
    faults = {
        asked.what: await fault_of(bach, link, operation, asked, known)
        for asked in asked_wrongly(operation, GOOD.get(operation, {}))
    }
    assert not {what: fault for what, fault in faults.items() if fault}
