"""What routes ask of connections and of what came in."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from bach_lib import BreakerState, Connection, ConnectionState, Direction, Kind, Place
from bach_lib.connectors.base import Incoming
from bach_lib.errors import UnknownConnectionError
from bach_lib.runtime import routing
from bach_lib.runtime.parts import Base, Parts
from bach_lib.testing import FakeClock, World, world

HOME = Connection(name="home", type="fake")
ADA = Place(connection="home", recipient="ada")


@pytest.mark.parametrize(
    ("fields", "is_down"),
    [
        ({}, False),
        ({"breaker": BreakerState.OPEN}, True),
        ({"breaker": BreakerState.HALF_OPEN}, False),
        ({"sending": ConnectionState.DISCONNECTED}, True),
        ({"sending": ConnectionState.AUTH_FAILED}, True),
        ({"sending": ConnectionState.DISABLED}, True),
        ({"sending": ConnectionState.STARTING}, False),
        ({"receiving": ConnectionState.DISCONNECTED}, False),
        ({"row": None}, True),
        ({"row": replace(HOME, is_active=False)}, True),
        ({"is_here": False}, True),
        ({"is_here": False, "is_shared": True}, False),
        ({"is_here": False, "is_shared": True, "row": Connection(name="home", type="fake", disabled_until=11.0)}, True),
        (
            {"is_here": False, "is_shared": True, "row": Connection(name="home", type="fake", disabled_until=10.0)},
            False,
        ),
    ],
)
def test_what_is_known_to_be_down_is_passed_over(fields: dict[str, object], is_down: bool) -> None:
    """The water runs while one waits for somebody who cannot be reached; or who can be is passed over."""

    def get(name: str) -> object:
        assert name == "home"
        row = fields.get("row", HOME)
        if row is None:
            raise UnknownConnectionError(name=name, known="")
        return row

    def health(direction: Direction) -> object:
        state = fields.get(direction.value, ConnectionState.CONNECTED)
        return SimpleNamespace(state=state)

    work = SimpleNamespace(breaker=fields.get("breaker", BreakerState.CLOSED), health=health)
    parts = SimpleNamespace(
        registry=SimpleNamespace(get=get),
        runtimes=SimpleNamespace(has=lambda name: fields.get("is_here", name == "home"), get=lambda _: work),
        sharing=object() if fields.get("is_shared") else None,
    )
    base = SimpleNamespace(clock=FakeClock(10.0))
    assert routing._is_down(cast(Base, base), cast(Parts, parts), ADA) is is_down


async def test_only_what_came_from_there_is_looked_at() -> None:
    """After a start, what Bob has said in another chat would end Ada's alarm; or what she has pressed be overlooked."""
    rows = [Connection(name=name, type="fake", allowed=frozenset({"42", "43"})) for name in ("home", "zoo")]
    async with world(connections=rows) as made:
        await said(made, "home", "1", "42")
        await said(made, "home", "2", "43")
        await said(made, "zoo", "3", "42")
        await said(made, "home", "4", "42")
        found = await routing._incoming_at(made.bach._open_parts, "home", "42")
        assert [(one.connection, one.text) for one in found] == [("home", "4"), ("home", "1")]


async def said(made: World, connection: str, text: str, sender: str) -> None:
    """Somebody has written."""
    message = Incoming(
        remote_id=text,
        recipient=sender,
        recipient_title=sender,
        sender_id=sender,
        sender_name=sender,
        kind=Kind.TEXT,
        text=text,
        sent_at=made.clock.now(),
    )
    await made.bach.take(connection, message)
    await made.clock.settle()
