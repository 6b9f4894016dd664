"""Sender tag: the word in brackets before a text that tells senders of one account apart: `[Summer house] …`.

It is the setting `sender_tag` of a connection, as the original had it, and part of the message from the moment it is
taken.
"""

from collections.abc import Mapping
from html import escape

from bach_lib.connectors.ours import SENDER_TAG
from bach_lib.errors import InvalidValueError
from bach_lib.models import Connection, Format
from bach_lib.said import Sentence
from bach_lib.text.buttons import as_it_is

MAX_TAG = 50


def check_tag(settings: Mapping[str, object]) -> None:
    """Raise `InvalidValueError` for a tag that would be no word."""
    tag = settings.get(SENDER_TAG.name)
    if isinstance(tag, str) and not (tag.isprintable() and len(tag) <= MAX_TAG):
        raise InvalidValueError(
            field=f"settings.{SENDER_TAG.name}",
            value=f"{tag[:20]!a}",
            expected=Sentence(
                "at_most_number_characters_in_one_line", "at most {number} characters in one line", number=MAX_TAG
            ),
        )


def prefix(connection: Connection, form: object, *, is_known: bool = True) -> str:
    """What stands before a text of this format, or nothing. `is_known`: the platform knows the format."""
    tag = connection.settings.get(SENDER_TAG.name)
    if not isinstance(tag, str) or not (tag := tag.strip()):
        return ""
    shown = f"[{tag}] "
    if form == Format.HTML:
        return escape(shown, quote=False)
    return as_it_is(shown, Format.MARKDOWN) if form == Format.MARKDOWN and is_known else shown


def without(connection: Connection, text: str) -> str:
    """A text as it was before it got the tag of this connection, in whatever format."""
    for form in (Format.MARKDOWN, Format.HTML, Format.PLAIN):
        if (begin := prefix(connection, form)) and text.startswith(begin):
            return text.removeprefix(begin)
    return text
