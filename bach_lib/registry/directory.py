"""Alias directory of all connections: in memory, and on disk in the transaction of what taught it.

Only what concerns somebody is kept: who is let in, whom something was sent to, and what is known of them already. So
strangers fill nothing. What a connection learned goes with it.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

from bach_lib.bus import Bus
from bach_lib.events import AccountChanged, ConnectionAdded, ConnectionRemoved, RecipientMoved
from bach_lib.models import Connection
from bach_lib.models.spellings import MAX_SPELLINGS, Alias, Lesson, Sighting, Spellings
from bach_lib.outcomes import Sent
from bach_lib.storage import Row, Store, Transaction

_LONGEST_ENTRY = 1_000
"""Characters of an entry of those who are let in; no place with a person in it has more."""
_AT_ONCE = 100
"""Waiting messages that get their place's form in the transaction that teaches it; the others soon after."""


class FormOf(Protocol):
    """What the form of an address alone tells."""

    def __call__(self, connection: str, address: str, /, *, of_sender: bool = False) -> str | None:
        """None for what is no address there. `of_sender`: the id under which the messages of a person come in."""
        ...


class Directory:
    """The aliases of all connections of one database.

    `allowed_of(connection)` returns who is let in, as people wrote it. `form_of(connection, address, of_sender=…)`
    returns what the form of an address alone tells, of a place or of a sender; None for what is none there.
    """

    def __init__(
        self,
        store: Store,
        bus: Bus,
        allowed_of: Callable[[str], frozenset[str]],
        form_of: FormOf = lambda _, address, *, of_sender=False: address,  # noqa: ARG005 - every spelling is one
    ) -> None:
        self._store = store
        self._form_of = form_of
        self._allowed_of = allowed_of
        self._bus = bus
        self._known: dict[str, Spellings] = {}
        self._let_in: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        self._allowed: dict[str, tuple[frozenset[str], int, frozenset[str]]] = {}
        self._versions: dict[str, int] = {}
        self._unsubscribe = (
            bus.subscribe(ConnectionRemoved, lambda event: self._forget(event.connection)),
            bus.subscribe(ConnectionAdded, lambda event: self._forget(event.connection)),
        )

    async def open(self) -> None:
        """Read what was learned. Raises a `StorageError`."""
        rows = await self._store.submit(lambda tx: tx.rows("list_spellings"), writes=False)
        for row in rows:
            self._known.setdefault(str(row["connection"]), Spellings()).add(_alias(row))

    def close(self) -> None:
        """Follow the registry no more."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()

    def of(self, connection: str, lesson: Lesson | None = None) -> Spellings:
        """What is known of a connection, or will be with this lesson; not to be changed."""
        known = self._known.get(connection) or Spellings()
        return known if lesson is None else _after(known, lesson)

    def normal(self, connection: str, address: str, *, through_moves: bool = True) -> str:
        """The one form of an address, as far as it is known."""
        known = self._known.get(connection)
        return known.normal(address, through_moves=through_moves) if known else address

    def spellings(self, connection: str, address: str) -> list[str]:
        """Every form of an address, the one form first."""
        known = self._known.get(connection)
        return known.spellings(address) if known else [address]

    def forms(self, connection: str, written: str) -> list[str]:
        """Every form under which a place or person that somebody names may stand on disk."""
        return self._forms(connection, self._form_of(connection, written) or written, written)

    def sender_forms(self, connection: str, written: str) -> list[str]:
        """Every form under which a sender that somebody names may stand on disk."""
        return self._forms(connection, self._form_of(connection, written, of_sender=True) or written, written)

    def _forms(self, connection: str, form: str, written: str) -> list[str]:
        return list(dict.fromkeys([*self.spellings(connection, form), form, written]))

    def let_in(self, connection: str, allowed: frozenset[str] | None = None) -> frozenset[str]:
        """Who is let in, by what the form of each entry alone tells: `place`, `person` or `place#person`."""
        allowed = self._allowed_of(connection) if allowed is None else allowed
        if (found := self._let_in.get(connection)) is None or found[0] != allowed:
            found = (allowed, frozenset(form for one in allowed for form in self._read(connection, one)))
            self._let_in[connection] = found
        return found[1]

    def allowed(self, row: Connection, lesson: Lesson | None = None) -> frozenset[str]:
        """Who is let in, each in the one form, and as it is written: a sender's id need not be an address."""
        if lesson is not None:
            return _normal_allowed(row.allowed | self.let_in(row.name, row.allowed), self.of(row.name, lesson))
        version = self._versions.get(row.name, 0)
        if (found := self._allowed.get(row.name)) is None or found[:2] != (row.allowed, version):
            wanted = row.allowed | self.let_in(row.name, row.allowed)
            found = (row.allowed, version, _normal_allowed(wanted, self.of(row.name)))
            self._allowed[row.name] = found
        return found[2]

    async def study(self, connection: str, sightings: Iterable[Sighting]) -> Lesson | None:
        """What is new in what came in, as far as it concerns anybody. Raises a `StorageError`."""
        known, used = self.of(connection), _used(self.let_in(connection))
        new = [alias for sighting in sightings for alias in known.new_aliases(sighting)]
        doubtful = [one for one in new if one.is_move and not _concerns(one, known, used)]
        for alias in dict.fromkeys(doubtful):  # somebody may have been sent something who is not let in
            find = partial(_was_written_to, connection=connection, recipient=alias.spelling)
            if await self._store.read(find):
                used = used | {alias.spelling}
        return self._lesson(connection, new, used)

    def study_sent(self, connection: str, recipient: str, sent: Sent) -> Lesson | None:
        """What is new in what the platform said of a message that went there."""
        known, place = self.of(connection), recipient.partition("/")[0]
        sightings = [*sent.sightings]
        if sent.moved_to is not None:
            sightings.append(Sighting(id=sent.moved_to.removesuffix(recipient.removeprefix(place)), was=(place,)))
        new = [alias for sighting in sightings for alias in known.new_aliases(sighting)]
        return self._lesson(connection, new, _used(self.let_in(connection)) | {recipient, place})

    def learn(self, lesson: Lesson) -> None:
        """Know it from now on, in memory."""
        known = self._known.setdefault(lesson.connection, Spellings())
        for spelling in lesson.forgotten:
            known.forget(spelling)
        for alias in lesson.aliases:
            known.add(alias)
        self._versions[lesson.connection] = self._versions.get(lesson.connection, 0) + 1

    def forget_account(self, connection: str) -> None:
        """Know no more what was so for one account only, and tell that it is another; the disk has forgotten it."""
        if known := self._known.get(connection):
            for alias in known.aliases:
                if alias.of_account:
                    known.forget(alias.spelling)
            self._versions[connection] = self._versions.get(connection, 0) + 1
        self._bus.publish(AccountChanged(connection=connection))

    def tell(self, lesson: Lesson) -> None:
        """Let everybody know what goes by another form now. Once it is on disk, and learned."""
        known = self.of(lesson.connection)
        for old in dict.fromkeys(old for alias in lesson.aliases for old in known.through(alias.spelling)):
            self._bus.publish(RecipientMoved(connection=lesson.connection, old=old, new=known.normal(old)))

    def _lesson(self, connection: str, new: Iterable[Alias], used: frozenset[str]) -> Lesson | None:
        """What of the new aliases concerns anybody, and what makes room for it."""
        known, aliases, left = self.of(connection), list[Alias](), list(new)
        while taken := next((one for one in left if _concerns(one, known, used) or _leads_on(one, aliases)), None):
            left.remove(taken)  # and what was of no concern before may be now, such as the name of a group that moved
            known = _after(known, Lesson(connection=connection, aliases=(taken,)))
            aliases += [taken] if known.aliases[-1:] == (taken,) else []
        if not aliases:
            return None
        over = max(0, len(known) - MAX_SPELLINGS)
        idle = (one.spelling for one in self.of(connection).aliases if not {one.spelling, one.normal} & used)
        forgotten = tuple(spelling for spelling, _ in zip(idle, range(over), strict=False))
        return Lesson(connection=connection, aliases=tuple(aliases), forgotten=forgotten)

    def _read(self, connection: str, entry: str) -> set[str]:
        """What an entry of those who are let in means; addresses may have a "#" of their own."""
        found = set[str]()
        if (form := self._form_of(connection, entry)) is not None:
            found.add(form)
        for index in (index for index, sign in enumerate(entry[:_LONGEST_ENTRY]) if sign == "#"):
            place, person = self._form_of(connection, entry[:index]), entry[index + 1 :].strip()
            if place is not None and person:
                found.add(f"{place}#{self._form_of(connection, person, of_sender=True) or person}")
        return found or {entry}

    def _forget(self, connection: str) -> None:
        for held in (self._known, self._allowed, self._let_in, self._versions):
            held.pop(connection, None)


