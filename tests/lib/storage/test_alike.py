"""What requests of one commit do together: who is asked how often, with what, and who gets which answer."""

import asyncio
from collections.abc import Callable, Sequence
from typing import cast

import pytest

from bach_lib.storage import Transaction
from bach_lib.storage.alike import Alike, run_all
from bach_lib.storage.request import Request

TX = cast("Transaction", object())
type Together = Callable[[Transaction, Sequence[int]], Sequence[str]]


class Desk:
    """Notes in its order what is asked, and that it is asked with the open transaction."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def together(self, name: str) -> Together:
        """Work for many steps at once."""

        def work(tx: Transaction, steps: Sequence[int]) -> list[str]:
            assert tx is TX
            self.asked.append((name, list(steps)))
            return [f"{name}{step}" for step in steps]

        return work

    def alone(self, tx: Transaction) -> str:
        """Work of one request."""
        assert tx is TX
        self.asked.append("alone")
        return f"alone after {len(self.asked) - 1}"


@pytest.fixture
def desk() -> Desk:
    """Nobody has asked anything."""
    return Desk()


def request(work: Callable[[Transaction], object]) -> Request[Transaction]:
    """One, for which nobody waits."""
    return Request(work, True, cast("asyncio.Future[object]", None))


def test_those_that_follow_each_other_are_done_at_once_and_each_gets_its_own(desk: Desk) -> None:
    """A worker would get another worker's message; or a hundred workers pay for a hundred statements."""
    settle, count = desk.together("settle"), desk.together("count")
    work: list[Callable[[Transaction], object]] = [desk.alone, desk.alone]
    work += [*(Alike(settle, step) for step in (3, 1, 2)), Alike(count, 3), desk.alone, Alike(settle, 4)]
    batch = [request(one) for one in work]
    run_all(batch, TX)
    assert desk.asked == ["alone", "alone", ("settle", [3, 1, 2]), ("count", [3]), "alone", ("settle", [4])]
    told = ["alone after 0", "alone after 1", "settle3", "settle1", "settle2", "count3", "alone after 4", "settle4"]
    assert [one.result for one in batch] == told


@pytest.mark.parametrize("brought", [["one"], ["one", "two", "three"]])
def test_who_brings_too_few_or_too_many_brings_nothing(brought: Sequence[str]) -> None:
    """Somebody would be told what became of somebody else's message, or that nothing did."""

    def together(_: Transaction, __: Sequence[int]) -> Sequence[str]:
        return brought

    batch = [request(Alike(together, step)) for step in range(2)]
    with pytest.raises(ValueError, match="zip"):
        run_all(batch, TX)


def test_a_step_alone_is_one_of_one(desk: Desk) -> None:
    """Where another step of the commit fails, all the others would fail with it."""
    assert Alike(desk.together("settle"), 7)(TX) == "settle7"
    assert desk.asked == [("settle", [7])]
