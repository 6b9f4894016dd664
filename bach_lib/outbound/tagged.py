"""What was sent with a tag and still stands at the platform: what a newer message of that tag changes or replaces."""

import json
from collections.abc import Sequence
from typing import Final

from bach_lib.clock import Clock
from bach_lib.models import Message, Operation
from bach_lib.outbound.rows import readable_message
from bach_lib.storage import Store, Transaction, Value
from bach_lib.storage.values import integer, upper_bound

REACH: Final = 47 * 3600.0
"""Seconds; what is older stays. Telegram lets a bot take away what is less than 48 hours old
(https://core.telegram.org/bots/api#deletemessage), and nobody looks for news that far up."""
_NEWEST: Final = 500
"""Messages of one place among which they are looked for."""


class Tagged:
    """Finds them among the sent messages of one database."""

    def __init__(self, store: Store, clock: Clock, instance: str) -> None:
        self._store = store
        self._clock = clock
        self._instance = instance

    async def of_tag(
        self, connection: str, forms: Sequence[str], tag: str, *, before: int | None = None
    ) -> list[Message]:
        """Each as the platform has it, once, newest first; `id_there` is its id. Raises a `StorageError`.

        What stands for it is the message that was sent, or a change of one that was sent longer ago (`is_original`).
        `forms`: of the recipient. `before`: only those with a smaller id.
        """
        place: dict[str, Value] = {
            "connection": connection,
            "tag": tag,
            "before": upper_bound(before),
            "limit": _NEWEST,
        }
        since = self._clock.now() - REACH

        def work(tx: Transaction) -> list[Message]:
            rows = [
                row
                for form in dict.fromkeys(forms)
                for row in tx.rows("standing_with_tag", **place, recipient=form, since=since)
            ]
            return [readable_message(row, self._instance) for row in rows]

        found = sorted(await self._store.read(work), key=lambda message: -message.id)
        # of several with the same id the last in this row is the oldest: what was sent, and not a change of it
        by_id = {there: message for message in found if (there := id_there(message))}
        return sorted(by_id.values(), key=lambda message: -message.id)

    async def ids_of(self, message: Message, forms: Sequence[str]) -> tuple[str, ...]:
        """All ids at the platform of what a message takes away; none if it has but one. Raises a `StorageError`."""
        asked = {"connection": message.connection, "remote_id": message.target, "forms": json.dumps(list(forms))}
        rows = await self._store.read(lambda tx: tx.rows("parts_beside", **asked))
        found = tuple(dict.fromkeys(str(row["remote_id"]) for row in rows))
        return found if len(found) > 1 else ()

    async def waiting(self, connection: str, forms: Sequence[str], tag: str) -> list[int]:
        """The ids of those that are not sent yet, oldest first, at most as many as a place may have of one tag."""
        place: dict[str, Value] = {"connection": connection, "tag": tag, "limit": _NEWEST}

        def work(tx: Transaction) -> list[int]:
            forms_ = dict.fromkeys(forms)
            return sorted(
                integer(row["id"]) for form in forms_ for row in tx.rows("unsent_with_tag", **place, recipient=form)
            )

        return await self._store.read(work)


def id_there(message: Message) -> str | None:
    """The platform's id of what a sent message is to be seen as; that of another one, if it changed that."""
    return message.target if message.remote_id is None else message.remote_id


def is_original(message: Message) -> bool:
    """Whether it stands there itself; else it is a change of what was sent before, if found longer ago than `REACH`."""
    return message.operation is Operation.SEND or id_there(message) != message.target
