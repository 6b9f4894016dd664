"""Aliases of places and persons, as a platform has told them: pure, for one connection.

What the form of an address alone says is the connector's (`normalize_recipient`). Here is what has to be learned: that
`@our_home` is `-1001`, that a number belongs to an id, that a group has moved. The first that was learned of a spelling
counts for good. A name that a platform gives to somebody else later so leads nobody to another's rights, and whatever
is told, no chain of moves comes back to where it began.
"""

from collections.abc import Iterable
from dataclasses import dataclass

MAX_SPELLINGS = 5_000
"""Of one connection; beyond, the oldest that nobody uses make room."""
_LONGEST = 300
"""Characters of an address; nothing longer is one."""
_MOST_NAMES = 8
_MOST_OTHERS = 16
"""Names of one place that are learned by the way; whoever changes theirs every day fills nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What a platform itself calls one place or person at a moment.

    `id`: the form that BACH knows it by from then on. `names`: other forms of it; one that is given to somebody else
    later is not followed. `was`: what the same place was called before it moved, where its messages had other ids.
    `of_account`: it is so for this account only.
    """

    id: str
    names: tuple[str, ...] = ()
    was: tuple[str, ...] = ()
    of_account: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """One thing that was learned: the spelling means what `normal` means.

    `is_move`: there, messages have other ids.
    """

    spelling: str
    normal: str
    is_move: bool = False
    of_account: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What is new in some sightings, and which old spellings make room for it."""

    connection: str
    aliases: tuple[Alias, ...]
    forgotten: tuple[str, ...] = ()


class Spellings:
    """The aliases of one connection."""

    def __init__(self, aliases: Iterable[Alias] = ()) -> None:
        self._learned: dict[str, Alias] = {}  # by spelling, oldest first
        self._leading: dict[str, list[str]] = {}  # to a normal form, in one step
        for alias in aliases:
            self.add(alias)

    def __len__(self) -> int:
        return len(self._learned)

    def __contains__(self, address: str) -> bool:
        """Whether anything is known of it."""
        return address in self._learned or address in self._leading

    @property
    def aliases(self) -> tuple[Alias, ...]:
        """All, oldest first."""
        return tuple(self._learned.values())

    def normal(self, address: str, *, through_moves: bool = True) -> str:
        """The one form. `through_moves`: else as it was called before it moved, where its messages have their ids."""
        while (step := self._step(address, through_moves=through_moves)) is not None:
            address = step
        return address

    def spellings(self, address: str, *, through_moves: bool = True) -> list[str]:
        """Every form of this place, the one form first."""
        normal = self.normal(address, through_moves=through_moves)
        found = self._all_to(normal, through_moves=through_moves)
        place, slash, topic = normal.partition("/")
        if slash:  # a topic is written with every form of its chat
            above = self._all_to(place, through_moves=through_moves)
            found += [f"{other}/{topic}" for other in above if "/" not in other and f"{other}/{topic}" not in found]
        return found

    def new_aliases(self, sighting: Sighting) -> list[Alias]:
        """What a sighting says that was not known, and does not gainsay what was."""
        if not _is_sound(sighting):
            return []
        root, found = self.normal(sighting.id), dict[str, Alias]()
        for spelling, is_move in [*((name, False) for name in sighting.names), *((one, True) for one in sighting.was)]:
            if self.normal(spelling) != root and self._step(spelling) is None and spelling != sighting.id:
                alias = Alias(spelling=spelling, normal=sighting.id, is_move=is_move, of_account=sighting.of_account)
                found.setdefault(spelling, alias)
        return list(found.values())

    def add(self, alias: Alias) -> bool:
        """Learn it, unless it gainsays what is known."""
        if alias.spelling in self._learned or self.normal(alias.normal) == self.normal(alias.spelling):
            return False  # what moved there cannot have come from there: no chain ends where it began
        self._learned[alias.spelling] = alias
        self._leading.setdefault(alias.normal, []).append(alias.spelling)
        return True

    def through(self, spelling: str) -> list[str]:
        """Every form that means what this one does because of it, itself first."""
        return self._all_to(spelling, through_moves=True)

    def has_many(self, address: str) -> bool:
        """Whether so many other forms of it are known that no further one is worth its row."""
        return len(self._leading.get(address, ())) >= _MOST_OTHERS

    def forget(self, spelling: str) -> None:
        """Know nothing of it any more."""
        if (alias := self._learned.pop(spelling, None)) is not None:
            self._leading[alias.normal].remove(spelling)
            if not self._leading[alias.normal]:
                del self._leading[alias.normal]

    def _step(self, address: str, *, through_moves: bool = True) -> str | None:
        """The next form on the way to the one; a topic goes with its chat."""
        alias, rest = self._learned.get(address), ""
        if alias is None:
            place, slash, topic = address.partition("/")
            alias, rest = self._learned.get(place) if slash else None, slash + topic
        if alias is None or (alias.is_move and not through_moves) or (rest and "/" in alias.normal):
            return None
        return alias.normal + rest

    def _all_to(self, normal: str, *, through_moves: bool) -> list[str]:
        found = [normal]
        for one in found:  # which grows meanwhile
            found += [
                spelling
                for spelling in self._leading.get(one, ())
                if through_moves or not self._learned[spelling].is_move
            ]
        return found


def _is_sound(sighting: object) -> bool:
    """Whether it is one: a connector may be anybody's."""
    if not isinstance(sighting, Sighting):
        return False
    names = (*sighting.names, *sighting.was)
    if len(names) > _MOST_NAMES or not all(_is_address(one) for one in (sighting.id, *names)):
        return False
    return not any("/" in name for name in names)  # a topic has no names but those of its chat


def _is_address(one: object) -> bool:
    return isinstance(one, str) and 0 < len(one) <= _LONGEST and one.isprintable()
