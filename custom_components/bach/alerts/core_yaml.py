"""Reads the alerts that stand in Home Assistant's YAML, and makes BACH's of them. The YAML stays as it is.

Whom they tell are names of `notify` actions: recipients of BACH that have such a name, or what *This home* can tell by
it. What does not come along is said, with a sentence each.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from homeassistant.components.notify import DOMAIN as NOTIFY
from homeassistant.config import async_hass_config_yaml
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import CONF_TYPE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import slugify

from bach_lib.connecting import Candidate
from custom_components.bach.const import (
    CONF_KIND,
    CONF_NOTIFY_ACTION,
    CONF_RECIPIENT,
    CONF_RECIPIENTS,
    SUBENTRY_ALERT,
    SUBENTRY_RECIPIENT,
    TYPE_THIS_HOME,
)
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import connections, recipient_unique_id
from custom_components.bach.home.route_steps import recipients_by_id, routes_of, steps_of
from custom_components.bach.kinds.markdown_escape import escape_markdown
from custom_components.bach.this_home.found_places import is_own_action, places
from custom_components.bach.this_home.phones import phones
from custom_components.bach.this_home.place_forms import ACTION

from .alert import (
    CONF_DONE_MESSAGE,
    CONF_ENTITY,
    CONF_HEADING,
    CONF_HOLD,
    CONF_KIND_OF_ALERT,
    CONF_MESSAGE,
    CONF_REMINDERS,
    CONF_SKIP_FIRST,
    CONF_STATES,
    MOST_REMINDERS,
    PREFIX,
    Watches,
    all_alerts,
)

CORE: Final = "alert"
"""Home Assistant's own integration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifier:
    """Whom a name means: `told`, recipients that are there, or a place of this home that is added. Else nobody."""

    name: str
    told: tuple[str, ...] = ()
    place: Candidate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreAlert:
    """One that stands in YAML. `left`: keys of the sentences that say what does not come along."""

    name: str
    title: str
    data: Mapping[str, object]
    notifiers: tuple[Notifier, ...]
    left: tuple[str, ...]

    @property
    def is_told(self) -> bool:
        """Whether somebody would be told."""
        return any(one.told or one.place for one in self.notifiers)


@dataclass(frozen=True, slots=True)
class CoreAlerts:
    """Those that have not come over yet."""

    new: tuple[CoreAlert, ...]

    def drawn(self, hass: HomeAssistant, texts: Mapping[str, str]) -> str:
        """What comes over and what does not, in Markdown."""
        return "\n".join(line for one in self.new for line in _lines(hass, one, texts))


async def async_core_alerts(hass: HomeAssistant) -> CoreAlerts:
    """Read them, as they are written now."""
    if CORE not in hass.config.components:
        return CoreAlerts(())
    try:
        written = (await async_hass_config_yaml(hass)).get(CORE)
    except HomeAssistantError:  # it is being edited; Home Assistant says where it is wrong
        return CoreAlerts(())
    there = {one.data.get(CONF_RECIPIENT) for _, one in all_alerts(hass)}
    found = [_read(hass, key, one) for key, one in _items(written) if f"{PREFIX}{key}" not in there]
    return CoreAlerts(tuple(one for one in found if one))


def async_import(hass: HomeAssistant, entry: BachConfigEntry, core: CoreAlerts) -> int:
    """Add those that tell somebody; how many."""
    known = dict[str, str]()
    for one in core.new:
        for notifier in one.notifiers:
            if notifier.place and notifier.name not in known:
                known[notifier.name] = _add_place(hass, notifier.place)
    told = [one for one in core.new if one.is_told]
    for one in told:
        ids = [key for n in one.notifiers for key in (n.told or filter(None, [known.get(n.name)]))]
        hass.config_entries.async_add_subentry(
            entry,
            ConfigSubentry(
                data=MappingProxyType(
                    {**one.data, CONF_RECIPIENT: one.name, CONF_RECIPIENTS: list(dict.fromkeys(ids))}
                ),
                subentry_type=SUBENTRY_ALERT,
                title=one.title,
                unique_id=recipient_unique_id(one.name),
            ),
        )
    return len(told)


def _lines(hass: HomeAssistant, alert: CoreAlert, texts: Mapping[str, str]) -> Iterator[str]:
    titles = {key: one.title for key, (_, one) in recipients_by_id(hass).items()}
    titles |= {one.subentry_id: one.title for _, one in routes_of(hass)}
    who = [titles[key] for one in alert.notifiers for key in one.told]
    who += [one.place.title for one in alert.notifiers if one.place]
    named = f"- **{escape_markdown(alert.title)}**"
    names = ", ".join(map(escape_markdown, dict.fromkeys(who)))
    yield f"{named}: {names or texts['core_nobody']}"
    for one in alert.notifiers:
        if not one.told and not one.place:
            yield f"    - {texts['core_no_notifier'].format(name=f'`notify.{slugify(one.name)}`')}"
    yield from (f"    - {texts[key].format(count=MOST_REMINDERS)}" for key in alert.left)


