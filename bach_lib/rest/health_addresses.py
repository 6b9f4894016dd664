"""The two addresses that watchdogs and load balancers ask without a token: whether it lives, and whether to ask it.

They are two because what mends them differs. Who does not live is started anew; a database on a server that is away
comes back by itself, and a restart would only lose what waits for it. Until then others can be asked instead.
"""

import asyncio
from http import HTTPStatus

from aiohttp import web

from bach_lib.bach import Bach
from bach_lib.errors import BachError, StoreAwayError, StoreUnknownError, StoreVanishedError
from bach_lib.rest.answers import RefusedError, answer

HEALTH = "/health"
READY = "/ready"
_PATIENCE = 2.0
"""Seconds that the database has for one small question; watchdogs wait for little more."""
_FAULT = "The database cannot be written. `bach daemon doctor` and the log say why."
_NOT_READY = "Not now: the database does not answer, or takes nothing, or this process is just joining the others."
_NO_RESTART = frozenset({StoreAwayError.code, StoreUnknownError.code, StoreVanishedError.code})
"""What a restart would not mend."""


class HealthAddresses:
    """Handlers for one BACH. Neither says why: whoever asks needs no token, and the log says it."""

    def __init__(self, bach: Bach) -> None:
        self._bach = bach
        self._looking: asyncio.Task[bool] | None = None

    async def health(self, _: web.Request) -> web.StreamResponse:
        """200 while it lives and nothing is wrong that would last."""
        fault = self._bach.storage_fault
        if fault and fault.code not in _NO_RESTART:
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "storage_fault", _FAULT)
        return answer({"status": "ok"})

    async def ready(self, _: web.Request) -> web.StreamResponse:
        """200 while messages can be handed over. Many who ask at once cost the database one question."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="bach-ready")
        if not await asyncio.shield(self._looking):
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "not_ready", _NOT_READY)
        return answer({"status": "ready"})

    async def _look(self) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE):
                return self._bach.storage_fault is None and await self._bach.is_ready()
        except (BachError, TimeoutError):
            return False
