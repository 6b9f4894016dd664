"""Ends dialogs of a connection whose type only another version of BACH knows, as after a downgrade.

Without it, whoever opens one would read that something unknown went wrong.
"""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_TYPE

from custom_components.bach.const import CONF_AUTH_TYPE
from custom_components.bach.kinds.markdown_escape import escape_markdown
from custom_components.bach.kinds.others import is_other
from custom_components.bach.kinds.partner_forms import AUTH_FIELDS
from custom_components.bach.kinds.partners import ALL_KINDS, PARTNERS

UNKNOWN_KIND: Final = "unknown_kind"


def is_unknown(data: Mapping[str, Any]) -> bool:
    """Whether the type of a connection, or the way in which it authenticates, is unknown to this version.

    Where no way is named, the dialogs begin with the usual one, and name it.
    """
    if is_other(data):
        return False
    type_ = data.get(CONF_TYPE)
    if (partner := PARTNERS.get(type_ or "")) is None:
        return type_ not in ALL_KINDS
    return data.get(CONF_AUTH_TYPE, partner.usual) not in AUTH_FIELDS


def what_is_unknown(data: Mapping[str, Any]) -> dict[str, str]:
    """The placeholder of the sentence that says so: the word that this version does not know."""
    known = data.get(CONF_TYPE) in ALL_KINDS
    return {"kind": escape_markdown(str(data.get(CONF_AUTH_TYPE if known else CONF_TYPE, "")))}


class UnknownKindFlow(ConfigSubentryFlow):
    """Subentry flow of a connection of an unknown type: nothing can be added or changed."""

    async def async_step_user(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Say so instead of adding something."""
        return self.async_abort(reason=UNKNOWN_KIND, description_placeholders=what_is_unknown(self._get_entry().data))

    async def async_step_reconfigure(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Say so instead of changing something."""
        return await self.async_step_user()