def write_lesson(tx: Transaction, lesson: Lesson, now: float) -> None:
    """Write a lesson down, in the transaction of what taught it, and let what waits follow."""
    for spelling in lesson.forgotten:
        tx.run("forget_spelling", connection=lesson.connection, spelling=spelling)
    for alias in lesson.aliases:
        tx.run(
            "learn_spelling",
            connection=lesson.connection,
            spelling=alias.spelling,
            normal=alias.normal,
            is_move=alias.is_move,
            of_account=alias.of_account,
            learned_at=now,
        )
        place = {"connection": lesson.connection, "old": alias.spelling, "new": alias.normal}
        tx.run("move_recipient", **place, is_move=alias.is_move, limit=_AT_ONCE)


def _after(known: Spellings, lesson: Lesson) -> Spellings:
    changed = Spellings(known.aliases)
    for spelling in lesson.forgotten:
        changed.forget(spelling)
    for alias in lesson.aliases:
        changed.add(alias)
    return changed


def _normal_allowed(allowed: frozenset[str], known: Spellings) -> frozenset[str]:
    if not len(known):
        return allowed
    parts = (one.partition("#") for one in allowed)
    return frozenset(
        known.normal(place) + mark + (known.normal(person) if mark else "") for place, mark, person in parts
    )


def _used(allowed: frozenset[str]) -> frozenset[str]:
    """The addresses that somebody let in, places, chats of topics, and people."""
    parts = [part for one in allowed for part in one.split("#") if part]
    return frozenset(parts) | {part.partition("/")[0] for part in parts}


def _concerns(alias: Alias, known: Spellings, used: frozenset[str]) -> bool:
    """Whether anybody wants to know it: the spelling is in use, or what it means is and has not many others."""
    if alias.spelling in used or alias.spelling in known:
        return True
    place = alias.normal.partition("/")[0]
    is_known = bool({alias.normal, place, known.normal(alias.normal)} & used) or alias.normal in known
    return is_known and not known.has_many(alias.normal)


def _leads_on(alias: Alias, aliases: Iterable[Alias]) -> bool:
    """Whether one of these leads to it."""
    return any(alias.spelling == one.normal for one in aliases)


def _was_written_to(tx: Transaction, connection: str, recipient: str) -> bool:
    return tx.row("was_written_to", connection=connection, recipient=recipient) is not None


def _alias(row: Row) -> Alias:
    return Alias(
        spelling=str(row["spelling"]),
        normal=str(row["normal"]),
        is_move=bool(row["is_move"]),
        of_account=bool(row["of_account"]),
    )
