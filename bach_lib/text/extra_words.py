"""Says in words what a platform does not show: nobody must be without the place that an alarm is about."""

from bach_lib.models import Extra, Extras, Format, Location
from bach_lib.text.buttons import address_in, as_it_is

_MAP = "https://www.openstreetmap.org/?mlat={latitude:.6f}&mlon={longitude:.6f}#map=17/{latitude:.6f}/{longitude:.6f}"


def in_words(extras: Extras, what: Extra, form: Format) -> str:
    """One of the extras as lines of a text of this format; nothing where there is nothing to say."""
    if what is Extra.LOCATION and extras.location is not None:
        return _place(extras.location, form)
    return ""


def with_words(text: str, said: str) -> str:
    """A text with something below it."""
    return f"{text}\n\n{said}" if text and said else text or said


def map_address(location: Location) -> str:
    """Where anybody can look at it."""
    return _MAP.format(latitude=location.latitude, longitude=location.longitude)


def _place(location: Location, form: Format) -> str:
    lines = [as_it_is(one, form) for one in (location.name, location.address) if one]
    return "\n".join(["📍 " + lines[0], *lines[1:]] if lines else ["📍"]) + (
        f"\n{address_in(map_address(location), form)}" if lines else f" {address_in(map_address(location), form)}"
    )
