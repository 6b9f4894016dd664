"""Messages as Discord wants them (https://discord.com/developers/docs/resources/message#create-message).

A text that is too long for one message becomes several, cut between lines or words where that is possible. Plain text
is escaped, which may make it longer than it was. Nobody is rung up by a text that a template made: only in `markdown`
do mentions of people and roles count, and those of everybody never.
"""

import re
from collections.abc import Sequence
from hashlib import sha256

from bach_lib.connectors.seen import CallError, Seen
from bach_lib.models import MAX_NONCE, Button, Buttons, Format, Message
from bach_lib.text.markdown import read_discord
from bach_lib.text.splitting import Limit, split

MAX_CONTENT = 2000
CONTENT = Limit(characters=MAX_CONTENT)
"""In code points, with all markup."""
MAX_TEXT = 8 * MAX_CONTENT
MAX_CUSTOM_ID = 100
_BUTTONS_A_ROW = 5
_MAX_ROWS = 5
_SILENT = 1 << 12
"""The flag SUPPRESS_NOTIFICATIONS."""

_MARKUP = re.compile(
    r"""(?P<link>https?://\S+)            # escaped, it would lead elsewhere
      | (?P<mark>[\\*_~`|\[\]])
      | (?P<tag>)<(?=[@#:/]|[at]:|id:)     # mentions, emojis, times
      | ^(?P<lead>[ ]*)(?=[-+#>])          # lists, headings, quotes
      | ^(?P<number>[ ]*[0-9]+)(?=[.)])    # numbered lists
    """,
    re.MULTILINE | re.VERBOSE,
)
_MESSAGE_NUMBER = re.compile(r"[0-9]{15,20}")


def contents(message: Message) -> list[str]:
    """The texts of the messages that this one becomes."""
    text, title = message.text, (message.title or "").strip()
    if message.format is Format.PLAIN:
        text, title = plain(text), plain(title)
    elif title:
        title = f"**{plain(title)}**"
    parts = split(f"{title}\n\n{text}" if title else text, CONTENT, read_discord)
    return parts or [""] if message.files else parts  # a file needs no words


def plain(text: str) -> str:
    """Text that looks as it was written, but for links, which stay links."""
    return _MARKUP.sub(_escape, text)


def only_one(message: Message) -> str:
    """The text of a message that has to stay one. Raises `CallError`."""
    found = contents(message)
    if len(found) > 1:
        text = f"A message that is there already can have {MAX_CONTENT} characters."
        raise CallError("too_long", text, Seen.REFUSED)
    return found[0]


def target(message: Message) -> int:
    """The message to change. Raises `CallError` for what names none."""
    found = message_number(message.target)
    if found is None:
        raise CallError("message_not_found", "There is no such message.", Seen.REFUSED)
    return int(found)


def anonymous(message: Message, content: str) -> dict[str, object]:
    """One of the messages, without what only bots can have."""
    body: dict[str, object] = {"content": content, "allowed_mentions": _mentions(message)}
    return body | {"flags": _SILENT} if message.silent else body


def payload(message: Message, content: str, *, part: int, is_last: bool) -> dict[str, object]:
    """One of the messages of a bot. The first answers, the last has the buttons."""
    body = anonymous(message, content) | {"nonce": nonce(message, part), "enforce_nonce": True}
    if part == 0 and (answered := message_number(message.reply_to)):
        # an alarm must not die because somebody deleted what it answers
        body["message_reference"] = {"message_id": answered, "fail_if_not_exists": False}
    if is_last and message.buttons:
        body["components"] = components(message)
    return body


def change(message: Message, content: str) -> dict[str, object]:
    """What becomes of a message that is edited."""
    return {"content": content, "allowed_mentions": _mentions(message)}


def nonce(message: Message, part: int) -> str:
    """The same for every attempt at this part, and another for every other."""
    if part == 0 and len(message.nonce) <= MAX_NONCE:
        return message.nonce
    return sha256(f"{message.nonce}/{part}".encode()).hexdigest()[:MAX_NONCE]


def components(message: Message) -> list[dict[str, object]]:
    """Rows of buttons, as asked for where they fit, else five by five."""
    return [{"type": 1, "components": [_button(message, one) for one in row]} for row in _rows(message.buttons)]


def message_number(remote_id: str | None) -> str | None:
    """The id of a message in a remote id, which may name an edit or a file of it; None where there is none."""
    number = (remote_id or "").partition("#")[0]
    return number if _MESSAGE_NUMBER.fullmatch(number) else None


def _mentions(message: Message) -> dict[str, object]:
    parse = ["users", "roles"] if message.format is Format.MARKDOWN else []
    return {"parse": parse, "replied_user": not message.silent}


def _rows(buttons: Buttons) -> Sequence[tuple[Button, ...]]:
    if len(buttons) <= _MAX_ROWS and all(len(row) <= _BUTTONS_A_ROW for row in buttons):
        return buttons
    everyone = [button for row in buttons for button in row]
    return [tuple(everyone[at : at + _BUTTONS_A_ROW]) for at in range(0, len(everyone), _BUTTONS_A_ROW)]


def _button(message: Message, button: Button) -> dict[str, object]:
    return {"type": 2, "style": 2, "label": button.text, "custom_id": f"{message.nonce}.{button.value}"}


def _escape(found: re.Match[str]) -> str:
    if found["link"]:
        return found["link"]
    if found["lead"] is not None or found["number"] is not None:
        return f"{found[0]}\\"
    return f"\\{found[0]}"
