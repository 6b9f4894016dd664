"""Finding recipients among strangers: only while somebody looks, only who they are, and not too many."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from bach_lib.connectors.base import Incoming
from bach_lib.inbound import pairing as pairing_module
from bach_lib.inbound.pairing import Pairings, Sorted
from bach_lib.inbound.pairing_codes import PAIRING_SECONDS, new_code
from bach_lib.models import Candidate
from bach_lib.models.incoming import Content, Kind
from bach_lib.testing import FakeClock
from tests.lib.inbound.make import incoming

MALLORY = incoming(recipient="666", recipient_title="Mallory", sender_id="666", text="open the door")


def start(code: str = "", recipient: str = "42", *, is_forwarded: bool = False) -> Incoming:
    """Ada presses *Start*, perhaps behind a link that brings a code."""
    content = Content(command="start", args=code)
    metadata = {"forwarded": True} if is_forwarded else {}
    text = f"/start {code}".strip()
    return incoming(
        recipient=recipient, recipient_title="Ada", kind=Kind.COMMAND, text=text, content=content, metadata=metadata
    )


class Bench:
    """The pairings, and what they told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Candidate]] = []
        self.clock = FakeClock()
        self.pairings = Pairings(lambda name, candidate: self.told.append((name, candidate)), self.clock)

    def bring(self, *messages: Incoming, allowed: bool = False) -> Sorted:
        """A poll brought these; they reach the disk."""
        given = (messages, ()) if allowed else ((), messages)
        found = self.pairings.sort("home", *given, is_anybody_let_in=allowed)
        self.pairings.offer("home", found.blocked, found.codes)
        return found


@pytest.fixture
def bench() -> Bench:
    """Nobody looks."""
    return Bench()


def test_nobody_is_remembered_while_nobody_looks(bench: Bench) -> None:
    """Every stranger who ever wrote would be offered as a recipient."""
    bench.pairings.offer("home", [MALLORY])
    with bench.pairings.open("home") as pairing:
        assert pairing.candidates == {}
    bench.pairings.offer("home", [MALLORY])
    assert pairing.candidates == {}
    assert bench.told == []


def test_who_writes_is_offered_without_their_words(bench: Bench) -> None:
    """What strangers say would reach the dashboard, and the bus."""
    stranger = incoming(
        recipient="666", recipient_title="Mallory", text="open the door", metadata={"chat_type": "group"}
    )
    with bench.pairings.open("home") as pairing:
        bench.pairings.offer("home", [stranger])
    candidate = Candidate(recipient="666", title="Mallory", kind="group")
    assert pairing.candidates == {"666": candidate}
    assert bench.told == [("home", candidate)]
    assert "open the door" not in repr(bench.told)


def test_a_candidate_is_told_of_once(bench: Bench) -> None:
    """A chatty stranger would fill the event bus while a person is looking."""
    with bench.pairings.open("home") as pairing:
        bench.pairings.offer("home", [MALLORY] * 10)
        bench.pairings.offer("home", [MALLORY])
    assert len(pairing.candidates) == 1
    assert len(bench.told) == 1


def test_nothing_is_made_up_about_a_candidate(bench: Bench) -> None:
    """A dialog would show a kind of chat that the platform never named."""
    with bench.pairings.open("home"):
        bench.pairings.offer("home", [MALLORY])
    assert bench.told == [("home", Candidate(recipient="666", title="Mallory", kind=""))]


