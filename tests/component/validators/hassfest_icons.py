"""What Home Assistant's validator asks of `icons.json`, in our words."""

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import voluptuous as vol

from tests.component.validators.package import ICONS, SLUG, Package, leaves, refused

_KEY = vol.Match(r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", msg="an odd key")
_ICON = vol.All(str, vol.Match(r"^mdi:[a-z0-9-]+$", msg="no icon of Material Design"))
_STEPS = {"step": {str: {"sections": {str: _ICON}}}}


def _range(value: dict[str, str]) -> dict[str, str]:
    try:
        begins = [*map(float, value)]
    except ValueError:
        raise vol.Invalid("a range begins with a number") from None
    if begins != sorted(begins):
        raise vol.Invalid("ranges go upwards")
    return value


def _not_twice(value: dict[str, Any]) -> dict[str, Any]:
    if value.get("default") in value.get("state", {}).values():
        raise vol.Invalid("a state has the icon that it would have without")
    return value


_ICONS = {"default": _ICON, "state": {_KEY: _ICON}, "range": vol.All({str: _ICON}, _range)}
_ENTITY = vol.All({**_ICONS, "state_attributes": {_KEY: vol.All(_ICONS, _not_twice)}}, _not_twice)
_FILE = vol.Schema(
    {
        "entity": {SLUG: {_KEY: _ENTITY}},
        "services": {_KEY: vol.Any(_ICON, {"service": _ICON, "sections": {_KEY: _ICON}})},
        "triggers": {SLUG: {"trigger": _ICON}},
        "conditions": {SLUG: {"condition": _ICON}},
        "config": _STEPS,
        "options": _STEPS,
        "issues": {str: {"fix_flow": _STEPS}},
    }
)


@cache
def _known() -> frozenset[str]:
    found = json.loads((files("hass_frontend") / "static" / "mdi" / "iconList.json").read_text("utf-8"))
    return frozenset(f"mdi:{icon['name']}" for icon in found)


def icons(package: Package) -> Iterator[str]:
    """Every icon has a place that is looked at.

    Source: script/hassfest/icons.py of home-assistant/core, early 2026. Stricter: an entity's own state, too, has no
    icon that it would have without; the validator looks for that one floor too high.
    """
    yield from refused(_FILE, package.data(ICONS))


def icons_exist(package: Package) -> Iterator[str]:
    """Every icon is one that the frontend has; of another, nothing is shown.

    Source: script/hassfest/mdi_icons.py of home-assistant/core, 2026, which makes the list that its pylint rule asks.
    """
    for path, icon in leaves(package.data(ICONS)):
        if icon not in _known():
            yield f"{'.'.join(path)}: there is no {icon}"


RULES = (icons, icons_exist)
