"""Writes and reads what a message carries beside its words, for one column of its row each, as JSON."""

import json

from bach_lib.models import NO_EXTRAS, Button, Buttons, ButtonStyle, Extras, File, extras_of
from bach_lib.storage.values import fields, listed


def buttons_written(buttons: Buttons) -> str:
    """Rows of buttons."""
    return json.dumps([[_button_written(button) for button in row] for row in buttons])


def buttons_read(written: str | None) -> Buttons:
    """Rows of buttons. Raises one of `UNREADABLE`."""
    return tuple(_row(row) for row in listed(written))


def files_written(files: tuple[File, ...]) -> str:
    """Files without what is in them."""
    return json.dumps([(file.name, file.mime_type, file.size, *([True] if file.is_voice else [])) for file in files])


def files_read(written: str | None) -> tuple[File, ...]:
    """Files without what is in them. Raises one of `UNREADABLE`."""
    return tuple(map(_file, listed(written)))


def extras_written(extras: Extras) -> str | None:
    """What else it has; nothing for the many messages that have nothing else."""
    return json.dumps(extras.written()) if extras else None


def extras_read(written: str | None) -> Extras:
    """What else it has. Raises one of `UNREADABLE`."""
    return NO_EXTRAS if written is None else extras_of(fields(written))


def _button_written(button: Button) -> list[str | None]:
    """Two texts, as earlier versions have it, unless there is more."""
    more = [button.url, button.style] if button.url is not None or button.style is not None else []
    return [button.text, button.value, *more]


def _row(found: object) -> tuple[Button, ...]:
    if not isinstance(found, list):
        raise TypeError
    return tuple(_button(one) for one in found)


def _button(found: object) -> Button:
    match found:
        case [str(text), str(value)]:
            return Button(text=text, value=value)
        case [str(text), str(value), str() | None as url, str() | None as style]:
            return Button(text=text, value=value, url=url, style=None if style is None else ButtonStyle(style))
    raise TypeError


def _file(found: object) -> File:
    match found:
        case [str(name), str() | None as mime_type, int(size), *more] if more in ([], [True]):
            return File(name=name, mime_type=mime_type, size=size, is_voice=bool(more))
    raise TypeError
