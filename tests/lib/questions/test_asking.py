"""Asking people: put everywhere, answered once, shown everywhere, and over in every way there is."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bach_lib import (
    Answer,
    Bach,
    Button,
    ButtonStyle,
    Connection,
    Content,
    Extras,
    Fault,
    Format,
    IncomingMessage,
    Kind,
    Location,
    Message,
    Operation,
    Place,
    Question,
    Snooze,
    Status,
    Wording,
)
from bach_lib.errors import (
    CannotReceiveError,
    InputError,
    InvalidRecipientError,
    InvalidValueError,
    NotOpenError,
    TextTooLongError,
    UnknownConnectionError,
)
from bach_lib.events import MessageEvent, MessageReceived, MessageRetrying, MessageSent
from bach_lib.foreign import ForeignError
from bach_lib.models import Buttons
from bach_lib.outbound.draft import SendOptions
from bach_lib.outcomes import Dead, Retry, Scope
from bach_lib.questions import Asked
from bach_lib.questions.asking import QuestionService
from bach_lib.questions.unanswered import NobodyAnsweredError, QuestionInterruptedError, QuestionUndeliveredError
from bach_lib.storage import MemoryDatabase
from bach_lib.testing import FakeClock, FakePlatform, fake_connector

YES_NO: Buttons = ((Button(text="Yes", value="open the door"), Button(text="No", value="leave it")),)
ADA = Place(connection="home", recipient="ada")
BOB = Place(connection="home", recipient="bob")
BEN = Place(connection="home", recipient="ben")
DEAD = Dead(fault=Fault(code="blocked", text="Blocked by the user."))


@pytest.fixture
async def home(bach: Bach, clock: FakeClock) -> Bach:
    """A BACH that works, through one connection."""
    await bach.registry.add(Connection(name="home", type="fake"))
    await clock.settle()
    return bach


def question(*places: Place, **options: Unpack[SendOptions]) -> Question:
    """Whether to open, for a minute; to Ada unless somebody else is named."""
    return Question(text="Open?", places=places or (ADA,), answers=YES_NO, timeout=60, options=options)


async def ask(bach: Bach, clock: FakeClock, what: Question) -> asyncio.Task[Answer]:
    """Somebody who waits for an answer; the question has gone out as far as it can."""
    task = asyncio.create_task(bach.ask(what))
    await clock.settle()
    return task


def press(
    bach: Bach, message_id: int | None, value: str = "0", *, recipient: str = "ada", kind: Kind = Kind.BUTTON
) -> None:
    """Somebody presses a button."""
    came_in(bach, recipient, kind=kind, message_id=message_id, content=Content(value=value))


def came_in(bach: Bach, recipient: str, **fields: object) -> None:
    """A message has been accepted and routed."""
    message = IncomingMessage(
        id=1,
        connection="home",
        remote_id="1",
        recipient=recipient,
        sender_id=recipient,
        sender_name=recipient.title(),
        kind=Kind.TEXT,
        text="",
        sent_at=None,
        received_at=2_000_000_000.0,
    )
    message = replace(message, **fields)  # type: ignore[arg-type]
    bach._base.bus.publish(MessageReceived(connection="home", message=message))


def edits(platform: FakePlatform) -> dict[str, str]:
    """What every place was edited to, by recipient."""
    return {message.recipient: message.text for message in platform.sent if message.operation is Operation.EDIT}


# -- answered ----------------------------------------------------------------------------------------------------------


async def test_the_first_answer_is_returned_and_shown_everywhere(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """Ben would not know that Ada has decided, and press a button that does nothing."""
    task = await ask(home, clock, question(ADA, BEN))
    assert [(sent.recipient, sent.text) for sent in platform.sent] == [("ada", "Open?"), ("ben", "Open?")]
    await clock.advance(7.5)
    press(home, 2, "1", recipient="ben")
    press(home, 1, "0")
    await clock.settle()
    answer = task.result()
    assert (answer.value, answer.text, answer.name) == ("leave it", "No", "Ben")
    assert (answer.waited, answer.unreached) == (7.5, {})
    assert answer.message.recipient == "ben"
    assert edits(platform) == dict.fromkeys(("ada", "ben"), "Open?\n\nAnswered by Ben: No")
    assert all(not message.buttons for message in platform.sent[2:])


async def test_the_end_of_a_question_with_a_place_is_short(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """The answer would push the same place below the words once more; red would be as grey as the others."""
    there, red = Location(latitude=48.0, longitude=11.0), ButtonStyle.DANGER
    options = SendOptions(extras=Extras(location=there), snooze=Snooze(seconds=60))
    asked = replace(question(ADA, **options), answers=((Button(text="Yes", value="y", style=red),),))
    task = await ask(home, clock, asked)
    assert (platform.sent[0].extras.location, [len(row) for row in platform.sent[0].buttons]) == (there, [1])
    assert platform.sent[0].buttons[0][0].style is red
    press(home, 1, "0")
    await clock.settle()
    assert task.done()
    assert edits(platform) == {"ada": "Open?\n\nAnswered by Ada: Yes"}


async def test_a_platform_without_markup_shows_the_end_as_it_is(
    home: Bach, platform: FakePlatform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was made plain would be taken for markup, and the name of who answered would be gone."""
    connector = await home._base.connectors.load("fake")
    plain = replace(connector.capabilities, formats=frozenset({Format.PLAIN}))
    monkeypatch.setattr(connector, "capabilities", plain)
    await ask(home, clock, replace(question(format="html"), name_of=lambda _: "<Ada>"))
    press(home, 1, "0")
    await clock.settle()
    assert edits(platform) == {"ada": "Open?\n\nAnswered by <Ada>: Yes"}


