"""Fits buttons to a platform: what cannot be pressed there is said in words below the text."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bach_lib.arguments import check_characters
from bach_lib.connectors.capabilities import Capabilities
from bach_lib.errors import InvalidButtonsError
from bach_lib.models import Button, Buttons, ButtonStyle, Format, Loss
from bach_lib.outbound.readable import has_words
from bach_lib.said import Sentence
from bach_lib.text.buttons import in_words
from bach_lib.text.web_address import is_address

MAX_BUTTON_TEXT = 64
"""Characters; more is cut off on a phone's screen."""
_MAX_IN_WORDS = 100
"""Buttons that are said in words; nobody reads a longer list."""


def rows_of(given: object) -> Buttons:
    """Buttons, in rows with something in them. Raises `InvalidButtonsError` for what is none."""
    rows: list[tuple[Button, ...]] = []
    for row in given if isinstance(given, Sequence) else [given]:
        buttons = tuple(_checked(one) for one in (row if isinstance(row, Sequence) else (row,)))
        rows += [buttons] if buttons else []
    if (count := sum(map(len, rows))) > _MAX_IN_WORDS:
        raise InvalidButtonsError(
            reason=Sentence(
                "there_are_count_and_nobody_reads_more_than",
                "there are {count}, and nobody reads more than {number}",
                count=count,
                number=_MAX_IN_WORDS,
            )
        )
    return tuple(rows)


def fit_buttons(type_: str, able: Capabilities, rows: Buttons, form: Format) -> tuple[Buttons, str, tuple[Loss, ...]]:
    """What can be pressed, what is said in words instead, and why. Of several only the links may go into words."""
    if not rows:
        return rows, "", ()
    links = _only(rows, lambda one: one.url is not None and len(one.url) > able.button_url)
    pressed = _only(rows, lambda one: one.url is None or len(one.url) <= able.button_url) if links else rows
    if reason := _unshown(type_, able, pressed or rows):
        return (), in_words(rows, form), (Loss(what="buttons", reason=reason),)
    if not links:
        return rows, "", ()
    reason = Sentence("type_opens_no_such_address", "{type} has no buttons that open such an address.", type=type_)
    return pressed, in_words(links, form), (Loss(what="links", reason=reason),)


def _only(rows: Buttons, is_one: Callable[[Button], bool]) -> Buttons:
    found = (tuple(one for one in row if is_one(one)) for row in rows)
    return tuple(row for row in found if row)


def _checked(one: object) -> Button:
    if (
        not isinstance(one, Button)
        or not isinstance(one.text, str)
        or not isinstance(one.value, str)
        or not isinstance(one.url, str | None)
    ):
        raise InvalidButtonsError(
            reason=Sentence(
                "they_must_be_rows_of_button_each_with_a_text",
                "they must be rows of Button, each with a text and a value",
            )
        )
    for field, value in (("text", one.text), ("value", one.value), ("url", one.url or "")):
        check_characters(f"button {field}", value)
    for field, value in (("text", one.text), *([("value", one.value)] if one.url is None else [])):
        if not has_words(value):
            raise InvalidButtonsError(reason=Sentence("one_has_no_field", "one has no {field}", field=field))
    if one.url is not None:
        _check_link(one, one.url)
    return one if one.style is None else replace(one, style=_style(one.style))


def _check_link(one: Button, url: str) -> None:
    if one.value:
        raise InvalidButtonsError(
            reason=Sentence(
                "one_opens_and_brings_back", "one opens an address and brings a value back; a button does one of both"
            )
        )
    if not is_address(url):
        raise InvalidButtonsError(
            reason=Sentence(
                "one_opens_no_address",
                'what "{text}" opens is no address that begins with {one} or {other}',
                text=one.text[:20],
                one="http://",
                other="https://",
            )
        )


def _style(given: object) -> ButtonStyle:
    if not isinstance(given, str) or given not in frozenset(ButtonStyle):
        raise InvalidButtonsError(
            reason=Sentence("a_style_is_one_of", "a style is one of {known}", known=", ".join(ButtonStyle))
        )
    return ButtonStyle(given)


def _unshown(type_: str, capabilities: Capabilities, rows: Buttons) -> str | None:
    """Why buttons cannot be pressed there. Where there are none, their values go nowhere: any length will do."""
    buttons = [button for row in rows for button in row]
    limit = capabilities.max_buttons
    if not limit:
        return Sentence("type_has_no_buttons", "{type} has no buttons.", type=type_)
    if len(buttons) > limit:
        return Sentence(
            "there_are_count_and_type_shows_limit",
            "There are {count}, and {type} shows {limit}.",
            count=len(buttons),
            type=type_,
            limit=limit,
        )
    for button in buttons:
        if len(button.text) > MAX_BUTTON_TEXT:
            return Sentence(
                "text_has_more_than_number_characters",
                '"{text}…" has more than {number} characters.',
                text=button.text[:20],
                number=MAX_BUTTON_TEXT,
            )
        if len(button.value.encode()) > capabilities.button_value:
            return Sentence(
                "the_value_value_has_more_than_limit_bytes",
                'The value "{value}…" has more than {limit} bytes.',
                value=button.value[:20],
                limit=capabilities.button_value,
            )
    return None
