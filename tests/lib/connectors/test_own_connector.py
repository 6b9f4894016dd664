"""A connector of one's own: what it may leave out, and what the suite finds that holds it to the contract."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, override

import pytest
from test_pigeon import PigeonPlatform

from bach_lib import Bach, Connection
from bach_lib.connecting import (
    Batch,
    Capabilities,
    Dead,
    Fault,
    Format,
    Identity,
    Kind,
    Message,
    Outcome,
    Rate,
    Retry,
    Scope,
    SendAndReceive,
    SendOnly,
    Sent,
    Setup,
    Uncertain,
    Wait,
)
from bach_lib.errors import ConnectorFailedError, InvalidRecipientError
from bach_lib.testing import ConnectorContract, PartnerPlatform, PartnerServer
from bach_lib.testing.contract import scenario
from bach_pigeon import PigeonConnector
from tests.contracts.platforms import DiscordWebhookPlatform

PLAIN = Capabilities(receives=False, idempotent=False, formats=frozenset({Format.PLAIN}), max_text=280)


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow sockets; Home Assistant's test plugin has already limited them to 127.0.0.1."""


class Least(SendOnly):
    """All that somebody must write."""

    capabilities: ClassVar = PLAIN
    sent: ClassVar[list[str]] = []

    @override
    async def send(self, message: Message) -> Outcome:
        self.sent.append(message.text)
        return Sent(remote_id=str(message.id))


async def test_what_only_sends_needs_two_things() -> None:
    """Who wants to send by something small would write ten methods that do nothing."""
    Least.sent.clear()
    least = Connection(name="least", type="least")
    async with Bach(":memory:", connectors={"least": Least}, connections=[least]) as bach:
        receipt = await bach.send("least", " ada ", "Hello")
        assert (await bach.wait(receipt.id, 10)).status == "sent"
        assert (await bach.get(receipt.id)).recipient == "ada"
        answer = await bach.check("least")
        assert isinstance(answer, Identity)
        assert (answer.name, answer.accepted) == ("least", None)
    assert Least.sent == ["Hello"]


@pytest.mark.parametrize("recipient", ["", " ", "a\nb", "\0", "x" * 201])
def test_what_is_no_line_is_no_recipient(recipient: str) -> None:
    """A slip of the pen would only fail when the alarm goes off."""
    with pytest.raises(InvalidRecipientError, match="one line"):
        Least.normalize_recipient(recipient)


async def test_the_usual_check_asks_whether_anybody_is_there() -> None:
    """An outage would be taken for the fault of each message in it."""
    async with PigeonPlatform() as platform:
        setup = platform.setup()
        assert isinstance(await Least(setup).check(), Identity)
        platform.answer_for_it()
        answer = await Least(setup).check()
        assert isinstance(answer, Fault)
        assert answer.code == "server_error"
        await platform.go_away()
        answer = await Least(setup).check()
        assert isinstance(answer, Fault)
        assert answer.code == "refused"


async def test_what_the_page_begins_with_sends() -> None:
    """Somebody's first five minutes would end in an error."""
    page = (Path(__file__).parents[3] / "docs" / "write-a-connector.md").read_text("utf-8")
    program = page.split("```python\n")[1].split("```")[0]
    names: dict[str, type[SendOnly]] = {}
    exec(compile(program, "write-a-connector.md", "exec"), names)
    async with PigeonPlatform() as platform:
        platform.open_to_all()
        loft = Connection(name="loft", type="pigeon", endpoint=platform.endpoint)
        async with Bach(":memory:", connectors={"pigeon": names["Pigeon"]}, connections=[loft]) as bach:
            receipt = await bach.send("loft", "ada", "Hello")
            assert (await bach.wait(receipt.id, 10)).status == "sent"
        assert platform.texts() == ["Hello"]


def forgetful() -> type[SendOnly]:
    """A class that lacks what must be there."""

    class Mini(SendOnly):
        pass

    return Mini


async def test_what_was_forgotten_is_named() -> None:
    """Somebody would look for the reason of an AttributeError from inside of BACH."""
    async with PigeonPlatform() as platform:
        with pytest.raises(TypeError, match=r"Mini.*capabilities.*send"):
            forgetful()(platform.setup())
    async with Bach(":memory:", connectors={"mini": forgetful(), "least": Least}) as bach:
        with pytest.raises(ConnectorFailedError, match=r"Mini lacks capabilities, send\."):
            await bach.registry.add(Connection(name="mini", type="mini"))
        await bach.registry.add(Connection(name="least", type="least"))


