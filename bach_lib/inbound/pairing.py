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
"""A flood of strangers must not fill the memory or the list a person picks from."""


@dataclass(slots=True)
class Pairing:
    """Who wrote since it was opened, by recipient."""

    candidates: dict[str, Candidate] = field(default_factory=dict)

    def add(self, candidate: Candidate) -> bool:
        """Remember somebody; False if they are known or there are too many."""
        if candidate.recipient in self.candidates or len(self.candidates) >= _MAX_CANDIDATES:
            return False
        self.candidates[candidate.recipient] = candidate
        return True


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
        for message in strangers:
            candidate = Candidate(
                recipient=message.recipient,
                title=message.recipient_title,
                kind=str(message.metadata.get("chat_type", "")),
            )
            new_in = [pairing for pairing in pairings if pairing.add(candidate)]
            if new_in:
                self._on_candidate(connection, candidate)
