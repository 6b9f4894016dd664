"""Lanes that are lent, without a database that processes share: a test says who takes what, and what comes back."""

from collections.abc import Collection, Mapping, Sequence
from typing import cast, override

from bach_lib.clock import Clock
from bach_lib.errors import BachError
from bach_lib.outbound.loans import Ended, Loan, Loans, Lot
from bach_lib.outbound.queue import Queue
from bach_lib.storage import SharedStore


class Market(Loans):
    """What its owner offers is numbered from 1; `refusals` are raised first, one a call."""

    def __init__(self, clock: Clock, queue: Queue | None = None) -> None:
        super().__init__(cast("SharedStore", None), clock, "0123abcd")
        self._queue = queue
        self.helpers = lambda: 1
        self.called: list[str] = []
        self.offered = self.called.append
        self.came_back: list[str] = []
        self.returned = self.came_back.append
        self.refusals: list[BachError] = []
        self.lots: dict[int, Lot] = {}
        """All that was offered."""
        self.untaken: set[int] = set()
        self.recalls: list[tuple[list[int], int]] = []
        self.collected: list[dict[int, list[int]]] = []
        """What the owner said that it had lent, each time it looked."""
        self.back: list[Ended] = []
        self.adopted: tuple[list[Loan], list[Ended]] = [], []
        self.asked: list[tuple[str, bool]] = []
        """For which connection, and whether its platform knows repetitions."""
        self.to_take: list[list[Loan]] = []
        self.wanted: list[int] = []
        """How many lanes a carrier had workers for."""
        self.given_back: list[tuple[int, list[int]]] = []

    @property
    @override
    def queue(self) -> Queue:
        assert self._queue
        return self._queue

    def _refuse(self) -> None:
        if self.refusals:
            raise self.refusals.pop(0)

    @override
    async def offer(self, connection: str, lots: Sequence[Lot]) -> list[int]:
        assert connection == "home"
        self._refuse()
        numbers = [len(self.lots) + 1 + at for at in range(len(lots))]
        self.lots.update(zip(numbers, lots, strict=True))
        self.untaken.update(numbers)
        return numbers

    @override
    async def recall(self, ids: Collection[int], most: int) -> list[int]:
        self._refuse()
        self.recalls.append(([*ids], most))
        found = [number for number in ids if number in self.untaken][:most]
        self.untaken.difference_update(found)
        return found

    @override
    async def adopt(self, connection: str, *, idempotent: bool) -> tuple[list[Loan], list[Ended]]:
        self.asked.append((connection, idempotent))
        return self.adopted

    @override
    async def collect(self, connection: str, lent: Mapping[int, Sequence[int]], *, idempotent: bool) -> list[Ended]:
        self.asked.append((connection, idempotent))
        self._refuse()
        self.collected.append({number: [*ids] for number, ids in lent.items()})
        back, self.back = self.back, []
        return back

    @override
    async def take(self, connection: str, most: int) -> list[Loan]:
        assert connection == "home"
        self._refuse()
        self.wanted.append(most)
        return self.to_take.pop(0) if self.to_take else []

    @override
    async def give_back(self, loan: Loan, tried: Collection[int]) -> None:
        self._refuse()
        self.given_back.append((loan.id, sorted(tried)))
