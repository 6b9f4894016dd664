"""Validators for formats and buttons in actions.

Buttons may be rows, a plain list or bare texts, as people write them in YAML.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import voluptuous as vol

from bach_lib import Button, ButtonStyle, Format
from bach_lib.models import Buttons
from bach_lib.text.buttons import layout

FORMATS: Final = [form.value for form in Format if form is not Format.JSON]
"""How words may be marked up; fields of an action have a field of their own."""

MESSAGE_ID: Final = vol.All(vol.Coerce(int), vol.Range(min=1))

ATTR_TEXT: Final = "text"
ATTR_VALUE: Final = "value"
ATTR_URL: Final = "url"
ATTR_STYLE: Final = "style"
_STYLES: Final = [style.value for style in ButtonStyle]


def buttons(given: object) -> Buttons:
    """Validate buttons; a plain list is laid out in rows of three. Raises `vol.Invalid` with a sentence."""
    listed = [given] if isinstance(given, str | Mapping) else given
    if not isinstance(listed, Sequence):
        raise vol.Invalid("Give a list of buttons, each with a text and, if you like, a value")
    rows = [one for one in listed if _is_row(one)]
    if not rows:
        return layout([_button(one) for one in listed])
    if len(rows) < len(listed):
        raise vol.Invalid("Give either rows of buttons or one plain list of them, not both")
    return tuple(tuple(_button(one) for one in row) for row in rows)


def _is_row(given: object) -> bool:
    return isinstance(given, Sequence) and not isinstance(given, str)


def _button(given: object) -> Button:
    if not isinstance(given, Mapping):
        text = _text(ATTR_TEXT, given)
        return Button(text=text, value=text)
    if unknown := sorted(str(key) for key in given.keys() - {ATTR_TEXT, ATTR_VALUE, ATTR_URL, ATTR_STYLE}):
        raise vol.Invalid(f'A button has text, value, url and style, but no "{unknown[0]}"')
    if ATTR_TEXT not in given:
        raise vol.Invalid("A button needs a text")
    text, value, url, style = _text(ATTR_TEXT, given[ATTR_TEXT]), *map(given.get, (ATTR_VALUE, ATTR_URL, ATTR_STYLE))
    look = None if style in (None, "") else ButtonStyle(vol.In(_STYLES)(style))
    if url not in (None, ""):
        if value not in (None, ""):
            raise vol.Invalid("A button has a value that it brings back, or a url that it opens, not both")
        return Button(text=text, url=_text(ATTR_URL, url), style=look)
    return Button(text=text, value=text if value in (None, "") else _text(ATTR_VALUE, value), style=look)


def _text(field: str, given: object) -> str:
    """The text of a button. Booleans are refused: YAML reads an unquoted yes or no as one."""
    if isinstance(given, bool):
        raise vol.Invalid(f'Put the {field} of a button in quotes: without them, "yes" and "no" mean true and false')
    if not isinstance(given, str | int | float):
        raise vol.Invalid(f"The {field} of a button must be a text")
    return str(given)
