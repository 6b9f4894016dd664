"""Fits a message to a platform: the words always go, and of the rest what the platform can have.

Only what has nothing readable in it is refused, and what is no text, no file or no button.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bach_lib.common_sentences import (
    A_BROKEN_CHARACTER,
    AT_MOST_NUMBER_CHARACTERS,
    TEXT,
    TEXT_WITHOUT_HALVES_OF_CHARACTERS,
)
from bach_lib.connectors.capabilities import Capabilities
from bach_lib.errors import (
    EmptyTextError,
    InvalidButtonsError,
    InvalidValueError,
    TextTooLongError,
    UnknownFormatError,
)
from bach_lib.models import Button, Buttons, File, Format, Loss
from bach_lib.outbound.files import check_files, no_file_goes
from bach_lib.said import Sentence
from bach_lib.text.buttons import as_it_is, in_words
from bach_lib.text.html import read_html
from bach_lib.text.json_text import fields_of

MAX_BUTTON_TEXT = 64
"""Characters; more is cut off on a phone's screen."""

_FORMATS = frozenset(Format)
_MAX_IN_WORDS = 100
"""Buttons that are said in words; nobody reads a longer list."""
_MAX_SHORT = 255
"""Characters of a title, tag, context or reply reference; they are names, not texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The fitted content: what goes, and what it goes without."""

    text: str
    title: str | None
    format: Format
    buttons: Buttons
    files: tuple[File, ...]
    lost: tuple[Loss, ...]


def fitted(type_: str, capabilities: Capabilities, text: str, options: Mapping[str, object]) -> Content:
    """What of a message goes to a platform. Raises an `InputError` if there is nothing to read."""
    text = text_of("text", text)
    lost = list(_given(options.get("lost", ())))
    files, left_out = check_files(type_, capabilities, options.get("files", ()))
    lost += left_out
    form, text = _format(type_, capabilities, options.get("format", Format.PLAIN), text, lost)
    buttons = rows_of(options.get("buttons", ()))
    if form is Format.JSON:
        return _fields(type_, capabilities, text, options, has_buttons=bool(buttons), has_files=bool(files), lost=lost)
    title, text = _title(options.get("title"), text, form, lost)
    if buttons and (reason := _unshown(type_, capabilities, buttons)):  # people can at least read what to choose
        text, buttons = f"{text}\n\n{in_words(buttons, form)}", ()
        lost.append(Loss(what="buttons", reason=reason))
    if left_out and not files and not has_words(text):
        raise no_file_goes(left_out)
    _check_text(type_, capabilities, title, text, has_files=bool(files))
    return Content(text=text, title=title, format=form, buttons=buttons, files=files, lost=tuple(lost))


def _fields(
    type_: str,
    capabilities: Capabilities,
    text: str,
    options: Mapping[str, object],
    *,
    has_buttons: bool,
    has_files: bool,
    lost: list[Loss],
) -> Content:
    """What is no words: it goes as it is or not at all."""
    if fields_of(text) is None:
        raise InvalidValueError(
            field="text",
            value=f"{text[:20]}…",
            expected=Sentence("a_json_object_as_its_format_says", "a JSON object, as its format says"),
        )
    _check_text(type_, capabilities, None, text, has_files=False)
    for what, is_there in (("title", bool(options.get("title"))), ("buttons", has_buttons), ("file", has_files)):
        if is_there:
            lost.append(
                Loss(
                    what=what,
                    reason=Sentence("fields_have_none_put_it_into_them", "Fields have none; put it into them."),
                )
            )
    return Content(text=text, title=None, format=Format.JSON, buttons=(), files=(), lost=tuple(lost))


def text_of(field: str, value: object) -> str:
    """What people without a type checker give first is a number, or nothing."""
    if not isinstance(value, str):
        raise InvalidValueError(field=field, value=f"{type(value).__name__} {str(value)[:20]}".strip(), expected=TEXT)
    return value


def short(field: str, value: object) -> str | None:
    """Nothing instead of an empty text."""
    return None if value is None else bounded(field, text_of(field, value)) or None


