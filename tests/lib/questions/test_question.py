"""Which message answers which question: the first that may, once, and never the answer to another one."""

from dataclasses import dataclass, field, replace
from typing import override

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bach_lib import Answer, Button, Content, Fault, IncomingMessage, Kind, Message, Place, Question, Receipt, Status
from bach_lib.models import Buttons
from bach_lib.questions import Asked, Ending, Questions

NOW = 1_800_000_000.0
YES_NO: Buttons = ((Button(text="Yes", value="open"), Button(text="No", value="leave")),)
ADA = Place(connection="home", recipient="42")
GROUP = Place(connection="home", recipient="-100")


def may_answer(message: IncomingMessage) -> str | None:
    """Everybody but Eve."""
    return None if message.sender_id == "666" else f"Person {message.sender_id}"


@dataclass
class Round:
    """Open questions, and the ends that were told."""

    questions: Questions = field(default_factory=Questions)
    ended: list[Asked] = field(default_factory=list)

    def ask(
        self,
        *deliveries: tuple[int, Place],
        answers: Buttons = YES_NO,
        takes_text: bool = False,
        degraded: bool = False,
    ) -> Asked:
        """A question whose messages are in the queue."""

        def end(asked: Asked) -> None:
            self.questions.close(asked)
            self.ended.append(asked)

        places = tuple(place for _, place in deliveries)
        question = Question(
            text="Open?", places=places, timeout=60, answers=answers, takes_text=takes_text, name_of=may_answer
        )
        asked = Asked(question, end)
        self.questions.open(asked)
        for number, place in deliveries:
            receipt = Receipt(
                id=number,
                connection=place.connection,
                recipient=place.recipient,
                status=Status.PENDING,
                degraded=degraded,
            )
            asked.put(place, receipt)
        asked.all_put({})
        return asked


def message(number: int, place: Place = ADA, status: Status = Status.SENT, reason: str | None = None) -> Message:
    """How a message of a question stands; the platform's id is the thousandfold."""
    return Message(
        id=number,
        nonce=f"n-{number:x}",
        connection=place.connection,
        recipient=place.recipient,
        text="Open?",
        status=status,
        attempted_at=None if status is Status.PENDING else NOW,
        remote_id=str(number * 1000) if status is Status.SENT else None,
        error=Fault(code="refused", text=reason) if reason else None,
    )


