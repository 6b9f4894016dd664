"""Text and title as Telegram wants them.

`markdown` is Telegram's old "Markdown", not "MarkdownV2": V2 refuses every sentence with a bare ".", "-" or "!", while
people write markup by hand and templates insert numbers and names. It is also what Home Assistant's own Telegram
integration does by default, so existing automations look the same. What the old form cannot say (underline, strike,
spoiler, nesting) `html` can.
"""

from html import escape

from bach_lib.models import Format

PARSE_MODES = {Format.PLAIN: None, Format.MARKDOWN: "Markdown", Format.HTML: "HTML"}
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
