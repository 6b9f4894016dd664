"""Summary of the proofs of a message, which stands beside it (`messages.proven`), so that lists stay cheap."""

import json
from collections.abc import Iterable

from bach_lib.models import ProofKind, Proven
from bach_lib.storage import Value
from bach_lib.storage.values import listed


def written(proven: Iterable[Proven]) -> str:
    """The summary as text."""
    return json.dumps([[one.kind, one.people, one.at, one.latest_at, one.person, one.name] for one in proven])


def read(value: Value) -> tuple[Proven, ...]:
    """What `written` wrote. Raises what `columns.UNREADABLE` names."""
    return tuple(map(_proven, listed(value)))


def joined(proven: Iterable[Proven], new: Iterable[Proven]) -> tuple[Proven, ...]:
    """The summary with newer words about some kinds, from delivered to answered."""
    by_kind = {one.kind: one for one in (*proven, *new)}
    return tuple(by_kind[kind] for kind in ProofKind if kind in by_kind)


def _proven(found: object) -> Proven:
    match found:
        case [str(kind), int(people), int() | float() as at, int() | float() as latest_at, str(person), str(name)]:
            return Proven(kind=ProofKind(kind), people=people, at=at, latest_at=latest_at, person=person, name=name)
    raise TypeError("no proof")