def incoming(place: Place = ADA, sender: str = "42", **fields: object) -> IncomingMessage:
    """Something that came in."""
    made = IncomingMessage(
        id=1,
        connection=place.connection,
        remote_id="x",
        recipient=place.recipient,
        sender_id=sender,
        sender_name="",
        kind=Kind.TEXT,
        text="",
        sent_at=NOW + 5,
        received_at=NOW + 6,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def press(number: int | None, value: str = "0", *, place: Place = ADA, sender: str = "42") -> IncomingMessage:
    """Somebody presses a button below our message of this number."""
    return incoming(place, sender, kind=Kind.BUTTON, message_id=number, content=Content(value=value), sent_at=None)


def said(text: str, *, place: Place = ADA, sender: str = "42", reply_to: str | None = None) -> IncomingMessage:
    """Somebody writes."""
    return incoming(place, sender, text=text, reply_to=reply_to)


def values(asked: Asked) -> tuple[str, str] | None:
    """What was answered, and by whom."""
    return (asked.answer.value, asked.answer.name) if asked.answer else None


@pytest.mark.parametrize("mark", ["forwarded", "via", "automatic", "bot"])
@pytest.mark.parametrize("takes_text", [True, False])
def test_words_that_are_passed_on_answer_nothing(mark: str, *, takes_text: bool) -> None:
    """A stranger's "open" would open the door as soon as Ada forwards it."""
    now = Round()
    asked = now.ask((7, ADA), takes_text=takes_text)
    asked.happened(message(7))
    now.questions.received(replace(said("Yes", reply_to="7000"), metadata={mark: "somebody"}))
    now.questions.received(replace(said("Yes"), metadata={mark: True}))
    assert asked.ending is None
    now.questions.received(said("Yes"))
    assert asked.ending is (Ending.ANSWERED if takes_text else None)


# -- presses ---------------------------------------------------------------------------------------------------------


def test_a_press_brings_the_value_of_its_button() -> None:
    """The automation would open the door for a "No"."""
    now = Round()
    asked = now.ask((7, ADA))
    now.questions.received(press(7, "1"))
    assert (values(asked), asked.ending) == (("leave", "Person 42"), Ending.ANSWERED)
    assert isinstance(asked.answer, Answer)
    assert asked.answer.text == "No"


@pytest.mark.parametrize(
    "wrong",
    [
        press(8),
        press(None),
        press(7, "2"),
        press(7, "-1"),
        press(7, "open"),
        press(7, "\N{ARABIC-INDIC DIGIT ZERO}"),
        press(7, "00"),
        press(7, sender="666"),
        press(7, place=Place(connection="other", recipient="42")),
        replace(press(7), kind=Kind.EXPIRED),
        replace(press(7), kind=Kind.EDITED),
        replace(press(7), content=Content()),
    ],
)
def test_what_is_no_press_of_this_question_by_somebody_who_may_changes_nothing(wrong: IncomingMessage) -> None:
    """Somebody could open the door with an old button, one of another message, or without being asked."""
    now = Round()
    asked = now.ask((7, ADA))
    now.questions.received(wrong)
    assert (asked.ending, now.ended) == (None, [])
    now.questions.received(press(7))
    assert values(asked) == ("open", "Person 42")


def test_the_first_answer_stays() -> None:
    """Two people would each be told that theirs counted, and the automation would act upon one of them."""
    now = Round()
    asked = now.ask((7, ADA), (8, GROUP))
    now.questions.received(press(8, "1", place=GROUP, sender="43"))
    now.questions.received(press(7, "0"))
    asked.take(press(7, "0"))
    asked.end(Ending.TIMED_OUT)
    assert (values(asked), asked.ending, now.ended) == (("leave", "Person 43"), Ending.ANSWERED, [asked])
    assert asked.answered_id == 8, "of which the history says that it was answered"


def test_a_press_counts_before_we_know_that_the_message_arrived() -> None:
    """A fast finger, or an answer of the platform that got lost, would cost the answer."""
    now = Round()
    asked = now.ask((7, ADA))
    asked.happened(message(7, status=Status.SENDING))
    now.questions.received(press(7))
    assert values(asked) == ("open", "Person 42")


# -- words -----------------------------------------------------------------------------------------------------------


def test_a_reply_answers_in_a_group() -> None:
    """Nobody could answer in words where several people write."""
    now = Round()
    asked = now.ask((7, GROUP), answers=(), takes_text=True)
    asked.happened(message(7, GROUP))
    now.questions.received(said("half past six", place=GROUP, sender="43"))
    now.questions.received(said("half past six", place=GROUP, sender="43", reply_to="6000"))
    now.questions.received(said("half past six", place=ADA, reply_to="7000"))
    now.questions.received(said("  ", place=GROUP, reply_to="7000"))
    now.questions.received(said("never", place=GROUP, sender="666", reply_to="7000"))
    assert asked.answer is None
    now.questions.received(said(" half past six ", place=GROUP, sender="43", reply_to="7000"))
    assert values(asked) == ("half past six", "Person 43")


@pytest.mark.parametrize("recipient", ["42", "@42"], ids=["telegram", "discord"])
def test_in_private_the_next_text_answers(recipient: str) -> None:
    """Everybody would have to know how to reply."""
    now, place = Round(), Place(connection="home", recipient=recipient)
    asked = now.ask((7, place), answers=(), takes_text=True)
    now.questions.received(said("before it could be seen", place=place))
    asked.happened(message(7, place))
    for passed_over in (
        replace(said("from an hour ago", place=place), sent_at=NOW - 3600),
        replace(said("/start", place=place), kind=Kind.COMMAND),
        replace(said("corrected", place=place), kind=Kind.EDITED),
        said("about something else", place=place, reply_to="1"),
    ):
        now.questions.received(passed_over)
    assert asked.answer is None
    now.questions.received(said("seven", place=place))
    assert values(asked) == ("seven", "Person 42")


@pytest.mark.parametrize("speaks_as", ["group", "channel"])
def test_a_group_that_speaks_is_not_alone_with_us(speaks_as: str) -> None:
    """Whatever an anonymous administrator writes next would be the answer: their sender is the group itself."""
    now, place = Round(), Place(connection="home", recipient="42")
    asked = now.ask((7, place), answers=(), takes_text=True)
    asked.happened(message(7, place))
    now.questions.received(replace(said("good morning", place=place), metadata={"speaks_as": speaks_as}))
    assert asked.answer is None
    reply = said("seven", place=place, reply_to="7000")
    now.questions.received(replace(reply, metadata={"speaks_as": speaks_as}))
    assert values(asked) == ("seven", "Person 42")


def test_words_that_two_questions_wait_for_answer_neither() -> None:
    """The alarm would be set to the number of guests. A reply says which is meant."""
    now = Round()
    first = now.ask((7, ADA), answers=(), takes_text=True)
    second = now.ask((8, ADA), answers=(), takes_text=True)
    first.happened(message(7))
    second.happened(message(8))
    now.questions.received(said("6"))
    assert now.ended == []
    now.questions.received(said("6", reply_to="8000"))
    now.questions.received(said("7"))
    assert (values(first), values(second)) == (("7", "Person 42"), ("6", "Person 42"))


def test_words_from_a_place_that_has_another_name_by_now_answer_what_was_asked_there() -> None:
    """Whoever was asked by name would answer, and the question wait on until it is too late."""
    known = {("home", "@ada"): "42", ("work", "@ada"): "66"}
    place = Place(connection="home", recipient="@ada")
    question = Question(text="Open?", places=(place,), timeout=60, takes_text=True, name_of=may_answer)
    asked = Asked(question, lambda _: None, lambda connection, recipient: known.get((connection, recipient), recipient))
    asked.put(place, Receipt(id=7, connection="home", recipient="@ada", status=Status.PENDING))
    asked.all_put({})
    asked.happened(message(7, place))
    asked.take(said("seven", place=Place(connection="home", recipient="66")))
    assert asked.answer is None
    asked.take(said("seven", place=ADA))
    assert values(asked) == ("seven", "Person 42")


def test_words_through_another_connection_answer_nothing() -> None:
    """Whoever has the same number on another platform would answer for Ada."""
    now = Round()
    asked = now.ask((7, ADA), answers=(), takes_text=True)
    asked.happened(message(7))
    there = replace(ADA, connection="other")
    now.questions.received(said("yes", place=there))
    now.questions.received(said("yes", place=there, reply_to="7000"))
    assert asked.ending is None


def test_words_do_not_answer_where_there_are_buttons_only() -> None:
    """A "yes" to somebody else would open the door."""
    now = Round()
    asked = now.ask((7, ADA))
    asked.happened(message(7))
    now.questions.received(said("Yes"))
    now.questions.received(said("Yes", reply_to="7000"))
    assert asked.ending is None


@pytest.mark.parametrize(("text", "value"), [("2", "leave"), ("yes", "open"), ("3", None), ("perhaps", None)])
def test_where_there_are_no_buttons_number_or_name_of_a_choice_answers(text: str, value: str | None) -> None:
    """People on such a platform could read the question and not answer it."""
    now = Round()
    asked = now.ask((7, ADA), degraded=True)
    asked.happened(message(7))
    now.questions.received(said(text))
    assert (asked.answer.value if asked.answer else None) == value


def test_a_choice_that_is_written_instead_of_pressed_is_that_choice() -> None:
    """The automation would get the word where it waits for the value."""
    now = Round()
    asked = now.ask((7, ADA), takes_text=True)
    asked.happened(message(7))
    now.questions.received(said("YES"))
    assert values(asked) == ("open", "Person 42")


# -- nobody is reached -------------------------------------------------------------------------------------------------


def test_when_all_messages_are_dead_it_is_over_at_once() -> None:
    """The automation would wait for an hour for somebody who was never asked."""
    now = Round()
    asked = now.ask((7, ADA), (8, GROUP))
    asked.happened(message(7, status=Status.DEAD, reason="Blocked."))
    assert now.ended == []
    asked.happened(message(8, GROUP, status=Status.CANCELLED))
    assert asked.ending is Ending.UNDELIVERED
    assert asked.unreached == {ADA: "Blocked.", GROUP: "cancelled"}


def test_what_was_read_before_an_event_does_not_undo_it() -> None:
    """On a busy machine the look-up is answered last; all would wait for an answer of somebody who got nothing."""
    now = Round()
    asked = now.ask((7, ADA), (8, GROUP))
    asked.happened(message(7, status=Status.DEAD, reason="Blocked."))
    asked.found(message(7, status=Status.SENDING))
    asked.found(message(9, status=Status.DEAD, reason="Gone."))  # none of its messages
    asked.found(message(8, GROUP, status=Status.DEAD, reason="Gone."))  # nothing told of this one before
    assert asked.ending is Ending.UNDELIVERED


def test_a_message_that_came_too_late_is_a_matter_of_time() -> None:
    """An outage for as long as the question lasts would break an automation that has a default for silence."""
    now = Round()
    asked = now.ask((7, ADA), (8, GROUP))
    asked.happened(message(7, status=Status.DEAD, reason="Blocked."))
    asked.happened(message(8, GROUP, status=Status.EXPIRED))
    assert asked.ending is Ending.TIMED_OUT


def test_a_removed_connection_reaches_nobody() -> None:
    """Its messages are gone without a word, and everybody would wait in vain."""
    now = Round()
    asked = now.ask((7, ADA))
    asked.removed("other")
    assert asked.ending is None
    asked.removed("home")
    assert asked.ending is Ending.UNDELIVERED


# -- every order of everything -----------------------------------------------------------------------------------------

PLACES = (ADA, GROUP, Place(connection="cord", recipient="@43"))
WORDS = st.sampled_from(["No", "seven", ""])
SENDERS = st.sampled_from(["42", "43", "666"])


class Histories(RuleBasedStateMachine):
    """Several questions at once; a model that knows nothing but the rule decides whom each message answers."""

    def __init__(self) -> None:
        super().__init__()
        self.now = Round()
        self.asked: list[Asked] = []
        self.owner: dict[int, tuple[Asked, Place]] = {}
        self.shown: set[int] = set()
        self.expected: dict[Asked, tuple[str, str] | Ending] = {}

    @initialize()
    def a_first_one(self) -> None:
        """There is always one."""
        self.ask(2, takes_text=False)

    @precondition(lambda self: len(self.asked) < 4)
    @rule(places=st.integers(1, 3), takes_text=st.booleans())
    def ask(self, places: int, takes_text: bool) -> None:
        """One more question."""
        first = len(self.owner) + 1
        deliveries = [(first + index, place) for index, place in enumerate(PLACES[:places])]
        asked = self.now.ask(*deliveries, takes_text=takes_text)
        self.asked.append(asked)
        self.owner |= {number: (asked, place) for number, place in deliveries}

    @rule(pick=st.integers(0, 11), status=st.sampled_from([Status.SENDING, Status.SENT, Status.DEAD, Status.FAILED]))
    def deliver(self, pick: int, status: Status) -> None:
        """Something happens to a message."""
        number = pick % len(self.owner) + 1
        asked, place = self.owner[number]
        asked.happened(message(number, place, status))
        if status is not Status.PENDING:
            self.shown.add(number)
        if asked.ending is Ending.UNDELIVERED:
            self.expected.setdefault(asked, Ending.UNDELIVERED)

    @rule(number=st.integers(0, 13), value=st.sampled_from(["0", "1", "2", "open"]), sender=SENDERS)
    def press(self, number: int, value: str, sender: str) -> None:
        """Somebody presses a button, of one of these questions or of another one."""
        asked, place = self.owner.get(number, (None, ADA))
        self.now.questions.received(press(number or None, value, place=place, sender=sender))
        if asked and sender != "666" and value in {"0", "1"}:
            self.expected.setdefault(asked, ("open" if value == "0" else "leave", f"Person {sender}"))

    @rule(
        text=st.sampled_from(["No", "seven", ""]),
        place=st.sampled_from(PLACES),
        sender=SENDERS,
        reply=st.integers(0, 13),
    )
    def say(self, text: str, place: Place, sender: str, reply: int) -> None:
        """Somebody writes, as a reply to something or not."""
        waiting = [
            (number, asked)
            for number, (asked, asked_at) in self.owner.items()
            if asked.ending is None and asked.question.takes_text and asked_at == place and number in self.shown
        ]
        if reply:
            meant = [asked for number, asked in waiting if number == reply and self._has_remote_id(number)]
        else:
            meant = [asked for _, asked in waiting] if place.recipient in (sender, f"@{sender}") else []
        self.now.questions.received(
            said(text, place=place, sender=sender, reply_to=str(reply * 1000) if reply else None)
        )
        if len(meant) == 1 and text and sender != "666":
            self.expected.setdefault(meant[0], ("leave" if text == "No" else text, f"Person {sender}"))

    def _has_remote_id(self, number: int) -> bool:
        asked, _ = self.owner[number]
        return asked._deliveries[number].remote_id is not None

    @rule(pick=st.integers(0, 3), ending=st.sampled_from([Ending.TIMED_OUT, Ending.INTERRUPTED]))
    def end(self, pick: int, ending: Ending) -> None:
        """Time is up, or whoever asked goes away."""
        asked = self.asked[pick % len(self.asked)]
        asked.end(ending)
        self.expected.setdefault(asked, ending)

    @invariant()
    def everything_ends_once_and_as_expected(self) -> None:
        """An answer would be taken twice, changed later, or given to another question."""
        assert len(self.now.ended) == len(set(self.now.ended))
        assert set(self.now.ended) == set(self.expected)
        for asked, expected in self.expected.items():
            if isinstance(expected, Ending):
                assert (asked.ending, asked.answer) == (expected, None)
            else:
                assert (asked.ending, values(asked)) == (Ending.ANSWERED, expected)

    @override
    def teardown(self) -> None:
        """Those that are still open have no answer."""
        assert all(asked.answer is None for asked in self.asked if asked not in self.expected)


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


# -- at the edges ----------------------------------------------------------------------------------------------------


def one_by_one() -> tuple[Asked, list[Asked]]:
    """A question whose messages are still being put."""
    ended: list[Asked] = []
    return Asked(Question(text="Open?", places=(ADA, GROUP), timeout=60, answers=YES_NO), ended.append), ended


def receipt(number: int, place: Place) -> Receipt:
    """What putting a message brought."""
    return Receipt(id=number, connection=place.connection, recipient=place.recipient, status=Status.PENDING)


def test_what_another_account_took_over_is_not_open_again() -> None:
    """The bot of the owner before would go on asking: an edit of the old message makes it wait for an answer again."""
    now = Round()
    asked = now.ask((7, ADA), (8, Place(connection="other", recipient="1")))
    asked.happened(message(7))
    asked.handed_over("other")  # which has not asked yet, so the new account will
    assert asked.unreached == {}
    asked.handed_over("home")
    asked.happened(message(7))
    assert list(asked.unreached) == [ADA]
    asked.removed("other")
    assert asked.ending is Ending.UNDELIVERED
    assert "Another account" in asked.unreached[ADA]


def test_it_is_not_over_while_messages_are_still_being_put() -> None:
    """The first refusal would end a question that the second person could answer."""
    asked, ended = one_by_one()
    asked.put(ADA, receipt(7, ADA))
    asked.happened(message(7, status=Status.DEAD, reason="blocked"))
    assert (ended, asked.unreached) == ([], {ADA: "blocked"})
    asked.put(GROUP, receipt(8, GROUP))
    asked.all_put({})
    assert ended == []


def test_a_removed_connection_is_named_as_the_reason() -> None:
    """Somebody would look for a fault where a person has removed something."""
    now = Round()
    asked = now.ask((7, ADA))
    asked.removed("home")
    assert asked.unreached == {ADA: "The connection was removed."}


def test_it_was_shown_when_it_was_first_tried() -> None:
    """An answer to what arrived at the first try would be taken for one to something else after the second."""
    now = Round()
    asked = now.ask((7, ADA), answers=(), takes_text=True)
    now.questions.received(said("too early"))
    asked.happened(replace(message(7, status=Status.SENDING), attempted_at=NOW - 100))
    asked.happened(replace(message(7), attempted_at=NOW + 100))
    now.questions.received(said("yes"))
    assert values(asked) == ("yes", "Person 42")


@pytest.mark.parametrize(("before", "counts"), [(2.0, True), (2.1, False), (-1.0, True)])
def test_words_written_just_before_count_as_far_as_clocks_may_differ(before: float, counts: bool) -> None:
    """A platform whose clock is a second behind would have its answers thrown away, or an older word be an answer."""
    now = Round()
    asked = now.ask((7, ADA), answers=(), takes_text=True)
    asked.happened(message(7))
    now.questions.received(replace(said("yes"), sent_at=NOW - before))
    assert (asked.answer is not None) is counts


def test_nobody_is_asked_for_the_name_of_who_answered_nothing() -> None:
    """Whoever looks names up would be asked about every message in the house."""
    names: list[IncomingMessage] = []

    def name_of(message: IncomingMessage) -> str | None:
        names.append(message)
        return "Ada"

    question = Question(text="Open?", places=(ADA,), timeout=60, answers=YES_NO, name_of=name_of)
    asked = Asked(question, lambda _: None)
    asked.put(ADA, receipt(7, ADA))
    asked.take(press(7, "5"))
    assert names == []
    asked.take(press(7, "0"))
    assert (len(names), values(asked)) == (1, ("open", "Ada"))


def test_a_press_below_a_message_without_buttons_is_none() -> None:
    """A press of another message, passed on by the platform, would choose for somebody."""
    now = Round()
    asked = now.ask((7, ADA), degraded=True)
    now.questions.received(press(7, "0"))
    assert asked.answer is None


def test_a_number_below_buttons_is_a_word_of_ones_own() -> None:
    """Who answers "1" to "How many?" would choose the first button."""
    now = Round()
    asked = now.ask((7, ADA), takes_text=True)
    asked.happened(message(7))
    now.questions.received(said("1"))
    assert values(asked) == ("1", "Person 42")


def test_closing_what_is_closed_is_nothing() -> None:
    """A question that ends while BACH closes would raise."""
    questions = Questions()
    asked, _ = one_by_one()
    questions.close(asked)
    assert list(questions) == []
