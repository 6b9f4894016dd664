"""What the places of one platform are called there: ids that move on, names that somebody else may take.

`ada` is the first id of a place, `ada.1` the one after it has moved, `@ada` its name as long as nobody takes that over,
`ada/7` a topic in it. The platform knows; BACH has to be told.
"""

from collections.abc import Iterable

from bach_lib.models.spellings import Sighting
from tests.simulation.story import Meeting


class Places:
    """All places of one platform; they outlive every process."""

    def __init__(self) -> None:
        self._moves: dict[str, int] = {}
        self._owners: dict[str, str] = {}  # of names that are somebody else's

    def id_of(self, place: str) -> str:
        """What it goes by at present."""
        moves = self._moves.get(place, 0)
        return f"{place}.{moves}" if moves else place

    def place_of(self, address: str) -> str:
        """Where something arrives that is sent there."""
        chat = address.partition("/")[0]
        if chat.startswith("@"):
            return self._owners.get(chat, chat[1:])
        return chat.partition(".")[0]

    def move(self, place: str) -> None:
        """It gets another id."""
        self._moves[place] = self._moves.get(place, 0) + 1

    def take_over(self, name: str, place: str) -> None:
        """A name is somebody else's from now on."""
        self._owners[name] = place

    def sighting(self, place: str) -> Sighting:
        """What the platform says of a place: its id, its names, and what it was called before."""
        moves = self._moves.get(place, 0)
        own = f"@{place}"
        names = [name for name, owner in sorted(self._owners.items()) if owner == place]
        names += [own] if own not in self._owners else []
        was = () if not moves else (place if moves == 1 else f"{place}.{moves - 1}",)
        return Sighting(id=self.id_of(place), names=tuple(names), was=was)

    def answer(self, address: str) -> tuple[tuple[Sighting, ...], str | None]:
        """What the answer to a message to this address says of the place, and where it went instead, if it did."""
        chat, slash, topic = address.partition("/")
        place = self.place_of(chat)
        now = self.id_of(place)
        if chat.startswith("@"):
            return (self.sighting(place),), None
        has_moved = _moves(chat) < _moves(now)
        return (), now + slash + topic if has_moved else None


def _moves(chat: str) -> int:
    return int(chat.partition(".")[2] or 0)


def chain(told: Iterable[Meeting], address: str) -> set[str]:
    """Every form that this address may have by what was told, itself among them."""
    chat, slash, topic = address.partition("/")
    found, told = [chat], list(told)
    for form in found:  # which grows meanwhile
        found += [met.new for met in told if met.old == form and met.new not in found]
    return {form + slash + topic for form in found}