async def test_buttons_carry_numbers_only(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """A long value would not fit on a platform, and one of another question would be taken for this one's."""
    await ask(home, clock, question())
    [sent] = platform.sent
    assert [(button.text, button.value) for button in sent.buttons[0]] == [("Yes", "0"), ("No", "1")]


async def test_options_reach_the_question_and_its_end(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """A title that disappears with the answer, or markup that shows as such."""
    task = await ask(home, clock, question(title="Door", format="html", silent=True, context="c", tag="x"))
    press(home, 1)
    await clock.settle()
    first, last = platform.sent
    assert (first.title, first.format, first.silent, first.context, first.tag) == ("Door", "html", True, "c", None)
    assert (last.title, last.format, last.target) == ("Door", "html", "1")
    assert first.expires_at == first.created_at + 60
    assert last.expires_at is None
    assert task.done()


async def test_names_and_answers_are_no_markup(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """A person could write into our message what we never said, or break it for good."""
    asked = replace(question(format="html"), takes_text=True, name_of=lambda _: "<b>{answer}</b>")
    await ask(home, clock, asked)
    came_in(home, "ada", text="a <i>\n {name}")
    await clock.settle()
    assert edits(platform) == {"ada": "Open?\n\nAnswered by &lt;b&gt;{answer}&lt;/b&gt;: a &lt;i&gt; {name}"}


async def test_an_end_that_does_not_fit_stands_alone(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """The buttons would stay below a question that is over."""
    await ask(home, clock, replace(question(), text="x" * 4090))
    press(home, 1)
    await clock.settle()
    assert edits(platform) == {"ada": "Answered by Ada: Yes"}


async def test_a_free_answer_is_shown_shortened(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """A page of text would stand below the question."""
    task = await ask(home, clock, replace(question(), answers=(), takes_text=True))
    came_in(home, "ada", text="y" * 3000)
    await clock.settle()
    assert task.result().value == "y" * 3000
    assert edits(platform)["ada"].endswith("y" * 200 + "…")


async def test_wording_can_be_in_any_language(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """A family would read English."""
    wording = Wording(answered="{answer}, sagt {name}", unanswered="Niemand")
    await ask(home, clock, replace(question(), wording=wording))
    press(home, 1)
    await clock.settle()
    assert edits(platform) == {"ada": "Open?\n\nYes, sagt Ada"}


async def test_each_place_reads_how_it_ended_in_its_language(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """Of two people who share a home, one would read what they do not understand."""
    german = Wording(answered="{answer}, sagt {name}")
    await ask(home, clock, replace(question(ADA, BOB), wordings={BOB: german}))
    press(home, 1)
    await clock.settle()
    assert edits(platform) == {"ada": "Open?\n\nAnswered by Ada: Yes", "bob": "Open?\n\nYes, sagt Ada"}


async def test_one_bad_recipient_does_not_stop_the_others(home: Bach, clock: FakeClock) -> None:
    """A recipient that was renamed would silence the question for the whole family."""
    gone = Place(connection="gone", recipient="x")
    task = await ask(home, clock, question(ADA, gone, ADA))
    press(home, 1)
    await clock.settle()
    assert list(task.result().unreached) == [gone]
    assert len(await home.messages()) == 2, "one question and its edit: nobody is asked twice"


FOREIGN = [asyncio.CancelledError, RecursionError, MemoryError, GeneratorExit]
"""What foreign code may throw."""


@pytest.mark.parametrize("error", FOREIGN)
async def test_a_place_that_fails_strangely_costs_no_other_and_is_named(
    home: Bach, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """A connector that throws what no `except Exception` catches would end the question with a sentence of nobody's."""
    put_one = QuestionService._put_one

    async def fail(self: QuestionService, asked: Asked, place: Place) -> None:
        if place == BEN:
            raise error
        await put_one(self, asked, place)

    monkeypatch.setattr(QuestionService, "_put_one", fail)
    both = await ask(home, clock, question(BEN, ADA))
    press(home, 1)
    assert set((await both).unreached) == {BEN}
    alone = await ask(home, clock, question(BEN))
    with pytest.raises((ForeignError, RecursionError, MemoryError)):
        await alone


@pytest.mark.usefixtures("caplog")  # where the failure is told
@pytest.mark.parametrize("error", FOREIGN)
async def test_one_question_that_cannot_be_taken_back_keeps_no_other_open(
    home: Bach,
    platform: FakePlatform,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
) -> None:
    """The others would look as if they still waited for an answer."""
    show = QuestionService._show_the_end

    async def fail(self: QuestionService, asked: Asked, message: Message) -> None:
        if message.recipient == "ada":
            raise error
        await show(self, asked, message)

    monkeypatch.setattr(QuestionService, "_show_the_end", fail)
    task = await ask(home, clock, question(ADA, BEN))
    press(home, 1)
    await task
    await clock.settle()
    assert [(one.recipient, one.operation) for one in platform.sent[2:]] == [("ben", Operation.EDIT)]


@pytest.mark.usefixtures("caplog")  # where the failure is told
@pytest.mark.parametrize("error", FOREIGN)
async def test_who_cannot_be_named_answers_nothing_and_ends_nothing(
    home: Bach, clock: FakeClock, error: type[BaseException]
) -> None:
    """A role that cannot be looked up would end the question, or silence everybody after."""
    is_first = True

    def name_of(_: IncomingMessage) -> str:
        nonlocal is_first
        if is_first:
            is_first = False
            raise error
        return "Ada"

    task = await ask(home, clock, replace(question(ADA), name_of=name_of))
    press(home, 1)
    await clock.settle()
    assert not task.done()
    press(home, 1)
    assert (await task).name == "Ada"


async def test_on_a_platform_without_buttons_a_number_answers(
    home: Bach, platform: FakePlatform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People there could not answer at all."""
    connector = await home._base.connectors.load("fake")
    monkeypatch.setattr(connector, "capabilities", replace(connector.capabilities, max_buttons=0, button_value=0))
    task = await ask(home, clock, question())
    assert platform.sent[0].text == "Open?\n\n1. Yes\n2. No"
    came_in(home, "ada", text="2", reply_to="1")
    await clock.settle()
    assert task.result().value == "leave it"


# -- not answered ------------------------------------------------------------------------------------------------------


async def test_time_is_up(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """An automation would wait for ever, and a late press would still do something."""
    task = await ask(home, clock, question())
    await clock.advance(59.9)
    assert not task.done()
    await clock.advance(0.1)
    with pytest.raises(NobodyAnsweredError, match="60 seconds"):
        task.result()
    assert edits(platform) == {"ada": "Open?\n\nNobody answered"}
    press(home, 1)
    await clock.settle()
    assert len(platform.sent) == 2


async def test_what_waits_is_taken_back_when_time_is_up(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """After the outage people would be asked what nobody waits for any more."""
    platform.fault = Fault(code="unreachable", text="No route to host")
    task = await ask(home, clock, question(ADA, BEN))
    await clock.advance(60)
    assert isinstance(task.exception(), NobodyAnsweredError)
    platform.fault = None
    await clock.advance(600)
    assert platform.sent == []
    assert {message.status for message in await home.messages()} <= {Status.EXPIRED, Status.CANCELLED}


async def test_an_answer_elsewhere_takes_back_what_waits(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Ben would get the question when Ada has long answered it."""
    later = Retry(fault=Fault(code="busy", text="Later."), scope=Scope.MESSAGE)
    platform.outcomes.append(later)
    task = await ask(home, clock, question(BEN, ADA))
    press(home, 2)
    await clock.advance(600)
    assert task.result().value == "open the door"
    assert [message.recipient for message in platform.sent] == ["ada", "ada"]
    assert (await home.get(1)).status is Status.CANCELLED


async def test_a_question_on_its_way_is_edited_as_soon_as_it_has_arrived(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """A message that was in flight when the answer came would keep its buttons."""
    platform.hold = asyncio.Event()
    task = await ask(home, clock, question(ADA, BEN))
    press(home, 1)
    await clock.settle()
    assert task.result().value == "open the door"
    assert edits(platform) == {}
    platform.hold.set()
    await clock.settle()
    assert edits(platform) == dict.fromkeys(("ada", "ben"), "Open?\n\nAnswered by Ada: Yes")


async def test_a_question_that_reaches_nobody_is_over_at_once(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """An automation would wait an hour for somebody who was never asked."""
    platform.outcomes += [DEAD, DEAD]
    task = await ask(home, clock, question(ADA, BEN))
    with pytest.raises(QuestionUndeliveredError, match=r"Blocked by the user\. Blocked"):
        task.result()


async def test_one_dead_message_leaves_the_others(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """The family could not answer because one of them has blocked the bot."""
    platform.outcomes.append(DEAD)
    task = await ask(home, clock, question(ADA, BEN))
    press(home, 2, recipient="ben")
    await clock.settle()
    assert task.result().unreached == {ADA: "Blocked by the user."}
    assert edits(platform) == {"ben": "Open?\n\nAnswered by Ben: Yes"}


async def test_a_connection_that_is_removed_reaches_nobody(home: Bach, clock: FakeClock) -> None:
    """Nothing more would ever be heard of its messages."""
    task = await ask(home, clock, question())
    await home.registry.remove("home")
    await clock.settle()
    assert isinstance(task.exception(), QuestionUndeliveredError)


async def test_who_stops_waiting_takes_the_question_back(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """A stopped automation would leave a question that looks open."""
    task = await ask(home, clock, question())
    task.cancel()
    await clock.settle()
    assert task.cancelled()
    assert edits(platform) == {"ada": "Open?\n\nThis question is over"}


async def test_who_stops_waiting_while_it_is_written_leaves_nothing(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """A message whose id nobody knows would go out as a question that nobody asked."""
    for turns in range(12):
        task = asyncio.create_task(home.ask(question()))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await clock.settle()
    messages = await home.messages(limit=500)
    asked = {
        message.id for message in messages if message.operation is Operation.SEND and message.status is Status.SENT
    }
    edited = [message for message in messages if message.operation is Operation.EDIT]
    assert len(edited) == len(asked)
    assert len(messages) - len(edited) == 11, "in the first turn nothing had begun yet"


async def test_closing_ends_the_wait_and_the_next_start_shows_it(
    clock: FakeClock, platform: FakePlatform, tmp_path: Path
) -> None:
    """An automation would hang in a Home Assistant that stops, and the question would look open for ever."""
    async with opened(tmp_path, clock, platform) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        task = asyncio.create_task(bach.ask(question(ADA)))
        await next_event(bach, MessageSent)
        platform.fault = Fault(code="unreachable", text="No route to host")
        waits = asyncio.create_task(bach.ask(question(BEN)))
        await next_event(bach, MessageRetrying)
        await bach.close(grace=0)
        for one in (task, waits):
            with pytest.raises(QuestionInterruptedError):
                await one
        with pytest.raises(NotOpenError):
            await bach.ask(question())
    platform.fault = None
    async with opened(tmp_path, clock, platform) as bach:
        if not edits(platform):
            await next_event(bach, MessageSent)
        assert edits(platform) == {"ada": "Open?\n\nThis question is over"}
        assert [message.status for message in await bach.messages(recipient="ben")] == [Status.CANCELLED]


async def test_an_old_press_never_answers_a_new_question(
    clock: FakeClock, platform: FakePlatform, tmp_path: Path
) -> None:
    """After a restart "No" to the old question would be taken for the new one's, or "Yes" would open the door."""
    async with opened(tmp_path, clock, platform) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        old = asyncio.create_task(bach.ask(question()))
        await next_event(bach, MessageSent)
    assert isinstance((await asyncio.gather(old, return_exceptions=True))[0], QuestionInterruptedError)
    async with opened(tmp_path, clock, platform) as bach:
        new = asyncio.create_task(bach.ask(question(BEN)))
        sent = await next_event(bach, MessageSent, recipient="ben")
        for number in range(sent.message.id):
            press(bach, number or None, recipient="ben")
        await clock.settle()
        assert not new.done()
        press(bach, sent.message.id, "1", recipient="ben")
        assert (await new).value == "leave it"


def opened(directory: Path, clock: FakeClock, platform: FakePlatform) -> Bach:
    """A BACH on a real file, as one start after the other would open it."""
    return Bach(directory / "bach.db", clock=clock, connectors={"fake": fake_connector(platform, receives=True)})


async def next_event[E: MessageEvent](bach: Bach, event_type: type[E], recipient: str | None = None) -> E:
    """The next of these events about a message, to anybody or to one recipient."""
    happened: asyncio.Future[E] = asyncio.get_running_loop().create_future()

    def look(event: E) -> None:
        if recipient in (None, event.message.recipient) and not happened.done():
            happened.set_result(event)

    unsubscribe = bach.subscribe(event_type, look)
    try:
        async with asyncio.timeout(60):
            return await happened
    finally:
        unsubscribe()


# -- what cannot be asked ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (replace(question(), places=()), InvalidValueError),
        (replace(question(), answers=()), InvalidValueError),
        (replace(question(), answers=((), ())), InvalidValueError),
        (replace(question(), timeout=0), InvalidValueError),
        (replace(question(), timeout=float("nan")), InvalidValueError),
        (replace(question(), timeout=8 * 86400), InvalidValueError),
        (replace(question(), text="x" * 5000), TextTooLongError),
        (question(Place(connection="home", recipient="a b")), InvalidRecipientError),
        (question(Place(connection="gone", recipient="ada")), UnknownConnectionError),
    ],
)
async def test_what_cannot_be_asked_is_refused_at_once(
    home: Bach, clock: FakeClock, wrong: Question, error: type[Exception]
) -> None:
    """Somebody would wait for the answer to a question that nobody can see."""
    task = await ask(home, clock, wrong)
    assert isinstance(task.exception(), error)
    assert await home.messages() == []


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("places", "home", '"str" is not possible for places. Use a list of Place'),
        ("places", ("home", "ada"), '"tuple" is not possible for places.'),
        ("places", ADA, '"Place" is not possible for places.'),
        ("answers", "Yes", "rows of Button"),
        ("answers", (("Yes", "No"),), "rows of Button"),
        ("answers", None, "rows of Button"),
        ("timeout", "soon", '"soon" is not possible for timeout.'),
        ("takes_text", "no", '"str" is not possible for takes_text.'),
        ("name_of", "ada", '"str" is not possible for name_of.'),
        ("wording", "Too late", '"str" is not possible for wording.'),
        ("wording", Wording(answered=cast("str", None)), '"Wording" is not possible for wording.'),
        ("wordings", "Too late", '"str" is not possible for wordings.'),
        ("wordings", {ADA: "Too late"}, '"str" is not possible for wording.'),
        ("options", None, '"NoneType" is not possible for options.'),
    ],
)
async def test_what_is_not_of_its_type_is_named(
    home: Bach, clock: FakeClock, field: str, value: object, error: str
) -> None:
    """Who has no type checker would wait for an answer that nobody can give, or read an error from inside."""
    task = await ask(home, clock, replace(question(), **cast("dict[str, Any]", {field: value})))
    with pytest.raises(InputError, match=re.escape(error)):
        task.result()
    assert await home.messages() == []
    with pytest.raises(InvalidValueError, match="Use a Question"):
        await home.ask(cast("Question", "Open?"))


async def test_rows_of_buttons_may_be_lists(home: Bach, clock: FakeClock) -> None:
    """`send` takes lists, and what stands in one row alone; a question would take neither."""
    asked = Question(text="Open?", places=[ADA], answers=[[Button(text="Yes", value="yes")]], timeout=60)
    task = await ask(home, clock, asked)
    press(home, 1)
    await clock.settle()
    assert task.result().value == "yes"


async def test_who_cannot_answer_is_not_asked(clock: FakeClock, platform: FakePlatform) -> None:
    """Through a connection that only sends, everybody would wait in vain."""
    async with Bach(MemoryDatabase(), clock=clock, connectors={"fake": fake_connector(platform)}) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        task = await ask(bach, clock, question())
        assert isinstance(task.exception(), CannotReceiveError)
        assert platform.attempts == []


# -- every order -------------------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(st.sampled_from(["press", "stale", "wait", "cancel", "retry", "die"]), st.integers(0, 3)), max_size=14
)


@given(steps=STEPS)
@settings(max_examples=60, deadline=None)
def test_whatever_happens_every_question_ends_once_and_shows_how(steps: list[tuple[str, int]]) -> None:
    """An answer would get lost between two parts, or a question would look open for ever."""
    with asyncio.Runner() as runner:
        runner.run(_any_history(steps))


async def _any_history(steps: list[tuple[str, int]]) -> None:
    clock, platform = FakeClock(), FakePlatform()
    async with Bach(
        MemoryDatabase(), clock=clock, connectors={"fake": fake_connector(platform, receives=True)}
    ) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        tasks = [
            await ask(bach, clock, question(Place(connection="home", recipient=f"p{index}"))) for index in range(2)
        ]
        pressed: dict[int, str] = {}
        for step, number in steps:
            done = [task.done() for task in tasks]
            match step:
                case "press" | "stale":
                    target, value = number % 2, str(number // 2)
                    press(bach, target + 1 if step == "press" else 99, value, recipient=f"p{target}")
                    if step == "press" and not done[target]:
                        pressed.setdefault(target, value)
                case "wait":
                    await clock.advance(number * 12)
                case "cancel":
                    tasks[number % 2].cancel()
                case "retry":
                    platform.outcomes.append(Retry(fault=Fault(code="busy", text="Later."), scope=Scope.MESSAGE))
                case _:
                    platform.outcomes.append(DEAD)
        platform.outcomes.clear()
        await clock.advance(2000)
        for index, task in enumerate(tasks):
            await _check_end(bach, task, index, pressed)


async def _check_end(bach: Bach, task: asyncio.Task[Answer], index: int, pressed: dict[int, str]) -> None:
    assert task.done()
    answered = not task.cancelled() and task.exception() is None
    if answered:
        assert task.result().value == ("open the door" if pressed[index] == "0" else "leave it")
    messages = await bach.messages(recipient=f"p{index}")
    last: Message = messages[0]
    assert all(message.status.is_final for message in messages)
    assert last.operation is Operation.EDIT, "the question was delivered, so its end was shown"
    assert answered == ("Answered" in last.text) or task.cancelled()
