"""Points on the map, as a bot sends them (https://core.telegram.org/bots/api#sendlocation, #sendvenue)."""

from collections.abc import Mapping
from math import nan

from bach_lib.models import Location
from bach_lib.testing.telegram.arguments import Arguments
from bach_lib.testing.telegram.errors import bad_request


def read_place(arguments: Arguments, *, is_venue: bool) -> Location:
    """The place in a call. Raises ApiError (400)."""
    latitude, longitude = _degrees(arguments, "latitude", 90), _degrees(arguments, "longitude", 180)
    if not is_venue:
        return Location(latitude=latitude, longitude=longitude)
    name, address = arguments.text("title"), arguments.text("address")
    if not name or not address:
        raise bad_request(f'parameter "{"address" if name else "title"}" is required')
    return Location(latitude=latitude, longitude=longitude, name=name, address=address)


def place_json(place: Location) -> Mapping[str, object]:
    """The fields of the message."""
    location = {"latitude": place.latitude, "longitude": place.longitude}
    if place.name is None:
        return {"location": location}
    return {"location": location, "venue": {"location": location, "title": place.name, "address": place.address}}


def _degrees(arguments: Arguments, name: str, most: float) -> float:
    try:
        found = float(arguments.text(name) or nan)
    except ValueError:
        found = nan
    if not -most <= found <= most:
        raise bad_request("wrong latitude or longitude specified")
    return found
