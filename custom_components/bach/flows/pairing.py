"""The forms for pairing a recipient: the invitation link with its code as a QR code, and who may be picked."""

from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol
from homeassistant.helpers.selector import (
    QrCodeSelector,
    QrCodeSelectorConfig,
    QrErrorCorrectionLevel,
)

from bach_lib import Candidate, Invitation
from custom_components.bach.const import CONF_RECIPIENT
from custom_components.bach.kinds.form_fields import labelled, radio_buttons

KEEP_WAITING: Final = "keep_waiting"
"""The choice of somebody who is not in the list yet."""
MAX_TITLE: Final = 100
"""Characters; strangers choose their names themselves."""

_CONF_QR_CODE: Final = "qr_code"
_MARK: Final = "✓"
_SCALE: Final = 5


def invitation_schema(link: str) -> vol.Schema:
    """The page with the QR code. Nothing is filled in; it is scanned."""
    quality = QrErrorCorrectionLevel.MEDIUM
    config = QrCodeSelectorConfig(data=link, scale=_SCALE, error_correction_level=quality)
    return vol.Schema({vol.Optional(_CONF_QR_CODE): QrCodeSelector(config)})


def invitation_words(invitation: Invitation | None, name: str, link: str) -> dict[str, str]:
    """What the texts of the pages fill in; `link` is the account's own."""
    words = {"name": name, "link": link}
    if invitation is None:
        return words
    return {
        "name": name,
        "link": invitation.link or link,
        "group_link": invitation.group_link or link,
        "code": invitation.code,
    }


def pick_fields(candidates: Mapping[str, Candidate]) -> dict[vol.Marker, Any]:
    """Those who wrote. Who brought the code stands first with a mark, and is chosen already."""
    ordered = sorted(candidates.values(), key=lambda one: not one.has_code)
    labels = {**{one.recipient: _label(one) for one in ordered}, KEEP_WAITING: KEEP_WAITING}
    chosen = ordered[0].recipient if ordered and ordered[0].has_code else vol.UNDEFINED
    return {vol.Required(CONF_RECIPIENT, default=chosen): radio_buttons(labelled(labels), translation_key="pick")}


def _label(candidate: Candidate) -> str:
    mark = f"{_MARK} " if candidate.has_code else ""
    return f"{mark}{candidate.title[:MAX_TITLE].replace(_MARK, '')} ({candidate.recipient})"
