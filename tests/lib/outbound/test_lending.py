"""What an owner lends is had back, also by one that was stopped in the middle and begins anew."""

from collections.abc import Coroutine
from typing import cast, override

from bach_lib.bus import Bus
from bach_lib.outbound.choosing import Choosing
from bach_lib.outbound.ledger import Ledger
from bach_lib.outbound.lending import Lending
from bach_lib.outbound.loans import Ended, Loan, Loans
from bach_lib.storage import SharedStore, Store
from bach_lib.testing import FakeClock
from tests.lib.outbound.disk import Disk, tools


class Nothing(Loans):
    """Loans of which there are none."""

    @override
    async def adopt(self, connection: str, *, idempotent: bool) -> tuple[list[Loan], list[Ended]]:
        return [], []


async def test_who_was_stopped_while_it_fetched_lanes_fetches_them_when_it_begins_anew(
    store: Store, clock: FakeClock
) -> None:
    """What other processes gave back would wait until the next start of the whole program."""
    spawned: list[Coroutine[object, object, None]] = []
    services = tools(Disk(store, clock), Bus(), clock, lambda *_: None)
    loans = Nothing(cast("SharedStore", store), clock, "test")
    lending = Lending(
        "home",
        cast("Choosing", object()),
        Ledger("home", services, spawned.append, lambda _: None),
        services,
        spawn=spawned.append,
        follow=lambda _: None,
    )
    for number in (1, 2):
        await lending.load(loans, idempotent=False)
        lending.collect()
        assert len(spawned) == number
        lending.stop()
        spawned[-1].close()  # cancelled before it had a turn
