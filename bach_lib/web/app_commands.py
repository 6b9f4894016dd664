"""The commands of the web app by name, the same in every home: plain values in, JSON out.

`perform` is the only way in. Each command asks the viewer what they may before it reads or changes anything.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from bach_lib.arguments import check_limit
from bach_lib.bach import Bach
from bach_lib.common_sentences import FROM_1_TO_NUMBER
from bach_lib.control.operations.asked import checked
from bach_lib.control.sentences import SentenceError
from bach_lib.errors import BachError, InvalidValueError
from bach_lib.models import Message, Status
from bach_lib.outbound.amending import Amendment
from bach_lib.rest.answers import Json
from bach_lib.said import boxed
from bach_lib.web.after_sending import after_sending
from bach_lib.web.alarm_commands import acknowledge, alarms, call_off, snooze, unacknowledged
from bach_lib.web.bridge_page import bridges, remove_bridge, set_bridge, switch_bridge
from bach_lib.web.change_commands import delete, edit, forward, pin, put_off, react
from bach_lib.web.connection_commands import check, connections, household, overview, switch
from bach_lib.web.conversation_commands import conversation, conversations, mark_read, picture
from bach_lib.web.standing import UNDELIVERED, Standing, standing
from bach_lib.web.viewer import Known, Visit
from bach_lib.web.views import Views
from bach_lib.web.writing import write

type Command = Callable[..., Awaitable[Json]]

PREFIX: Final = "bach/panel/"
WATCH: Final = f"{PREFIX}watch"
"""The only subscription: it tells that something is different, and not what."""

MAX_IDS: Final = 100
_STEP, _MOST = 200, 2000
"""Messages that are read at once while something is looked for, after as many as are shown; in all for one page."""
_SECONDS = 5.0
"""For what becomes of a message that is sent again. Then the person is told that it waits."""


class MessageAction(StrEnum):
    """What can be done to messages as they are."""

    RETRY = "retry"
    SEND_NOW = "send_now"
    DISCARD = "discard"
    CANCEL = "cancel"
    UNDO = "undo"
    """Of one that was discarded or cancelled a moment ago."""


async def waiting(
    visit: Visit,
    *,
    connection: str | None = None,
    recipient: str | None = None,
    state: Standing | None = None,
    text: str | None = None,
    since: float | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Json:
    """A page of what waits or was not delivered, newest first. A page may end early, where few are what is wanted."""
    check_limit(limit)
    words = text.casefold() if text else ""

    def fits(message: Message) -> bool:
        return (
            (recipient is None or message.recipient == recipient)
            and (state is None or standing(message) is state)
            and words in "\n".join((message.title or "", message.text)).casefold()
            and visit.viewer.may(message.connection, message.recipient)
        )

    found, older, step, read = list[Message](), before, min(limit + 1, _STEP), 0
    while read < _MOST:
        rows = await visit.bach.messages(connection=connection, status=UNDELIVERED, before=older, limit=step)
        young = [message for message in rows if since is None or message.created_at >= since]
        some = [message for message in young if fits(message)][: limit + 1 - len(found)]
        found += some
        if len(found) > limit:  # one more than is shown, so that no page is said to follow that would be empty
            found.pop()
            older = found[-1].id
            break
        older = rows[-1].id if len(rows) == step and len(young) == len(rows) else None
        if older is None:
            break
        step, read = _STEP, read + step
    views = Views(visit)
    return {"rows": [views.row(message) for message in found], "older": older, **await counts(visit)}


async def counts(visit: Visit) -> Mapping[str, Json]:
    """How many wait, need a person, or are alarms that nobody has; nothing where some are not for the viewer."""
    if not visit.viewer.sees_all:
        return {"counts": None}
    queues = list((await visit.bach.queue_status()).values())
    waiting = sum(queue.waiting for queue in queues)
    needs_person, later = sum(queue.needs_person for queue in queues), sum(queue.scheduled for queue in queues)
    alarms = await unacknowledged(visit.bach)
    return {"counts": {"waiting": waiting, "scheduled": later, "needs_person": needs_person, "alarms": alarms}}


async def message(visit: Visit, *, message_id: int) -> Json:
    """One message with all that was tried, and what is known since it was sent."""
    found, attempts = await visit.bach.history(message_id)
    visit.require(found.connection, found.recipient)
    origin = await visit.viewer.origin(found.context)
    shown: Json = {"kind": origin.kind, "name": origin.name, "link": origin.link} if origin else None
    aim = visit.viewer.aim(found.context)
    meant: Json = {"name": aim.name, "is_home": aim.is_home} if aim else None
    proofs = await visit.bach.proofs(message_id)
    views = Views(visit)
    whole = {**views.whole(found, attempts, proofs), **await after_sending(visit, views, found)}
    return {**whole, "origin": shown, "aim": meant}


async def places(visit: Visit) -> Json:
    """The connections and recipients that can be chosen."""
    return {"places": [known for place in visit.viewer.places() if (known := _known(visit, place))]}


async def act(visit: Visit, *, what: MessageAction, ids: Sequence[int]) -> Json:
    """Do something to messages; what became of each of them."""
    if not 0 < len(ids) <= MAX_IDS:
        raise InvalidValueError(field="ids", value=len(ids), expected=FROM_1_TO_NUMBER(number=MAX_IDS))

    async def one(message_id: int) -> Message | Json:
        try:
            return await _act(visit, what, message_id)
        except BachError as error:
            return {"id": message_id, "reason": boxed(visit.viewer.sentence(error))}

    for message_id in dict.fromkeys(ids):  # all of them, before anything is done to one
        await _require_message(visit, message_id)
    return _became(await asyncio.gather(*[one(message_id) for message_id in dict.fromkeys(ids)]))


async def amend(visit: Visit, *, message_id: int, changes: Amendment) -> Json:
    """Give a message other words, another recipient or another time, and send it; what became of it."""
    found = await _require_message(visit, message_id)
    visit.require(str(changes.get("connection", found.connection)), str(changes.get("recipient", found.recipient)))
    wait = 0.0 if changes.get("not_before") else _SECONDS
    return _became([await visit.bach.amend(message_id, wait=wait, **changes)])


COMMANDS: Final[Mapping[str, Command]] = {
    f"{PREFIX}{command.__name__}": command
    for command in (
        *(act, amend, counts, message, places, waiting),
        *(check, connections, household, overview, switch),
        *(conversation, conversations, mark_read, picture, write),
        *(delete, edit, forward, pin, put_off, react),
        *(acknowledge, alarms, call_off, snooze),
        *(bridges, remove_bridge, set_bridge, switch_bridge),
    )
}

READING: Final = frozenset(
    f"{PREFIX}{command.__name__}"
    for command in (
        *(alarms, bridges, connections, conversation, conversations, counts),
        *(household, message, overview, places, waiting),
    )
)
"""Those that only look at what is stored."""


async def perform(visit: Visit, name: str, arguments: Mapping[str, Json]) -> Json:
    """Carry one out. Raises a `BachError`, a `ForbiddenError`, or a `SentenceError` if it is asked otherwise."""
    if (known := COMMANDS.get(name)) is None:
        raise SentenceError(f'The web app cannot ask for "{name[:100]}".')
    return await known(visit, **checked(known, arguments))


async def _act(visit: Visit, what: MessageAction, message_id: int) -> Message:
    bach = visit.bach
    match what:
        case MessageAction.CANCEL:
            return await bach.cancel(message_id)
        case MessageAction.DISCARD:
            await bach.discard_messages([message_id])
            return await bach.get(message_id)
        case MessageAction.UNDO:
            return await bach.undo(message_id)
        case MessageAction.RETRY:
            return await bach.retry(message_id, wait=_SECONDS)
        case MessageAction.SEND_NOW:
            return await _send_now(bach, await bach.get(message_id))


async def _send_now(bach: Bach, found: Message) -> Message:
    """Whatever it waits for; where its connection does not work, as far as is known, that is asked first."""
    if found.held:
        return await bach.retry(found.id, wait=_SECONDS)
    if found.scheduled_for is not None:
        return await bach.send_now(found.id, wait=_SECONDS)
    is_stuck = bach.health(found.connection).fault is not None
    if found.status is Status.FAILED:  # as it is, without the time it would still wait
        found = await bach.amend(found.id, wait=0 if is_stuck else _SECONDS)
    if is_stuck:
        await bach.check(found.connection)
        return await bach.wait(found.id, _SECONDS)
    return found


def _became(ends: Sequence[Message | Json]) -> Json:
    """How many went, wait, failed again and ended, and which could not be done."""
    counts = Counter[str]()
    for end in ends:
        if isinstance(end, Message):
            counts[_END.get(end.status, "waiting")] += 1
    named: dict[str, Json] = {name: counts[name] for name in ("sent", "waiting", "failed", "ended")}
    return named | {"refused": [end for end in ends if not isinstance(end, Message)]}


_END: Final = {
    Status.SENT: "sent",
    Status.DEAD: "failed",
    Status.UNCERTAIN: "failed",
    Status.EXPIRED: "ended",
    Status.CANCELLED: "ended",
}


def _known(visit: Visit, place: Known) -> Json:
    recipients: list[Json] = [
        {"id": one.id, "title": one.title} for one in place.recipients if visit.viewer.may(place.id, one.id)
    ]
    if not recipients and not visit.viewer.sees_all:
        return None
    return {"id": place.id, "title": place.title, "recipients": recipients}


async def _require_message(visit: Visit, message_id: int) -> Message:
    found = await visit.bach.get(message_id)
    visit.require(found.connection, found.recipient)
    return found
