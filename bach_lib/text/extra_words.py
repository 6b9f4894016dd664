"""Says in words what a platform does not show: nobody must be without the place that an alarm is about."""

from collections.abc import Iterator

from bach_lib.models import Embed, Extra, Extras, Format, Location, Poll
from bach_lib.text.buttons import address_in, as_it_is

_MAP = "https://www.openstreetmap.org/?mlat={latitude:.6f}&mlon={longitude:.6f}#map=17/{latitude:.6f}/{longitude:.6f}"


def in_words(extras: Extras, what: Extra, form: Format) -> str:
    """One of the extras as lines of a text of this format; nothing where there is nothing to say."""
    if what is Extra.LOCATION and extras.location is not None:
        return _place(extras.location, form)
    if what is Extra.POLL and extras.poll is not None:
        return _poll(extras.poll, form)
    if what is Extra.EMBED and extras.embed is not None:
        return "\n".join(_frame(extras.embed, form))
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


def _poll(poll: Poll, form: Format) -> str:
    options = (f"{number}. {as_it_is(one, form)}" for number, one in enumerate(poll.options, start=1))
    return "\n".join([f"📊 {as_it_is(poll.question, form)}", *options])


def _frame(embed: Embed, form: Format) -> Iterator[str]:
    """The texts in the order in which Discord shows them; of pictures the large one, which says something."""
    yield from (as_it_is(one, form) for one in (embed.author, embed.title, embed.description) if one)
    if embed.url:
        yield address_in(embed.url, form)
    yield from (f"{as_it_is(one.name, form)}: {as_it_is(one.value, form)}" for one in embed.fields)
    if picture := embed.image or embed.thumbnail:
        yield address_in(picture, form)
    if embed.footer:
        yield as_it_is(embed.footer, form)
