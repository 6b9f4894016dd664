"""The simulation can fail: each promise is broken once on purpose, and the judge has to name it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bach_lib.bus import Bus
from bach_lib.connectors import answer_check
from bach_lib.connectors.checked import Checked
from bach_lib.events import Event, MessageSent
from bach_lib.models import Message
from bach_lib.models.spellings import Alias, Sighting, Spellings
from bach_lib.outbound import attempt, lane
from bach_lib.outbound.dispatcher import Dispatcher
from bach_lib.outbound.gate import Gate
from bach_lib.outbound.lane_address import LaneAddresses
from bach_lib.outbound.lanes import Lanes
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.schedule import Schedule
from bach_lib.outbound.waiters import Waiters
from bach_lib.outcomes import Outcome
from bach_lib.registry import Registry
from bach_lib.registry.directory import Directory
from bach_lib.runtime.runtimes import Runtimes
from bach_lib.storage import Row, Transaction, Value
from tests.simulation.disk import Disk
from tests.simulation.generator import history_of
from tests.simulation.hand_steps import Amend, Correct, Discard, DiscardAll, Remove
from tests.simulation.incoming_steps import Account, IncomingHistory, LetIn, Write
from tests.simulation.running import complaints_about, complaints_about_incoming, try_seed, written
from tests.simulation.shrink import shrink
from tests.simulation.steps import (
    Advance,
    Another,
    Answer,
    Crash,
    Fail,
    Heal,
    History,
    Limit,
    Move,
    Outage,
    Restart,
    Says,
    Send,
    Step,
    TakeOver,
    Tell,
    Wait,
)

type Sabotage = Callable[[pytest.MonkeyPatch], None]

ANOTHER, ANSWER = Another("plain"), Send(number=3, answers_to=1)
OUTAGE = Fail("plain", Outage.UNREACHABLE)


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """A session of aiohttp needs an event loop, and that a pair of sockets."""


def without_settling(patch: pytest.MonkeyPatch) -> None:
    """What came of an attempt is never written."""
    patch.setattr("bach_lib.outbound.advancing.settle_all", lambda _tx, settlements, *_: [None] * len(settlements))


def without_expiring(patch: pytest.MonkeyPatch) -> None:
    """Memory lets go of what is too old, and the disk keeps it."""

    async def expire(*_: object) -> list[object]:
        return []

    patch.setattr(Queue, "expire", expire)


def without_log(patch: pytest.MonkeyPatch) -> None:
    """The disk loses what was written last."""
    copy = Disk.copy

    def copy_without(self: Disk, path: Path) -> None:
        copy(self, path)
        path.with_name(path.name + "-wal").unlink(missing_ok=True)

    patch.setattr(Disk, "copy", copy_without)


def newest_first(patch: pytest.MonkeyPatch) -> None:
    """A lane is last in, first out."""
    patch.setattr(lane, "rank_of", lambda message_id, _: (-message_id, message_id))


def impatient(patch: pytest.MonkeyPatch) -> None:
    """What the platform wishes is not heard."""
    patch.setattr(answer_check, "_LONGEST_WAIT", 0.25)


def silent(patch: pytest.MonkeyPatch) -> None:
    """Nobody is told that a message was sent."""
    publish = Bus.publish

    def publish_others(self: Bus, event: Event) -> None:
        if not isinstance(event, MessageSent):
            publish(self, event)

    patch.setattr(Bus, "publish", publish_others)


def uncounted(patch: pytest.MonkeyPatch) -> None:
    """The registry does not follow what the queue counts."""
    patch.setattr(Registry, "count", lambda *_: None)


def hoarding(patch: pytest.MonkeyPatch) -> None:
    """Files stay after they were sent."""
    run = Transaction.run

    def run_others(self: Transaction, query: str, **values: Value) -> int:
        return 0 if query == "delete_files" else run(self, query, **values)

    patch.setattr(Transaction, "run", run_others)


def without_history(patch: pytest.MonkeyPatch) -> None:
    """What came of an attempt leaves no row."""
    patch.setattr("bach_lib.outbound.settlement.record_attempts", lambda *_: None)


def lying(patch: pytest.MonkeyPatch) -> None:
    """The rows tell of attempts that took no time."""
    run_all = Transaction.run_all

    def run_others(self: Transaction, query: str, rows: Sequence[Mapping[str, Value]]) -> int:
        return run_all(self, query, [{**row, "seconds": 0.0} for row in rows] if query == "add_attempt" else rows)

    patch.setattr(Transaction, "run_all", run_others)


def deaf(patch: pytest.MonkeyPatch) -> None:
    """Who waits for a message is not told of its end."""
    patch.setattr(Waiters, "_finished", lambda *_: None)


def forgetful(patch: pytest.MonkeyPatch) -> None:
    """What was sent is handed to the platform again."""
    send = Checked.send

    async def twice(self: Checked, message: Message) -> Outcome:
        await send(self, message)
        return await send(self, message)

    patch.setattr(Checked, "send", twice)


def careless(patch: pytest.MonkeyPatch) -> None:
    """Whatever names a message goes out, whosever that is."""

    async def anybodys(_: object, message: Message, __: object) -> Message:
        return message

    patch.setattr(attempt, "belonging", anybodys)


def short_sighted(patch: pytest.MonkeyPatch) -> None:
    """What is put after the hand-over is thought to name what came after it."""

    async def never(*_: object) -> bool:
        return False

    patch.setattr(Queue, "is_named_before", never)


def unasked(patch: pytest.MonkeyPatch) -> None:
    """Whose account sends is asked when something is named, and not before."""

    async def not_now(*_: object) -> None:
        pass

    patch.setattr(attempt, "note_whose", not_now)


def apart(patch: pytest.MonkeyPatch) -> None:
    """What is one place stands in two lanes."""
    patch.setattr(Dispatcher, "_meet", lambda *_: None)


def limited_apart(patch: pytest.MonkeyPatch) -> None:
    """What is one place has two limits."""
    patch.setattr(Gate, "meet", lambda *_: None)


def tagged_apart(patch: pytest.MonkeyPatch) -> None:
    """What is on its way is not seen by the newer one of its tag, neither when that comes nor when it goes."""
    patch.setattr("bach_lib.outbound.queue.outdate", lambda *_: None)
    patch.setattr("bach_lib.outbound.advancing.take_place", lambda *_, **__: ())


def astray(patch: pytest.MonkeyPatch) -> None:
    """What was addressed to a name goes to whoever has that now."""
    patch.setattr(LaneAddresses, "addressed", lambda _, message: message)


def unteachable(patch: pytest.MonkeyPatch) -> None:
    """What the platform tells with a message is not kept."""

    async def study(*_: object) -> None:
        return None

    patch.setattr(Directory, "study", study)


def with_a_short_memory(patch: pytest.MonkeyPatch) -> None:
    """What was learned is forgotten with the process."""
    patch.setattr("bach_lib.inbound.inbox.write_lesson", lambda *_: None)


def with_old_numbers(patch: pytest.MonkeyPatch) -> None:
    """Messages of another account are taken for those of the one before that had the same numbers."""
    _without(patch, "rename_incoming")


def with_an_old_cursor(patch: pytest.MonkeyPatch) -> None:
    """Another account is read from where the one before was."""
    _without(patch, "hand_over")


def ashamed(patch: pytest.MonkeyPatch) -> None:
    """What was amended bears the name of what may have arrived."""
    patch.setattr("bach_lib.outbound.rows._nonce", lambda number, instance, _=0: f"{instance}-{number:x}")


def left_behind(patch: pytest.MonkeyPatch) -> None:
    """What is under way while its address is corrected stays with the old one."""
    rows = Transaction.rows

    def rows_of_others(self: Transaction, asked: str, **values: Value) -> list[Row]:
        if asked == "correct_address":
            return rows(self, "readdress", **values, is_move=False)
        return rows(self, asked, **values)

    patch.setattr(Transaction, "rows", rows_of_others)


def unled(patch: pytest.MonkeyPatch) -> None:
    """Memory does not hear that an address was corrected."""
    patch.setattr(Dispatcher, "moved", lambda *_: None)
    patch.setattr(Dispatcher, "readdressed", lambda *_: None)


def without_landing(patch: pytest.MonkeyPatch) -> None:
    """What arrived is thought to be where it belonged by then."""
    rows = Transaction.run

    def run_others(self: Transaction, asked: str, **values: Value) -> int:
        return rows(self, "land_unsent" if asked == "land_sent" else asked, **values)

    patch.setattr(Transaction, "run", run_others)


def hesitant(patch: pytest.MonkeyPatch) -> None:
    """What was given up waits for somebody all the same."""
    _without_rows(patch, "discard")


def clinging(patch: pytest.MonkeyPatch) -> None:
    """What went through a connection that was removed stays on disk."""
    _without(patch, "delete_messages")


def persevering(patch: pytest.MonkeyPatch) -> None:
    """Who was removed goes on."""
    patch.setattr(Runtimes, "_removed", lambda *_: None)
    _without(patch, "delete_messages")


def negligent(patch: pytest.MonkeyPatch) -> None:
    """Who waits for a message is not told that it is gone."""
    patch.setattr(Waiters, "_removed", lambda *_: None)


def credulous(patch: pytest.MonkeyPatch) -> None:
    """What is told last of a name counts."""

    def new_aliases(_: Spellings, sighting: Sighting) -> list[Alias]:
        return [Alias(spelling=name, normal=sighting.id) for name in sighting.names]

    def add(self: Spellings, alias: Alias) -> bool:
        self._learned[alias.spelling] = alias
        return True

    patch.setattr(Spellings, "new_aliases", new_aliases)
    patch.setattr(Spellings, "add", add)


def _without(patch: pytest.MonkeyPatch, query: str) -> None:
    run = Transaction.run

    def run_others(self: Transaction, asked: str, **values: Value) -> int:
        return 0 if asked == query else run(self, asked, **values)

    patch.setattr(Transaction, "run", run_others)


def _without_rows(patch: pytest.MonkeyPatch, query: str) -> None:
    rows = Transaction.rows

    def rows_of_others(self: Transaction, asked: str, **values: Value) -> list[Row]:
        return [] if asked == query else rows(self, asked, **values)

    patch.setattr(Transaction, "rows", rows_of_others)


SENT = (Send(number=1),)
TOLD = Tell("plain", "ada")
NAMED = Send(number=1, recipient="@ada")
BUSY = Answer(Says.BUSY, after=12)
LATE, CORRECT = Send(number=1, answers=(BUSY,)), Correct("plain", "ada", "bob")
REFUSED = Send(number=1, answers=(Answer(Says.REFUSED),))


def hasty(patch: pytest.MonkeyPatch) -> None:
    """What is for later is put as if it were for now."""
    patch.setattr("bach_lib.outbound.draft._due", lambda *_: None)


def oversleeping(patch: pytest.MonkeyPatch) -> None:
    """Nobody looks when it is time, nor after a restart."""
    patch.setattr(Schedule, "_look", lambda _: None)


SABOTAGE: dict[str, tuple[Sabotage, History, str]] = {
    "settling": (without_settling, SENT, "an end"),
    "expiring": (without_expiring, (OUTAGE, Send(number=1, time_to_live=60), Advance(100)), "left hanging"),
    "durable": (without_log, (*SENT, Advance(1), Crash()), "durable"),
    "order": (newest_first, (OUTAGE, *SENT, Send(number=2), Advance(100), Heal("plain")), "order"),
    "patience": (impatient, (Send(number=1, answers=(Answer(Says.WAIT_CHAT, wait=30),)), Advance(60)), "told to wait"),
    "patience with all": (
        impatient,
        (Send(number=1, answers=(Answer(Says.WAIT_ALL, wait=900),)), Advance(60)),
        "told to wait",
    ),
    "events": (silent, SENT, "events"),
    "counters": (uncounted, SENT, "counters"),
    "history": (without_history, SENT, "history"),
    "times": (lying, (Send(number=1, answers=(Answer(Says.BUSY, after=3),)), Advance(60)), "history"),
    "files": (hoarding, (Send(number=1, file=True),), "left over"),
    "waiting": (deaf, (OUTAGE, *SENT, Advance(1), Wait(1), Heal("plain")), "waiting"),
    "repeats": (forgetful, SENT, "no repeat"),
    "not early": (hasty, (Send(number=1, not_before=60.0), Advance(100)), "not early"),
    "not forgotten": (oversleeping, (Send(number=1, not_before=60.0), Advance(100)), "an end"),
    "amending": (
        ashamed,
        (Send(number=1, connection="nonce", answers=(Answer(Says.LOST),)), Advance(0.5), Amend(1, "bob"), Advance(99)),
        "amended",
    ),
    "correcting": (left_behind, (LATE, Advance(1), CORRECT, Advance(100)), "the right place"),
    "correcting what fails": (
        left_behind,
        (replace(LATE, answers=(Answer(Says.REFUSED, after=12),)), Advance(1), CORRECT, Advance(100)),
        "corrected",
    ),
    "correcting what arrives": (
        without_landing,
        (replace(LATE, answers=(Answer(after=12),)), Advance(1), CORRECT, Advance(100)),
        "corrected",
    ),
    "the lane of what is corrected": (
        unled,
        (LATE, Advance(1), CORRECT, Advance(1), Send(number=2, recipient="bob"), Advance(100)),
        "one at a time",
    ),
    "discarding": (hesitant, (REFUSED, Advance(1), Discard(1)), "by hand"),
    "discarding all": (hesitant, (REFUSED, Advance(1), DiscardAll("plain")), "by hand"),
    "removing": (clinging, (*SENT, Advance(1), Remove("plain"), Advance(1)), "removed"),
    "what is removed": (persevering, (OUTAGE, *SENT, Advance(1), Remove("plain"), Heal("plain")), "removed"),
    "waiting for what is removed": (negligent, (OUTAGE, *SENT, Advance(1), Wait(1), Remove("plain")), "waiting"),
    "whose it was": (unasked, (*SENT, Advance(1), ANOTHER, Advance(1), ANSWER), "account"),
    "whose it is": (careless, (*SENT, Advance(1), Send(number=2, corrects=1), ANOTHER, Advance(1), ANSWER), "account"),
    "whose it names": (
        short_sighted,
        (*SENT, Advance(1), ANOTHER, Advance(1), ANSWER, Advance(1), Send(number=4, answers_to=1)),
        "account",
    ),
    "one lane": (
        apart,
        (OUTAGE, NAMED, Advance(1), TOLD, Advance(1), Send(number=2), Advance(1), Heal("plain"), Advance(100)),
        "order",
    ),
    "one limit": (
        limited_apart,
        (Limit("plain", 1, 60.0), NAMED, Advance(1), Send(number=2), Advance(100)),
        "limits",
    ),
    "one tag": (
        tagged_apart,
        (Send(number=1, tag="t", priority=-5, answers=(BUSY,)), Send(number=2, tag="t"), Advance(100)),
        "tags",
    ),
    "the first who has a name": (
        astray,
        (replace(NAMED, answers=(BUSY,)), TOLD, Advance(1), TakeOver("plain", "@ada", "bob"), Advance(100)),
        "the right place",
    ),
    "listening": (unteachable, (TOLD, Advance(1), Send(number=1)), "listened"),
    "remembering": (with_a_short_memory, (TOLD, Advance(1), Restart(), Advance(1)), "learned"),
}


LET_IN = LetIn(("@ada", "home"))
INCOMING: dict[str, tuple[Sabotage, IncomingHistory, str]] = {
    "names": (unteachable, (LET_IN, Write(number=1, tells=True), Advance(1)), "durable"),
    "moves": (
        unteachable,
        (LET_IN, Move("line", "home"), Write(number=1, sender="eve", place="home", tells=True), Advance(1)),
        "durable",
    ),
    "numbers": (with_old_numbers, (Write(number=1), Advance(1), Account(), Advance(1), Write(number=2)), "durable"),
    "cursors": (
        with_an_old_cursor,
        (Write(number=1), Advance(1), Account(), Advance(1), Write(number=2), Advance(1)),
        "durable",
    ),
    "thieves": (
        credulous,
        (
            LetIn(("@bob",)),
            Write(number=1, sender="bob", tells=True),
            TakeOver("line", "@bob", "eve"),
            Write(number=2, sender="eve", tells=True),
            Advance(1),
        ),
        "strangers",
    ),
}


@pytest.mark.parametrize("name", INCOMING)
def test_the_judge_of_receiving_names_what_is_broken(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The simulation would be green whoever is let in, and whatever another account loses."""
    sabotage, history, rule = INCOMING[name]
    assert complaints_about_incoming(history, 1) == []
    sabotage(monkeypatch)
    assert rule in {complaint.rule for complaint in complaints_about_incoming(history, 1)}


