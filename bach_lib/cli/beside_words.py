"""What a terminal may say of what a message has beside its words: a place, a frame."""

import json
from collections.abc import Mapping

import typer

from bach_lib.cli.console import Json
from bach_lib.models import Effect


def given(options: Mapping[str, Json]) -> dict[str, Json]:
    """Those that were said."""
    return {name: value for name, value in options.items() if value is not None}


def place(written: str | None, name: str | None) -> Json:
    """A point on the map, as two numbers with a comma in between."""
    if written is None:
        if name is not None:
            raise typer.BadParameter("It needs --location as well.", param_hint="--location-name")
        return None
    try:
        latitude, longitude = map(float, written.split(","))
    except ValueError:
        raise typer.BadParameter("These are not two numbers, as in 48.137,11.575.", param_hint="--location") from None
    return {"latitude": latitude, "longitude": longitude, **({} if name is None else {"name": name})}


def extras(*, no_preview: bool, protected: bool, effect: Effect | None, embed: str | None, location: Json) -> Json:
    """All of it; None for nothing."""
    switches = {"link_preview": False if no_preview else None, "protected": protected or None}
    return given({**switches, "effect": effect and effect.value, "embed": _frame(embed), "location": location}) or None


def _frame(written: str | None) -> Json:
    """A frame as JSON."""
    if written is None:
        return None
    try:
        found: Json = json.loads(written)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        text = """This is no JSON object, as in {"title": "Cellar", "color": "#d32f2f"}."""
        raise typer.BadParameter(text, param_hint="--embed")
    return found
