"""Work that requests of one commit do together: what a statement costs once, all of them pay together."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import cast

from bach_lib.storage.request import Request
from bach_lib.storage.transaction import Transaction

type _Together = Callable[[Transaction, Sequence[object]], Sequence[object]]


@dataclass(slots=True)
class Alike[Step, T]:
    """A request's work as one step of many: `together` takes the steps in their order and returns what each brought.

    It is called with one step where nobody shares the commit, or where another step has failed.
    """

    together: Callable[[Transaction, Sequence[Step]], Sequence[T]]
    step: Step

    def __call__(self, tx: Transaction) -> T:
        """The step alone."""
        [result] = self.together(tx, [self.step])
        return result


def run_all(batch: Iterable[Request[Transaction]], tx: Transaction) -> None:
    """Run all, in their order; those that are alike and follow each other at once."""
    for together, some in groupby(batch, _together):
        requests = list(some)
        if together is None:
            for request in requests:
                request.result = request.work(tx)
        else:
            steps = [cast("Alike[object, object]", request.work).step for request in requests]
            for request, result in zip(requests, together(tx, steps), strict=True):
                request.result = result


def _together(request: Request[Transaction]) -> _Together | None:
    return cast("_Together", request.work.together) if isinstance(request.work, Alike) else None
