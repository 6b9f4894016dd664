"""Ends dialogs of a connection of which something cannot be used, with a sentence instead of an unknown error.

Its type is one that only another version of BACH knows, as after a downgrade, or what is stored of it is damaged.
"""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_TYPE

from custom_components.bach.const import CONF_AUTH_TYPE
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.kinds.markdown_escape import escape_markdown, with_escaped
from custom_components.bach.kinds.others import is_other
from custom_components.bach.kinds.partner_forms import AUTH_FIELDS
from custom_components.bach.kinds.partners import ALL_KINDS, PARTNERS, type_of
from custom_components.bach.kinds.stored_data import damage_of

DAMAGED_ENTRY: Final = "damaged_entry"
DAMAGED_RECIPIENT: Final = "damaged_recipient"
UNKNOWN_KIND: Final = "unknown_kind"


def is_unknown(data: Mapping[str, Any]) -> bool:
    """Whether the type of a connection, or the way in which it authenticates, is unknown to this version.

    Where no way is named, the dialogs begin with the usual one, and name it.
    """
    if is_other(data):
        return False
    if (type_ := type_of(data)) not in PARTNERS:
        return type_ not in ALL_KINDS
    way = data.get(CONF_AUTH_TYPE)
    return isinstance(way, str) and way not in AUTH_FIELDS


def is_closed(entry: BachConfigEntry) -> bool:
    """Whether nothing can be added to a connection, nor its recipients be changed."""
    return is_unknown(entry.data) or damage_of(entry) is not None


def what_is_unknown(data: Mapping[str, Any]) -> dict[str, str]:
    """The placeholder of the sentence that says so: the word that this version does not know."""
    known = type_of(data) in ALL_KINDS
    return {"kind": escape_markdown(str(data.get(CONF_AUTH_TYPE if known else CONF_TYPE, "")))}


class ClosedFlow(ConfigSubentryFlow):
    """Subentry flow of a connection that is closed: nothing can be added or changed."""

    async def async_step_user(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Say so instead of adding something."""
        entry = self._get_entry()
        if is_unknown(entry.data) or (damage := damage_of(entry)) is None:
            return self.async_abort(reason=UNKNOWN_KIND, description_placeholders=what_is_unknown(entry.data))
        return self.async_abort(
            reason=DAMAGED_RECIPIENT if damage.recipient else DAMAGED_ENTRY,
            description_placeholders=with_escaped(
                {"field": damage.field, "expected": damage.expected, "recipient": damage.recipient}
            ),
        )

    async def async_step_reconfigure(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Say so instead of changing something."""
        return await self.async_step_user()
