"""Contacts of an account: number, Signal's id and user name, which all mean one person.

https://bbernhard.github.io/signal-cli-rest-api, GET /v1/contacts/{number}
"""

from collections.abc import Iterable
from itertools import islice

from bach_lib.connectors.signal.recipients import person, user_name
from bach_lib.models.spellings import Sighting

_MOST = 5_000


def sightings_of(contacts: object) -> tuple[Sighting, ...]:
    """Everybody who goes by more than one name; nothing for an answer of another form."""
    found = contacts if isinstance(contacts, list) else []
    return tuple(one for contact in islice(found, _MOST) for one in _sighting(contact))


def _sighting(contact: object) -> Iterable[Sighting]:
    match contact:
        case {"uuid": uuid, "number": number, **rest}:
            names = [one for one in (person(number), user_name(f"u:{rest.get('username')}")) if one]
            known = person(uuid)
            if known and names and known not in names:
                yield Sighting(id=known, names=tuple(names))
