"""Chooses the title of a new config entry: platform and account, unique among all entries.

It is chosen once, at creation, so that titles people change stay as they are.
"""

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from homeassistant.const import CONF_TYPE

from custom_components.bach.const import CONF_ENDPOINT, TYPE_DISCORD
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.kinds.partners import model_of

_LONGEST = 100


def new_title(data: Mapping[str, Any], name: str, others: Iterable[BachConfigEntry], *, chosen: str = "") -> str:
    """Return a unique title; `chosen` is what the person typed."""
    model = model_of(data)
    name = name.removeprefix("@") if data[CONF_TYPE] == TYPE_DISCORD else name
    plain = chosen.strip()[:_LONGEST] or (name if name.casefold().startswith(model.casefold()) else f"{model} {name}")
    taken = {entry.title.casefold() for entry in others}
    if plain.casefold() not in taken:
        return plain
    if not chosen and (host := _host(data)) and host not in plain and f"{plain} ({host})".casefold() not in taken:
        return f"{plain} ({host})"
    return next(title for n in count(2) if (title := f"{plain} ({n})").casefold() not in taken)


def _host(data: Mapping[str, Any]) -> str:
    return urlsplit(str(data.get(CONF_ENDPOINT, ""))).hostname or ""
