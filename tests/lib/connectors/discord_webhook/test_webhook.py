"""Webhooks: an address is all they need, and all that must stay secret."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession

from bach_lib.clock import SystemClock
from bach_lib.connectors.base import Setup
from bach_lib.connectors.discord_webhook import DiscordWebhookConnector
from bach_lib.errors import InputError, InvalidRecipientError, InvalidValueError
from bach_lib.models import Connection, Format, Identity, Message, Operation
from bach_lib.models import Fault as Reason
from bach_lib.outcomes import Dead, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.testing.discord_server import Channel, DiscordServer, Fault, Webhook

type Connect = Callable[..., DiscordWebhookConnector]
TOKEN = "the-secret-part-of-an-address-of-a-webhook-which-nobody-may-see"


@dataclass
class World:
    """Everything there is on the server."""

    server: DiscordServer
    channel: Channel
    hook: Webhook


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A server with a channel and its webhook."""
    async with DiscordServer() as server:
        channel = server.add_channel(server.add_guild("Home"), "alarms")
        yield World(server, channel, server.add_webhook(channel, "House", token=TOKEN))


@pytest.fixture
async def connect(world: World) -> AsyncIterator[Connect]:
    """Make a connector to that webhook."""
    async with ClientSession() as session:

        def make(*, url: str | None = None, settings: Mapping[str, object] | None = None) -> DiscordWebhookConnector:
            address = world.server.webhook_url(world.hook) if url is None else url
            return DiscordWebhookConnector(
                Setup(
                    connection=Connection(
                        name="hook", type="discord_webhook", endpoint=world.server.url, settings=settings or {}
                    ),
                    secrets={"url": address},
                    session=session,
                    new_session=ClientSession,
                    clock=SystemClock(),
                )
            )

        yield make


@pytest.fixture
def connector(connect: Connect) -> DiscordWebhookConnector:
    """The usual one."""
    return connect()


def a_message(
    text: str = "The garage door is open",
    recipient: str = "channel",
    *,
    number: int = 1,
    silent: bool = False,
    reply_to: str | None = None,
    form: Format = Format.PLAIN,
    operation: Operation = Operation.SEND,
    target: str | None = None,
) -> Message:
    """A message from the queue."""
    return Message(
        id=number,
        nonce=f"n-{number}",
        connection="hook",
        recipient=recipient,
        text=text,
        silent=silent,
        reply_to=reply_to,
        format=form,
        operation=operation,
        target=target,
    )


async def test_it_writes_under_its_own_name(connector: DiscordWebhookConnector, world: World) -> None:
    """Nothing would be delivered, or nobody could tell which message it became."""
    outcome = await connector.send(a_message("x_y", silent=True))
    [sent] = world.server.sent
    assert outcome == Sent(remote_id=str(sent.id))
    assert (sent.channel, sent.content, sent.author.username, sent.silent) == (world.channel, "x\\_y", "House", True)


async def test_another_name_and_picture(connect: Connect, world: World) -> None:
    """All houses would look the same."""
    await connect(settings={"username": " Garage ", "avatar_url": "https://example.org/g.png"}).send(a_message())
    assert world.server.sent[0].author.username == "Garage"
    assert world.server.sent[0].payload["avatar_url"] == "https://example.org/g.png"


async def test_an_address_that_names_a_thread(connect: Connect, world: World) -> None:
    """What is to go into a thread would go into the channel, where everybody hears it."""
    named, other = world.server.add_thread(world.channel), world.server.add_thread(world.channel)
    connector = connect(url=f"{world.server.webhook_url(world.hook)}?thread_id={named.id}")
    assert isinstance(await connector.check(), Identity)
    sent = await connector.send(a_message("one"))
    assert isinstance(sent, Sent)
    changed = a_message("two", number=2, operation=Operation.EDIT, target=sent.remote_id)
    assert isinstance(await connector.send(changed), Sent)
    await connector.send(a_message("three", str(other.id), number=3))
    assert [(one.channel, one.content) for one in world.server.sent] == [(named, "two"), (other, "three")]
    connector = connect(url=f"{world.server.webhook_url(world.hook)}?thread_id=1001001001001001001")
    for recipient in ("channel", "1001001001001001002"):  # both are gone, and the words arrive
        gone = await connector.send(a_message("four", recipient, number=4))
        assert isinstance(gone, Sent)
        assert [loss.what for loss in gone.losses] == ["place"]
        assert world.server.sent[-1].channel is world.channel
    with pytest.raises(InvalidValueError):
        connect(url=f"{world.server.webhook_url(world.hook)}?thread_id=x")


@pytest.mark.parametrize(
    "written",
    [
        "1134639164554481746",
        " 1134639164554481746 ",
        "?thread_id=1134639164554481746",
        "thread_id=1134639164554481746",
        "https://discord.com/channels/1100000000000000001/1134639164554481746",
    ],
)
def test_how_a_thread_is_written(written: str) -> None:
    """What people copy would be refused, and they would have to find out which part of it is the id."""
    assert DiscordWebhookConnector.normalize_recipient(written) == "1134639164554481746"


async def test_a_thread(connector: DiscordWebhookConnector, world: World) -> None:
    """Threads could be entered, but not written to; or changes look for the message in the channel."""
    thread = world.server.add_thread(world.channel)
    sent = await connector.send(a_message(recipient=str(thread.id)))
    assert isinstance(sent, Sent)
    assert world.server.sent[0].channel is thread
    for operation in (Operation.EDIT, Operation.DELETE):
        change = a_message("two", str(thread.id), number=2, operation=operation, target=sent.remote_id)
        assert await connector.send(change) == Sent(remote_id=sent.remote_id)
    assert world.server.deleted[0].content == "two"
    assert set(world.server.deleted[0].payload) == {"content", "allowed_mentions"}  # nothing that only bots may change
    missing = await connector.send(a_message(recipient="1001001001001001001"))
    assert missing == Sent(remote_id=str(world.server.sent[-1].id), degraded=True)
    assert world.server.sent[-1].channel is world.channel, "the words arrive where the thread was"


