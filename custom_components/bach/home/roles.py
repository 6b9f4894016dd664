"""Finds the role of a sender, from where they write and the platform's id of them.

Nothing here asks Home Assistant: the answer follows from the subentries alone. Nobody who is not found in them is
anybody.
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
    SUBENTRY_RECIPIENT,
)

from .attribution import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who wrote. `person`: the name given here, empty for whoever has none.

    `is_heard`: what they write comes in, as an event at least, whatever the role.
    `place_id` and `place_name` are of the recipient it came from; None for a place nobody added.
    """

    role: Role
    person: str
    user_id: str | None
    place_id: str | None
    place_name: str | None
    is_heard: bool = field(default=False, compare=False)


def role_of(subentry: ConfigSubentry) -> Role:
    """The role that a recipient or person was given. What is no role allows nothing."""
    given = subentry.data.get(CONF_ROLE, Role.USER)
    return Role(given) if given in list(Role) else Role.NOTIFY_ONLY


def allowed(subentries: Iterable[ConfigSubentry]) -> frozenset[str]:
    """Whose messages the library lets in: recipients, and persons as `recipient#sender`."""
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
    """Who wrote, or None for a stranger. `speaks_as`: in the name of a group or channel, so the sender is nobody.

    `is_claimed`: the sender is who the message says it is, without proof. Such a one is heard, and has no name, no user
    and the least role.

    `normal` says the one form of an address; recipient and sender have theirs. Where two recipients, or two people,
    turn out to be one, the lesser role counts.

    The role is that of the person in this place, else of the place, else of the sender's own private chat (on Discord,
    "@" and the sender's id). Name and user belong to the person wherever they write, so a group's user is never that of
    everybody in it. Names that people give themselves are none.
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
    """The recipient that an address belongs to, or None for one that nobody added."""
    return _at(_places(subentries), recipient)


def _addresses(recipient: str) -> tuple[str, str]:
    """A topic of a chat, and the whole chat."""
    return recipient, recipient.partition("/")[0]


def _places(subentries: Iterable[ConfigSubentry], normal: Callable[[str], str] = str) -> dict[str, ConfigSubentry]:
    places = [one for one in subentries if one.subentry_type == SUBENTRY_RECIPIENT]
    return _least((normal(one.data[CONF_RECIPIENT]), one) for one in places)


def _people(
    subentries: Iterable[ConfigSubentry], normal: Callable[[str], str] = str
) -> dict[tuple[str, str], ConfigSubentry]:
    people = [one for one in subentries if one.subentry_type == SUBENTRY_PERSON]
    return _least(((normal(one.data[CONF_RECIPIENT]), normal(one.data[CONF_SENDER_ID])), one) for one in people)


def _least[K](found: Iterable[tuple[K, ConfigSubentry]]) -> dict[K, ConfigSubentry]:
    """Of two that are one, the one that may do less."""
    least: dict[K, ConfigSubentry] = {}
    for key, subentry in found:
        if key not in least or not role_of(subentry).includes(role_of(least[key])):
            least[key] = subentry
    return least


def _at(places: dict[str, ConfigSubentry], recipient: str) -> ConfigSubentry | None:
    """The recipient that a place belongs to: itself before the whole chat."""
    return next((places[address] for address in _addresses(recipient) if address in places), None)


def _in_place(people: dict[tuple[str, str], ConfigSubentry], recipient: str, sender_id: str) -> ConfigSubentry | None:
    found = ((address, sender_id) for address in _addresses(recipient))
    return next((people[key] for key in found if key in people), None)
