"""Texts of more than 4,096 characters, which Telegram takes in parts only.

https://core.telegram.org/bots/api#sendmessage counts after the markup was read. The documentation does not say in which
unit, and entities count UTF-16 code units, so those are counted here: no part is ever too long.
"""

from collections.abc import Mapping
from dataclasses import replace

from bach_lib.connectors.telegram.markup import compose
from bach_lib.models import Format, Message
from bach_lib.text.html import read_html
from bach_lib.text.old_markdown import read_old_markdown
from bach_lib.text.splitting import Limit, Read, plain, split

MAX_PART = 4096
_MAX_WRITTEN = 30_000
"""Bytes with all markup; from 32,768 on the server reads nothing."""
TEXT = Limit(characters=MAX_PART, utf16=True, is_of_shown=True, written=_MAX_WRITTEN)

_READ: Mapping[Format, Read] = {Format.PLAIN: plain, Format.HTML: read_html, Format.MARKDOWN: read_old_markdown}


def messages_of(message: Message) -> list[Message]:
    """The messages that this one becomes. The first answers, the last has the buttons; a file has its words whole."""
    texts = [] if message.files else parts_of(compose(message.text, message.title, message.format), message.format)
    if len(texts) < 2:
        return [message]
    last = len(texts) - 1
    return [
        replace(
            message,
            text=text,
            title=None,
            reply_to=None if part else message.reply_to,
            buttons=message.buttons if part == last else (),
        )
        for part, text in enumerate(texts)
    ]


def parts_of(text: str, form: Format, limit: Limit = TEXT) -> list[str]:
    """The texts of the messages that a text becomes. Where markup does not fit, it is cut as if it were none."""
    return split(text, limit, _READ[form])
