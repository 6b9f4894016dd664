"""Whom Signal delivers to: a person by number, by the id Signal gave them or by user name, or a group.

The server names a group `group.` and the base64 of the id that Signal itself uses, which is what comes in with a
message; `group_of` makes the one of the other.
"""

import re
from base64 import b64encode

from bach_lib.errors import InvalidRecipientError, InvalidValueError

_NUMBER = re.compile(r"\+[1-9][0-9]{4,14}")
_PERSON = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_USER_NAME = re.compile(r"u:[a-z_][a-z0-9_]{2,31}\.[0-9]{2,9}")
_GROUP = re.compile(r"group\.[A-Za-z0-9+/]{8,200}={0,2}")
_SEPARATORS = str.maketrans("", "", " -()")
_MAX_GROUP = 150


def normalize(recipient: str) -> str:
    """The one way to write this recipient. Raises `InvalidRecipientError`."""
    wanted = recipient.strip()
    if _GROUP.fullmatch(wanted):
        return wanted
    if _PERSON.fullmatch(wanted.lower()) or _USER_NAME.fullmatch(wanted.lower()):
        return wanted.lower()
    if wanted.startswith("+") and _NUMBER.fullmatch(number := wanted.translate(_SEPARATORS)):
        return number
    raise InvalidRecipientError(
        recipient=recipient[:100],
        type="signal",
        expected='a number ("+491701234567"), a user name ("u:ada.01"), Signal\'s id of a person, or "group.…"',
    )


def own_number(number: object) -> str:
    """The number of an account. Raises `InvalidValueError`."""
    written = number.strip().translate(_SEPARATORS) if isinstance(number, str) else ""
    if not _NUMBER.fullmatch(written):
        raise InvalidValueError(
            field="number", value=str(number)[:50], expected='the number of the account, like "+491701234567"'
        )
    return written


def person(*names: object) -> str | None:
    """The first of these names under which somebody could be written to."""
    for name in names:
        if isinstance(name, str) and (_NUMBER.fullmatch(name) or _PERSON.fullmatch(name.lower())):
            return name.lower()
    return None


def group_of(internal_id: object) -> str | None:
    """The group as the server names it. Its base64 has no "/", for what is encoded is base64 itself."""
    if not isinstance(internal_id, str) or not 0 < len(internal_id) <= _MAX_GROUP:
        return None
    named = f"group.{b64encode(internal_id.encode(errors='replace')).decode()}"
    return named if _GROUP.fullmatch(named) else None
