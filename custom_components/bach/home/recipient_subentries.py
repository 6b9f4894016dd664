"""Which sub-entries are somebody to write to: recipients, and routes, which tell several one after the other.

And people, who are no recipients: what is sent to them goes to recipients of theirs.
"""

from typing import Final

from homeassistant.config_entries import ConfigSubentry

from custom_components.bach.const import SUBENTRY_ALERT, SUBENTRY_PEOPLE, SUBENTRY_RECIPIENT, SUBENTRY_ROUTE
from custom_components.bach.coordinator import BachConfigEntry

_WRITTEN_TO: Final = frozenset({SUBENTRY_RECIPIENT, SUBENTRY_ROUTE})


def is_recipient(subentry: ConfigSubentry) -> bool:
    """Whether one can write to it."""
    return subentry.subentry_type in _WRITTEN_TO


def is_people(subentry: ConfigSubentry) -> bool:
    """Whether it stands for a person, or for several, who are told by recipients of theirs."""
    return subentry.subentry_type == SUBENTRY_PEOPLE


def texts_in(stored: object) -> tuple[str, ...]:
    """A list in a sub-entry, such as that of the ids of recipients, without what is damaged there."""
    return tuple(one for one in stored if isinstance(one, str)) if isinstance(stored, list | tuple) else ()


def is_alarm(subentry: ConfigSubentry) -> bool:
    """Whether what it tells are runs."""
    return subentry.subentry_type in {SUBENTRY_ALERT, SUBENTRY_ROUTE}


def recipient_subentries(entry: BachConfigEntry) -> list[ConfigSubentry]:
    """All to whom one can write through a connection."""
    return [one for one in entry.subentries.values() if is_recipient(one)]


def people_subentries(entry: BachConfigEntry) -> list[ConfigSubentry]:
    """All people of a connection."""
    return [one for one in entry.subentries.values() if is_people(one)]