def bounded(field: str, value: str) -> str:
    """A name, which is not too long for one."""
    _check_characters(field, value)
    if len(value) > _MAX_SHORT:
        raise InvalidValueError(
            field=field, value=f"{value[:20]}…", expected=AT_MOST_NUMBER_CHARACTERS(number=_MAX_SHORT)
        )
    return value


def _given(lost: object) -> Sequence[Loss]:
    """What the caller has lost already, as a file that was not where it should be."""
    if not isinstance(lost, Sequence) or not all(isinstance(one, Loss) for one in lost):
        raise InvalidValueError(
            field="lost", value=type(lost).__name__, expected=Sentence("a_list_of_loss", "a list of Loss")
        )
    return [Loss(what=bounded("lost", one.what), reason=_printable(one.reason)) for one in lost]


def _printable(words: str) -> str:
    """Words that may hold the path of somebody's template."""
    return "".join(one if one.isprintable() else "?" for one in str(words)[:_MAX_SHORT])


def _format(type_: str, capabilities: Capabilities, value: object, text: str, lost: list[Loss]) -> tuple[Format, str]:
    """The markup, and the text without it where the platform knows none such."""
    if not isinstance(value, str) or value not in _FORMATS:
        known = ", ".join(sorted(capabilities.formats))
        raise UnknownFormatError(type=type_, format=value, known=known)
    form = Format(value)
    if capabilities.shows(form):
        return form, text
    lost.append(
        Loss(
            what="markup",
            reason=Sentence(
                "type_does_not_know_the_text_format_form",
                "{type} does not know the text format {form}.",
                type=type_,
                form=form,
            ),
        )
    )
    return Format.PLAIN, "".join(piece.shown for piece in read_html(text)) if form is Format.HTML else text


def _title(value: object, text: str, form: Format, lost: list[Loss]) -> tuple[str | None, str]:
    """The title; one that is too long for one, or stands alone, is text."""
    if value is None or not (title := text_of("title", value)):
        return None, text
    _check_characters("title", title)
    if not text and has_words(title):
        return None, as_it_is(title, form)
    if len(title) <= _MAX_SHORT:
        return title, text
    lost.append(
        Loss(
            what="title",
            reason=Sentence(
                "it_has_more_than_number_characters_so",
                "It has more than {number} characters, so it stands in the text.",
                number=_MAX_SHORT,
            ),
        )
    )
    return None, f"{as_it_is(title, form)}\n\n{text}"


def rows_of(given: object) -> Buttons:
    """Buttons, in rows with something in them. Raises `InvalidButtonsError` for what is none."""
    rows: list[tuple[Button, ...]] = []
    for row in given if isinstance(given, Sequence) else [given]:
        buttons = tuple(row) if isinstance(row, Sequence) else (row,)
        for one in buttons:
            if not isinstance(one, Button) or not isinstance(one.text, str) or not isinstance(one.value, str):
                raise InvalidButtonsError(
                    reason=Sentence(
                        "they_must_be_rows_of_button_each_with_a_text",
                        "they must be rows of Button, each with a text and a value",
                    )
                )
            for field, value in (("text", one.text), ("value", one.value)):
                _check_characters(f"button {field}", value)
                if not has_words(value):
                    raise InvalidButtonsError(reason=Sentence("one_has_no_field", "one has no {field}", field=field))
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


def _check_text(type_: str, capabilities: Capabilities, title: str | None, text: str, *, has_files: bool) -> None:
    """A file needs no words."""
    if not has_words(text) and not (has_files and not text):
        raise EmptyTextError
    whole = f"{title}\n\n{text}" if title else text
    length = len(whole.encode("utf-16-le", "surrogatepass")) // 2 if capabilities.counts_utf16 else len(whole)
    if length > capabilities.max_text:
        raise TextTooLongError(length=length, type=type_, limit=capabilities.max_text)
    _check_characters("message", text)


def _check_characters(field: str, value: str) -> None:
    """Halves of characters can be in a Python text, but in no database and no JSON."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidValueError(
            field=field, value=A_BROKEN_CHARACTER, expected=TEXT_WITHOUT_HALVES_OF_CHARACTERS
        ) from None


def has_words(text: str) -> bool:
    """Separators, controls and combining marks (Unicode categories Z, C, M) alone are nothing to read."""
    return any(unicodedata.category(character)[0] not in "ZCM" for character in text)
