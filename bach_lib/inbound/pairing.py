"""Finding out who a recipient is without asking a person for a number: "write to the bot, then pick yourself".

What strangers send is dropped and only counted, except while somebody has opened a pairing; then their name and address
are offered, never their words.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bach_lib.connectors.base import Incoming
from bach_lib.models import Candidate

_MAX_CANDIDATES = 50
"""A flood of strangers must not fill the memory, nor keep out the one who writes while a person waits for that."""


@dataclass(slots=True)
class Pairing:
    """Who wrote since it was opened, by recipient; who wrote last comes last, and stays when there are too many."""

    candidates: dict[str, Candidate] = field(default_factory=dict)

    def add(self, candidate: Candidate) -> bool:
        """Remember somebody; False if they are known already."""
        is_new = self.candidates.pop(candidate.recipient, None) is None
        self.candidates[candidate.recipient] = candidate
        if len(self.candidates) > _MAX_CANDIDATES:
            del self.candidates[next(iter(self.candidates))]
        return is_new


class Pairings:
    """The pairings that are open now. `on_candidate(connection, candidate)` is told of each new one."""

    def __init__(self, on_candidate: Callable[[str, Candidate], None]) -> None:
        self._on_candidate = on_candidate
        self._open: list[tuple[str, Pairing]] = []

    @contextmanager
    def open(self, connection: str) -> Iterator[Pairing]:
        """Collect candidates of a connection while the context lasts."""
        entry = (connection, Pairing())
        self._open.append(entry)
        try:
            yield entry[1]
        finally:
            self._open = [other for other in self._open if other is not entry]

    def offer(self, connection: str, strangers: Iterable[Incoming]) -> None:
        """Somebody nobody allowed wrote."""
        pairings = [pairing for name, pairing in self._open if name == connection]
        if not pairings:
            return
        new: dict[Candidate, None] = {}
        for message in strangers:
            candidate = Candidate(
                recipient=message.recipient,
                title=message.recipient_title,
                kind=str(message.metadata.get("chat_type", "")),
            )
            if [pairing for pairing in pairings if pairing.add(candidate)]:
                new[candidate] = None
        for candidate in new:
            if any(candidate.recipient in pairing.candidates for pairing in pairings):  # not pushed out by others since
                self._on_candidate(connection, candidate)
