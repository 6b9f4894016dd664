"""What the web app asks about conversations: the places, and what went out and came in at one.

Both directions are read page by page, each by its ids, and laid together as time went.
"""

import base64
from collections.abc import Mapping, Sequence
from heapq import merge
from typing import Final

from bach_lib.arguments import check_limit
from bach_lib.common_sentences import FROM_1_TO_NUMBER
from bach_lib.errors import BachError, InvalidValueError, NoFileError
from bach_lib.inbound.presses import LABEL
from bach_lib.models import ConnectionState, Direction, File, Message, Operation
from bach_lib.models.incoming import InboxStatus, IncomingMessage, Kind
from bach_lib.rest.answers import Json
from bach_lib.web.after_sending import deeds
from bach_lib.web.viewer import Visit
from bach_lib.web.views import Views
from bach_lib.web.writing import file_limits

type _View = dict[str, Json]
type _Place = tuple[str, str]
type _Any = Message | IncomingMessage

_NEWEST: Final = 200
"""Messages of each direction that are looked through for what is new in all places."""
_PREVIEW: Final = 100
"""Characters."""
_MOST_IDS: Final = 100
_PICTURE_BYTES: Final = 3_000_000
_PICTURES: Final[Mapping[bytes, str]] = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
"""What is shown, by how it begins: whatever somebody says of a file, nothing else is a picture."""

_OF_ANOTHER: Final = frozenset({Kind.BUTTON, Kind.EDITED, Kind.DELETED, Kind.REACTION})
"""What the app shows in the message that it concerns, by `ref` and `concerns`: the platform's ids of both."""


async def conversations(visit: Visit) -> Json:
    """The people and places, those with the newest messages first, with what is unread among the newest."""
    newest = await _newest(visit)
    rows = list[_View]()
    for place in visit.viewer.places():
        able = await _able(visit, place.id)
        rows += [
            _place(visit, (place.id, one.id), place.title, one.title, newest) | able | {"entity": one.entity}
            for one in place.recipients
            if visit.viewer.may(place.id, one.id)
        ]
    return {"places": sorted(rows, key=_last, reverse=True)}


async def conversation(
    visit: Visit,
    *,
    connection: str,
    recipient: str,
    before_out: int | None = None,
    before_in: int | None = None,
    limit: int = 50,
) -> Json:
    """A page of what went to a place and came from there, oldest first, and where the page before it ends."""
    check_limit(limit)
    visit.require(connection, recipient)
    bach, views = visit.bach, Views(visit)
    sent = await bach.messages(connection=connection, recipient=recipient, before=before_out, limit=limit)
    came = await bach.inbox(connection=connection, recipient=recipient, before=before_in, limit=limit)
    outgoing = ((-one.created_at, "out", one.id, _out(views, one)) for one in sent)
    incoming = ((-one.received_at, "in", one.id, _in(one)) for one in came)
    page = list(merge(outgoing, incoming, key=lambda entry: entry[0]))[:limit]
    ends = {"out": before_out, "in": before_in} | {direction: number for _, direction, number, _ in page}
    is_more = len(sent) + len(came) > len(page) or limit in (len(sent), len(came))
    return {
        "items": [view for *_, view in reversed(page)],
        "before": {"out": ends["out"], "in": ends["in"]} if is_more and page else None,
    }


async def mark_read(visit: Visit, *, ids: Sequence[int], is_read: bool = True) -> Json:
    """Somebody has read what came in, or has not: no program that waits for unread messages is given what is read."""
    if not 0 < len(ids) <= _MOST_IDS:
        raise InvalidValueError(field="ids", value=len(ids), expected=FROM_1_TO_NUMBER(number=_MOST_IDS))
    for incoming_id in dict.fromkeys(ids):
        message = await visit.bach.incoming(incoming_id)
        visit.require(message.connection, message.recipient)
    return {"count": await visit.bach.mark(ids, InboxStatus.READ if is_read else InboxStatus.UNREAD)}


