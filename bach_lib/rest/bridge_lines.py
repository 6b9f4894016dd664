"""Bridges as the REST interface writes them, with how carrying stands, and as it reads them."""

from collections.abc import Mapping
from dataclasses import asdict

from bach_lib.bach import Bach
from bach_lib.models.bridge import Bridge, BridgeSide, BridgeWords
from bach_lib.models.route import Place
from bach_lib.rest.answers import Json
from bach_lib.rest.outgoing_rows import iso
from bach_lib.rest.requests import invalid, optional_fields, text_fields

SWITCHES = ("both_ways", "with_name", "files", "edits", "deletions", "is_active")
_FIELDS: Mapping[str, tuple[type, ...]] = {
    "name": (str,),
    "source": (dict,),
    "targets": (list,),
    "words": (dict,),
    **dict.fromkeys((*SWITCHES, "replaces"), (bool,)),
}
_WORDS: Mapping[str, tuple[type, ...]] = dict.fromkeys(asdict(BridgeWords()), (str,))


async def bridge_line(bach: Bach, bridge: Bridge) -> dict[str, Json]:
    """A bridge, and how carrying stands for each connection through which something comes in."""
    words: Json = asdict(bridge.words)
    return {
        "name": bridge.name,
        "source": _place(bridge.source),
        "targets": [_place(one) for one in bridge.targets],
        **{name: bool(getattr(bridge, name)) for name in SWITCHES},
        "words": words,
        "sides": [_side(side) for side in await bach.bridges.sides(bridge.name)],
    }


def bridge_of(body: Mapping[str, object]) -> tuple[Bridge, bool]:
    """What was written as JSON, and whether it may replace another. What values may be is `Bridges.set`'s to say.

    Raises `RefusedError`.
    """
    found = optional_fields(body, _FIELDS)
    [name] = text_fields({key: value for key, value in found.items() if key == "name"}, "name")
    targets = found.get("targets")
    if not isinstance(targets, list):
        raise invalid('"targets" is missing, or is no list.')
    words = found.get("words")
    made = Bridge(
        name=name,
        source=_place_of(found.get("source")),
        targets=tuple(_place_of(one) for one in targets),
        words=_words_of(words) if isinstance(words, dict) else BridgeWords(),
        **{name: found[name] is True for name in SWITCHES if name in found},
    )
    return made, found.get("replaces") is True


def _words_of(given: Mapping[str, object]) -> BridgeWords:
    return BridgeWords(**{name: str(word) for name, word in optional_fields(given, _WORDS).items()})


def _place_of(given: object) -> Place:
    if not isinstance(given, dict):
        raise invalid('"source" and each of "targets" must have a "connector" and a "recipient".')
    connection, recipient = text_fields(given, "connector", "recipient")
    return Place(connection=connection, recipient=recipient)


def _place(place: Place) -> Json:
    return {"connector": place.connection, "recipient": place.recipient}


def _side(side: BridgeSide) -> Json:
    return {
        "connector": side.connection,
        "carried": side.carried,
        "carried_at": _time(side.carried_at),
        "left_out": side.left_out,
        "reason": side.reason,
        "left_out_at": _time(side.left_out_at),
    }


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else iso(seconds)
