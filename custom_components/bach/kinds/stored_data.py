"""Reads what Home Assistant has stored of a connection, and finds what of it cannot be used.

Its files are edited by hand and written by other versions. What is missing there, or of another type, is found here
once, before the rest of the code relies on it; no value is ever named, as it may be a secret.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.const import CONF_TYPE

from custom_components.bach.const import (
    CONF_AGENT,
    CONF_AT_HOME,
    CONF_AUTH_TYPE,
    CONF_AWAY,
    CONF_BODY,
    CONF_BREAKER_FAILURES,
    CONF_BREAKER_SECONDS,
    CONF_BUT_CAUSE,
    CONF_CRITICAL_FROM,
    CONF_DELAYED_MINUTES,
    CONF_ENDPOINT,
    CONF_EXPECTED_STATUS,
    CONF_FILE_MEGABYTES,
    CONF_FIRST_AT_HOME,
    CONF_FIRST_AWAY,
    CONF_GATHERING,
    CONF_HEADERS,
    CONF_HOLIDAYS,
    CONF_HOME_ID,
    CONF_IF_NOBODY,
    CONF_INBOX_MEGABYTES,
    CONF_INCOMING,
    CONF_INCOMING_ADDRESSES,
    CONF_INCOMING_PROOF,
    CONF_KEEP_DAYS,
    CONF_KIND,
    CONF_LANGUAGE,
    CONF_LINK,
    CONF_MAX_RETRIES,
    CONF_MAX_TOKENS,
    CONF_MAX_WAITING,
    CONF_NUM_CTX,
    CONF_OLD_NAMES,
    CONF_OWN_SECRET,
    CONF_PACKAGE,
    CONF_PARTNER,
    CONF_PER_MINUTE,
    CONF_PERSON,
    CONF_PLATFORM,
    CONF_QUIET_HOURS,
    CONF_QUIET_START,
    CONF_RECEIVES,
    CONF_RECEIVING,
    CONF_RECIPIENT,
    CONF_REPLIES,
    CONF_RETRY_DELAYS,
    CONF_ROLE,
    CONF_SECRETS,
    CONF_SENDER_ID,
    CONF_SETTINGS,
    CONF_SPEECH,
    CONF_SPEECH_TO_TEXT,
    CONF_STEPS,
    CONF_TAKEN_FROM,
    CONF_URL,
    CONF_USER_ID,
    CONF_WAY,
    CONF_WEBHOOK_ID,
    CONF_WHO,
    SECRET_FIELDS,
    SETTING_FIELDS,
    SUBENTRY_BRIDGE,
    SUBENTRY_PERSON,
)
from custom_components.bach.coordinator import BachConfigEntry

from .others import is_other
from .own_home import OwnHomeKind
from .partner_forms import AUTH_FIELDS, CREDENTIALS, OAUTH
from .partners import ALL_KINDS, PartnerKind, auth_type_of, type_of
from .platforms import Kind
from .settings import whole
from .webhook import receives

_WORDS: Final[Mapping[type, str]] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    list: "a list",
    dict: "names with values",
}
_LISTS: Final = (CONF_QUIET_HOURS, CONF_HOLIDAYS, CONF_GATHERING)
_ENTRY: Final[Mapping[str, type]] = {
    **dict.fromkeys((*SECRET_FIELDS, *SETTING_FIELDS, CONF_AUTH_TYPE, CONF_ENDPOINT, CONF_LINK, CONF_PACKAGE), str),
    **dict.fromkeys((CONF_HOME_ID, CONF_PLATFORM, CONF_TAKEN_FROM, CONF_TYPE, CONF_WEBHOOK_ID), str),
    **dict.fromkeys(
        (CONF_EXPECTED_STATUS, CONF_INCOMING_ADDRESSES, CONF_INCOMING_PROOF, CONF_RETRY_DELAYS, *_LISTS), list
    ),
    **dict.fromkeys((CONF_HEADERS, CONF_INCOMING, CONF_SECRETS, CONF_SETTINGS), dict),
    **dict.fromkeys((CONF_MAX_TOKENS, CONF_NUM_CTX), int),
    **dict.fromkeys((CONF_MAX_RETRIES, CONF_BREAKER_FAILURES, CONF_BREAKER_SECONDS), int),
    **dict.fromkeys(
        (
            CONF_PER_MINUTE,
            CONF_DELAYED_MINUTES,
            CONF_MAX_WAITING,
            CONF_FILE_MEGABYTES,
            CONF_KEEP_DAYS,
            CONF_INBOX_MEGABYTES,
        ),
        int,
    ),
    **dict.fromkeys((CONF_QUIET_START, CONF_RECEIVES, CONF_RECEIVING), bool),
    CONF_BODY: object,
    CONF_OLD_NAMES: list,
}
"""The type of each field of an entry; a body is whatever JSON can hold."""
_SUBENTRY: Final[Mapping[str, type]] = {
    **dict.fromkeys((CONF_AGENT, CONF_KIND, CONF_LANGUAGE, CONF_OWN_SECRET, CONF_PARTNER, CONF_RECIPIENT), str),
    **dict.fromkeys((CONF_ROLE, CONF_SENDER_ID, CONF_SPEECH, CONF_SPEECH_TO_TEXT, CONF_USER_ID, CONF_WAY), str),
    **dict.fromkeys((CONF_IF_NOBODY, CONF_PERSON, CONF_WHO), str),
    **dict.fromkeys((CONF_BUT_CAUSE, CONF_FIRST_AT_HOME, CONF_FIRST_AWAY, CONF_REPLIES), bool),
    **dict.fromkeys((CONF_AT_HOME, CONF_AWAY, CONF_STEPS), list),
    CONF_CRITICAL_FROM: int,
}
KNOWN_FIELDS: Final = frozenset({*_ENTRY, *_SUBENTRY})
"""What this version stores; anything else was written by another one, or by hand."""
_MAY_BE_NONE: Final = frozenset({CONF_ENDPOINT, CONF_LINK})


@dataclass(frozen=True, slots=True)
class Damage:
    """A field that cannot be used, and the type it should have. `recipient`: whose field it is, if not the entry's."""

    field: str
    expected: str
    recipient: str = ""