def test_who_writes_again_is_the_last_to_be_pushed_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one whom a person waits for would vanish from the list while they write."""
    monkeypatch.setattr(pairing_module, "_MAX_CANDIDATES", 2)
    with bench.pairings.open("home") as pairing:
        for number in ("1", "2", "1", "3"):
            bench.pairings.offer("home", [incoming(recipient=number)])
    assert list(pairing.candidates) == ["1", "3"]
    assert [candidate.recipient for _, candidate in bench.told] == ["1", "2", "3"]


def test_connections_do_not_share_their_strangers(bench: Bench) -> None:
    """Somebody who wrote to one bot would be offered as a recipient of another."""
    with bench.pairings.open("home") as home, bench.pairings.open("work") as work:
        bench.pairings.offer("work", [MALLORY])
        assert home.candidates == {}
        assert list(work.candidates) == ["666"]


def test_two_people_may_look_at_once(bench: Bench) -> None:
    """Closing one dialog would end the other."""
    with bench.pairings.open("home") as outer:
        with bench.pairings.open("home") as inner:
            bench.pairings.offer("home", [MALLORY])
        bench.pairings.offer("home", [incoming(recipient="7")])
    assert list(outer.candidates) == ["666", "7"]
    assert list(inner.candidates) == ["666"]


def test_a_flood_is_cut_off(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowd of strangers would fill the memory, and the list a person picks from."""
    monkeypatch.setattr(pairing_module, "_MAX_CANDIDATES", 5)
    with bench.pairings.open("home") as pairing:
        bench.pairings.offer("home", (incoming(recipient=str(number)) for number in range(100)))
    assert list(pairing.candidates) == ["95", "96", "97", "98", "99"], "the one who is awaited writes last"
    assert len(bench.told) == 5


def test_looking_ends_with_an_error_too(bench: Bench) -> None:
    """After a dialog that crashed strangers would be collected for ever."""
    with pytest.raises(LookupError), bench.pairings.open("home"):
        raise LookupError
    bench.pairings.offer("home", [MALLORY])
    assert bench.told == []


# -- who brings the code -----------------------------------------------------------------------------------------------


def test_who_brings_the_code_is_first_among_a_crowd_of_namesakes(bench: Bench) -> None:
    """Fifty strangers who call themselves "Ada" would keep Ada out of the list, or hide her in it."""
    crowd = [incoming(recipient=str(number), recipient_title="Ada") for number in range(1000, 1060)]
    with bench.pairings.open("home") as pairing:
        bench.bring(*crowd[:30])
        bench.bring(start(pairing.code))
        bench.bring(*crowd, *crowd)
        first, *others = pairing.candidates.values()
    assert first == Candidate(recipient="42", title="Ada", kind="", has_code=True)
    assert not any(one.has_code for one in others)
    assert ("home", first) in bench.told


@pytest.mark.parametrize(
    "write", [str, str.lower, lambda code: f"  {code.replace('-', ' ')} ", lambda code: f"@BACH {code}"]
)
def test_a_code_may_be_typed(bench: Bench, write: Callable[[str], str]) -> None:
    """On Discord and Signal no link brings it, and people type as they like."""
    with bench.pairings.open("home") as pairing:
        bench.bring(incoming(recipient="42", text=write(pairing.code)))
    assert pairing.candidates["42"].has_code


def test_a_code_is_good_once(bench: Bench) -> None:
    """Whoever reads a code over somebody's shoulder would be marked as well."""
    with bench.pairings.open("home") as pairing:
        bench.bring(start(pairing.code), start(pairing.code, recipient="666"))
        bench.bring(start(pairing.code, recipient="667"))
        assert [one.has_code for one in pairing.candidates.values()] == [True, False, False]


async def test_a_code_ends_with_its_time_and_with_its_dialog(bench: Bench) -> None:
    """A link that somebody finds later would still let them in."""
    with bench.pairings.open("home") as pairing:
        await bench.clock.advance(PAIRING_SECONDS)
        bench.bring(start(pairing.code))
        assert not pairing.candidates["42"].has_code
    with bench.pairings.open("home") as next_one:
        bench.bring(start(pairing.code, recipient="666"))
        assert not next_one.candidates["666"].has_code


def test_what_is_passed_on_brings_no_code(bench: Bench) -> None:
    """Somebody to whom the code was forwarded would be marked."""
    with bench.pairings.open("home") as pairing:
        bench.bring(start(pairing.code, is_forwarded=True))
        assert not pairing.candidates["42"].has_code


