"""Starts a session of a process in a database, or takes it up again, and sees whether that is what it was.

In an older copy what waited may have been sent since, so all of it is held, once, by whoever notices first. And all
processes begin anew: what they have in mind is not what stands there.
"""

from bach_lib.errors import StoreLostError, StoreVanishedError
from bach_lib.field_logger import FieldLogger
from bach_lib.said import Sentence
from bach_lib.storage.moved import Opening
from bach_lib.storage.postgresql.address import Address
from bach_lib.storage.postgresql.dialect import queries
from bach_lib.storage.postgresql.driver import Wire
from bach_lib.storage.postgresql.known_commits import Commits, Note, Noted
from bach_lib.storage.postgresql.layout import admit, has_tables, prepare
from bach_lib.storage.transaction import Value
from bach_lib.storage.values import integer, noted

_LOGGER = FieldLogger(__name__)
_COPIES = "copies"
"""Key: how often an older copy was noticed. Who knows of fewer was not there when it was dealt with."""
_LOCK = 0x42414348 + 2
_BEGIN = f"BEGIN; SELECT pg_advisory_xact_lock({_LOCK})"
_FIND = "SELECT number FROM commits WHERE session = ?1"
_LEAVE = "DELETE FROM commits WHERE session = ?1"
_ENTER = "INSERT INTO commits (session, number) VALUES (?1, ?2)"
_GO_ON = (  # the ids that were given since are known to platforms by their nonces, which would swallow a new message
    "SELECT setval(pg_get_serial_sequence('bach.messages', 'id'), 1000000 + 1000000 *"
    " (coalesce(pg_sequence_last_value(pg_get_serial_sequence('bach.messages', 'id')), 0) / 1000000))"
)
_HELD = (
    "%d messages that waited in %s are held, because it is an older copy: it had gone further before somebody put a"
    " backup back, or another server took over. They may have been sent since. Look at them (bach msg list), then send"
    " them (bach msg release) or give them up (bach msg discard --held)"
)
_END_SESSIONS = "UPDATE processes SET ended_at = extract(epoch FROM clock_timestamp()) WHERE ended_at IS NULL"


def start_session(  # noqa: PLR0917 - all that there is to know at this moment
    wire: Wire, address: Address, opening: Opening, commits: Commits, note: Note, now: float
) -> None:
    """Check and prepare the database, and enter. Raises a `StorageError`, or as `Wire`."""
    noted = None if opening.moves or opening.looks else note.read(now)
    if not opening.moves and not opening.looks and not has_tables(wire):
        _check_is_new(address, commits, noted, note)
    prepare(wire, address, creates=opening.creates)
    admit(wire, address, opening)
    held = _enter(wire, commits, noted, address)
    if held is not None:
        _LOGGER.warning(_HELD, held, address)
        note.write(commits, now, at_once=True)


def _check_is_new(address: Address, commits: Commits, noted: Noted | None, note: Note) -> None:
    """Raise `StoreVanishedError` where there was a database: who made an empty one would hide that."""
    if commits.has_begun or noted:
        way = (
            Sentence("remove_path_and_start", "remove {path} and start", path=note.path)
            if note.path
            else Sentence("start", "start")
        )
        raise StoreVanishedError(path=address, way=way)


def _enter(wire: Wire, commits: Commits, noted: Noted | None, address: Address) -> int | None:
    """How many messages are held if it is an older copy, None if it is not."""
    known = _known(wire)
    instance = str(known.get("instance", ""))
    if commits.has_begun and instance != commits.instance:
        raise StoreLostError(
            path=address,
            what=Sentence("was_replaced_by_another_database", "was replaced by another database"),
            advice=Sentence("start_bach_anew_to_work_on_that_one", "Start BACH anew to work on that one."),
        )
    if commits.has_begun:
        is_older = not commits.finds(_number(wire, commits.session))
    else:
        commits.instance, commits.copies = instance, _copies(known)
        is_older = noted is not None and _is_older(wire, noted, commits)
        if noted and is_older:
            commits.copies = noted.copies
        wire.execute(_ENTER, [commits.session, 0])
    return _begin_anew(wire, commits) if is_older else None


def _is_older(wire: Wire, noted: Noted, commits: Commits) -> bool:
    """Whether it has gone further than this, and nobody has dealt with that."""
    if noted.instance != commits.instance or commits.copies > noted.copies:
        return False
    number = _number(wire, noted.session)
    return number is None or number < noted.number


def _begin_anew(wire: Wire, commits: Commits) -> int:
    wire.script(_BEGIN)
    copies, held = _copies(_known(wire)), 0
    if copies <= commits.copies:  # nobody else has dealt with it
        held = wire.execute(queries()["hold_unfinished"]).rowcount
        wire.execute(_END_SESSIONS)
        wire.execute(_GO_ON)
        copies = commits.copies + 1
        wire.execute("DELETE FROM meta WHERE key = ?1", [_COPIES])
        wire.execute("INSERT INTO meta (key, value) VALUES (?1, ?2)", [_COPIES, str(copies)])
    wire.execute(_LEAVE, [commits.session])
    wire.execute(_ENTER, [commits.session, commits.done])
    wire.script("COMMIT")
    commits.copies = copies
    return held


def _known(wire: Wire) -> dict[str, Value]:
    return {str(row["key"]): row["value"] for row in wire.execute("SELECT key, value FROM meta").fetchall()}


def _copies(known: dict[str, Value]) -> int:
    return noted(known.get(_COPIES))


def _number(wire: Wire, session: str) -> int | None:
    rows = wire.execute(_FIND, [session]).fetchall()
    return integer(rows[0]["number"]) if rows else None
