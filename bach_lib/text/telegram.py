"""Formats and splits text for Telegram: titles, markup, and more than 4,096 characters.

https://core.telegram.org/bots/api#sendmessage counts after the markup was read. The documentation does not say in which
unit, and entities count UTF-16 code units, so those are counted here: no part is ever too long.

`markdown` is Telegram's old "Markdown", not "MarkdownV2": V2 refuses every sentence with a bare ".", "-" or "!", while
people write markup by hand and templates insert numbers and names. It is also what Home Assistant's own Telegram
integration does by default, so existing automations look the same. What the old form cannot say (underline, strike,
spoiler, nesting) `html` can.
"""

from collections.abc import Mapping
from html import escape

from bach_lib.models import Format
from bach_lib.text.html import read_html
from bach_lib.text.old_markdown import read_old_markdown
from bach_lib.text.splitting import Limit, Read, plain, split

PARSE_MODES: Mapping[Format, str | None] = {Format.PLAIN: None, Format.MARKDOWN: "Markdown", Format.HTML: "HTML"}
"""https://core.telegram.org/bots/api#formatting-options"""


def compose(text: str, title: str | None, form: Format) -> str:
    """The text, under its title if it has one. The title is bold where the format knows bold, and never markup."""
    return f"{_bold(title.strip(), form)}\n\n{text}" if title and title.strip() else text


def _bold(title: str, form: Format) -> str:
    match form:
        case Format.PLAIN | Format.JSON:  # the second never comes here: no chat has fields
            return title
        case Format.HTML:
            return f"<b>{escape(title)}</b>"
        case Format.MARKDOWN:
            # nothing can be escaped inside of bold: leave it, write the asterisk, enter it again
            return r"\*".join(f"*{part}*" if part else "" for part in title.split("*"))


MAX_PART = 4096
_MAX_WRITTEN = 30_000
"""Bytes with all markup; from 32,768 on the server reads nothing."""
TEXT = Limit(characters=MAX_PART, utf16=True, is_of_shown=True, written=_MAX_WRITTEN)
CAPTION = Limit(characters=1024, utf16=True, is_of_shown=True, written=_MAX_WRITTEN)
"""The words below a file."""

_READ: Mapping[Format, Read] = {Format.PLAIN: plain, Format.HTML: read_html, Format.MARKDOWN: read_old_markdown}


def parts_of(text: str, form: Format, limit: Limit = TEXT) -> list[str]:
    """The texts of the messages that a text becomes. Where markup does not fit, it is cut as if it were none."""
    return split(text, limit, _READ[form])


def fits(text: str, form: Format, limit: Limit = TEXT) -> bool:
    """Whether a text is one part."""
    if limit.holds(text):
        return True
    pieces = list(_READ[form](text))
    written = "".join(piece.text for piece in pieces)
    return limit.size("".join(piece.shown for piece in pieces)) <= limit.characters and (
        len(written.encode(errors="replace")) <= limit.written
    )
