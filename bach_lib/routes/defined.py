"""Definitions of routes, kept in the database. What is wrong is refused now, and not found at three in the morning."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict

from bach_lib.arguments import check_text, one_of, whole
from bach_lib.common_sentences import (
    A_NAME_OF_LETTERS_AND_DIGITS,
    FROM_1_TO_NUMBER_IN_A_TUPLE,
    NONE,
    TRUE_OR_FALSE,
)
from bach_lib.errors import InvalidValueError, UnknownRouteError
from bach_lib.field_logger import FieldLogger
from bach_lib.models.route import Place, Reached, Route, RouteWords, Step
from bach_lib.routes.route_rows import ROUTE_COLUMNS, route_from_row, write_route
from bach_lib.routes.starting import LONGEST_WORDS, MOST_PLACES, bounded_span, check_place
from bach_lib.said import Sentence
from bach_lib.storage import Store, Transaction

_LOGGER = FieldLogger(__name__)
_NAME = re.compile(r"(?!\.+$)[\w.-]{1,100}")
_MOST, _MOST_STEPS, _MOST_REPEATS = 200, 20, 100


class Routes:
    """The routes of one database. Reading is from memory; a change is on disk when it returns.

    `check_loop` raises in another event loop than the one that opened it, `check_connection` for an unknown one.
    """

    def __init__(self, store: Store, check_loop: Callable[[], None], check_connection: Callable[[str], object]) -> None:
        self._store, self._check_loop, self._check_connection = store, check_loop, check_connection
        self._routes: Mapping[str, Route] = {}
        self._lock = asyncio.Lock()

    async def open(self) -> None:
        """Read all from the disk, also again: others may have changed them. Raises a `StorageError`."""
        self._routes = {route.name: route for route in await self._store.submit(_read, writes=False)}

    def list(self) -> list[Route]:
        """All, by name."""
        return [route for _, route in sorted(self._routes.items())]

    def get(self, name: str) -> Route:
        """One. Raises `UnknownRouteError`."""
        if (route := self._routes.get(name)) is None:
            raise UnknownRouteError(name=name, known=", ".join(sorted(self._routes)) or NONE)
        return route

    def meant(self, route: str | Route) -> Route:
        """The one of this name, or this one itself, which need not be kept here. Raises an `InputError`."""
        if isinstance(route, str):
            return self.get(route)
        self._check(route)
        return route

    async def set(self, route: Route) -> None:
        """Keep a new route, or another of the same name; what was started goes on as it began.

        Raises an `InputError` or a `StorageError`.
        """
        self._check_loop()
        self._check(route)
        if route.name not in self._routes and len(self._routes) >= _MOST:
            expected = Sentence("at_most_number_routes", "at most {number} routes", number=_MOST)
            raise InvalidValueError(field="name", value=route.name, expected=expected)
        await asyncio.shield(self._set(route))

    async def remove(self, name: str) -> None:
        """Forget a route; what was started goes on. Raises `UnknownRouteError` or a `StorageError`."""
        self._check_loop()
        self.get(name)
        await asyncio.shield(self._remove(name))

    async def _set(self, route: Route) -> None:
        async with self._lock:
            await self._store.submit(lambda tx: write_route(tx, route))
            self._routes = {**self._routes, route.name: route}

    async def _remove(self, name: str) -> None:
        async with self._lock:
            await self._store.submit(lambda tx: tx.run("remove_route", name=name))
            self._routes = {other: route for other, route in self._routes.items() if other != name}

    def _check(self, route: object) -> None:
        if not isinstance(route, Route) or not isinstance(route.name, str) or not _NAME.fullmatch(route.name):
            raise InvalidValueError(
                field="name", value=str(getattr(route, "name", route))[:100], expected=A_NAME_OF_LETTERS_AND_DIGITS
            )
        _check_words(route.words)
        _check_number("steps", route.steps, Step, _MOST_STEPS)
        for step in route.steps:
            _check_number("places", step.places, Place, MOST_PLACES)
            _check_step(step)
            for place in step.places:
                self._check_connection(place.connection)


def _check_number(field: str, given: object, kind: type, most: int) -> None:
    if not isinstance(given, tuple) or not all(isinstance(one, kind) for one in given) or not 1 <= len(given) <= most:
        expected = FROM_1_TO_NUMBER_IN_A_TUPLE(number=most)
        raise InvalidValueError(field=field, value=str(given)[:50], expected=expected)


def _check_step(step: Step) -> None:
    one_of(Reached, "reached", step.reached)
    for field, given in (("in_turn", step.in_turn), ("but_cause", step.but_cause)):
        if not isinstance(given, bool):
            raise InvalidValueError(field=field, value=str(given)[:20], expected=TRUE_OR_FALSE)
    whole("repeats", step.repeats, 0, _MOST_REPEATS)
    for field, value in (("wait", step.wait), ("repeat_every", step.repeat_every)):
        bounded_span(field, value)
    for place in step.places:
        check_place(place)


def _check_words(words: RouteWords) -> None:
    for field, value in asdict(words).items():
        check_text(field, value, LONGEST_WORDS)


def _read(tx: Transaction) -> list[Route]:
    """One that is damaged costs itself."""
    routes = list[Route]()
    for row in tx.rows("list_routes"):
        if damaged := ROUTE_COLUMNS.damaged(row):
            said = 'The route "%s" is damaged in the database, and is left out until it is set anew: %s'
            _LOGGER.error(said, row["name"], ", ".join(damaged))
        else:
            routes.append(route_from_row(row))
    return routes
