"""Lists whom one could write to in another Home Assistant, from its states and actions."""

from collections.abc import Iterable, Iterator
from itertools import islice

from bach_lib.connectors.homeassistant.recipients import ACTION, BACH
from bach_lib.models import Candidate

_MAX = 1_000
_MAX_TITLE = 128
_ENTITY_ACTION = "send_message"
"""The action of notify entities, which is no recipient itself."""


def candidates(states: object, actions: object, *, has_bach: bool) -> list[Candidate]:
    """BACH first, then notify entities, then notify actions and scripts."""
    found = [Candidate(recipient=BACH, title="BACH", kind="bach")] if has_bach else []
    return found + list(islice(_entities(states), _MAX)) + list(islice(_actions(actions), _MAX))


def _entities(states: object) -> Iterator[Candidate]:
    for state in states if isinstance(states, list) else []:
        match state:
            case {"entity_id": str(entity_id), **rest} if entity_id.startswith("notify."):
                match rest.get("attributes"):
                    case {"friendly_name": str(name)}:
                        title = name
                    case _:
                        title = entity_id
                yield Candidate(recipient=entity_id, title=title[:_MAX_TITLE], kind="entity")


def _actions(actions: object) -> Iterator[Candidate]:
    """An action that notifies or runs a script. Which others make sense, nobody but a person knows."""
    for domain in ("notify", "script"):
        known = actions.get(domain) if isinstance(actions, dict) else None
        for name in sorted(_names(known)):
            if (domain, name) != ("notify", _ENTITY_ACTION):
                yield Candidate(recipient=f"{ACTION}{domain}.{name}", title=f"{domain}.{name}", kind="action")


def _names(known: object) -> Iterable[str]:
    return [name for name in known if isinstance(name, str)] if isinstance(known, dict) else []