async def picture(visit: Visit, *, incoming_id: int) -> Json:
    """A picture that somebody sent, fetched from the platform; raises a `BachError` if it is none or too large."""
    message = await visit.bach.incoming(incoming_id)
    visit.require(message.connection, message.recipient)
    content = await visit.bach.fetch(incoming_id, _PICTURE_BYTES)
    kind = next((kind for begin, kind in _PICTURES.items() if content.startswith(begin)), None)
    if kind is None and content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        kind = "image/webp"
    if kind is None:
        raise NoFileError(id=incoming_id)
    return {"source": f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"}


async def _newest(visit: Visit) -> dict[_Place, list[_Any]]:
    """The newest messages of all places, newest first; of a place where nothing happens for long there are none."""
    sent = await visit.bach.messages(limit=_NEWEST)
    came = await visit.bach.inbox(limit=_NEWEST)
    found: dict[_Place, list[_Any]] = {}
    both: list[_Any] = [*sent, *came]
    for message in sorted(both, key=_at, reverse=True):
        found.setdefault((message.connection, message.recipient), []).append(message)
    return found


def _at(message: _Any) -> float:
    return message.created_at if isinstance(message, Message) else message.received_at


def _place(visit: Visit, place: _Place, connection: str, title: str, newest: Mapping[_Place, list[_Any]]) -> _View:
    messages = newest.get(place, [])
    came = [one for one in messages if isinstance(one, IncomingMessage)]
    return {
        "connection": place[0],
        "recipient": place[1],
        "title": title,
        "connection_title": connection,
        "works": _works(visit, place[0]),
        "unread": sum(one.status is InboxStatus.UNREAD for one in came),
        "last_at": _at(messages[0]) if messages else None,
        "last_text": _last_words(messages),
    }


def _last_words(messages: Sequence[_Any]) -> str | None:
    """The newest words that were not taken back."""
    gone = {one.target for one in messages if isinstance(one, Message) and one.operation is Operation.DELETE}
    words = (
        one.text[:_PREVIEW]
        for one in messages
        if one.text and not (isinstance(one, Message) and (one.target or one.remote_id) in gone)
    )
    return next(words, None)


async def _able(visit: Visit, connection: str) -> _View:
    """What its platform lets somebody do there beside writing."""
    try:
        able = await visit.bach.capabilities(connection)
    except BachError:  # its library is missing
        return {"can": [], "adds_reactions": False, "files": None}
    return {
        "can": sorted(able.operations - {Operation.SEND}),
        "adds_reactions": able.adds_reactions,
        "files": await file_limits(visit, connection),
    }


def _last(row: _View) -> float:
    return row["last_at"] if isinstance(row["last_at"], float) else 0.0


def _works(visit: Visit, connection: str) -> bool:
    try:
        state = visit.bach.health(connection, Direction.SENDING).state
    except BachError:  # its library is missing
        return False
    return state in {ConnectionState.CONNECTED, ConnectionState.STARTING}


def _out(views: Views, message: Message) -> _View:
    is_send = message.operation is Operation.SEND
    return views.said(message) | {
        "direction": "out",
        "ref": message.remote_id if is_send else None,
        "concerns": None if is_send else message.target,
        "at": message.created_at,
        "buttons": [button.text for row in message.buttons for button in row],
        "attached": [_file(file) for file in message.files],
        "deeds": deeds(message),
        "own_words": not message.confidential and bool(message.text or not message.extras.given),
    }


def _file(file: File) -> Json:
    return {"name": file.name, "size": file.size}


def _pressed(message: IncomingMessage) -> str | None:
    """What stood on the button, of a press."""
    value, label = message.content.value, message.metadata.get(LABEL)
    return label if value is not None and isinstance(label, str) else value


def _in(message: IncomingMessage) -> _View:
    media = message.content.media
    return {
        "direction": "in",
        "id": message.id,
        "ref": message.subject if message.kind not in _OF_ANOTHER else None,
        "concerns": message.subject or None if message.kind in _OF_ANOTHER else None,
        "at": message.received_at,
        "sender": message.sender_name or message.sender_id,
        "sender_id": message.sender_id,
        "kind": message.kind,
        "text": _pressed(message) or message.text,
        "reactions": list(message.content.reactions),
        "removed": removed if isinstance(removed := message.metadata.get("removed"), str) else None,
        "file": {"type": media.type, "name": media.name, "size": media.size} if media else None,
        "about": message.message_id,
        "unread": message.status is InboxStatus.UNREAD,
    }
