"""Parses Signal addresses: a person by number, by Signal's id or by user name, or a group.

The server names a group `group.` and the base64 of the id that Signal itself uses, which is what comes in with a
message; `group_of` makes the one of the other.
"""

import re
from base64 import b64encode

from bach_lib.connectors.address_text import tidy
from bach_lib.errors import InvalidRecipientError, InvalidValueError
from bach_lib.said import Sentence

_NUMBER = re.compile(r"\+[1-9][0-9]{4,14}")
_PERSON = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_USER_NAME = re.compile(r"u:[a-z_][a-z0-9_]{2,31}\.[0-9]{2,9}")
_GROUP = re.compile(r"group\.[A-Za-z0-9+/]{8,200}={0,2}")
_SEPARATORS = str.maketrans("", "", " -()./\u2010\u2011\u2012\u2013\u2014")
_TRUNK = re.compile(r"^(\+[1-9][0-9]{0,2}[ -]*)\(0\)")
"""The zero that is dialled inside of the country only, as in "+49 (0)170"."""
_LINK = re.compile(r"https?://signal\.me/#p/(\+[0-9]{5,15})", re.IGNORECASE)
_MAX_GROUP = 150


def normalize(recipient: str) -> str:
    """The one way to write this recipient. Raises `InvalidRecipientError`."""
    wanted = tidy(recipient)
    if _GROUP.fullmatch(wanted):
        return wanted
    if _PERSON.fullmatch(wanted.lower()) or _USER_NAME.fullmatch(wanted.lower()):
        return wanted.lower()
    if (number := _number(wanted)) is not None:
        return number
    raise InvalidRecipientError(
        recipient=recipient[:100],
        type="signal",
        expected=Sentence(
            "a_number_491701234567_a_user_name_u_ada_01",
            'a number ("+491701234567"), a user name ("u:ada.01"), Signal\'s id of a person, or "group.…"',
        ),
    )


def _number(written: str) -> str | None:
    """A number as Signal knows it; "00" is what most countries dial for "+"."""
    if (link := _LINK.fullmatch(written)) is not None:
        written = link[1]
    if written.startswith("00"):
        written = f"+{written[2:].lstrip()}"
    number = _TRUNK.sub(r"\1", written).translate(_SEPARATORS)
    return number if written.startswith("+") and _NUMBER.fullmatch(number) else None


def own_number(number: object) -> str:
    """The number of an account. Raises `InvalidValueError`."""
    written = _number(tidy(number)) if isinstance(number, str) else None
    if written is None:
        raise InvalidValueError(
            field="number",
            value=str(number)[:50],
            expected=Sentence(
                "the_number_of_the_account_like_491701234567", 'the number of the account, like "+491701234567"'
            ),
        )
    return written


def person(*names: object) -> str | None:
    """The first of these names under which somebody could be written to."""
    for name in names:
        if isinstance(name, str) and (_NUMBER.fullmatch(name) or _PERSON.fullmatch(name.lower())):
            return name.lower()
    return None


def user_name(*names: object) -> str | None:
    """The first of these that is the name of a user, as it is written to."""
    return next((one.lower() for one in names if isinstance(one, str) and _USER_NAME.fullmatch(one.lower())), None)


def is_group(recipient: str) -> bool:
    """Whether it is a group, and no person."""
    return _GROUP.fullmatch(recipient) is not None


def group_of(internal_id: object) -> str | None:
    """The group as the server names it. Its base64 has no "/", for what is encoded is base64 itself."""
    if not isinstance(internal_id, str) or not 0 < len(internal_id) <= _MAX_GROUP:
        return None
    named = f"group.{b64encode(internal_id.encode(errors='replace')).decode()}"
    return named if _GROUP.fullmatch(named) else None
