"""Determines the role of a sender from the entry's subentries.

It is pure: who may do what follows from recipients and people alone. Whoever is not found there is a stranger.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from homeassistant.config_entries import ConfigSubentry

from custom_components.bach.const import (
    CONF_RECIPIENT,
    CONF_ROLE,
    CONF_SENDER_ID,
    CONF_USER_ID,
    SUBENTRY_PERSON,
)

from .attribution import Role
from .recipient_subentries import is_recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The result: role, name and user of a sender, and the recipient they wrote in.

    `person` is the name given in Home Assistant, or empty. `is_heard`: messages are announced, though perhaps without
    any rights. `place_id` and `place_name` are None for a chat that is no recipient.
    """

    role: Role
    person: str
    user_id: str | None
    place_id: str | None
    place_name: str | None
    is_heard: bool = field(default=False, compare=False)


def role_of(subentry: ConfigSubentry) -> Role:
    """The role stored in a subentry; an invalid one allows nothing."""
    given = subentry.data.get(CONF_ROLE, Role.USER)
    return Role(given) if given in list(Role) else Role.NOTIFY_ONLY


def allowed(subentries: Iterable[ConfigSubentry]) -> frozenset[str]:
    """The addresses the library lets in: recipients, and people as `recipient#sender`."""
    known = list(subentries)
    places, people = _places(known), _people(known)
    return frozenset(
        [recipient for recipient, place in places.items() if role_of(place) is not Role.NOTIFY_ONLY]
        + [
            f"{recipient}#{sender_id}"
            for (recipient, sender_id), person in people.items()
            if role_of(person) is not Role.NOTIFY_ONLY and _at(places, recipient)
        ]
    )


def standing(
    subentries: Iterable[ConfigSubentry],
    *,
    recipient: str,
    sender_id: str,
    speaks_as: bool = False,
    is_claimed: bool = False,
    normal: Callable[[str], str] = str,
) -> Standing | None:
    """Determine role, name and user of a sender; None for a stranger.

    `speaks_as`: the message was sent in the name of a group or channel, so its sender is nobody. `is_claimed`: the
    sender is an unproven claim; such a message is announced, with no name, no user and the least role.

    `normal` normalizes the addresses of subentries; `recipient` and `sender_id` are normalized already. Where two
    recipients, or two people, turn out to be one, the lesser role counts.

    The role is that of the person in this chat, else of the chat, else of the sender's own private chat (on Discord,
    "@" and the sender's id). Name and user belong to the person in every chat, so a group's user never is that of its
    members. Names that people give themselves count for nothing.
    """
    known = list(subentries)
    places = _places(known, normal)
    place, private = _at(places, recipient), places.get(sender_id) or places.get(f"@{sender_id}")
    person = _in_place(_people(known, normal), recipient, sender_id) if place else None
    if speaks_as:
        private = person = None
    judged = person or place or private
    if judged is None:
        return None
    identities = [subentry for subentry in (person, private) if subentry and not is_claimed]
    role = role_of(judged)
    return Standing(
        role=Role.NOTIFY_ONLY if is_claimed else role,
        person=identities[0].title if identities else "",
        user_id=next((user for subentry in identities if (user := subentry.data.get(CONF_USER_ID))), None),
        place_id=place.subentry_id if place else None,
        place_name=place.title if place else None,
        is_heard=role is not Role.NOTIFY_ONLY,
    )


def place(subentries: Iterable[ConfigSubentry], recipient: str) -> ConfigSubentry | None:
    """The recipient at an address, or None."""
    return _at(_places(subentries), recipient)


def _addresses(recipient: str) -> tuple[str, str]:
    """The address itself, and for a topic the whole chat."""
    return recipient, recipient.partition("/")[0]


def _places(subentries: Iterable[ConfigSubentry], normal: Callable[[str], str] = str) -> dict[str, ConfigSubentry]:
    places = [one for one in subentries if is_recipient(one)]
    return _least((normal(one.data[CONF_RECIPIENT]), one) for one in places)


def _people(
    subentries: Iterable[ConfigSubentry], normal: Callable[[str], str] = str
) -> dict[tuple[str, str], ConfigSubentry]:
    people = [one for one in subentries if one.subentry_type == SUBENTRY_PERSON]
    return _least(((normal(one.data[CONF_RECIPIENT]), normal(one.data[CONF_SENDER_ID])), one) for one in people)


def _least[K](found: Iterable[tuple[K, ConfigSubentry]]) -> dict[K, ConfigSubentry]:
    """Map keys to subentries; of several with one key, the one with the least role."""
    least: dict[K, ConfigSubentry] = {}
    for key, subentry in found:
        if key not in least or not role_of(subentry).includes(role_of(least[key])):
            least[key] = subentry
    return least


def _at(places: dict[str, ConfigSubentry], recipient: str) -> ConfigSubentry | None:
    """The recipient at an address: the topic's own, else the whole chat's."""
    return next((places[address] for address in _addresses(recipient) if address in places), None)


def _in_place(people: dict[tuple[str, str], ConfigSubentry], recipient: str, sender_id: str) -> ConfigSubentry | None:
    found = ((address, sender_id) for address in _addresses(recipient))
    return next((people[key] for key in found if key in people), None)