def damage_of(entry: BachConfigEntry) -> Damage | None:
    """The first thing of an entry that cannot be used; None if all can, or the type is unknown anyway."""
    if type_of(entry.data) not in ALL_KINDS and not is_other(entry.data):
        return None
    return next(_in_entry(whole(entry)), None) or subentry_damage_of(entry)


def subentry_damage_of(entry: BachConfigEntry) -> Damage | None:
    """The first field of a recipient or a person that cannot be used."""
    for one in entry.subentries.values():
        if one.subentry_type == SUBENTRY_BRIDGE:  # whoever reads one takes what is damaged as usual, or leaves it out
            continue
        needed = (CONF_RECIPIENT, *((CONF_SENDER_ID,) if one.subentry_type == SUBENTRY_PERSON else ()))
        wrong = [*_mistyped(one.data, _SUBENTRY), *(field for field in needed if not one.data.get(field))]
        for field in wrong:
            return Damage(field, _WORDS[_SUBENTRY[field]], one.title or one.subentry_id)
    return None


def usable(data: Mapping[str, Any]) -> dict[str, Any]:
    """Entry data without the fields that cannot be used, so that a dialog asks for them anew."""
    return {field: value for field, value in data.items() if field not in _mistyped(data, _ENTRY)}


def is_asked_by_reauth(data: Mapping[str, Any], field: str) -> bool:
    """Whether the dialog for new credentials asks for this field; else it is the one that changes the connection."""
    kind = ALL_KINDS.get(type_of(data))
    if isinstance(kind, PartnerKind):
        return field in {*CREDENTIALS, CONF_AUTH_TYPE}
    return isinstance(kind, Kind) and field == kind.secret


def _in_entry(data: Mapping[str, Any]) -> Iterator[Damage]:
    for field in (*_mistyped(data, _ENTRY), *_missing(data)):
        yield Damage(field, _WORDS[_ENTRY[field]])


def _mistyped(data: Mapping[str, Any], types: Mapping[str, type]) -> list[str]:
    return [
        field
        for field, value in data.items()
        if (type_ := types.get(field)) and not (value is None and field in _MAY_BE_NONE) and not _is(value, type_)
    ]


def _is(value: object, type_: type) -> bool:
    """A switch is no number, though Python thinks so; Home Assistant makes of lists and mappings some of its own."""
    if type_ is dict:
        return isinstance(value, Mapping)
    return isinstance(value, type_) and (type_ is not int or not isinstance(value, bool))


def _missing(data: Mapping[str, Any]) -> list[str]:
    """The needed fields that are not there, or empty."""
    if is_other(data):
        return [field for field in (CONF_PACKAGE, CONF_RECEIVES, CONF_SETTINGS) if field not in data]
    kind = ALL_KINDS[type_of(data)]
    if isinstance(kind, PartnerKind):
        needed = _of_partner(data, kind)
    elif isinstance(kind, OwnHomeKind):
        needed = []
    elif isinstance(kind, Kind):
        needed = [*([kind.secret] if kind.is_secret_needed else ()), *kind.needed]
    else:
        needed = [CONF_WEBHOOK_ID] if receives(data) else [CONF_URL]
    return [field for field in needed if not data.get(field)]


def _of_partner(data: Mapping[str, Any], kind: PartnerKind) -> list[str]:
    """Credentials without a word about what they are for are a guess; the dialog asks."""
    way = auth_type_of(data, kind)
    if way not in AUTH_FIELDS:  # of another version, which is told elsewhere
        return []
    credentials = [field for name, field in AUTH_FIELDS[way].items() if not (way == OAUTH and name == "client_secret")]
    others = CREDENTIALS & data.keys() - set(AUTH_FIELDS[way].values())
    untold = [CONF_AUTH_TYPE] if CONF_AUTH_TYPE not in data and others else []
    return [*untold, *credentials, *([] if kind.endpoint or kind.portal else [CONF_ENDPOINT])]
