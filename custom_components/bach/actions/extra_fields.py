"""What a message may have beside words, files and buttons, as fields of an action."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Final

import voluptuous as vol
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv

from bach_lib import Effect, Embed, Extras, Location, Poll
from bach_lib.models.embed import embed_of
from custom_components.bach.const import DOMAIN

ATTR_LINK_PREVIEW: Final = "link_preview"
ATTR_PROTECTED: Final = "protected"
ATTR_VIEW_ONCE: Final = "view_once"
ATTR_EFFECT: Final = "effect"
ATTR_EMBED: Final = "embed"
ATTR_POLL_QUESTION: Final = "poll_question"
ATTR_POLL_OPTIONS: Final = "poll_options"
ATTR_POLL_MULTIPLE: Final = "poll_multiple"
ATTR_LOCATION: Final = "location"
ATTR_LOCATION_NAME: Final = "location_name"
ATTR_LOCATION_ADDRESS: Final = "location_address"

NOT_PASSED_ON: Final = (
    ATTR_LOCATION,
    ATTR_PROTECTED,
    ATTR_VIEW_ONCE,
    ATTR_EFFECT,
    ATTR_EMBED,
    ATTR_POLL_QUESTION,
)
"""What others than our recipients get nothing of."""


def embed(value: object) -> Embed:
    """Validate the frame of a message; a color may be three numbers, as Home Assistant has it elsewhere."""
    match value:
        case {"color": [int(red), int(green), int(blue)], **others}:
            value = {**others, "color": f"#{red:02x}{green:02x}{blue:02x}"}
    try:
        return embed_of(value)
    except TypeError:
        names = ", ".join(one.name for one in fields(Embed))
        raise vol.Invalid(f"expected texts by name; there are: {names}") from None


EXTRA_FIELDS: Final = {
    vol.Optional(ATTR_LINK_PREVIEW, default=True): cv.boolean,
    vol.Optional(ATTR_PROTECTED, default=False): cv.boolean,
    vol.Optional(ATTR_VIEW_ONCE, default=False): cv.boolean,
    vol.Optional(ATTR_EFFECT): vol.In([one.value for one in Effect]),
    vol.Optional(ATTR_EMBED): embed,
    vol.Optional(ATTR_POLL_QUESTION): cv.string,
    vol.Optional(ATTR_POLL_OPTIONS, default=[]): vol.All(cv.ensure_list, [cv.string]),
    vol.Optional(ATTR_POLL_MULTIPLE, default=False): cv.boolean,
    vol.Optional(ATTR_LOCATION): {
        vol.Required("latitude"): cv.latitude,
        vol.Required("longitude"): cv.longitude,
        vol.Optional("radius"): object,  # which the selector adds
    },
    vol.Optional(ATTR_LOCATION_NAME): cv.string,
    vol.Optional(ATTR_LOCATION_ADDRESS): cv.string,
}


def extras_in(data: Mapping[str, object]) -> Extras:
    """Make the extras of a checked call. Raises `ServiceValidationError` for a name of a place without the place."""
    return Extras(
        link_preview=data[ATTR_LINK_PREVIEW] is True,
        protected=data[ATTR_PROTECTED] is True,
        view_once=data[ATTR_VIEW_ONCE] is True,
        effect=Effect(str(data[ATTR_EFFECT])) if ATTR_EFFECT in data else None,
        embed=given if isinstance(given := data.get(ATTR_EMBED), Embed) else None,
        location=_location(data),
        poll=_poll(data),
    )


def _poll(data: Mapping[str, object]) -> Poll | None:
    """What lacks a question, or answers to choose from, is refused with the other checks of a message.

    Without both there is none: a script hands on what it was not given as an empty text.
    """
    question, options = data.get(ATTR_POLL_QUESTION), data[ATTR_POLL_OPTIONS]
    if not isinstance(options, list) or not (question or options):
        return None
    return Poll(question=str(question or ""), options=tuple(options), multiple=data[ATTR_POLL_MULTIPLE] is True)


def _location(data: Mapping[str, object]) -> Location | None:
    name, address = (str(data.get(one) or "") or None for one in (ATTR_LOCATION_NAME, ATTR_LOCATION_ADDRESS))
    match data.get(ATTR_LOCATION):
        case {"latitude": float(latitude), "longitude": float(longitude)}:
            return Location(latitude=latitude, longitude=longitude, name=name, address=address)
    if name or address:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="name_without_location")
    return None
