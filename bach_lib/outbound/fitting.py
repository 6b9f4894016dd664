"""Fits a message to a platform: the words always go, and of the rest what the platform can have.

Only what has nothing readable in it is refused, and what is no text, no file or no button.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bach_lib.arguments import check_characters
from bach_lib.common_sentences import (
    AT_MOST_NUMBER_CHARACTERS,
    TEXT,
)
from bach_lib.connectors.capabilities import Capabilities
from bach_lib.errors import (
    EmptyTextError,
    InvalidValueError,
    TextTooLongError,
    UnknownFormatError,
)
from bach_lib.models import NO_EXTRAS, WORDLESS, Buttons, Extras, File, Format, Loss
from bach_lib.outbound.button_fitting import fit_buttons, rows_of
from bach_lib.outbound.extra_checks import checked_extras
from bach_lib.outbound.extra_fitting import fit_extras
from bach_lib.outbound.files import check_files, no_file_goes
from bach_lib.outbound.readable import has_words
from bach_lib.said import Sentence
from bach_lib.text.buttons import as_it_is
from bach_lib.text.html import read_html
from bach_lib.text.json_text import fields_of

_FORMATS = frozenset(Format)
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
    extras: Extras
    lost: tuple[Loss, ...]


def fitted(type_: str, capabilities: Capabilities, text: str, options: Mapping[str, object]) -> Content:
    """What of a message goes to a platform. Raises an `InputError` if there is nothing to read."""
    text = text_of("text", text)
    lost = losses_in(options.get("lost", ()))
    files, left_out = check_files(type_, capabilities, options.get("files", ()))
    lost += left_out
    form, text = _format(type_, capabilities, options.get("format", Format.PLAIN), text, lost)
    buttons = rows_of(options.get("buttons", ()))
    extras = checked_extras(options.get("extras", NO_EXTRAS))
    if form is Format.JSON:
        there = {"title": bool(options.get("title")), "buttons": bool(buttons), "file": bool(files)}
        return _fields(type_, capabilities, text, there | dict.fromkeys(extras.given, True), lost)
    title, text = _title(options.get("title"), text, form, lost)
    extras, text, without = fit_extras(type_, capabilities, extras, text, form, has_files=bool(files))
    buttons, said, missing = fit_buttons(type_, capabilities, buttons, form)
    text, lost = f"{text}\n\n{said}" if said else text, [*lost, *without, *missing]
    if left_out and not files and not has_words(text):
        raise no_file_goes(left_out)
    _check_text(type_, capabilities, title, text, needs_words=not files and WORDLESS.isdisjoint(extras.given))
    return Content(text=text, title=title, format=form, buttons=buttons, files=files, extras=extras, lost=tuple(lost))


def _fields(type_: str, capabilities: Capabilities, text: str, there: Mapping[str, bool], lost: list[Loss]) -> Content:
    """What is no words: it goes as it is or not at all."""
    if fields_of(text) is None:
        raise InvalidValueError(
            field="text",
            value=f"{text[:20]}…",
            expected=Sentence("a_json_object_as_its_format_says", "a JSON object, as its format says"),
        )
    _check_text(type_, capabilities, None, text, needs_words=True)
    for what, is_there in there.items():
        if is_there:
            lost.append(
                Loss(
                    what=str(what),
                    reason=Sentence("fields_have_none_put_it_into_them", "Fields have none; put it into them."),
                )
            )
    return Content(text=text, title=None, format=Format.JSON, buttons=(), files=(), extras=NO_EXTRAS, lost=tuple(lost))


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
    check_characters(field, value)
    if len(value) > _MAX_SHORT:
        raise InvalidValueError(
            field=field, value=f"{value[:20]}…", expected=AT_MOST_NUMBER_CHARACTERS(number=_MAX_SHORT)
        )
    return value


def losses_in(lost: object) -> list[Loss]:
    """What the caller has lost already, as a file that was not where it should be. Raises `InvalidValueError`."""
    if not isinstance(lost, Sequence) or not all(isinstance(one, Loss) for one in lost):
        raise InvalidValueError(
            field="lost", value=type(lost).__name__, expected=Sentence("a_list_of_loss", "a list of Loss")
        )
    return [Loss(what=bounded("lost", one.what), reason=_printable(one.reason)) for one in lost]


def _printable(words: str) -> str:
    """Words that may hold the path of somebody's template. A sentence stays one: it is translated, and read again."""
    if isinstance(words, Sentence) and words.isprintable() and len(words) <= _MAX_SHORT:
        return words
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
    check_characters("title", title)
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


def _check_text(type_: str, capabilities: Capabilities, title: str | None, text: str, *, needs_words: bool) -> None:
    """A file needs no words, and a place neither."""
    if not has_words(text) and (needs_words or text):
        raise EmptyTextError
    whole = f"{title}\n\n{text}" if title else text
    length = len(whole.encode("utf-16-le", "surrogatepass")) // 2 if capabilities.counts_utf16 else len(whole)
    if length > capabilities.max_text:
        raise TextTooLongError(length=length, type=type_, limit=capabilities.max_text)
    check_characters("message", text)
