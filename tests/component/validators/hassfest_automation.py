"""What Home Assistant's validator asks of actions, triggers and conditions, in our words.

Not stated: that each has a name, a description and an icon, which it asks of Home Assistant's own only. We ask it of
ours in `test_rules.py`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import voluptuous as vol
from homeassistant.helpers.selector import TargetSelector, selector, validate_selector
from homeassistant.helpers.service import validate_attribute_option, validate_supported_feature

from tests.component.validators.package import ENGLISH, HERE, SLUG, Package, refused

SERVICES, TRIGGERS, CONDITIONS = (f"{HERE}/{name}.yaml" for name in ("services", "triggers", "conditions"))
_REGISTERS = re.compile(
    r"services\.(?:async_)?register\(|async_register_(?:entity|admin)_service\(|register_admin_service"
)


def _something(value: object) -> object:
    if value is None:
        raise vol.Invalid("nothing stands here")
    return value


_FIELD: Mapping[vol.Marker | str, object] = {
    "example": _something,
    "default": _something,
    "required": bool,
    "selector": validate_selector,
}
_FILTER = vol.Any(
    {"attribute": {str: [vol.All(str, validate_attribute_option)]}},
    {"supported_features": [vol.All(str, validate_supported_feature)]},
)
_WORDS: Mapping[vol.Marker | str, object] = {"name": str, "description": str}
_OF_ACTION: dict[vol.Marker | str, object] = {**_FIELD, **_WORDS, "advanced": bool}
_TARGET = TargetSelector.CONFIG_SCHEMA


def _once(fields: dict[str, Any]) -> dict[str, Any]:
    found = [name for field, described in fields.items() for name in described.get("fields", [field])]
    if twice := {name for name in found if found.count(name) > 1}:
        raise vol.Invalid(f"{min(twice)} is there twice")
    return fields


def _action(field: dict[Any, Any]) -> dict[Any, Any]:
    section: dict[vol.Marker | str, object] = {vol.Required("fields"): {str: field}, "collapsed": bool, **_WORDS}
    return {**_WORDS, "fields": vol.All({str: vol.Any(field, section)}, _once)}


def _contexts(described: dict[str, Any]) -> dict[str, Any]:
    fields = described.get("fields", {})
    kinds = {name: selector(field["selector"]).selector_type for name, field in fields.items() if "selector" in field}
    if "target" in described:
        kinds["target"] = "target"
    for name, field in fields.items():
        allowed = selector(field["selector"]).allowed_context_keys if "selector" in field else {}
        for key, other in field.get("context", {}).items():
            if kinds.get(other) not in allowed.get(key, ()):
                raise vol.Invalid(f"{name} cannot take {key} from {other}", path=["fields", name])
    return described


_ACTIONS = vol.Schema(
    {
        SLUG: vol.Any(
            None,
            {vol.Required("target"): vol.Any(None, _TARGET), **_action({**_OF_ACTION, "filter": _FILTER})},
            _action(_OF_ACTION),
        )
    }
)
_HAPPENS = vol.Schema(
    {
        vol.Match(r"^\."): object,
        SLUG: vol.Any(
            None, vol.All({"target": _TARGET, "fields": {str: {**_FIELD, "context": {str: str}}}}, _contexts)
        ),
    }
)


def actions(package: Package) -> Iterator[str]:
    """The editor can draw every action, and each of its fields is there once.

    Source: script/hassfest/services.py of home-assistant/core, 2026.
    """
    yield from refused(_ACTIONS, package.data(SERVICES))


def actions_described(package: Package) -> Iterator[str]:
    """Who registers actions describes them.

    Source: script/hassfest/services.py of home-assistant/core, 2026.
    """
    if not package.data(SERVICES):
        yield from (f"{path} registers actions" for path, source in package.sources() if _REGISTERS.search(source))


def triggers(package: Package) -> Iterator[str]:
    """The editor can draw every trigger, and there is a file if there are triggers.

    Source: script/hassfest/triggers.py of home-assistant/core, 2026.
    """
    yield from _happens(package, TRIGGERS)


def conditions(package: Package) -> Iterator[str]:
    """The editor can draw every condition, and there is a file if there are conditions.

    Source: script/hassfest/conditions.py of home-assistant/core, early 2026.
    """
    yield from _happens(package, CONDITIONS)


def _happens(package: Package, path: str) -> Iterator[str]:
    module = path.replace("s.yaml", ".py")
    if package.data(path):
        yield from refused(_HAPPENS, package.data(path))
    elif module in package.files and "async_get_" in package.text(module):
        yield f"{module} offers what {path} does not describe"


def choices(package: Package) -> Iterator[str]:
    """What can be chosen from has a text for each choice, and none for another.

    Source: script/hassfest/services.py, triggers.py and conditions.py of home-assistant/core, 2026. Stricter: they look
    for the key only, not at the choices.
    """
    texts = package.data(ENGLISH)["selector"]
    for path in (SERVICES, TRIGGERS, CONDITIONS):
        for select in _selects(package.data(path)):
            if (key := select.get("translation_key")) is None:
                continue
            known = {*texts.get(key, {}).get("options", {})}
            offered = {one["value"] if isinstance(one, Mapping) else one for one in select["options"]}
            if known != offered:
                yield f"{path}: {key} has other texts than choices: {sorted(known ^ offered)}"


def _selects(tree: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(tree, Mapping):
        if isinstance(select := tree.get("select"), Mapping) and "options" in select:
            yield select
        for below in tree.values():
            yield from _selects(below)


RULES = (actions, actions_described, triggers, conditions, choices)
