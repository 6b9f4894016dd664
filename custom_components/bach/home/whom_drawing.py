"""Says whom people mean now, in a dialog: the recipients of a person, or everybody with theirs."""

from collections.abc import Mapping, Sequence

from homeassistant.core import HomeAssistant

from custom_components.bach.const import CONF_AT_HOME, CONF_AWAY
from custom_components.bach.kinds.markdown_escape import escape_markdown

from .persons import Person, persons
from .whom import told_by_id, ways_of


def drawn_person(
    hass: HomeAssistant, person: Person, chosen: Mapping[str, Sequence[str]], texts: Mapping[str, str]
) -> str:
    """Where a person is and by which recipients they would be told, in Markdown. `chosen`: their ids, by place."""
    here, there = (CONF_AT_HOME, CONF_AWAY) if person.is_home else (CONF_AWAY, CONF_AT_HOME)
    return _line(hass, person, chosen.get(here) or chosen.get(there) or (), texts)


def drawn_everybody(hass: HomeAssistant, texts: Mapping[str, str]) -> str:
    """All persons of Home Assistant, where they are and by which recipients they are told, as a list."""
    found = []
    for person in persons(hass):
        here, there = ways_of(hass, person).of(person)
        found.append(f"- {_line(hass, person, here.recipients or there.recipients, texts)}")
    return "\n".join(found) or texts["people_none"]


def _line(hass: HomeAssistant, person: Person, ids: Sequence[str], texts: Mapping[str, str]) -> str:
    known = told_by_id(hass)
    found = [known[one] for one in ids if one in known]
    names = [f"**{escape_markdown(one.title)}** ({escape_markdown(entry.title)})" for entry, one in found]
    where = texts["people_is_home" if person.is_home else "people_is_away"]
    return where.format(name=escape_markdown(person.name), who=", ".join(names) or texts["people_nothing"])