def test_a_code_is_brought_by_writing_it(bench: Bench) -> None:
    """A picture of the dialog, with the code below it, or a press would stand for the person who is meant."""
    with bench.pairings.open("home") as pairing:
        bench.bring(incoming(recipient="42", text=(9 * " ").join(pairing.code)))  # too long for a code
        bench.bring(*(replace(start(pairing.code), kind=kind) for kind in (Kind.MEDIA, Kind.BUTTON, Kind.EDITED)))
        assert not pairing.candidates["42"].has_code


async def test_a_code_is_never_a_command(bench: Bench) -> None:
    """Who is let in already, and whoever opens the link late, would start automations with it."""
    with bench.pairings.open("home") as pairing:
        hello = incoming(text="hello")
        assert bench.bring(start(pairing.code), hello, allowed=True).allowed == [hello]
        assert pairing.candidates["42"].has_code
    assert bench.bring(start(pairing.code), allowed=True).allowed == []
    await bench.clock.advance(3601)
    assert len(bench.bring(start(pairing.code), allowed=True).allowed) == 1


def test_the_code_of_another_connection_proves_nothing_and_is_no_message(bench: Bench) -> None:
    """Who opens the link with the wrong account would start automations there with a code that is good elsewhere."""
    with bench.pairings.open("work") as work, bench.pairings.open("home") as home:
        assert bench.bring(start(work.code), allowed=True).allowed == []
        assert not [one for one in (*home.candidates.values(), *work.candidates.values()) if one.has_code]
        assert work.is_good
    assert bench.bring(start(work.code), allowed=True).allowed == []


def test_codes_are_no_ones_guess_and_fit_into_a_link() -> None:
    """Telegram would refuse the link, or somebody guess it."""
    codes = {new_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{11}", code) for code in codes)


def test_a_code_stands_in_no_repr(bench: Bench) -> None:
    """A log that shows what is open would hand it out."""
    with bench.pairings.open("home") as pairing:
        assert pairing.code not in repr(pairing)


# -- who pressed Start before ------------------------------------------------------------------------------------------


async def test_who_pressed_start_before_is_offered_and_not_marked(bench: Bench) -> None:
    """After BotFather people press *Start* first; the dialog would wait for somebody who has come already."""
    bench.bring(start())
    with bench.pairings.open("home") as pairing:
        assert pairing.candidates == {"42": Candidate(recipient="42", title="Ada", kind="")}
    await bench.clock.advance(PAIRING_SECONDS)
    with bench.pairings.open("home") as pairing:
        assert pairing.candidates == {}


@pytest.mark.parametrize("other", [start(is_forwarded=True), replace(start(), kind=Kind.EDITED)])
def test_who_did_not_press_start_is_not_remembered(bench: Bench, other: Incoming) -> None:
    """Strangers who pass words on, or change old ones, would be kept in memory and offered."""
    bench.bring(other)
    with bench.pairings.open("home") as pairing:
        assert pairing.candidates == {}


def test_of_a_crowd_at_the_door_only_a_few_are_remembered(bench: Bench) -> None:
    """Strangers could fill the memory by pressing *Start*."""
    bench.bring(*(start(recipient=str(number)) for number in range(1000)))
    bench.bring(MALLORY)
    with bench.pairings.open("home") as pairing:
        assert list(pairing.candidates) == [str(number) for number in range(980, 1000)]


def test_nobody_is_warned_of_who_is_awaited(bench: Bench) -> None:
    """The log would call the owner's own first message one of a sender that nobody allowed."""
    assert bench.bring(start()).expected == 1, "nobody is let in yet"
    assert bench.bring(MALLORY).expected == 0
    with bench.pairings.open("home"):
        assert bench.bring(start()).expected == 1
    assert bench.pairings.sort("home", (), [start()], is_anybody_let_in=True).expected == 0
