"""Invents histories: a seed makes one, and the same seed the same one.

Each history has a temper of its own (which steps are frequent in it), because some faults show only where one kind of
trouble comes again and again.
"""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.simulation.hand_steps import Add, Amend, Correct, Discard, DiscardAll, Remove, SendNow
from tests.simulation.steps import (
    CONNECTIONS,
    NONCE,
    PLAIN,
    Advance,
    Again,
    Another,
    Answer,
    Cancel,
    Check,
    Crash,
    Cut,
    DiskFull,
    DiskSlow,
    DiskWell,
    Fail,
    Heal,
    History,
    Jump,
    Limit,
    Move,
    Outage,
    Reload,
    Restart,
    Retry,
    RetryAll,
    Says,
    Send,
    Start,
    Step,
    Stop,
    TakeOver,
    Tell,
    Wait,
)

_RECIPIENTS = ("ada", "bob", "cyd")
_TIMES = (0.0, 0.5, 1.0, 5.0, 15.0, 31.0, 65.0, 130.0, 310.0, 700.0, 2000.0)
_JUMPS = (1.0, 30.0, 61.0, 600.0, 3600.0, 86_400.0, 31_536_000.0)
_LIVES = (0.5, 1.0, 5.0, 30.0, 60.0, 300.0, 3600.0)
_LATER = (0.0, 0.5, 5.0, 60.0, 600.0, 3600.0, 86_400.0, 31_000_000.0)
_WAITS = (1.0, 3.0, 30.0, 120.0, 900.0)
_TROUBLE = (Says.LOST, Says.UNSURE, Says.BROKEN, Says.BUSY, Says.CHAT, Says.DOWN, Says.WAIT_CHAT, Says.REFUSED)
_LATENCIES = (0.0, 0.0, 0.0, 0.2, 1.0, 12.0, 25.0)


