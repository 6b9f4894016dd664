"""The double as discord.py sees it: what the real library takes for Discord is close enough to it."""

from io import BytesIO

import discord
import pytest

from bach_lib.testing.discord_server import Bot, Channel, DiscordServer, Fault, User
from tests.lib.testing.discord.conftest import Recorder, running


def text_channel(client: discord.Client, channel: Channel) -> discord.TextChannel:
    """A channel as discord.py knows it."""
    found = client.get_channel(channel.id)
    assert isinstance(found, discord.TextChannel)
    return found


async def test_it_connects_and_knows_the_places(client: Recorder, channel: Channel) -> None:
    """Nothing about the gateway could be tested with the double."""
    assert client.user is not None
    assert (client.user.name, text_channel(client, channel).name) == ("home_bot", "alarms")
    assert client.latency < 5


async def test_what_a_person_writes(client: Recorder, server: DiscordServer, channel: Channel, ada: User) -> None:
    """Receiving could not be tested."""
    server.says("Is the door open?", channel=channel, sender=ada)
    message = await client.until("message")
    assert (message.content, message.author.name, message.channel.id) == ("Is the door open?", "ada", channel.id)


async def test_a_direct_message(client: Recorder, server: DiscordServer, bot: Bot, ada: User) -> None:
    """People who write to the bot directly would be another sort of thing than with Discord."""
    server.says("hello", channel=server.direct(bot.user, ada), sender=ada)
    message = await client.until("message")
    assert isinstance(message.channel, discord.DMChannel)
    assert message.content == "hello"


@pytest.mark.broken_requests("a client of discord.py's own says `tts` with an edit")
async def test_sending_and_changing(client: Recorder, server: DiscordServer, channel: Channel) -> None:
    """What the library sends would be refused, or not be kept."""
    place = text_channel(client, channel)
    sent = await place.send("one", nonce="abc", silent=True)
    await sent.edit(content="two")
    await sent.add_reaction("👍")
    async with place.typing():
        pass
    [kept] = server.sent
    assert (kept.content, kept.nonce, kept.silent, list(kept.reactions)) == ("two", "abc", True, ["👍"])
    assert server.typing == [channel]
    await sent.delete()
    assert server.deleted == [kept]


async def test_a_repeated_nonce_is_one_message(client: Recorder, server: DiscordServer, channel: Channel) -> None:
    """Whether repeating is safe could not be tested."""
    place = text_channel(client, channel)
    assert (await place.send("one", nonce=7)).id == (await place.send("one", nonce=7)).id
    assert len(server.sent) == 1


async def test_history_in_order(client: Recorder, server: DiscordServer, channel: Channel, ada: User) -> None:
    """Filling gaps could not be tested."""
    written = [server.says(str(number), channel=channel, sender=ada) for number in range(250)]
    after = discord.Object(written[9].id)
    found = [message.content async for message in text_channel(client, channel).history(after=after, limit=None)]
    assert found == [str(number) for number in range(10, 250)]


async def test_a_person_is_written_to(client: Recorder, server: DiscordServer, ada: User) -> None:
    """Direct messages could not be tested, nor people who take none."""
    person = await client.fetch_user(ada.id)
    await person.send("hello")
    assert server.sent[0].channel.person is ada
    ada.takes_messages = False
    with pytest.raises(discord.Forbidden) as refused:
        await person.send("hello")
    assert refused.value.code == 50007


@pytest.mark.broken_requests("a client of discord.py's own numbers files with numbers")
async def test_files(client: Recorder, server: DiscordServer, channel: Channel) -> None:
    """Files could neither be sent nor fetched."""
    sent = await text_channel(client, channel).send(file=discord.File(BytesIO(b"picture"), "door.png"))
    assert server.sent[0].attachments[0].content == b"picture"
    assert await sent.attachments[0].read() == b"picture"


async def test_buttons(client: Recorder, server: DiscordServer, channel: Channel, ada: User) -> None:
    """Presses could not be tested."""
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Open", custom_id="n.open"))
    await text_channel(client, channel).send("Open?", view=view)
    press = server.presses(server.sent[0], "n.open", sender=ada)
    interaction = await client.until("interaction")
    assert (interaction.data["custom_id"], interaction.user.name) == ("n.open", "ada")
    assert press.token == interaction.token


async def test_reactions(client: Recorder, server: DiscordServer, channel: Channel, ada: User) -> None:
    """Reactions could not be tested."""
    server.react(server.says("done?", channel=channel, sender=ada), ada, "👍")
    assert str((await client.until("raw_reaction_add")).emoji) == "👍"


async def test_threads(client: Recorder, server: DiscordServer, channel: Channel) -> None:
    """Threads could not be tested."""
    made = server.add_thread(channel, "water leak")
    thread = await client.until("thread_create")
    await thread.send("wet")
    assert server.sent[0].channel is made


