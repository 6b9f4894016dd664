"""What the web app asks about connections, and about who may do what in this home.

All of it is for those who may see everything, but for `overview`, in which everybody sees what concerns them.
"""

from bach_lib.errors import BachError
from bach_lib.metrics.last_day import Hour
from bach_lib.models import Category, Connection, Direction, Fault, QueueStatus
from bach_lib.questions.under_way import UnderWay
from bach_lib.rest.answers import Json
from bach_lib.said import boxed
from bach_lib.web.standing import UNDELIVERED, Standing, standing
from bach_lib.web.viewer import Known, Visit

type _View = dict[str, Json]

_SHOWN = 10
"""Phrases and patterns of a rule that a table has room for."""
_LOOKED_THROUGH = 200
"""Messages of a connection among which those are counted that somebody may see."""


async def connections(visit: Visit) -> Json:
    """How all of them stand, and what went through them in the last day."""
    visit.require_all()
    queues, places = await visit.bach.queue_status(), {place.id: place for place in visit.viewer.places()}
    rows = visit.bach.registry.list()
    return {"cards": [_card(visit, row, queues.get(row.name), places.get(row.name)) for row in rows]}


async def overview(visit: Visit) -> Json:
    """How those stand through which the viewer may write to somebody, and what waits there that they may see."""
    queues = await visit.bach.queue_status()
    people = {place.id: place.recipients for place in visit.viewer.places()}
    rows = list[Json]()
    for row in visit.bach.registry.list():
        theirs = people.get(row.name, ())
        if not visit.viewer.sees_all and not any(visit.viewer.may(row.name, one.id) for one in theirs):
            continue
        queue = queues.get(row.name)
        if visit.viewer.sees_all:
            waits = _queue(queue) | {"is_more": False} if queue else None
        else:
            waits = await _queue_seen(visit, row.name)
        rows.append(
            {
                "id": row.name,
                "title": visit.viewer.title(row.name),
                "is_on": row.is_active,
                "sending": _health(visit, row, Direction.SENDING),
                "receiving": _health(visit, row, Direction.RECEIVING) if queue else None,
                "queue": waits,
            }
        )
    return {"rows": rows}


async def check(visit: Visit, *, connection: str) -> Json:
    """Ask a platform now whether route and credentials are good; what it answered."""
    visit.require_all()
    answer = await visit.bach.check(connection)
    hops = [
        {"hop": hop.name.value, "is_good": hop.fault is None, "seconds": hop.seconds}
        for hop in await visit.bach.hops(connection, answer)
    ]
    if isinstance(answer, Fault):
        return {"is_good": False, "said": boxed(answer.text), "hops": hops}
    said = boxed(answer.notice.text) if answer.notice else None
    return {"is_good": True, "said": said, "account": answer.name, "hops": hops}


async def switch(visit: Visit, *, connection: str, is_on: bool) -> Json:
    """Let a connection rest, or work again. What is sent meanwhile waits, also over restarts."""
    visit.require_all()
    await visit.bach.registry.update(connection, is_active=is_on)
    return {}


async def household(visit: Visit) -> Json:
    """What was asked and waits for an answer, which rules there are, and who may do what."""
    visit.require_all()
    titles = {(place.id, one.id): one.title for place in visit.viewer.places() for one in place.recipients}
    return {
        "questions": [_question(titles, one) for one in visit.bach.questions()],
        "rules": [
            {
                "name": rule.name,
                "looks_for": [*rule.phrases, *rule.patterns][:_SHOWN],
                "more": max(len(rule.phrases) + len(rule.patterns) - _SHOWN, 0),
                "connection": rule.connection and visit.viewer.title(rule.connection),
                "is_active": rule.is_active,
                "hint": rule.hint,
            }
            for rule in visit.bach.rules.list()
        ],
        "rights": [
            {"connection": one.connection, "place": one.place, "person": one.person, "role": one.role, "user": one.user}
            for one in await visit.viewer.rights()
        ],
    }


def _card(visit: Visit, row: Connection, queue: QueueStatus | None, place: Known | None) -> _View:
    view: _View = {
        "id": row.name,
        "title": visit.viewer.title(row.name),
        "link": visit.viewer.link(row.name),
        "type": row.type,
        "is_on": row.is_active,
        "account": _account(visit, row),
        "sending": _health(visit, row, Direction.SENDING),
        "receiving": _health(visit, row, Direction.RECEIVING),
        "queue": None,
    }
    if queue is None:  # an AI partner, an MCP server or an API: nothing waits there, and nothing is broken off
        return view
    view["queue"] = _queue(queue)
    view["breaker"] = _breaker(visit, row)
    day = visit.bach.last_day(row.name)
    view["counted_since"] = day.counted_since
    view["hours"] = [_hour(hour) for hour in day.hours]
    view["sent_in_last_minute"] = day.sent_in_last_minute
    view["limit"] = _limit(visit, row, place)
    return view


def _queue(queue: QueueStatus) -> _View:
    return {"waiting": queue.waiting, "needs_person": queue.needs_person}


async def _queue_seen(visit: Visit, connection: str) -> _View:
    """The same for who may not know of everything; `is_more`: there are more than were looked through."""
    rows = await visit.bach.messages(connection=connection, status=UNDELIVERED, limit=_LOOKED_THROUGH)
    seen = [standing(message) for message in rows if visit.viewer.may(connection, message.recipient)]
    return {
        "waiting": seen.count(Standing.WAITING),
        "needs_person": seen.count(Standing.PERSON),
        "is_more": len(rows) == _LOOKED_THROUGH,
    }


def _hour(hour: Hour) -> Json:
    tries = hour.sent + hour.failed
    return {"sent": hour.sent, "failed": hour.failed, "seconds": round(hour.seconds / tries, 3) if tries else None}


def _account(visit: Visit, row: Connection) -> str | None:
    try:
        identity = visit.bach.identity(row.name) if row.category is Category.CONNECTOR else None
    except BachError:  # another process works on it, or its library is missing
        return None
    return identity.name if identity else None


def _health(visit: Visit, row: Connection, direction: Direction) -> Json:
    try:
        health = visit.bach.health(row.name, direction)
    except BachError as error:  # its library is missing
        return {"state": "disconnected", "fault": boxed(visit.viewer.sentence(error)), "last_success": None}
    return {
        "state": health.state,
        "fault": boxed(health.fault.text) if health.fault else None,
        "last_success": health.last_success,
    }


def _breaker(visit: Visit, row: Connection) -> Json:
    try:
        state = visit.bach.breaker(row.name)
    except BachError:  # the same: its breaker is where it is worked on
        return None
    return {"state": state, "failures": row.consecutive_failures, "until": row.disabled_until}


def _limit(visit: Visit, row: Connection, place: Known | None) -> Json:
    somebody = next((one.id for one in place.recipients), None) if place else None
    try:
        rate = visit.bach.limit(row.name, somebody) if somebody else None
    except BachError:  # the same
        return None
    return {"count": rate.count, "seconds": rate.per} if rate else None


def _question(titles: dict[tuple[str, str], str], one: UnderWay) -> Json:
    question = one.question
    return {
        "text": question.text,
        "asked": [titles.get((place.connection, place.recipient), place.recipient) for place in question.places],
        "answers": [button.text for row in question.answers for button in row],
        "takes_text": question.takes_text,
        "ends_at": one.ends_at,
        "unreached": [boxed(reason) for reason in dict.fromkeys(one.unreached.values())],
    }
