"""What every connector promises, over real sockets. A new one adds its platform to `PLATFORMS`, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from math import isfinite

import pytest

from bach_lib.connectors import Connectors
from bach_lib.connectors.base import Batch, Connector
from bach_lib.errors import InputError, InvalidRecipientError
from bach_lib.models import Fault, Format, Identity, Message
from bach_lib.models.incoming import Kind
from bach_lib.outcomes import Outcome, Retry, Scope, Sent, Uncertain
from tests.contracts.homeassistant import HomeAssistantPlatform
from tests.contracts.ntfy import NtfyPlatform
from tests.contracts.platforms import DiscordPlatform, DiscordWebhookPlatform, Platform, PlatformOn, TelegramPlatform
from tests.contracts.signal import SignalPlatform
from tests.contracts.webhook import WebhookPlatform

PLATFORMS: list[type[Platform]] = [
    DiscordPlatform,
    DiscordWebhookPlatform,
    HomeAssistantPlatform,
    NtfyPlatform,
    SignalPlatform,
    TelegramPlatform,
    WebhookPlatform,
]

RECEIVING = [platform for platform in PLATFORMS if platform.connector.capabilities.receives]


def named(platform: object) -> str:
    """The name of a platform in the names of tests."""
    return platform.name if isinstance(platform, type) and issubclass(platform, PlatformOn) else str(platform)


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow sockets; Home Assistant's test plugin has already limited them to 127.0.0.1."""


@pytest.fixture(params=PLATFORMS, ids=named)
async def platform(request: pytest.FixtureRequest) -> AsyncIterator[Platform]:
    """Each platform in turn, running."""
    platform_type: type[Platform] = request.param
    async with platform_type() as running:
        yield running


@pytest.fixture(params=RECEIVING, ids=named)
async def talking_platform(request: pytest.FixtureRequest) -> AsyncIterator[Platform]:
    """Each platform that people can write through, running."""
    platform_type: type[Platform] = request.param
    async with platform_type() as running:
        yield running


def a_message(platform: Platform, text: str = "The garage door is open") -> Message:
    """A message to the platform's person."""
    return Message(id=1, nonce="0a1b2c3d-1", connection="home", recipient=platform.recipient, text=text)


def code_of(outcome: Outcome) -> str:
    """The code of an outcome that blames the connection and costs the message nothing."""
    assert isinstance(outcome, Retry), outcome
    assert outcome.scope is Scope.CONNECTION
    return outcome.fault.code


def test_every_connector_is_held_to_the_contract() -> None:
    """A new connector could be forgotten here and break every promise unnoticed."""
    assert sorted(platform.name for platform in PLATFORMS) == Connectors().types


@pytest.mark.parametrize("platform", PLATFORMS, ids=named)
def test_capabilities(platform: type[Platform]) -> None:
    """An attempt could hang for ever, or no message at all would be let through."""
    capabilities = platform.connector.capabilities
    assert Format.PLAIN in capabilities.formats
    assert capabilities.max_text > 0
    assert isfinite(capabilities.send_timeout)
    assert isfinite(capabilities.poll_timeout)


@pytest.mark.parametrize("platform", PLATFORMS, ids=named)
def test_one_recipient_is_one_lane(platform: type[Platform]) -> None:
    """Messages to one recipient could overtake each other, because it is written in two ways."""
    normalize = platform.connector.normalize_recipient
    normal = normalize(platform.recipient)
    assert {normalize(written) for written in (normal, *platform.same_recipients)} == {normal}


@pytest.mark.parametrize("recipient", ["", " ", "\n", "a\nb", "\0", "x" * 10_000])
@pytest.mark.parametrize("platform", PLATFORMS, ids=named)
def test_nonsense_is_no_recipient(platform: type[Platform], recipient: str) -> None:
    """A slip of the pen would be queued, and only fail when the alarm goes off."""
    with pytest.raises(InvalidRecipientError) as raised:
        platform.connector.normalize_recipient(recipient)
    assert len(str(raised.value)) < 1000


async def test_rates_can_be_kept(platform: Platform) -> None:
    """The limiter would divide by zero, or never let a message through."""
    for key, rate in platform.connect().rates(platform.recipient).items():
        assert key
        assert rate.count >= 1
        assert rate.per > 0
        assert rate.burst is None or rate.burst >= 1


async def test_a_connector_without_what_it_needs(platform: Platform) -> None:
    """A forgotten token would only show when the first message fails."""
    with pytest.raises(InputError):
        platform.incomplete()


async def test_making_one_needs_no_network(platform: Platform) -> None:
    """Without internet at boot, the connection would not even come into being."""
    await platform.go_away()
    connector = platform.connect()
    await connector.reset()
    await connector.close()


async def test_a_message_arrives(platform: Platform) -> None:
    """Nothing would be delivered, or nobody could tell which message it became."""
    outcome = await platform.connect().send(a_message(platform))
    assert isinstance(outcome, Sent)
    assert outcome.remote_id
    assert not outcome.degraded
    assert platform.texts() == ["The garage door is open"]


@pytest.mark.parametrize("text", ["x_y *z* [a](b) `c` <d> & \\ 100 %", "Grüße 🚪 مرحبا", "line\n\nline"])
async def test_plain_text_stays_as_it_is(platform: Platform, text: str) -> None:
    """Characters of entity ids and templates would be taken for markup."""
    assert isinstance(await platform.connect().send(a_message(platform, text)), Sent)
    assert platform.texts() == [text]


