"""What a message may have beside words, files and buttons, as fields of an action."""

from collections.abc import Mapping
from typing import Final

import voluptuous as vol
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv

from bach_lib import Extras, Location
from custom_components.bach.const import DOMAIN

ATTR_LINK_PREVIEW: Final = "link_preview"
ATTR_PROTECTED: Final = "protected"
ATTR_LOCATION: Final = "location"
ATTR_LOCATION_NAME: Final = "location_name"
ATTR_LOCATION_ADDRESS: Final = "location_address"

EXTRA_FIELDS: Final = {
    vol.Optional(ATTR_LINK_PREVIEW, default=True): cv.boolean,
    vol.Optional(ATTR_PROTECTED, default=False): cv.boolean,
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
        location=_location(data),
    )


def _location(data: Mapping[str, object]) -> Location | None:
    name, address = (str(data.get(one) or "") or None for one in (ATTR_LOCATION_NAME, ATTR_LOCATION_ADDRESS))
    match data.get(ATTR_LOCATION):
        case {"latitude": float(latitude), "longitude": float(longitude)}:
            return Location(latitude=latitude, longitude=longitude, name=name, address=address)
    if name or address:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="name_without_location")
    return None
