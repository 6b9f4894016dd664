"""Odd names from platforms, followed to every place where the library shows them."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, fields, replace
from typing import override

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from bach_lib import Bach, Bridge, Connection, Place, Route, Step
from bach_lib.connectors.base import Batch, Incoming, Unreadable
from bach_lib.control.operations import OPERATIONS, perform
from bach_lib.events import Event
from bach_lib.models import Candidate, Fault, Identity, Loss
from bach_lib.models.incoming import Content, Kind, Media
from bach_lib.outcomes import Dead, Sent
from bach_lib.rest import make_application
from bach_lib.rest.answers import Json
from bach_lib.storage import MemoryDatabase
from bach_lib.testing import FakeClock, FakeConnector, FakePlatform, fake_connector
from tests.lib.inbound.make import incoming
from tests.odd_names import LONGEST, NAMES, acting, leaves, wrong_with

TOKEN = "a-token-that-nobody-guesses"
WORDS = frozenset({"text", "args", "payload", "data", "raw", "quote", "value", "body"})
"""What is no name, but what somebody said, or what came as it came."""
LONG = frozenset({"sender", "sender_id"})
"""An id, which may not be cut; it is printed, so nothing in it may act."""
IDS = frozenset({"remote_id", "message_id", "reply_to", "cursor", "reference", "handle", "origin", "nonce"})
"""What only machines read: as the platform wrote it."""

READS: Mapping[str, Mapping[str, Json]] = {
    "check": {"name": "home", "is_daemon": True},
    "connections": {},
    "connection": {"name": "home"},
    "status": {},
    "count": {},
    "incoming": {"message_id": 1},
    "inbox": {"limit": 200},
    "incoming_after": {"after": 0, "seconds": 0.0},
    "unreadable": {"connection": "home"},
    "program_get": {"message_id": 1},
    "program_messages": {},
    "messages": {"limit": 200},
    "waiting": {},
    "message": {"message_id": 1},
    "queue_status": {},
    "rules": {},
    "lost_secrets": {"name": "home"},
    "routes": {},
    "bridges": {},
    "route_run": {"run_id": 1},
    "route_runs": {},
    "processes": {},
}
"""What each operation is asked that only shows something."""
DOES = frozenset(
    {
        *("backup", "add", "change", "remove", "start", "try_out", "vacant", "discard", "invite", "mark", "pair"),
        *(
            "poll",
            "route",
            "program_cancel",
            "program_send_now",
            "program_edit",
            "program_forward",
            "program_pin",
            "program_send",
            "program_wait",
            "amend",
            "cancel",
            "clear",
        ),
        *(
            "discard_all",
            "discard_held",
            "discard_messages",
            "release",
            "retry",
            "retry_all",
            "send",
            "send_now",
            "wait",
        ),
        *("remove_rule", "set_rule", "follow_run", "remove_bridge", "set_bridge"),
        *("forward", "pin", "unpin", "react"),
        *("acknowledge", "all_clear", "cancel_route", "remove_route", "set_route", "snooze_route", "start_route"),
    }
)
"""Those that do something, and answer with what those above show as well."""


def made_of(name: str, number: int) -> Incoming:
    """A message in all of whose texts that name stands, but for where it came from."""
    plain = incoming(remote_id=str(number), recipient="42")
    texts = {
        one.name: name
        for one in fields(Incoming)
        if one.type in ("str", "str | None", str, str | None) and one.name not in {"remote_id", "recipient", "says"}
    }
    texts |= dict.fromkeys(("sender_id", "origin", "poll", "handle", "reply_to"), name[:1000])  # a longer one is none
    media = Media(type="document", reference="f", name=name, mime_type=name)
    noted = {"group": name, "forwarded": {"from": name, "deep": [name]}, "quote": name, "snapshots": [{"text": name}]}
    content = Content(media=media, args=name, reactions=(name,))
    return replace(plain, **texts, kind=Kind.MEDIA, content=content, metadata=noted)  # type: ignore[arg-type]


def odd_connector(platform: FakePlatform, told: list[str]) -> type[FakeConnector]:
    """One whose platform calls itself, and everybody whom it finds, by the name that is told last."""
    made = fake_connector(platform, receives=True)

    class Odd(made):  # type: ignore[misc,valid-type]
        @override
        async def check(self) -> Identity | Fault:
            name = told[-1]
            notice = Fault(code="odd", text=name)
            return Identity(id=name, name=name, link=name, version=name, notice=notice)

        @override
        async def find(self, query: str) -> list[Candidate] | Fault:
            return [Candidate(recipient=f"r{name}", title=name, kind=name) for name in NAMES.values()]

    return Odd


class Home:
    """A BACH that has heard of all the names, in every way there is."""

    def __init__(self, bach: Bach, platform: FakePlatform, clock: FakeClock, told: list[str]) -> None:
        self.bach = bach
        self.told = told
        self.events = list[Event]()
        self._platform = platform
        self._clock = clock

    async def hear(self) -> None:
        """All of it."""
        self.bach.subscribe(Event, self.events.append)
        await self.bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"42"})))
        await self._clock.settle()
        for number, name in enumerate(NAMES.values()):
            self.told.append(name)
            odd = (made_of(name, number),)
            batch = Batch(messages=odd, cursor=str(number), unreadable=(Unreadable(raw=name, reason=name),))
            batch = replace(batch, notice=Fault(code="odd", text=name))
            self._platform.incoming.put_nowait(batch)
            await self._clock.settle()
            stranger = replace(made_of(name, 1000 + number), recipient=f"stranger-{number}", sender_id="7")
            self._platform.incoming.put_nowait(Batch(messages=(stranger,), cursor=f"{number}s"))
            await self._clock.settle()
            self._platform.outcomes.append(Dead(fault=Fault(code="odd", text=name)))
            await self.bach.send("home", "42", "dead")
            await self._clock.settle()
            self._platform.outcomes.append(Sent(degraded=True, losses=(Loss(what="markup", reason=name),)))
            await self.bach.send("home", "42", "sent")
            await self._clock.settle()
            await self.bach.check("home")
        place = Place(connection="home", recipient="42")
        await self.bach.routes.set(Route(name="alarm", steps=(Step(places=(place,)),)))
        await self.bach.start_route("alarm", "Water!")
        beside = Place(connection="home", recipient="43")
        await self.bach.bridges.set(Bridge(name="1", source=place, targets=(beside,)))
        await self._clock.settle()


@pytest.fixture
async def home(clock: FakeClock, platform: FakePlatform) -> AsyncIterator[Home]:
    """It."""
    told = ["fake"]
    connectors = {"fake": odd_connector(platform, told)}
    async with Bach(MemoryDatabase(), clock=clock, connectors=connectors) as bach:
        there = Home(bach, platform, clock, told)
        await there.hear()
        yield there


def wrong_in(value: object) -> dict[str, str]:
    """Where in plain values something is wrong with a name."""
    found = dict[str, str]()
    for path, text in leaves(value):
        last = path.rpartition(".")[2].removesuffix("[]")
        if last in IDS:
            continue
        is_words = last in WORDS
        longest = 1_010 if last in LONG else 2048 if "metadata" in path else LONGEST
        wrong = ascii(acting(text, lines=True) & HIDDEN) if is_words else wrong_with(text, longest)
        if wrong and wrong != "set()":
            found[path] = wrong
    return found


HIDDEN = frozenset("\0\x1b\x07\x9b")
"""What no words may hold, either."""


async def test_no_operation_shows_a_name_that_acts(home: Home) -> None:
    """The command, the panel and programs would show one name for another, or lines that nobody wrote."""
    assert READS.keys() | DOES == OPERATIONS.keys(), "a new operation says here what it shows"
    wrong = {name: wrong_in(await perform(home.bach, name, asked)) for name, asked in READS.items()}
    assert {name: found for name, found in wrong.items() if found} == {}
    assert len(await home.bach.inbox(limit=200)) == len(NAMES)


async def test_no_event_and_no_name_of_a_place_acts(home: Home) -> None:
    """What programs are told would be shown by them as it is."""
    assert len({type(event) for event in home.events}) > 4
    assert {type(event).__name__: found for event in home.events if (found := wrong_in(asdict(event)))} == {}
    places = await home.bach.find("home", "")
    assert not isinstance(places, Fault)
    assert wrong_in([asdict(one) for one in places]) == {}
    assert [one for one in places if not one.title.strip()] == [], "nobody can choose what has no name"
    report = home.bach.health("home")
    assert wrong_in(asdict(report)) == {}


async def test_no_address_of_rest_shows_a_name_that_acts(home: Home) -> None:
    """A page that shows what it is told would be somebody else's page."""
    application = make_application(home.bach, token=TOKEN)
    shown = Counter[str]()
    async with TestServer(application) as server, ClientSession() as session:
        for route in application.router.routes():
            path = route.resource.canonical if route.resource else ""
            if route.method != "GET" or "event" in path or "hooks" in path:
                continue
            address = str(server.make_url(path.partition("{")[0] + ("1" if "{" in path else "")))
            async with session.get(address, headers={"Authorization": f"Bearer {TOKEN}"}) as response:
                text = await response.text()
                assert response.status == 200, (path, text)
                shown[path] += 1
                if response.content_type == "application/json":
                    assert wrong_in(await response.json()) == {}, path
                else:
                    assert acting(text, lines=True) == set(), path
    assert len(shown) > 6


async def test_no_line_of_the_log_is_somebody_elses(
    clock: FakeClock, platform: FakePlatform, caplog: pytest.LogCaptureFixture
) -> None:
    """Who reads the log would believe what a stranger called himself."""
    caplog.set_level(logging.DEBUG, "bach_lib")
    told = ["fake"]
    async with Bach(MemoryDatabase(), clock=clock, connectors={"fake": odd_connector(platform, told)}) as bach:
        await Home(bach, platform, clock, told).hear()
    assert len(caplog.records) > len(NAMES)
    for record in caplog.records:
        assert acting(record.getMessage()) == set(), record.getMessage()
    assert not [one for one in asyncio.all_tasks() if one is not asyncio.current_task() and "odd" in one.get_name()]
