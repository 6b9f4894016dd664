"""Keeps an issue while an alert is on and nobody is left to tell: somebody has to choose people anew."""

from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from custom_components.bach.const import DOMAIN
from custom_components.bach.kinds.markdown_escape import escape_links

from .alert import Alert

TELLS_NOBODY: Final = "alert_tells_nobody"
"""The key of the repair."""


@callback
def async_report_nobody(hass: HomeAssistant, alert: Alert) -> None:
    """Create the issue; it goes when somebody could be told, or the alert is gone."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        _id(alert),
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key=TELLS_NOBODY,
        translation_placeholders={"alert": escape_links(alert.title)},
    )


@callback
def async_settle_told(hass: HomeAssistant, alert: Alert) -> None:
    """Somebody is told, or nobody has to be."""
    ir.async_delete_issue(hass, DOMAIN, _id(alert))


def _id(alert: Alert) -> str:
    return f"{TELLS_NOBODY}_{alert.id}"