def _items(written: object) -> Iterable[tuple[str, Mapping[str, object]]]:
    for key, one in written.items() if isinstance(written, Mapping) else ():
        if isinstance(one, Mapping):
            yield str(key), one


def _read(hass: HomeAssistant, key: str, written: Mapping[str, object]) -> CoreAlert | None:
    """One of them; None if it is none that Home Assistant takes."""
    entity_id, reminders = written.get("entity_id"), _spans(written.get("repeat"))
    if not isinstance(entity_id, str) or not reminders:
        return None
    left = {
        "core_no_data": bool(written.get("data")),
        "core_acknowledged": written.get("can_acknowledge") is False,
        "core_reminders": len(reminders) > MOST_REMINDERS,
    }
    return CoreAlert(
        name=f"{PREFIX}{key}",
        title=str(written.get("name") or key)[:100],
        data={
            CONF_KIND_OF_ALERT: Watches.STATE.value,
            CONF_ENTITY: entity_id,
            CONF_STATES: [_state(written.get("state"))],
            CONF_HOLD: 0.0,
            CONF_MESSAGE: str(written.get("message") or ""),
            CONF_HEADING: str(written.get("title") or ""),
            CONF_DONE_MESSAGE: str(written.get("done_message") or ""),
            CONF_REMINDERS: reminders[:MOST_REMINDERS],
            CONF_SKIP_FIRST: written.get("skip_first") is True,
        },
        notifiers=tuple(_notifiers(hass, written.get("notifiers"))),
        left=tuple(key for key, is_left in left.items() if is_left),
    )


def _state(written: object) -> str:
    """What stands there without quotes is true or false to YAML."""
    if written is None or isinstance(written, bool):
        return "off" if written is False else "on"
    return str(written)


def _spans(written: object) -> list[float]:
    """Minutes as seconds."""
    given = written if isinstance(written, list) else [written]
    return [float(one) * 60 for one in given if isinstance(one, int | float) and not isinstance(one, bool) and one > 0]


def _notifiers(hass: HomeAssistant, written: object) -> Iterator[Notifier]:
    given = written if isinstance(written, list) else [written]
    names = list(dict.fromkeys(str(one).removeprefix(f"{NOTIFY}.") for one in given if one))
    for name in names:
        told = _known(hass, name)
        routes, known = {one.subentry_id: one for _, one in routes_of(hass)}, recipients_by_id(hass)
        if told in routes and len(names) > 1:  # an alert tells one route, or recipients
            those = dict.fromkeys(one for step in steps_of(routes[told]) for one in step.recipients if one in known)
            yield Notifier(name=name, told=tuple(those))
        elif told:
            yield Notifier(name=name, told=(told,))
        else:
            yield Notifier(name=name, place=_place(hass, name))


def _known(hass: HomeAssistant, name: str) -> str | None:
    """The recipient or route that an action of this name leads to, or that is called so."""
    ones = [*(one for _, one in recipients_by_id(hass).values()), *(one for _, one in routes_of(hass))]
    by_action = {one.data.get(CONF_NOTIFY_ACTION): one.subentry_id for one in ones}
    by_place = {one.data[CONF_RECIPIENT]: one.subentry_id for one in ones}
    by_title = {slugify(one.title): one.subentry_id for one in ones}
    return by_action.get(name) or by_place.get(_address(hass, name)) or by_title.get(name)


def _address(hass: HomeAssistant, name: str) -> str:
    """What an action of `notify` is as a place of this home: a phone, or itself."""
    return next((one.recipient for one in phones(hass) if one.action == name), f"{ACTION}{name}")


def _place(hass: HomeAssistant, name: str) -> Candidate | None:
    """A place of this home that is no recipient yet; None where this home is no connection."""
    if _this_home(hass) is None or is_own_action(hass, name):
        return None
    return next((one for one in places(hass) if one.recipient == _address(hass, name)), None)


def _this_home(hass: HomeAssistant) -> BachConfigEntry | None:
    return next((one for one in connections(hass) if one.data.get(CONF_TYPE) == TYPE_THIS_HOME), None)


def _add_place(hass: HomeAssistant, place: Candidate) -> str:
    """Make it a recipient; the id of its sub-entry."""
    entry = _this_home(hass)
    subentry = ConfigSubentry(
        data=MappingProxyType({CONF_RECIPIENT: place.recipient, CONF_KIND: place.kind}),
        subentry_type=SUBENTRY_RECIPIENT,
        title=place.title,
        unique_id=recipient_unique_id(place.recipient),
    )
    if entry:
        hass.config_entries.async_add_subentry(entry, subentry)
    return subentry.subentry_id