@pytest.mark.parametrize("name", SABOTAGE)
def test_the_judge_names_what_is_broken(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The simulation would be green whatever BACH does."""
    sabotage, history, rule = SABOTAGE[name]
    assert complaints_about(history, 1) == []
    sabotage(monkeypatch)
    assert rule in {complaint.rule for complaint in complaints_about(history, 1)}


def test_a_history_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that turns in circles would stop the tests instead of failing them."""
    monkeypatch.setattr(Lanes, "next_due", lambda _: 0.0)
    monkeypatch.setattr(answer_check, "_LONGEST_WAIT", 0.0)
    history: History = (Send(number=1, always=Answer(Says.WAIT_CHAT, wait=1)), Advance(100))
    assert complaints_about(history, 1) != []


def test_the_same_seed_tells_the_same_story() -> None:
    """A failure could not be looked at again."""
    assert [try_seed(seed, "outgoing", shortest=False) for seed in range(5)] == [
        try_seed(seed, "outgoing", shortest=False) for seed in range(5)
    ]
    assert history_of(1) == history_of(1) != history_of(2)


def test_a_failing_history_is_cut_down_to_what_it_needs() -> None:
    """A person would look for one bad step among fifty."""
    history: History = (Advance(1), Send(number=1, priority=5), *(Advance(2) for _ in range(20)), OUTAGE)

    def fails(steps: tuple[Step, ...]) -> bool:
        return any(isinstance(step, Send) for step in steps) and OUTAGE in steps

    assert shrink(history, fails) == (Send(number=1), OUTAGE)


def test_steps_are_printed_as_a_test_would_say_them() -> None:
    """Nobody could copy a history into a test."""
    send = Send(number=3, answers=(Answer(Says.LOST, 1.0),))
    assert written(send) == "Send(number=3, answers=(Answer(says=Says.LOST, after=1.0),))"
    assert eval(written(send)) == send