async def test_an_outage_blames_the_connection(platform: Platform) -> None:
    """An outage would use up the attempts of messages, and kill them."""
    connector = platform.connect()
    await platform.go_away()
    assert code_of(await connector.send(a_message(platform))) == "refused"
    answer = await connector.check()
    assert isinstance(answer, Fault)
    assert answer.code == "refused"


async def test_refused_credentials_blame_the_connection(platform: Platform) -> None:
    """A revoked token would kill messages instead of asking for a new one."""
    connector = platform.connect(platform.wrong_secrets)
    assert code_of(await connector.send(a_message(platform))) == "auth_failed"
    answer = await connector.check()
    assert isinstance(answer, Fault)
    assert answer.code == "auth_failed"


async def test_silence_after_writing_is_uncertain(platform: Platform) -> None:
    """A message that may have arrived would be repeated blindly, or waited for without end."""
    connector = platform.hasty()
    platform.fall_silent()
    assert isinstance(await connector.send(a_message(platform)), Uncertain)


async def test_who_we_are(platform: Platform) -> None:
    """The health check would fail, or a person could not tell one account from another."""
    answer = await platform.connect().check()
    assert isinstance(answer, Identity)
    assert answer.id
    assert answer.name


async def test_cancelling_is_no_outcome(platform: Platform) -> None:
    """Stopping would hang, or a cancelled attempt count as a failure."""
    connector = platform.connect()
    platform.fall_silent()
    sending = asyncio.create_task(connector.send(a_message(platform)))
    await platform.until_asked()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending


async def test_secrets_stay_inside(platform: Platform, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever reads a log, an event or a bug report could take over the account."""
    caplog.set_level("DEBUG")
    said: list[object] = []
    for secrets in (platform.secrets, platform.wrong_secrets):
        connector = platform.connect(secrets)
        said += [connector, await connector.send(a_message(platform)), await connector.check()]
    await platform.go_away()
    said += [await connector.send(a_message(platform)), await connector.check()]
    for secret in (*platform.secrets.values(), *platform.wrong_secrets.values()):
        assert secret not in repr(said) + caplog.text


async def test_closing_releases_its_own_and_nothing_else(platform: Platform) -> None:
    """Removing a connection would leak sockets, or cut off every other connection."""
    connector = platform.connect()
    await connector.send(a_message(platform))
    await connector.check()
    await connector.close()
    await connector.close()
    assert not platform.session.closed
    assert all(session.closed for session in platform.made)


async def poll(connector: Connector, cursor: str | None) -> Batch:
    """The next poll that brings something."""
    while True:
        answer = await connector.receive(cursor)
        assert isinstance(answer, Batch), answer
        if answer.messages:
            return answer
        cursor = answer.cursor


async def test_what_people_write_comes_in(talking_platform: Platform) -> None:
    """Nobody could talk to the house, or answers would go to somebody else."""
    talking_platform.write("Is the door open?")
    [message] = (await poll(talking_platform.connect(), None)).messages
    assert (message.kind, message.text) == ("text", "Is the door open?")
    assert talking_platform.connector.normalize_recipient(message.recipient) == message.recipient
    assert message.recipient == talking_platform.recipient
    assert message.sender_id
    assert message.metadata["chat_type"]


async def test_a_cursor_that_was_not_stored_repeats_the_messages(talking_platform: Platform) -> None:
    """A crash between receiving and storing would lose messages; duplicates could not be recognised."""
    connector = talking_platform.connect()
    talking_platform.write("one")
    talking_platform.write("one")
    first, again = await poll(connector, None), await poll(connector, None)
    assert first == again
    assert len({message.remote_id for message in first.messages}) == len(first.messages)
    talking_platform.write("two")
    seen = first.messages + (await poll(connector, first.cursor)).messages
    assert [message.text for message in seen][-1] == "two"
    assert len({message.remote_id for message in seen}) == len(seen)


async def test_a_poll_can_be_cancelled(talking_platform: Platform) -> None:
    """Stopping would wait for the next message."""
    connector = talking_platform.connect()
    talking_platform.fall_silent()
    polling = asyncio.create_task(connector.receive(None))
    await talking_platform.until_asked()
    polling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await polling


async def test_a_poll_that_hangs_can_be_thrown_away(talking_platform: Platform) -> None:
    """Receiving would stay dead after a connection died quietly, while sending still works."""
    connector = talking_platform.connect()
    await connector.check()
    talking_platform.fall_silent()
    polling = asyncio.create_task(connector.receive(None))
    await talking_platform.until_asked()
    await connector.reset()
    assert isinstance(await polling, Fault)


async def test_an_outage_ends_a_poll(talking_platform: Platform) -> None:
    """Receiving would wait at a platform that is gone."""
    connector = talking_platform.connect()
    await talking_platform.go_away()
    answer = await connector.receive(None)
    assert isinstance(answer, Fault)
    assert answer.code == "refused"


async def test_what_comes_back_tells_what_it_is(talking_platform: Platform) -> None:
    """Automations would have to know each platform's way to write a command."""
    connector = talking_platform.connect()
    talking_platform.write("/open the door")
    [message] = (await poll(connector, None)).messages
    assert (message.kind, message.content.command, message.content.args) == (Kind.COMMAND, "open", "the door")
