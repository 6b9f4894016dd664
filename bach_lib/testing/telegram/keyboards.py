"""Inline keyboards: what a bot may put below its messages (https://core.telegram.org/bots/api#inlinekeyboardmarkup).

The refusals are those of TDLib (`ReplyMarkup.cpp`), of telegram-bot-api (`Client.cpp`) and of the platform behind them.
Left out: every kind of button but those that bring data back or open an address.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bach_lib.testing.telegram.arguments import Arguments
from bach_lib.testing.telegram.errors import ApiError, bad_request

MAX_BUTTONS = 100
STYLES = frozenset({"danger", "success", "primary"})
MAX_DATA = 64  # bytes: https://core.telegram.org/bots/api#inlinekeyboardbutton, callback_data


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineButton:
    """A button below a message, and what it brings back, or opens."""

    text: str
    data: str
    url: str | None = None
    style: str | None = None


type Keyboard = tuple[tuple[InlineButton, ...], ...]
"""Rows of buttons. Without any, a message has no keyboard."""


def read_keyboard(arguments: Arguments) -> Keyboard:
    """The inline keyboard in a call's `reply_markup`. Raises ApiError (400) for what the real server refuses."""
    markup = arguments.nested("reply_markup")
    if markup is None:
        return ()
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    rows = markup.get("inline_keyboard", [])
    if not isinstance(rows, list):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array')
    keyboard = tuple(row for row in map(_row, rows) if row)
    if sum(map(len, keyboard)) > MAX_BUTTONS:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    return keyboard


def keyboard_json(keyboard: Keyboard) -> dict[str, object]:
    """The `reply_markup` of a message, nothing where it has none."""
    if not keyboard:
        return {}
    return {"reply_markup": {"inline_keyboard": [[_json(button) for button in row] for row in keyboard]}}


def _json(button: InlineButton) -> dict[str, str]:
    does = {"callback_data": button.data} if button.url is None else {"url": button.url}
    return {"text": button.text, **does, **({} if button.style is None else {"style": button.style})}


def _row(row: object) -> tuple[InlineButton, ...]:
    if not isinstance(row, list):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    return tuple(_button(item) for item in row)


def _button(item: object) -> InlineButton:
    if not isinstance(item, dict):
        raise _cannot_parse("InlineKeyboardButton must be an Object")
    text, data, url, style = (_text(item, name) for name in ("text", "callback_data", "url", "style"))
    if text is None:
        raise _cannot_parse('Can\'t find field "text"')
    if style is not None and style not in STYLES:
        raise bad_request("invalid button style specified")
    if url is not None and text.strip():
        if not url.lower().startswith(("http://", "https://", "tg://")):
            raise bad_request(f"inline keyboard button URL '{url}' is invalid: Unsupported URL protocol")
        return InlineButton(text=text, data="", url=url, style=style)
    if data is None:
        raise _cannot_parse("Text buttons are unallowed in the inline keyboard")
    if not text.strip():
        raise bad_request("inline keyboard button text must be non-empty")
    if not 1 <= len(data.encode()) <= MAX_DATA:
        raise bad_request("BUTTON_DATA_INVALID")
    return InlineButton(text=text, data=data, style=style)


def _text(item: Mapping[object, object], name: str) -> str | None:
    value = item.get(name)
    if value is None or isinstance(value, str):
        return value
    raise _cannot_parse(f'Field "{name}" must be of type String')


def _cannot_parse(reason: str) -> ApiError:
    return bad_request(f"can't parse inline keyboard button: {reason}")
