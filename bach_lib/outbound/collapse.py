"""Collapses messages of one tag: the newer replaces the older ones that are not sent yet, however many there are.

Usually one waits, and is taken back in the transaction that stores the newer one. There may be very many (dead letters
that somebody revived): then the rest goes in portions. A process that ends in between leaves some; they end when they
are to be sent, since a newer one waits, or when that one is. So none is ever taken back for one that is not there, and
none goes before it or after it.

One that is on its way just then cannot be called back. It is marked, and where it would wait again it ends (ADR 0088):
by then the newer one may have been sent, and nothing that waits would tell of it. The same is done when the newer one
sets out: it may have been there before, have ended, and wait again since a person said so.
"""

import json
from collections.abc import AsyncIterator, Sequence

from bach_lib.models import Fault, Message
from bach_lib.outbound.reasons import fault_values
from bach_lib.outbound.rows import Draft, oldest_first
from bach_lib.said import Sentence, written
from bach_lib.storage import Store, Transaction, Value
from bach_lib.storage.portions import in_portions, shares
from bach_lib.storage.values import integer, upper_bound

REPLACED = Fault(
    code="replaced",
    text=Sentence("a_newer_message_with_the_same_tag_took", "A newer message with the same tag took its place."),
)
OUTDATED = "replaced_meanwhile"
"""The code of a message that is on its way while a newer one of its tag comes."""
AT_ONCE = 100
"""Older ones that end in the transaction that stores the newer one."""


def oldest_of_tag(tx: Transaction, draft: Draft, others: Sequence[str] = ()) -> list[int]:
    """Those that a new message replaces in the transaction that stores it. `others`: other forms of its recipient."""
    bounds: dict[str, Value] = {"after": 0, "before": upper_bound(None), "limit": AT_ONCE}
    forms = [{**_with_tag(draft), "recipient": form, **bounds} for form in (draft.recipient, *others)]
    found = sorted(integer(row["id"]) for values in forms for row in tx.rows("waiting_with_tag", **values))
    return found[:AT_ONCE]


def outdate(tx: Transaction, newer: Message | Draft, forms: Sequence[str] = ()) -> None:
    """Mark those of a message's tag that are older and on their way. `forms`: of its recipient."""
    places = json.dumps([*dict.fromkeys((newer.recipient, *forms))])
    before = upper_bound(newer.id if isinstance(newer, Message) else None)
    place: dict[str, Value] = {"connection": newer.connection, "tag": newer.tag, "forms": places, "before": before}
    tx.run("outdate", **place, mark=OUTDATED, error_text=REPLACED.text, error_said=written(REPLACED.text))


def is_replaced(tx: Transaction, message: Message, forms: Sequence[str] = ()) -> bool:
    """Whether a newer one of its tag waits. `forms`: of its recipient, since either may have an older one on disk."""
    if message.tag is None:
        return False
    places = dict.fromkeys((message.recipient, *forms))
    return any(tx.row("newer_with_tag", **{**_with_tag(message), "recipient": one}, id=message.id) for one in places)


def older_of_tag(tx: Transaction, message: Message, forms: Sequence[str] = ()) -> list[int]:
    """Those of a message's tag that are older and wait. `forms`: of its recipient, as for `is_replaced`."""
    if message.tag is None:
        return []
    bounds: dict[str, Value] = {"after": 0, "before": message.id, "limit": upper_bound(None)}
    places = ({**_with_tag(message), "recipient": one} for one in dict.fromkeys((message.recipient, *forms)))
    return sorted(integer(row["id"]) for place in places for row in tx.rows("waiting_with_tag", **place, **bounds))


def take_place(
    tx: Transaction, message: Message, forms: Sequence[str], *, now: float, instance: str
) -> tuple[Message, ...]:
    """A message goes: those of its tag that are older and wait end, and none that is on its way waits again."""
    if message.tag is None:
        return ()
    outdate(tx, message, forms)
    if not (ids := older_of_tag(tx, message, forms)):
        return ()
    rows = tx.rows("replace", ids=json.dumps(ids), now=now, **fault_values(REPLACED))
    return tuple(oldest_first(rows, instance))


async def replace_rest(store: Store, newer: Message, *, now: float, instance: str) -> AsyncIterator[Message]:
    """End what waits with a message's tag and is older, some a transaction, so that others can send meanwhile."""
    values: dict[str, Value] = {"now": now, **fault_values(REPLACED)}

    def work(tx: Transaction, ids: str) -> list[Message]:
        return oldest_first(tx.rows("replace", ids=ids, **values), instance)

    async for ids in shares(store, "waiting_with_tag", **_with_tag(newer), before=newer.id):
        async for messages in in_portions(store, ids, work):
            for message in messages:
                yield message


def _with_tag(message: Message | Draft) -> dict[str, Value]:
    return {"connection": message.connection, "recipient": message.recipient, "tag": message.tag}
