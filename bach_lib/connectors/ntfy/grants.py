"""Asks an ntfy server how large files may be: 15 MB unless its owner says otherwise, and 2 MB for visitors of ntfy.sh.

`GET /v1/account` tells everybody their own limits, those without an account, too (ntfy: `server/server_account.go`).
"""

from typing import Final

from bach_lib.clock import Clock
from bach_lib.connectors.file_limits import FileLimits
from bach_lib.connectors.ntfy.rest import Rest
from bach_lib.connectors.observations import CallError, Observation
from bach_lib.models import Message

USUAL: Final = 15_000_000
"""Bytes, where a server does not say: https://docs.ntfy.sh/config/#attachments."""
_SECONDS: Final = 3600.0
"""For how long an answer counts."""
_DOES_NOT_SAY: Final = frozenset({Observation.REFUSED, Observation.UNCLEAR})


class Grants:
    """What one server grants us."""

    def __init__(self, rest: Rest, clock: Clock) -> None:
        self._rest = rest
        self._clock = clock
        self._asked_at: float | None = None
        self._bytes = USUAL

    async def limits(self, message: Message) -> FileLimits:  # noqa: ARG002 - the same for all topics
        """How large a file may be. Raises `CallError` where nobody answers."""
        now = self._clock.monotonic()
        if self._asked_at is None or now - self._asked_at > _SECONDS:
            self._bytes = await self._ask()
            self._asked_at = now
        return FileLimits(who=self._rest.host, each=self._bytes, picture=self._bytes)

    async def _ask(self) -> int:
        try:
            account = await self._rest.get("v1", "account")
        except CallError as error:
            if error.seen in _DOES_NOT_SAY:  # one that knows no accounts, or shows them to nobody
                return USUAL
            raise error.of_a_preparation from None
        match account:
            case {"limits": {"attachment_file_size": int(size)}} if size > 0:
                return size
        return USUAL