async def test_a_webhook(server: DiscordServer, channel: Channel, at_loopback: None, client: Recorder) -> None:
    """Webhooks could not be tested."""
    hook, thread = server.add_webhook(channel), server.add_thread(channel)
    webhook = discord.Webhook.partial(hook.id, hook.token, client=client)
    assert (await webhook.fetch()).channel_id == channel.id
    await webhook.send("hello", username="House", wait=True)
    await webhook.send("hello", thread=discord.Object(thread.id))
    assert [(sent.channel, sent.author.username) for sent in server.sent] == [(channel, "House"), (thread, "Home")]
    server.webhooks.clear()
    with pytest.raises(discord.NotFound) as refused:
        await webhook.send("hello")
    assert refused.value.code == 10015


# -- the gateway on a bad day ----------------------------------------------------------------------------------------


async def test_resuming_loses_nothing(client: Recorder, server: DiscordServer, channel: Channel, ada: User) -> None:
    """Resuming could not be tested: what was said meanwhile would be lost."""
    server.gateway.ask_to_reconnect()
    server.says("meanwhile", channel=channel, sender=ada)
    await client.until("resumed")
    assert (await client.until("message")).content == "meanwhile"
    assert server.gateway.identified == 1


async def test_an_invalid_session(client: Recorder, server: DiscordServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that must begin anew could not be tested."""
    monkeypatch.setattr(client, "before_identify_hook", _at_once)
    server.gateway.invalidate()
    await client.until("ready", 2)
    assert server.gateway.identified == 2


async def test_a_cut_connection(client: Recorder, server: DiscordServer, channel: Channel, ada: User) -> None:
    """Broken connections could not be tested."""
    server.gateway.cut()
    await server.wait_until(lambda: not server.gateway.connected)
    server.says("meanwhile", channel=channel, sender=ada)
    assert (await client.until("message")).content == "meanwhile"


async def test_a_zombie(at_loopback: None, server: DiscordServer, channel: Channel) -> None:
    """A connection that is dead without anybody having said so could not be tested."""
    client = Recorder(server)
    client._connection.heartbeat_timeout = 0.3
    server.gateway.heartbeat = 0.1
    async with running(client):
        await client.until("ready")
        server.gateway.is_deaf = True
        await client.until("disconnect")
        server.gateway.is_deaf = False
        await client.until("resumed")


async def test_a_revoked_token(at_loopback: None, channel: Channel, server: DiscordServer, bot: Bot) -> None:
    """Close code 4004 could not be tested."""
    client = Recorder(server)
    async with running(client) as task:
        await client.until("ready")
        server.revoke(bot)
        with pytest.raises(discord.ConnectionClosed) as closed:
            await task
        assert closed.value.code == 4004


async def test_texts_that_the_bot_may_not_read(
    at_loopback: None, server: DiscordServer, channel: Channel, bot: Bot, ada: User
) -> None:
    """The privileged intent could not be tested."""
    bot.may_read_texts = False
    client = Recorder(server)
    async with running(client) as task:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await task
    modest = Recorder(server)
    modest._connection._intents.message_content = False
    async with running(modest):
        await modest.until("ready")
        server.says("secret", channel=channel, sender=ada)
        server.says(f"<@{bot.user.id}> hello", channel=channel, sender=ada)
        assert (await modest.until("message")).content == ""
        assert (await modest.until("message", 2)).content.endswith("hello")


# -- refusals --------------------------------------------------------------------------------------------------------


async def test_told_to_wait(
    client: Recorder, server: DiscordServer, channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    """A 429 would not be what the library takes for one, or the two sorts not be told apart."""
    server.fail(Fault.too_many_requests(0.01), calls=["create_message"])
    server.fail(Fault.too_many_requests(0.01, everywhere=True), calls=["create_message"])
    await text_channel(client, channel).send("one")
    assert server.calls["create_message"] == 3
    assert "Global rate limit has been hit" in caplog.text


async def test_a_ban(client: Recorder, server: DiscordServer, channel: Channel) -> None:
    """What stands before Discord answers otherwise than Discord."""
    server.fail(Fault.banned())
    with pytest.raises(discord.HTTPException) as refused:
        await text_channel(client, channel).send("one")
    assert refused.value.status == 429


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        (Fault.forbidden(), discord.Forbidden, 50013),
        (Fault.unknown(), discord.NotFound, 10003),
        (Fault.server_error(503), discord.DiscordServerError, 0),
        (Fault.unauthorized(), discord.HTTPException, 0),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
async def test_refusals(
    client: Recorder, channel: Channel, fault: Fault, kind: type[discord.HTTPException], code: int
) -> None:
    """Refusals would look otherwise than Discord's."""
    client.server.fail(fault, calls=["create_message"])
    with pytest.raises(kind) as refused:
        await text_channel(client, channel).send("one")
    assert (refused.value.status, refused.value.code) == (fault.status, code)


async def _at_once(shard_id: int | None, *, initial: bool = False) -> None:
    """Do not wait five seconds before identifying again."""