def test_receiving_has_to_be_written_where_it_is_promised() -> None:
    """Receiving would look as if it worked, and nothing would ever come."""

    class Deaf(SendAndReceive):
        capabilities: ClassVar = replace(PLAIN, receives=True)

        @override
        async def send(self, message: Message) -> Outcome:
            return Sent()

    with pytest.raises(TypeError, match="receive"):
        Deaf(None)  # type: ignore[abstract, arg-type] # that is the point


# -- what the suite finds --------------------------------------------------------------------------------------------

ORIGINAL = PigeonConnector.send
WHY = Fault(code="auth_failed", text="why")
GONE = Fault(code="refused", text="nobody is there")


def answers(outcome: object) -> Callable[..., object]:
    """A method that looks at nothing and returns this."""

    async def method(*_: object) -> object:
        return outcome

    return method


async def swallows(self: PigeonConnector, message: Message) -> Outcome:
    """Takes a cancellation for a lost answer."""
    try:
        return await ORIGINAL(self, message)
    except asyncio.CancelledError:
        return Uncertain(fault=WHY)


def instead(kind: type[Outcome], outcome: Outcome) -> Callable[..., object]:
    """Sends as it should, and says something else of what is of this kind."""

    async def method(self: PigeonConnector, message: Message) -> Outcome:
        found = await ORIGINAL(self, message)
        return outcome if isinstance(found, kind) else found

    return method


async def shouts(self: PigeonConnector, message: Message) -> Outcome:
    """Changes what it is given."""
    return await ORIGINAL(self, replace(message, text=message.text.upper()))


async def raises(*_: object) -> Outcome:
    """As code does that nobody has tried without a network."""
    raise OSError


async def tells(self: PigeonConnector, message: Message) -> Outcome:
    """Says its secret when something is wrong."""
    outcome = await ORIGINAL(self, message)
    if isinstance(outcome, Sent):
        return outcome
    return replace(outcome, fault=replace(outcome.fault, text=self.setup.secrets["token"]))


async def closes_all(self: PigeonConnector) -> None:
    """Takes the shared session with it."""
    await self.setup.session.close()


READ_ALL = PigeonConnector.receive


async def hears_on(self: PigeonConnector, cursor: str | None) -> Batch | Fault:
    """Takes a cancellation for an outage."""
    try:
        return await READ_ALL(self, cursor)
    except asyncio.CancelledError:
        return GONE


async def reads_all_or_nothing(self: PigeonConnector, cursor: str | None) -> Batch | Fault:
    """Throws a whole batch away where one element is strange."""
    found = await READ_ALL(self, cursor)
    return replace(found, messages=()) if isinstance(found, Batch) and found.unreadable else found


async def raises_away(self: PigeonConnector, cursor: str | None) -> Batch | Fault:
    """Lets out what a closed session raises."""
    found = await READ_ALL(self, cursor)
    if isinstance(found, Fault):
        raise OSError
    return found


async def hears_texts(self: PigeonConnector, cursor: str | None) -> Batch | Fault:
    """Takes commands for texts."""
    found = await READ_ALL(self, cursor)
    if isinstance(found, Fault):
        return found
    return replace(found, messages=tuple(replace(one, kind=Kind.TEXT) for one in found.messages))


async def forgets(self: PigeonConnector, cursor: str | None) -> Batch | Fault:
    """Begins at the newest again."""
    found = await READ_ALL(self, "0")
    return replace(found, messages=found.messages[-1:]) if isinstance(found, Batch) else found


@dataclass(frozen=True)
class Sabotage:
    """A part of the connector that does something else, and the test that finds it."""

    part: str
    does: object
    found_by: str


