"""What the web app asks about bridges: how each stands and what waits there, and what is changed about them.

All of it is for those who may see everything: a bridge lets other people read. Where bridges are kept is the home's to
know (`Viewer.bridges`).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypedDict

from bach_lib.common_sentences import A_NAME_OF_LETTERS_AND_DIGITS, A_TEXT, THE_CONNECTION_IS_SWITCHED_OFF
from bach_lib.errors import InvalidValueError
from bach_lib.models.bridge import Bridge, BridgeSide
from bach_lib.models.route import Place
from bach_lib.rest.answers import Json
from bach_lib.said import Sentence, boxed
from bach_lib.web.standing import UNDELIVERED
from bach_lib.web.viewer import Visit
from bach_lib.web.views import Views

_LOOKED_THROUGH: Final = 100
"""Messages that wait at a place; more are not counted."""
_ALONG: Final = ("both_ways", "with_name", "files", "edits", "deletions", "is_active")


class PlaceGiven(TypedDict):
    """A place, as the app says it."""

    connection: str
    recipient: str


async def bridges(visit: Visit) -> Json:
    """All of them; `named`: whether whoever makes one gives it a name."""
    visit.require_all()
    rows = [await _view(visit, Views(visit), one) for one in visit.bach.bridges.list()]
    return {"bridges": rows, "named": visit.viewer.bridges.are_named}


async def set_bridge(
    visit: Visit,
    *,
    source: PlaceGiven,
    targets: Sequence[PlaceGiven],
    before: str | None = None,
    name: str | None = None,
    both_ways: bool = False,
    with_name: bool = True,
    files: bool = True,
    edits: bool = True,
    deletions: bool = True,
) -> Json:
    """Keep a new bridge, or another in the place of `before`, which is at work as that was."""
    visit.require_all()
    old = None if before is None else visit.bach.bridges.get(before)
    made = Bridge(
        name=old.name if old else _new_name(visit, name),
        source=_place("source", source),
        targets=tuple(_place("targets", one) for one in targets),
        both_ways=both_ways,
        with_name=with_name,
        files=files,
        edits=edits,
        deletions=deletions,
    )
    if old:
        made = replace(made, is_active=old.is_active, words=old.words)
    await visit.viewer.bridges.set(made, is_new=old is None)
    return {}


async def switch_bridge(visit: Visit, *, name: str, is_on: bool) -> Json:
    """Let a bridge rest, or carry what is written from now on."""
    visit.require_all()
    await visit.viewer.bridges.set(replace(visit.bach.bridges.get(name), is_active=is_on), is_new=False)
    return {}


async def remove_bridge(visit: Visit, *, name: str) -> Json:
    """Forget a bridge; what it has carried stays."""
    visit.require_all()
    await visit.viewer.bridges.remove(visit.bach.bridges.get(name).name)
    return {}


def _new_name(visit: Visit, name: str | None) -> str:
    """What a new one is called; nothing where the home names it itself. Raises `InvalidValueError`."""
    if not visit.viewer.bridges.are_named:
        return ""
    if not name:
        raise InvalidValueError(field="name", value="", expected=A_NAME_OF_LETTERS_AND_DIGITS)
    if any(one.name == name for one in visit.bach.bridges.list()):
        expected = Sentence("a_name_that_no_other_bridge_has", "a name that no other bridge has")
        raise InvalidValueError(field="name", value=name, expected=expected)
    return name


def _place(field: str, given: PlaceGiven) -> Place:
    found: list[object] = [given.get("connection"), given.get("recipient")]
    connection, recipient = found
    if not (isinstance(connection, str) and isinstance(recipient, str)):
        raise InvalidValueError(field=field, value=str(given)[:50], expected=A_TEXT)
    return Place(connection=connection, recipient=recipient)


async def _view(visit: Visit, views: Views, bridge: Bridge) -> dict[str, Json]:
    return {
        "name": bridge.name,
        "title": visit.viewer.bridges.title(bridge.name),
        "source": await _end(visit, views, bridge.source),
        "targets": [await _end(visit, views, one) for one in bridge.targets],
        **{name: bool(getattr(bridge, name)) for name in _ALONG},
        "sides": [_side(visit, one) for one in await visit.bach.bridges.sides(bridge.name)],
    }


async def _end(visit: Visit, views: Views, place: Place) -> Json:
    """A place, with what waits there and why its connection does not work."""
    rows = await visit.bach.messages(
        connection=place.connection, recipient=place.recipient, status=UNDELIVERED, limit=_LOOKED_THROUGH
    )
    return {
        "connection": place.connection,
        "recipient": place.recipient,
        **views.titles(place.connection, place.recipient),
        "waiting": len(rows),
        "trouble": _off(visit, place.connection) or views.trouble(place.connection),
    }


def _off(visit: Visit, connection: str) -> Json:
    """Why nothing goes there if somebody has switched it off: no fault of anything."""
    is_off = any(row.name == connection and not row.is_active for row in visit.bach.registry.list())
    return boxed(THE_CONNECTION_IS_SWITCHED_OFF) if is_off else None


def _side(visit: Visit, side: BridgeSide) -> Json:
    return {
        "title": visit.viewer.title(side.connection),
        "carried": side.carried,
        "carried_at": side.carried_at,
        "left_out": side.left_out,
        "reason": side.reason,
        "left_out_at": side.left_out_at,
    }
