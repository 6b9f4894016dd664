"""Two platforms with a bridge between them; rows are as strict as any database's, and no failure is passed over."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from bach_lib import Bach, Connection, Incoming, Kind, Message, Place
from bach_lib.connectors.base import Batch
from bach_lib.models.bridge import Bridge
from bach_lib.models.incoming import Content
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from tests.lib.strict import exact_names, no_failure_is_only_logged

__all__ = ["exact_names", "no_failure_is_only_logged"]

HERE, THERE = Place(connection="here", recipient="family"), Place(connection="there", recipient="club")
BRIDGE = Bridge(name="both", source=HERE, targets=(THERE,))
ROWS = (
    Connection(name="here", type="fake", allowed=frozenset({"family", "club"})),
    Connection(name="there", type="other", allowed=frozenset({"club"})),
)


@dataclass(slots=True)
class Shore:
    """One side: its connection's platform, and what people write there."""

    platform: FakePlatform
    place: Place
    clock: FakeClock
    count: int = 0

    async def comes(self, text: str = "", **fields: object) -> str:
        """Somebody writes there; the id that it has on the platform."""
        self.count += 1
        incoming = replace(self.incoming(str(self.count), text), **fields)  # type: ignore[arg-type] # fields of it
        self.platform.incoming.put_nowait(Batch(messages=(incoming,), cursor=str(self.count)))
        await self.clock.settle()
        return incoming.remote_id

    def incoming(self, number: str, text: str) -> Incoming:
        """What comes in when Ada writes."""
        return Incoming(
            remote_id=f"in{number}",
            recipient=self.place.recipient,
            recipient_title="Family",
            sender_id="ada",
            sender_name="Ada",
            kind=Kind.TEXT,
            text=text,
            content=Content(),
            sent_at=self.clock.now(),
        )

    @property
    def sent(self) -> list[Message]:
        """What went out there, as people read it."""
        return [replace(one, text=one.text.replace("<b>", "").replace("</b>", "")) for one in self.platform.sent]


@dataclass(frozen=True, slots=True)
class Shores:
    """Both, and BACH between them."""

    bach: Bach
    here: Shore
    there: Shore
    clock: FakeClock


@pytest.fixture
async def shores(clock: FakeClock) -> AsyncIterator[Shores]:
    """An open BACH with two connections, and no bridge yet."""
    here, there = FakePlatform(), FakePlatform()
    kinds = {"fake": fake_connector(here, receives=True), "other": fake_connector(there, receives=True)}
    async with Bach(":memory:", clock=clock, connectors=kinds, connections=ROWS, grace=0) as bach:
        await clock.settle()
        yield Shores(bach, Shore(here, HERE, clock), Shore(there, THERE, clock), clock)