SABOTAGES = [
    Sabotage("normalize_recipient", classmethod(lambda _, written: written), "test_one_recipient_is_one_lane"),
    Sabotage("normalize_recipient", classmethod(lambda _, written: written.strip()), "test_nonsense_is_no_recipient"),
    Sabotage("rates", lambda *_: {"": Rate(count=1, per=1.0)}, "test_rates_can_be_kept"),
    Sabotage("__init__", SendAndReceive.__init__, "test_a_connector_without_what_it_needs"),
    Sabotage("send", answers(Sent(remote_id="1")), "test_a_message_arrives"),
    Sabotage("send", answers(None), "test_a_message_arrives"),
    Sabotage("send", shouts, "test_plain_text_stays_as_it_is"),
    Sabotage("send", answers(Sent(remote_id="1")), "test_messages_arrive_in_order"),
    Sabotage("send", raises, "test_an_outage_blames_the_connection"),
    Sabotage("send", instead(Retry, Dead(fault=GONE)), "test_an_outage_blames_the_connection"),
    Sabotage("check", answers(Identity(id="1", name="1")), "test_an_outage_blames_the_connection"),
    Sabotage("send", instead(Retry, Dead(fault=WHY)), "test_refused_credentials_blame_the_connection"),
    Sabotage("check", answers(Identity(id="1", name="1")), "test_refused_credentials_blame_the_connection"),
    Sabotage("send", instead(Dead, Retry(fault=WHY, scope=Scope.MESSAGE)), "test_a_refusal_is_of_the_message"),
    Sabotage("send", instead(Wait, Retry(fault=WHY, scope=Scope.MESSAGE)), "test_told_to_wait"),
    Sabotage("send", instead(Wait, Wait(seconds=1, fault=WHY, scope=Scope.MESSAGE)), "test_told_to_wait"),
    Sabotage("send", instead(Uncertain, Dead(fault=WHY)), "test_a_lost_answer_is_uncertain"),
    Sabotage("send", instead(Uncertain, Dead(fault=WHY)), "test_who_answers_in_its_place_says_nothing"),
    Sabotage("send", instead(Uncertain, Sent()), "test_silence_after_writing_is_uncertain"),
    Sabotage("check", answers(None), "test_who_we_are"),
    Sabotage("send", swallows, "test_cancelling_is_no_outcome"),
    Sabotage("send", tells, "test_secrets_stay_inside"),
    Sabotage("close", closes_all, "test_closing_releases_its_own_and_nothing_else"),
    Sabotage("receive", answers(Batch(messages=(), cursor=None)), "test_an_outage_ends_a_poll"),
    Sabotage("receive", forgets, "test_a_cursor_that_was_not_stored_repeats_the_messages"),
    Sabotage("receive", answers(Fault(code="no", text="no")), "test_what_people_write_comes_in"),
    Sabotage("receive", hears_on, "test_a_poll_can_be_cancelled"),
    Sabotage("receive", reads_all_or_nothing, "test_what_cannot_be_read_costs_only_itself"),
    Sabotage("receive", raises_away, "test_a_poll_that_hangs_can_be_thrown_away"),
    Sabotage("receive", hears_texts, "test_a_command_is_known_as_one"),
]


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda one: f"{one.part}-{one.found_by}")
def test_the_suite_finds_what_breaks_a_promise(sabotage: Sabotage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who passes it would believe to keep promises that nobody looks at."""
    monkeypatch.setattr(scenario, "_PATIENCE", 3.0)  # what loses a message is found by waiting for it

    class Sabotaged(PigeonConnector):
        pass

    setattr(Sabotaged, sabotage.part, sabotage.does)

    class Other(PigeonPlatform):
        connector = Sabotaged

        @override
        def hasty(self) -> PigeonConnector:
            connector = super().hasty()
            connector.__class__ = Sabotaged
            assert isinstance(connector, PigeonConnector)
            return connector

    class Suite(ConnectorContract):
        platform = Other

    with pytest.raises((AssertionError, OSError)):
        getattr(Suite(), sabotage.found_by)()


def test_a_platform_that_says_too_little_is_named() -> None:
    """Whoever begins to test their connector would look for a mistake in the suite."""

    class Bare(PartnerPlatform[PartnerServer]):
        pass

    with pytest.raises(TypeError, match=r"Bare has to say .*: name, connector, recipient, secrets, wrong_secrets$"):

        class Suite(ConnectorContract):
            platform = Bare


def test_what_does_not_receive_is_not_asked_to() -> None:
    """A connector that only sends would fail, or pass by being left out in silence."""

    class Suite(ConnectorContract):
        platform = DiscordWebhookPlatform

    tests = {name for name in dir(Suite) if name.startswith("test_") and callable(getattr(Suite, name))}
    assert "test_a_message_arrives" in tests
    assert "test_what_people_write_comes_in" not in tests


def test_a_connector_can_be_made_from_its_setup_alone(setup: Setup) -> None:
    """The default would look for what nobody gave it."""
    assert Least(setup).setup is setup
