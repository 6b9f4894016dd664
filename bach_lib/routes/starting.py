"""Makes a run of a route and what it is to tell, checked before anybody is told anything."""

from collections.abc import Sequence
from typing import Final, TypedDict

from bach_lib.arguments import check_text, one_of, whole
from bach_lib.common_sentences import (
    AT_MOST_NUMBER_CHARACTERS,
    MORE_THAN_0_SECONDS_AT_MOST_7_DAYS,
    TRUE_OR_FALSE,
)
from bach_lib.connectors.capabilities import Capabilities
from bach_lib.errors import EmptyTextError, InvalidValueError
from bach_lib.models import MOST_OF_FILE, File, Format, Loss
from bach_lib.models.route import Place, Route, RouteRun, Said
from bach_lib.outbound.draft import MAX_PRIORITY
from bach_lib.outbound.files import check_files
from bach_lib.outbound.fitting import losses_in, short, text_of
from bach_lib.outbound.readable import has_words
from bach_lib.said import Sentence

_LONGEST = 10_000
"""Characters. A platform that takes fewer refuses it, and the others are told."""

MOST_PLACES = 20
"""Of a step, and of who caused a run."""
LONGEST_WORDS = 200
LONGEST_WAIT: float = 7 * 86_400.0

FORMATS = (Format.PLAIN, Format.MARKDOWN, Format.HTML)
_CARRIES: Final = Capabilities(
    receives=False,
    idempotent=True,
    formats=frozenset(FORMATS),
    max_text=_LONGEST,
    max_files=1,
    file_bytes=MOST_OF_FILE,
)
"""Files as large as any platform takes them; what each of them takes is looked at when somebody is told."""


class RouteOptions(TypedDict, total=False):
    """What may be said about what a route tells, beside its text."""

    title: str | None
    """A line above the text."""
    format: Format | str
    """`plain`, `markdown` or `html`."""
    silent: bool
    """Without a sound, where the platform can."""
    priority: int
    """-10 to 10 (0); higher goes first."""
    snooze: float | None
    """Seconds, at most 7 days, for which a second button below each message quiets it. Without it there is none."""
    tag: str | None
    """Ends a run with the same tag that is under way, or that nobody has acknowledged yet."""
    reminds: bool
    """It tells what the run before with its tag told, so whoever says of that one that they have it has this one."""
    caused_by: Sequence[Place]
    """Where whoever caused it is told; steps with `but_cause` leave them out. At most 20."""
    idempotency_key: str | None
    """Who repeats a call under the same key means the same run, with the files that it has. It is known as long as
    that."""
    files: Sequence[File]
    """What goes with each message of it, at most 100 MB each and 200 MB together, however long that takes."""
    lost: Sequence[Loss]
    """What it goes without already, as the caller knows."""


def bounded_text(text: str) -> str:
    """What can be told. Raises an `InputError`."""
    if not has_words(text_of("text", text)):
        raise EmptyTextError
    if len(text) > _LONGEST:
        raise InvalidValueError(
            field="text", value=f"{text[:20]}…", expected=AT_MOST_NUMBER_CHARACTERS(number=_LONGEST)
        )
    return text


def bounded_span(field: str, seconds: object) -> float:
    """A time for which a run can wait. Raises `InvalidValueError`."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= LONGEST_WAIT:
        raise InvalidValueError(
            field=field,
            value=seconds if isinstance(seconds, int | float) else str(seconds)[:20],
            expected=MORE_THAN_0_SECONDS_AT_MOST_7_DAYS,
        )
    return float(seconds)


def known_options(options: RouteOptions) -> RouteOptions:
    """The same. Raises `TypeError` for an option there is not."""
    if unknown := options.keys() - RouteOptions.__annotations__.keys():
        raise TypeError(f"start_route() got an unexpected keyword argument {min(unknown)!r}")
    return options


def new_run(route: Route, text: str, options: RouteOptions, now: float) -> RouteRun:
    """A run of which nothing is on disk yet. Raises an `InputError`, or `TypeError` for an option there is not."""
    options = known_options(options)
    text = bounded_text(text)
    silent, reminds = options.get("silent", False), options.get("reminds", False)
    for field, value in (("silent", silent), ("reminds", reminds)):
        if not isinstance(value, bool):
            raise InvalidValueError(field=field, value=str(value)[:20], expected=TRUE_OR_FALSE)
    files, left_out = check_files("route", _CARRIES, options.get("files", ()))
    said = Said(
        text=text,
        title=short("title", options.get("title")),
        format=_words(one_of(Format, "format", options.get("format", Format.PLAIN))),
        silent=silent,
        priority=whole("priority", options.get("priority", 0), -MAX_PRIORITY, MAX_PRIORITY),
        snooze=None if (snooze := options.get("snooze")) is None else bounded_span("snooze", snooze),
        files=files,
        lost=(*losses_in(options.get("lost", ())), *left_out),
    )
    return RouteRun(
        id=0,
        route=route.name,
        said=said,
        steps=route.steps,
        words=route.words,
        started_at=now,
        tag=short("tag", options.get("tag")),
        caused_by=_causes(options.get("caused_by", ())),
        reminds=reminds,
    )


def _causes(given: object) -> tuple[Place, ...]:
    """Whether they are known places is not asked: an alarm begins, whoever was named as its cause."""
    those = tuple(given) if isinstance(given, list | tuple) else (None,)
    if len(those) > MOST_PLACES or not all(isinstance(one, Place) for one in those):
        expected = Sentence("at_most_number_places", "at most {number} places", number=MOST_PLACES)
        raise InvalidValueError(field="caused_by", value=str(given)[:50], expected=expected)
    for one in those:
        check_place(one)
    return those


def check_place(place: Place) -> None:
    """Raise `InvalidValueError` for one with words that none can have."""
    check_text("connection", place.connection, LONGEST_WORDS)
    check_text("recipient", place.recipient, LONGEST_WORDS)


def _words(given: Format) -> Format:
    """Fields of an action are no words: each place would refuse them, and the run would be over with nobody told."""
    if given not in FORMATS:
        raise InvalidValueError(field="format", value=given, expected=", ".join(FORMATS))
    return given
