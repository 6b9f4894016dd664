"""Encodes messages for Discord (https://discord.com/developers/docs/resources/message#create-message).

A text that is too long for one message becomes several, cut between lines or words where that is possible. Plain text
is escaped, which may make it longer than it was. Nobody is rung up by a text that a template made: only in `markdown`
do mentions of people and roles count, and those of everybody never.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import batched

from bach_lib.common_sentences import A_MESSAGE_THAT_IS_THERE_ALREADY_CAN_HAVE
from bach_lib.connectors.apart import parted
from bach_lib.connectors.observations import CallError, Observation
from bach_lib.connectors.passed_on import passed_on
from bach_lib.models import APART, MAX_NONCE, Button, Buttons, ButtonStyle, Embed, Extra, Format, Message, Poll
from bach_lib.models.poll import PollLimits
from bach_lib.said import Sentence
from bach_lib.text.html_markdown import MarkdownMarks
from bach_lib.text.markdown import read_discord
from bach_lib.text.splitting import Limit, Piece, split

MAX_CONTENT = 2000
CONTENT = Limit(characters=MAX_CONTENT)
"""In code points, with all markup."""
_ESCAPED = Limit(characters=MAX_CONTENT, is_of_shown=True)
MAX_FILES = 10
"""Of one message."""
MAX_TEXT = 64_000
FILE_BYTES = 20 << 20
"""Of each file, where nothing is boosted (https://discord.com/developers/docs/reference#uploading-files)."""
MAX_CUSTOM_ID = 100
MAX_URL = 512
"""Characters of what a button opens."""
EXTRAS = frozenset({Extra.LINK_PREVIEW, Extra.EMBED, Extra.POLL})
POLL = PollLimits(options=10, option=55, question=300)
"""https://discord.com/developers/docs/resources/poll#poll-create-request-object."""
_POLL_HOURS = 768
"""As long as Discord lets one be open."""
_BUTTONS_A_ROW = 5
_MAX_ROWS = 5
_LINK = 5
_STYLES = {None: 2, ButtonStyle.PRIMARY: 1, ButtonStyle.SUCCESS: 3, ButtonStyle.DANGER: 4}
"""How Discord numbers the looks of buttons; of those that open something there is but one."""
SILENT, _NO_PREVIEW = 1 << 12, 1 << 2
"""The flags SUPPRESS_NOTIFICATIONS and SUPPRESS_EMBEDS."""

_MARKUP = re.compile(
    r"""(?P<link>https?://[^\s<|]+)       # escaped, it would lead elsewhere; what rings or hides is no part of it
      | (?P<mark>[\\*_~`|\[\]])
      | (?P<tag>)<(?=[@#:/]|[at]:|id:)     # mentions, emojis, times
      | ^(?P<lead>[ ]*)(?=[-+#>])          # lists, headings, quotes
      | ^(?P<number>[ ]*[0-9]+)(?=[.)])    # numbered lists
    """,
    re.MULTILINE | re.VERBOSE,
)
_LIST = re.compile(r"[-+#>]|[0-9]{1,9}[.)]")
_MESSAGE_NUMBER = re.compile(r"[0-9]{15,20}")


def content(message: Message) -> str:
    """The text of a message as Discord gets it, under its title."""
    text, title = message.text, (message.title or "").strip()
    if message.format is Format.PLAIN:
        text, title = plain(text), plain(title)
    elif title:
        title = f"**{plain(title)}**"
    return f"{title}\n\n{text}" if title else text


def parts_of(message: Message) -> list[Message]:
    """The messages that the words of one become. The first answers, the last has all else."""
    if CONTENT.holds(content(message)):
        return [message]
    title = (message.title or "").strip()
    if message.format is Format.PLAIN:
        texts = split(f"{title}\n\n{message.text}" if title else message.text, _ESCAPED, _read_plain)
    else:
        texts = split(content(message), CONTENT, read_discord)
    last = len(texts) - 1
    return [
        replace(
            message,
            text=text,
            title=None,
            reply_to=None if part else message.reply_to,
            buttons=message.buttons if part == last else (),
            files=message.files if part == last else (),
            extras=message.extras if part == last else message.extras.without((Extra.EMBED,)),
        )
        for part, text in enumerate(texts)
    ]


def plan(message: Message) -> list[Message]:
    """All messages that one becomes: what is too many files for the last of its words goes in further ones."""
    if message.forwarding is not None:
        return passed_on(message, message.forwarding)
    words, apart = parted(message, APART)
    if words is None:
        return apart
    *before, last = parts_of(words)
    alone = replace(words, text="", title=None, reply_to=None, buttons=(), extras=words.extras.without((Extra.EMBED,)))
    more = [replace(alone, files=tuple(some)) for some in batched(message.files[MAX_FILES:], MAX_FILES)]
    return [*before, replace(last, files=last.files[:MAX_FILES]), *more, *apart]


def contents(message: Message) -> list[str]:
    """The texts of the messages that this one becomes."""
    return [content(one) for one in parts_of(message)]


def plain(text: str) -> str:
    """Text that looks as it was written, but for links, which stay links."""
    return _MARKUP.sub(_escape, text)


MARKS = MarkdownMarks(
    around={"bold": "**", "italic": "*", "underline": "__", "strike": "~~", "spoiler": "||"},
    escape=plain,
)


def _read_plain(text: str) -> Iterator[Piece]:
    """The pieces of a plain text, which is escaped when its parts are known; what is shown of one is what it takes."""
    escaped = set[int]()
    for found in _MARKUP.finditer(text):
        if found["lead"] is not None or found["number"] is not None:
            escaped.add(found.end())
        elif not found["link"]:
            escaped.add(found.start())
    for at, character in enumerate(text):
        is_glued = at > 0 and text[at - 1] != "\n" and _LIST.match(text, at) is not None
        yield Piece(character, f"\\{character}" if at in escaped else character, is_glued=is_glued)


def only_one(message: Message) -> str:
    """The text of a message that has to stay one. Raises `CallError`."""
    found = content(message)
    if not CONTENT.holds(found):
        text = A_MESSAGE_THAT_IS_THERE_ALREADY_CAN_HAVE(number=MAX_CONTENT)
        raise CallError("too_long", text, Observation.REFUSED)
    return found


def target(message: Message) -> int:
    """The message to change. Raises `CallError` for what names none."""
    found = message_number(message.target)
    if found is None:
        raise no_message()
    return int(found)


def no_message() -> CallError:
    """What is said of an id that is none."""
    text = Sentence("there_is_no_such_message", "There is no such message.")
    return CallError("message_not_found", text, Observation.REFUSED)


def targets(message: Message) -> list[int]:
    """All messages that one became which is to go. Raises `CallError` for what names none."""
    named = [replace(message, target=one) for one in message.parts] or [message]
    return [target(one) for one in named]


def anonymous(message: Message) -> dict[str, object]:
    """One of the messages, without what only bots can have."""
    body: dict[str, object] = {"content": content(message), "allowed_mentions": _mentions(message)}
    extras = message.extras
    if extras.embed is not None:
        body["embeds"] = [_frame(extras.embed)]
    if extras.poll is not None:
        body["poll"] = _asked(extras.poll)
    is_bare = not extras.link_preview and extras.embed is None  # the flag would take the frame away, too
    flags = (SILENT if message.silent else 0) | (_NO_PREVIEW if is_bare else 0)
    return body | {"flags": flags} if flags else body


def _frame(embed: Embed) -> dict[str, object]:
    """https://discord.com/developers/docs/resources/message#embed-object, without what is not said."""
    found: dict[str, object] = {
        "title": embed.title,
        "description": embed.description,
        "url": embed.url,
        "color": None if embed.color is None else int(embed.color.removeprefix("#"), 16),
        "author": _said(name=embed.author, url=embed.author_url, icon_url=embed.author_icon) if embed.author else None,
        "footer": _said(text=embed.footer, icon_url=embed.footer_icon) if embed.footer else None,
        "image": _said(url=embed.image),
        "thumbnail": _said(url=embed.thumbnail),
        "fields": [{"name": one.name, "value": one.value, "inline": one.inline} for one in embed.fields],
    }
    return {name: value for name, value in found.items() if value or (name == "color" and value is not None)}


def _said(**parts: str | None) -> dict[str, str]:
    return {name: value for name, value in parts.items() if value}


def _asked(poll: Poll) -> dict[str, object]:
    """https://discord.com/developers/docs/resources/poll#poll-create-request-object."""
    return {
        "question": {"text": poll.question},
        "answers": [{"poll_media": {"text": one}} for one in poll.options],
        "allow_multiselect": poll.multiple,
        "duration": _POLL_HOURS,
    }


def payload(message: Message, key: str) -> dict[str, object]:
    """One of the messages of a bot; no two of them have the same key."""
    body = anonymous(message) | {"nonce": nonce(message, key), "enforce_nonce": True}
    if answered := message_number(message.reply_to):
        # an alarm must not die because somebody deleted what it answers
        body["message_reference"] = {"message_id": answered, "fail_if_not_exists": False}
    if message.buttons:
        body["components"] = components(message)
    return body


def change(message: Message, text: str) -> dict[str, object]:
    """What becomes of a message that is edited."""
    body: dict[str, object] = {"content": text, "allowed_mentions": _mentions(message)}
    return body if message.extras.link_preview else body | {"flags": _NO_PREVIEW}


def nonce(message: Message, part: int | str) -> str:
    """The same for every attempt at this part, and another for every other."""
    if str(part) == "0" and len(message.nonce) <= MAX_NONCE:
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
    """https://discord.com/developers/docs/components/reference#button."""
    if button.url is not None:
        return {"type": 2, "style": _LINK, "label": button.text, "url": button.url}
    style = _STYLES[button.style]
    return {"type": 2, "style": style, "label": button.text, "custom_id": f"{message.nonce}.{button.value}"}


def _escape(found: re.Match[str]) -> str:
    if found["link"]:
        return found["link"]
    if found["lead"] is not None or found["number"] is not None:
        return f"{found[0]}\\"
    return f"\\{found[0]}"
