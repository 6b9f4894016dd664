"""Paging: a list that was cut must say so, and nobody may miss what came between two questions."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from bach_lib.bach import Bach

PAGE = 500
"""The longest that the library gives."""


class Numbered(Protocol):
    """Anything with a number, as lists hold it."""

    @property
    def id(self) -> int:
        """Newer ones have higher ones."""
        ...


def check_there_is(bach: Bach, connection: str | None) -> None:
    """Raise `UnknownConnectionError`: of a misspelt name nothing would be found, and nothing looks like good news."""
    if connection is not None:
        bach.registry.get(connection)


async def pages[T: Numbered](page: Callable[[int, int | None], Awaitable[Sequence[T]]], limit: int) -> list[T]:
    """The newest `limit`, newest first. `page` gives so many of those before an id."""
    found = list(await page(min(limit, PAGE), None))
    while found and len(found) < limit and len(found) % PAGE == 0:
        more = await page(min(limit - len(found), PAGE), found[-1].id)
        if not more:
            break
        found += more
    return found


async def since[T: Numbered](
    page: Callable[[int, int | None], Awaitable[Sequence[T]]], after: int, limit: int
) -> list[T]:
    """What is newer than an id, oldest first, and at most `limit` of it; no matter how many pages lie in between."""
    found: list[T] = []
    before: int | None = None
    while True:
        rows = await page(PAGE, before)
        found += [row for row in rows if row.id > after]
        if len(rows) < PAGE or rows[-1].id <= after:
            return found[::-1][:limit]
        before = rows[-1].id
        found = found[-limit:]  # the oldest are answered first, the others with the next question
