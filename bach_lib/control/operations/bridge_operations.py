"""Operations on bridges: what comes in at one place goes out at others."""

from collections.abc import Mapping

from bach_lib.bach import Bach
from bach_lib.control.operations.given import known_fields, listed, place_of, switch_in, text_in
from bach_lib.control.operations.json_rows import Row, time
from bach_lib.control.sentences import SentenceError
from bach_lib.models.bridge import Bridge, BridgeSide, BridgeWords
from bach_lib.rest.answers import Json
from bach_lib.rest.exact import exact


async def bridges(bach: Bach) -> list[Row]:
    """All, by name, and how carrying stands."""
    return [await _row(bach, bridge) for bridge in bach.bridges.list()]


async def set_bridge(bach: Bach, bridge: Mapping[str, object], *, replaces: bool = False) -> Row:
    """Keep a new one; another of the same name only if it `replaces` that."""
    made = _bridge_of(bridge)
    if not replaces and any(one.name == made.name for one in bach.bridges.list()):
        raise SentenceError(f'There is a bridge named "{made.name}". Say that the new one replaces it (--replace).')
    return await _row(bach, await bach.bridges.set(made))


async def remove_bridge(bach: Bach, name: str) -> Row:
    """Forget one; what it was."""
    found = await _row(bach, bach.bridges.get(name))
    await bach.bridges.remove(name)
    return found


async def _row(bach: Bach, bridge: Bridge) -> Row:
    made: Json = exact(bridge)
    sides: Json = [_side(side) for side in await bach.bridges.sides(bridge.name)]
    return {**(made if isinstance(made, dict) else {}), "sides": sides}


def _side(side: BridgeSide) -> Json:
    return {
        "connection": side.connection,
        "carried": side.carried,
        "carried_at": time(side.carried_at),
        "left_out": side.left_out,
        "reason": side.reason,
        "left_out_at": time(side.left_out_at),
    }


def _bridge_of(given: Mapping[str, object]) -> Bridge:
    """What was written as JSON. What its values may be is `Bridges.set`'s to say. Raises as `perform` does."""
    found = known_fields("a bridge", given, Bridge)
    words = known_fields("words", found.pop("words", {}), BridgeWords)
    source, targets = place_of(found.pop("source", None)), listed("targets", found.pop("targets", None))
    return Bridge(
        name=text_in("name", found.pop("name", None)),
        source=source,
        targets=tuple(place_of(one) for one in targets),
        words=BridgeWords(**{name: text_in(name, word) for name, word in words.items()}),
        **{name: switch_in(name, given) for name, given in found.items()},
    )
