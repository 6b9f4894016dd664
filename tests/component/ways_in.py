"""Finds every way into the integration by whose code answers, whatever it is called and wherever it is registered.

A table of names finds only what somebody has thought of naming like the others.
"""

import functools
import inspect
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

import homeassistant.components
from homeassistant import config_entries
from homeassistant.config_entries import HANDLERS, ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

import bach_lib
import custom_components.bach as integration
from custom_components.bach.const import DOMAIN

OURS: Final = ("custom_components.bach", "bach_lib")
_COMPONENTS: Final = Path(next(iter(homeassistant.components.__path__)))
_LOOKED_FOR: Final = frozenset(
    {"config_flow", "application_credentials", "intent", "llm", "quality_scale", "recorder", "significant_change"}
    | {f"device_{what}" for what in ("action", "condition", "trigger")}
    | {"condition", "trigger", "reproduce_state", "group", "media_source", "hardware", "energy", "services_schema"}
)
"""Modules that Home Assistant loads by their name and that are no integration of the same name."""
_WITHOUT_ACTIONS: Final = frozenset({"binary_sensor", "event", "sensor"})
_DEEPEST: Final = 6


def is_ours(code: object, depth: int = 0) -> bool:
    """Whether code of ours is in there: itself, or wrapped by whoever registers it."""
    if depth > _DEEPEST or code is None:
        return False
    module = getattr(code, "__module__", None) or ""
    if isinstance(module, str) and module.startswith(OURS):
        return True
    return any(is_ours(one, depth + 1) for one in _inside(code))


def _inside(code: object) -> Iterator[object]:
    if isinstance(code, functools.partial):
        yield from (code.func, *code.args, *code.keywords.values())
    if isinstance(code, types.MethodType):
        yield from (type(code.__self__), code.__func__)
    if isinstance(code, types.FunctionType):
        yield getattr(code, "__wrapped__", None)
        for cell in code.__closure__ or ():
            try:
                held = cell.cell_contents
            except ValueError:  # not filled yet
                continue
            yield held if callable(held) or isinstance(held, type) else type(held)
    for part in ("target", "listener_job"):  # of what Home Assistant wraps around it
        yield getattr(code, part, None)


def actions(hass: HomeAssistant) -> set[str]:
    """The actions of every domain that we answer."""
    found = hass.services.async_services_internal()
    return {f"{domain}.{name}" for domain, some in found.items() for name, one in some.items() if is_ours(one.job)}


def routes(hass: HomeAssistant) -> set[tuple[str, str]]:
    """The addresses that we answer, and folders of ours that are handed out."""
    folders = tuple(str(Path(str(one.__file__)).parent) for one in (integration, bach_lib))
    found = set()
    for route in hass.http.app.router.routes():
        path = route.resource.canonical if route.resource else ""
        is_folder = str(getattr(route.resource, "_directory", "")).startswith(folders)
        if (is_ours(route.handler) or is_folder) and route.method not in {"HEAD", "OPTIONS"}:
            found.add((path, route.method))
    return found


def commands(hass: HomeAssistant) -> set[str]:
    """The WebSocket commands that we answer."""
    known = cast("dict[str, tuple[object, object]]", hass.data["websocket_api"])
    return {name for name, (handler, _) in known.items() if is_ours(handler)}


def webhooks(hass: HomeAssistant) -> set[str]:
    """The domains of webhooks that we answer: nobody has to log in there."""
    known = cast("dict[str, Any]", hass.data.get("webhook", {}))
    return {one.domain for one in known.values() if is_ours(one.handler)}


def intents(hass: HomeAssistant) -> set[str]:
    """What voices and agents can have done by us."""
    return {
        name for key in ("intent", "llm_apis") for name, one in hass.data.get(key, {}).items() if is_ours(type(one))
    }


def panels(hass: HomeAssistant) -> set[str]:
    """Pages of ours in the sidebar."""
    return {name for name in hass.data.get("frontend_panels", {}) if DOMAIN in name}


def events(hass: HomeAssistant) -> set[str]:
    """The events that we act upon: whoever may fire events may have that done."""
    known = cast("dict[str, list[tuple[object, ...]]]", hass.bus._listeners)  # nobody else tells whose they are
    return {str(name) for name, some in known.items() if any(is_ours(part) for one in some for part in one)}


def modules() -> set[str]:
    """The modules that Home Assistant, or an integration of its, loads because of their name."""
    names = {
        one.stem
        for one in Path(str(integration.__file__)).parent.iterdir()
        if one.suffix == ".py" or (one.is_dir() and one.name != "__pycache__")
    }
    components = {one.name for one in _COMPONENTS.iterdir()}
    return {name for name in names if name in components or name in _LOOKED_FOR}


def sources() -> set[str]:
    """The ways in which a dialog for a connection begins."""
    known = {value for name, value in vars(config_entries).items() if name.startswith("SOURCE_")}
    flow = HANDLERS[DOMAIN]
    steps = {name.removeprefix("async_step_") for name, _ in inspect.getmembers(flow) if name.startswith("async_step_")}
    own = {name for name in steps if is_ours(getattr(flow, f"async_step_{name}"))}
    options = {"options"} if is_ours(getattr(flow, "async_get_options_flow", None)) else set[str]()
    return own & known | options


def dialogs(entry: ConfigEntry) -> set[str]:
    """The kinds of sub-entries that somebody can add to an entry."""
    return set(HANDLERS[DOMAIN].async_get_supported_subentry_types(entry))


def entities(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, str]:
    """The entities that can be asked to do something, by what they are called in translations."""
    found = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    able = (one for one in found if one.domain not in _WITHOUT_ACTIONS)
    return {one.entity_id: f"{one.domain}.{one.translation_key}" for one in able}