class Generator:
    """Makes one history."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._sent = 0
        self._last: Send | None = None
        weights: dict[Callable[[], list[Step]], float] = {
            self._send: 30,
            self._burst: 6,
            self._advance: 22,
            self._jump: 9,
            self._fail: 8,
            self._heal: 6,
            self._disk: 4,
            self._crash: 4,
            self._restart: 1.5,
            self._reload: 1.5,
            self._rest: 1.5,
            self._cancel: 5,
            self._retry: 4,
            self._again: 1.5,
            self._wait: 3,
            self._check: 1,
        }
        temper = self._random.choice((0.0, 0.5, 1.5))
        self._moves = list(weights)
        self._weights = [weight * self._random.lognormvariate(0.0, temper) for weight in weights.values()]
        self._names = Random(f"names {seed}")  # of its own, so that the others stay what they were
        self._has_names = self._names.random() < 0.4
        self._accounts = Random(f"accounts {seed}")  # the same
        self._has_accounts = not self._has_names and self._accounts.random() < 0.5
        self._hands = Random(f"hands {seed}")  # the same
        self._has_hands = not self._has_names and not self._has_accounts
        self._corrections = Random(f"corrections {seed}")  # the same
        self._has_corrections = self._has_hands and self._corrections.random() < 0.6
        self._times = Random(f"times {seed}")  # the same
        self._has_times = self._times.random() < 0.35
        self._has_failures = self._random.random() < 0.8
        self._has_lives = self._random.random() < 0.75

    def history(self) -> History:
        """The steps."""
        steps: list[Step] = []
        if self._has_names and self._names.random() < 0.4:
            steps.append(Limit(PLAIN, self._names.choice((1, 3)), self._names.choice((1.0, 60.0))))
        length = self._random.randint(5, 45)
        while len(steps) < length:
            steps += self._random.choices(self._moves, self._weights)[0]()
            if self._has_names and self._names.random() < 0.2:
                steps.append(self._place())
            if self._has_accounts and self._accounts.random() < 0.3:
                steps.append(self._about(steps))
            if self._has_hands and self._hands.random() < 0.4:
                steps += self._by_hand()
            if self._has_corrections and self._corrections.random() < 0.25:
                steps += self._correct()
            if self._has_times and self._times.random() < 0.1:
                steps.append(SendNow(max(1, self._sent - int(self._times.expovariate(0.4)))))
        return tuple(steps)

    def _place(self) -> Step:
        """Something happens to what a place is called, or somebody tells of it."""
        random = self._names
        connection, place = random.choices(CONNECTIONS, (3, 1))[0], random.choices(_RECIPIENTS, (5, 3, 1))[0]
        name = random.choice(("@ada", "@ada", "@bob"))
        kinds: tuple[Step, ...] = (Tell(connection, place), Move(connection, place), TakeOver(connection, name, place))
        return random.choices(kinds, (5, 3, 1))[0]

    def _about(self, steps: list[Step]) -> Step:
        """Another account comes; or somebody says something about a message, to whoever is there by then."""
        random = self._accounts
        sends = [step for step in steps if isinstance(step, Send) and step.connection == PLAIN and not step.corrects]
        if not sends or random.random() < 0.3:
            return Another(PLAIN)
        about = random.choice(sends)
        new = Send(number=self._next(), recipient=about.recipient)
        changes = random.random() < 0.5
        return replace(new, corrects=about.number) if changes else replace(new, answers_to=about.number)

    def _by_hand(self) -> list[Step]:
        """A person does something about a message, often one in trouble, or about a connection and all that waits."""
        random = self._hands
        connection = random.choices(CONNECTIONS, (3, 1))[0]
        if random.random() < 0.15:
            there: list[Step] = [Add(connection), Send(number=self._next(), connection=connection)]
            return [Remove(connection), Advance(random.choice((0.0, 0.0, 1.0, 65.0))), *there]
        steps: list[Step] = []
        number = max(1, self._sent - int(random.expovariate(0.4)))
        if random.random() < 0.6:
            number = self._next()
            trouble = Answer(random.choice(_TROUBLE), random.choice(_LATENCIES))
            sent = Send(number=number, connection=connection, answers=(trouble,), max_retries=random.choice((None, 0)))
            steps += [sent, Advance(random.choice((0.0, 1.0, 31.0)))]
        to, through = random.choice((None, *_RECIPIENTS)), random.choice((None, None, *CONNECTIONS))
        kinds: tuple[Step, ...] = (Amend(number, to, through), Discard(number), DiscardAll(connection))
        return [*steps, random.choices(kinds, (6, 2, 1))[0]]

    def _correct(self) -> list[Step]:
        """A person corrects an address, often while something is under way there."""
        random = self._corrections
        connection, (old, new) = random.choices(CONNECTIONS, (3, 1))[0], random.sample(_RECIPIENTS, 2)
        steps: list[Step] = []
        if random.random() < 0.7:
            trouble = Answer(random.choice((*_TROUBLE, Says.SENT)), random.choice((0.2, 1.0, 12.0, 25.0)), 3.0)
            once, tag = random.random() < 0.2, random.choice((None, None, "t"))
            kind = Send(number=self._next(), connection=connection, recipient=old, at_most_once=once, tag=tag)
            steps = [replace(kind, answers=(trouble,)), Advance(random.choice((0.0, 0.1, 0.5)))]
        return [*steps, Correct(connection, old, new)]

    def _next(self) -> int:
        self._sent += 1
        return self._sent

    def _spelled(self, place: str) -> str:
        """A place as somebody may write it."""
        if not self._has_names:
            return place
        return self._names.choices((place, f"@{place}", f"{place}/7", f"@{place}/7", f"{place}.1"), (4, 4, 1, 1, 2))[0]

    def _some_number(self) -> int:
        """A message that was sent, rather a late one."""
        return max(1, self._sent - int(self._random.expovariate(0.4)))

    def _answer(self) -> Answer:
        says = self._random.choice(list(Says))
        wait = self._random.choice(_WAITS) if says in {Says.WAIT_ALL, Says.WAIT_CHAT} else 0.0
        return Answer(says, self._random.choice(_LATENCIES), wait)

    def _for_good(self) -> Answer:
        """What can be answered for ever. What never leaves this machine is an outage as long as nothing else does."""
        while (answer := self._answer()).says is Says.UNREACHED:
            pass
        return answer

    def _new(self) -> Send:
        random = self._random
        number = self._next()
        fails = self._has_failures and random.random() < 0.4
        send = Send(
            number=number,
            connection=random.choices((PLAIN, NONCE), (3, 1))[0],
            recipient=self._spelled(random.choices(_RECIPIENTS, (5, 3, 1))[0]),
            priority=random.choices((0, 5, -5), (8, 1, 1))[0],
            tag=random.choices((None, "t", "u"), (6, 1, 1))[0],
            time_to_live=random.choice(_LIVES) if self._has_lives and random.random() < 0.6 else None,
            at_most_once=random.random() < 0.25,
            max_retries=random.choices((None, 0, 1, 2), (4, 1, 1, 1))[0],
            key=random.random() < 0.15,
            file=random.random() < 0.1,
            leaves=random.random() < 0.05,
            not_before=self._times.choice(_LATER) if self._has_times and self._times.random() < 0.4 else None,
            answers=tuple(self._answer() for _ in range(random.randint(1, 3))) if fails else (),
            always=self._for_good() if fails and random.random() < 0.1 else None,
        )
        return replace(send, silent=True) if send.tag and random.random() < 0.6 else send

    def _send(self) -> list[Step]:
        return [self._new()]

    def _burst(self) -> list[Step]:
        """Several at once to the same place: what lanes are for."""
        first = self._new()
        more = [self._new() for _ in range(self._random.randint(1, 5))]
        where = (first.connection, first.recipient)
        same = [_at(send, *where) if self._random.random() < 0.7 else send for send in more]
        return [first, *(replace(send, recipient=self._spelled(_plain(send.recipient))) for send in same)]

    def _advance(self) -> list[Step]:
        return [Advance(self._random.choice(_TIMES))]

    def _jump(self) -> list[Step]:
        return [Jump(self._random.choice(_JUMPS) * self._random.choice((1, 1, -1)))]

    def _fail(self) -> list[Step]:
        return [Fail(self._random.choices(CONNECTIONS, (3, 1))[0], self._random.choice(list(Outage)))]

    def _heal(self) -> list[Step]:
        return [Heal(self._random.choices(CONNECTIONS, (3, 1))[0])]

    def _disk(self) -> list[Step]:
        """It fails for a while, in which something happens."""
        during: list[Step] = [self._move() for _ in range(self._random.randint(0, 3))]
        trouble = self._random.choice((DiskFull, DiskSlow))()
        return [trouble, *during, Advance(self._random.choice(_TIMES)), DiskWell()]

    def _move(self) -> Step:
        return self._random.choice((self._send, self._advance, self._jump, self._cancel, self._retry))()[0]

    def _crash(self) -> list[Step]:
        random = self._random
        commits = 1 + int(random.expovariate(0.5))
        return [Crash(commits, random.choice(list(Cut)), random.choice(_TIMES))]

    def _restart(self) -> list[Step]:
        return [Restart(self._random.choice((0.0, 5.0)))]

    def _reload(self) -> list[Step]:
        return [Reload(self._random.choice(CONNECTIONS))]

    def _rest(self) -> list[Step]:
        name = self._random.choices(CONNECTIONS, (3, 1))[0]
        return [self._random.choice((Stop, Start))(name)]

    def _cancel(self) -> list[Step]:
        return [Cancel(self._some_number())]

    def _retry(self) -> list[Step]:
        if self._random.random() < 0.2:
            return [RetryAll(self._random.choice(CONNECTIONS))]
        return [Retry(self._some_number())]

    def _again(self) -> list[Step]:
        return [Again(self._some_number())]

    def _wait(self) -> list[Step]:
        return [Wait(self._some_number(), self._random.choice((None, None, 5.0)))]

    def _check(self) -> list[Step]:
        return [Check(self._random.choice(CONNECTIONS))]


def _plain(recipient: str) -> str:
    return recipient.removeprefix("@").partition("/")[0].partition(".")[0]


def _at(send: Send, connection: str, recipient: str) -> Send:
    return replace(send, connection=connection, recipient=recipient)


def history_of(seed: int) -> History:
    """The history that a seed stands for."""
    return Generator(seed).history()