async def test_what_it_cannot_do_is_said(connector: DiscordWebhookConnector) -> None:
    """An answer would be lost, or pass for one that it is not."""
    outcome = await connector.send(a_message(reply_to="1001001001001001001"))
    assert isinstance(outcome, Sent)
    assert outcome.degraded


async def test_an_answer_that_is_lost(connector: DiscordWebhookConnector, world: World) -> None:
    """An alarm would be repeated blindly, though Discord recognises no repetition here."""
    world.server.fail(Fault.drop_after_store())
    assert isinstance(await connector.send(a_message()), Uncertain)


async def test_a_long_text_goes_on_where_it_broke_off(connector: DiscordWebhookConnector, world: World) -> None:
    """The first half would arrive again with every attempt."""
    world.server.fail(Fault.latency(0))
    world.server.fail(Fault.server_error())
    message = a_message("x" * 4500)
    assert isinstance(await connector.send(message), Uncertain)
    assert isinstance(await connector.send(message), Sent)
    assert [len(sent.content) for sent in world.server.sent] == [2000, 2000, 500]


async def test_told_to_wait(connector: DiscordWebhookConnector, world: World) -> None:
    """Threads would go on where Discord wants the whole webhook to wait."""
    world.server.fail(Fault.too_many_requests(3))
    outcome = await connector.send(a_message())
    assert isinstance(outcome, Wait)
    assert (outcome.seconds, outcome.scope) == (3, Scope.CONNECTION)


async def test_who_it_is(connector: DiscordWebhookConnector, world: World) -> None:
    """An address could not be checked before it is saved."""
    assert await connector.check() == Identity(id=str(world.hook.id), name="House")


async def test_a_webhook_that_was_deleted(connector: DiscordWebhookConnector, world: World) -> None:
    """Waiting messages would die instead of waiting for a new address."""
    world.server.webhooks.clear()
    outcome = await connector.send(a_message())
    assert isinstance(outcome, Retry)
    assert (outcome.fault.code, outcome.scope) == ("auth_failed", Scope.CONNECTION)
    answer = await connector.check()
    assert isinstance(answer, Reason)
    assert "deleted" in answer.text


async def test_a_message_that_is_gone(connector: DiscordWebhookConnector) -> None:
    """A change would be tried for hours, or a deletion end as a dead letter."""
    gone = "1001001001001001001"
    assert isinstance(await connector.send(a_message("x", operation=Operation.EDIT, target=gone)), Dead)
    assert isinstance(await connector.send(a_message("", operation=Operation.DELETE, target=gone)), Sent)
    assert isinstance(await connector.send(a_message("x" * 2001, operation=Operation.EDIT, target=gone)), Dead)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "https://[",
        "https://discord.com/api/webhooks/1001001001001001001",
        f"https://discord.com/api/webhooks/1/{TOKEN}",
        f"https://discord.com/api/webhooks/1001001001001001001/{TOKEN}/github",
    ],
)
async def test_what_is_no_address(connect: Connect, url: str) -> None:
    """A slip of the pen would only show when the alarm goes off; or the error show what is secret."""
    with pytest.raises(InputError) as raised:
        connect(url=url)
    assert TOKEN not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "is_fine"),
    [
        (f"https://discord.com/api/webhooks/1001001001001001001/{TOKEN}", True),
        (f" https://canary.discord.com/api/v10/webhooks/1001001001001001001/{TOKEN}/ ", True),
        (f"https://discordapp.com/api/webhooks/1001001001001001001/{TOKEN}?wait=true", True),
        (f"http://discord.com/api/webhooks/1001001001001001001/{TOKEN}", False),
        (f"https://discord.com.example.org/api/webhooks/1001001001001001001/{TOKEN}", False),
    ],
)
async def test_only_discords_addresses(url: str, is_fine: bool) -> None:
    """What people tell their house would go to somebody else."""
    async with ClientSession() as session:
        setup = Setup(
            connection=Connection(name="hook", type="discord_webhook"),
            secrets={"url": url},
            session=session,
            new_session=ClientSession,
            clock=SystemClock(),
        )
        if is_fine:
            DiscordWebhookConnector(setup)
            return
        with pytest.raises(InvalidValueError):
            DiscordWebhookConnector(setup)


@pytest.mark.parametrize(
    "settings",
    [
        {"username": "x" * 81},
        {"username": "My Discord"},
        {"username": 7},
        {"avatar_url": "picture.png"},
        {"avatar_url": "ftp://example.org/a"},
        {"avatar_url": "https://["},
    ],
)
async def test_settings_that_discord_would_refuse(connect: Connect, settings: dict[str, object]) -> None:
    """Every single message would be refused."""
    with pytest.raises(InvalidValueError):
        connect(settings=settings)


@pytest.mark.parametrize("recipient", ["#alarms", "42", "@1001001001001001001"])
def test_what_is_no_recipient(recipient: str) -> None:
    """A webhook cannot write to other places than its own."""
    with pytest.raises(InvalidRecipientError):
        DiscordWebhookConnector.normalize_recipient(recipient)


async def test_it_only_sends(connector: DiscordWebhookConnector) -> None:
    """Nobody would be told why nothing comes in."""
    assert isinstance(await connector.receive(None), Reason)
    assert isinstance(await connector.send(a_message("x", operation=Operation.REACT, target="1")), Dead)
