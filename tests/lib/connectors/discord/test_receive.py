"""Receiving through the gateway: what people do comes in once, in order, and outages leave no gap."""

import asyncio
import threading
from dataclasses import replace

import pytest
from discord.gateway import KeepAliveHandler

from bach_lib.connectors import bounds
from bach_lib.connectors.base import Batch, Unreadable
from bach_lib.connectors.discord import DiscordConnector, Settings, backfill
from bach_lib.connectors.discord.backfill import Backfill, Missed
from bach_lib.models import Button, Extras, Operation, Poll
from bach_lib.models import Fault as Reason
from bach_lib.models.incoming import Kind, Media
from bach_lib.outcomes import Sent
from bach_lib.testing.discord_server import DiscordServer, Fault
from tests.lib.connectors.discord.conftest import Connect, World, a_message, hear, listen


async def test_a_text(connector: DiscordConnector, world: World) -> None:
    """Nobody could write to the house from a channel, or the answer would go elsewhere."""
    cursor = (await listen(connector)).cursor
    written = world.server.says("Is the door open?", channel=world.channel, sender=world.ada)
    [message], _ = await hear(connector, cursor)
    assert (message.remote_id, message.recipient, message.recipient_title, message.sender_id, message.sender_name) == (
        str(written.id),
        world.recipient,
        "#alarms (Home)",
        str(world.ada.id),
        "Ada",
    )
    assert (message.kind, message.text) == (Kind.TEXT, "Is the door open?")
    assert message.sent_at == pytest.approx(written.created_at, abs=1)


async def test_a_direct_message(connector: DiscordConnector, world: World) -> None:
    """A person could not write to the bot alone, or the answer would be public."""
    cursor = (await listen(connector)).cursor
    world.server.says("/status now", channel=world.server.direct(world.bot.user, world.ada), sender=world.ada)
    [message], _ = await hear(connector, cursor)
    assert (message.recipient, message.kind) == (f"@{world.ada.id}", Kind.COMMAND)
    assert (message.content.command, message.content.args) == ("status", "now")


async def test_a_thread_is_named_by_its_channel(connect: Connect, world: World) -> None:
    """Allowing a channel would not allow its threads; or a thread that is allowed alone would be kept out."""
    thread = world.server.add_thread(world.channel)
    for allowed, recipient in (
        ({world.recipient}, f"{world.channel.id}/{thread.id}"),
        ({str(thread.id)}, f"{world.channel.id}/{thread.id}"),
    ):
        connector = connect(allowed=frozenset(allowed))
        cursor = (await listen(connector)).cursor
        world.server.says("wet", channel=thread, sender=world.ada)
        [message], _ = await hear(connector, cursor)
        assert message.recipient == recipient
        [sighting] = message.sightings
        assert (sighting.id, sighting.names) == (recipient, (str(thread.id),)), "so it is let in by its own id, too"
        await connector.close()


async def test_roles_are_named(connector: DiscordConnector, world: World) -> None:
    """People would read numbers, of old roles and of those that are made while we listen."""
    server, guild = world.server, world.channel.guild
    assert guild is not None
    old = server.add_role(guild, "guards")
    cursor = (await listen(connector)).cursor
    new = server.add_role(guild, "cooks")
    server.says(f"<@&{old}> <@&{new}> <@&{guild.id}>", channel=world.channel, sender=world.ada)
    [message], _ = await hear(connector, cursor)
    assert message.text == "@guards @cooks @everyone"


async def test_bots_are_not_heard(connector: DiscordConnector, world: World) -> None:
    """Two programs would answer each other for ever, one of them perhaps we ourselves."""
    cursor = (await listen(connector)).cursor
    await connector.send(a_message(world.channel))
    world.server.says("beep", channel=world.channel, sender=world.server.add_user("other_bot", bot=True))
    world.server.says("hello", channel=world.channel, sender=world.ada)
    [message], _ = await hear(connector, cursor)
    assert message.text == "hello"


async def test_a_press(connector: DiscordConnector, world: World) -> None:
    """A button would do nothing, or the person see that "this interaction failed"."""
    cursor = (await listen(connector)).cursor
    sent = await connector.send(a_message(world.channel, buttons=((Button(text="Open", value="open.gate"),),)))
    assert isinstance(sent, Sent)
    press = world.server.presses(world.server.sent[0], "0123456789abcd-1.open.gate", sender=world.ada)
    [message], _ = await hear(connector, cursor)
    assert (message.kind, message.origin, message.content.value) == (Kind.BUTTON, "0123456789abcd-1", "open.gate")
    assert (message.reply_to, message.sender_name, message.text) == (sent.remote_id, "Ada", "")
    assert press.token not in repr(message)
    await connector.acknowledge(message)
    assert press.answer == 6
    await connector.acknowledge(message)  # a second time is refused, and nobody minds


async def test_a_reaction(connector: DiscordConnector, world: World) -> None:
    """A thumb that says "done" would not be seen; or our own be taken for a person's."""
    cursor = (await listen(connector)).cursor
    sent = await connector.send(a_message(world.channel))
    assert isinstance(sent, Sent)
    await connector.send(a_message(world.channel, "👀", number=2, operation=Operation.REACT, target=sent.remote_id))
    world.server.react(world.server.sent[0], world.ada, "👍")
    world.server.react(world.server.sent[0], world.ada, "👍", take_back=True)
    [put, taken], _ = await hear(connector, cursor, 2)
    assert (put.kind, put.content.reactions, put.reply_to) == (Kind.REACTION, ("👍",), sent.remote_id)
    assert (taken.content.reactions, taken.metadata["removed"]) == ((), "👍")


async def test_a_vote(connector: DiscordConnector, world: World) -> None:
    """A family would be asked, and nobody be heard."""
    cursor = (await listen(connector)).cursor
    poll = Poll(question="Pizza?", options=("Yes", "No"))
    sent = await connector.send(replace(a_message(world.channel, ""), extras=Extras(poll=poll)))
    assert isinstance(sent, Sent)
    assert sent.parts == (sent.remote_id,), "by which its votes are known"
    world.server.votes(world.server.sent[0], 1, sender=world.ada)
    world.server.votes(world.server.sent[0], 1, sender=world.ada, take_back=True)
    [put, taken], _ = await hear(connector, cursor, 2)
    assert (put.kind, put.content.choices, put.poll, put.sender_id) == (
        Kind.VOTE,
        (1,),
        sent.remote_id,
        str(world.ada.id),
    )
    assert (taken.kind, taken.content.choices) == (Kind.VOTE, ())


async def test_a_correction(connector: DiscordConnector, world: World) -> None:
    """A corrected command would run a second time, or look like another message."""
    cursor = (await listen(connector)).cursor
    written = world.server.says("/open", channel=world.channel, sender=world.ada)
    world.server.edit(written, "/close")
    [first, second], _ = await hear(connector, cursor, 2)
    assert (first.kind, second.kind, second.text, second.reply_to) == (
        Kind.COMMAND,
        Kind.EDITED,
        "/close",
        str(written.id),
    )
    assert second.remote_id != first.remote_id


async def test_files(connector: DiscordConnector, world: World) -> None:
    """Pictures and voice messages would be lost, or all but the first; or a huge file fill the memory."""
    cursor = (await listen(connector)).cursor
    files = [
        world.server.attachment("door.png", b"picture", "image/png"),
        world.server.attachment("voice.ogg", b"sound", "audio/ogg", duration=2.5),
    ]
    world.server.says("look", channel=world.channel, sender=world.ada, attachments=files)
    [picture, sound], _ = await hear(connector, cursor, 2)
    assert picture.content.media is not None
    assert sound.content.media is not None
    assert (picture.kind, picture.text, picture.content.media.type) == (Kind.MEDIA, "look", "photo")
    assert (sound.text, sound.content.media.duration, sound.content.media.name) == ("", 2.5, "voice.ogg")
    assert await connector.fetch(picture.content.media, 7) == b"picture"
    refused = await connector.fetch(picture.content.media, 6)
    assert isinstance(refused, Reason)
    assert refused.code == "too_large"
    world.channel.messages.clear()
    for media in (sound.content.media, Media(type="photo", reference="AgACAgIAAxkBAAIB")):
        answer = await connector.fetch(media, 100)
        assert isinstance(answer, Reason)


# -- nothing is lost, nothing comes twice ----------------------------------------------------------------------------


async def test_what_was_not_stored_comes_again(connector: DiscordConnector, world: World) -> None:
    """A disk that was full for a moment would lose messages."""
    cursor = (await listen(connector)).cursor
    world.server.says("one", channel=world.channel, sender=world.ada)
    first, stored = await hear(connector, cursor)
    again, _ = await hear(connector, cursor)
    assert first == again
    world.server.says("two", channel=world.channel, sender=world.ada)
    [message], _ = await hear(connector, stored)
    assert message.text == "two"


async def test_a_restart_leaves_no_gap(connect: Connect, world: World) -> None:
    """What people wrote while Home Assistant was restarting would be lost, or what was known come again."""
    thread = world.server.add_thread(world.channel)
    allowed = frozenset({world.recipient, f"{thread.id}#{world.ada.id}", f"@{world.ada.id}", str(world.ada.id)})
    first = connect(allowed=allowed)
    cursor = (await listen(first)).cursor
    world.server.says("known", channel=world.channel, sender=world.ada)
    [known], cursor = await hear(first, cursor)
    await first.close()
    direct = world.server.direct(world.bot.user, world.ada)
    places = [world.channel, thread, direct]
    for number in range(250):
        world.server.says(str(number), channel=places[number % 3], sender=world.ada)
    second = connect(allowed=allowed)
    heard, _ = await hear(second, cursor, 251)
    heard = [message for message in heard if message.remote_id != known.remote_id]  # as the inbox does
    assert [message.text for message in heard] == [str(number) for number in range(250)]
    assert {message.recipient for message in heard} == {
        world.recipient,
        f"{world.channel.id}/{thread.id}",
        f"@{world.ada.id}",
    }


async def test_a_long_outage_is_read_in_portions(
    connect: Connect, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The history of many places would fill the memory at once, or what was kept out of it be lost."""
    places = [world.channel, *(world.server.add_thread(world.channel) for _ in range(3))]
    allowed = frozenset(str(place.id) for place in places)
    first = connect(allowed=allowed)
    cursor = (await listen(first)).cursor
    await first.close()
    for number in range(40):
        world.server.says(str(number), channel=places[number % 4], sender=world.ada)
    monkeypatch.setattr(bounds, "MAX_ROWS", 7)
    reads: list[int] = []
    since = Backfill.since

    async def counted(self: Backfill, snowflake: int) -> Missed:
        missed = await since(self, snowflake)
        reads.append(len(missed.found))
        return missed

    monkeypatch.setattr(Backfill, "since", counted)
    monkeypatch.setattr(backfill, "_OVERLAP", 0)  # all were written in the same second
    heard, _ = await hear(connect(allowed=allowed), cursor, 40)
    assert [message.text for message in heard] == [str(number) for number in range(40)]
    assert max(reads) <= 7


async def test_what_is_too_much_in_one_place_is_told(
    connect: Connect, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever was in an outage for a week would take the first thousand messages for all."""
    monkeypatch.setattr(backfill, "_PAGE", 3)
    monkeypatch.setattr(backfill, "_MAX_PAGES", 2)
    first = connect()
    cursor = (await listen(first)).cursor
    await first.close()
    for number in range(8):
        world.server.says(str(number), channel=world.channel, sender=world.ada)
    second, unreadable, texts = connect(), list[Unreadable](), list[str]()
    while len(texts) < 6:
        batch = await second.receive(cursor)
        assert isinstance(batch, Batch)
        cursor = batch.cursor
        texts += [message.text for message in batch.messages]
        unreadable += batch.unreadable
    assert texts == [str(number) for number in range(6)]
    assert [one.reason.split(":")[0] for one in unreadable] == ["Messages were left out"]
    assert "Messages through" in caplog.text


async def test_an_id_that_comes_late_is_not_missed(connect: Connect, world: World) -> None:
    """Ids are made by many machines; a message with a slightly lower one than the last would be lost in a gap."""
    first = connect()
    cursor = (await listen(first)).cursor
    known = world.server.says("known", channel=world.channel, sender=world.ada)
    _, cursor = await hear(first, cursor)
    await first.close()
    world.channel.messages[known.id - 1] = replace(known, id=known.id - 1, content="late")
    heard, _ = await hear(connect(), cursor, 2)
    assert [message.text for message in heard] == ["late", "known"]  # the inbox knows the second


async def test_the_very_first_start_reads_no_history(connect: Connect, world: World) -> None:
    """Everything that was ever written in a channel would be acted upon."""
    world.server.says("old", channel=world.channel, sender=world.ada)
    connector = connect()
    batch = await listen(connector)
    world.server.says("new", channel=world.channel, sender=world.ada)
    heard, _ = await hear(connector, batch.cursor)
    assert [message.text for message in (*batch.messages, *heard)] == ["new"]


async def test_resuming(connector: DiscordConnector, world: World) -> None:
    """Every maintenance of Discord's would cost messages, or a new session."""
    cursor = (await listen(connector)).cursor
    world.server.gateway.ask_to_reconnect()
    world.server.says("meanwhile", channel=world.channel, sender=world.ada)
    [message], _ = await hear(connector, cursor)
    assert message.text == "meanwhile"
    assert world.server.gateway.identified == 1


async def test_a_session_that_is_lost(connector: DiscordConnector, world: World) -> None:
    """What was written while the connection was cut would be lost when Discord has forgotten the session."""
    cursor = (await listen(connector)).cursor
    world.server.gateway.is_closed = True
    world.server.gateway.cut(forget=True)
    await world.server.wait_until(lambda: not world.server.gateway.connected)
    world.server.says("meanwhile", channel=world.channel, sender=world.ada)
    assert isinstance(await connector.receive(cursor), Reason)
    world.server.gateway.is_closed = False
    [message], _ = await hear(connector, cursor)
    assert message.text == "meanwhile"


async def test_what_comes_while_the_history_is_read(connector: DiscordConnector, world: World) -> None:
    """Messages would overtake those that were missed, or be lost between the two."""
    cursor = (await listen(connector)).cursor
    await connector.reset()
    world.server.says("missed", channel=world.channel, sender=world.ada)
    slow = world.server.fail(Fault.hang(), calls=["get_messages"])
    polling = asyncio.create_task(hear(connector, cursor, 2))
    await world.server.wait_until(lambda: slow.hits > 0)
    world.server.says("live", channel=world.channel, sender=world.ada)
    slow.release()
    heard, _ = await polling
    assert [message.text for message in heard] == ["missed", "live"]


async def test_a_history_that_cannot_be_read_is_read_later(connector: DiscordConnector, world: World) -> None:
    """One failure in the wrong moment would leave a gap for ever."""
    cursor = (await listen(connector)).cursor
    await connector.reset()
    world.server.says("missed", channel=world.channel, sender=world.ada)
    world.server.fail(Fault.server_error(), calls=["get_messages"])
    answer = await connector.receive(cursor)
    assert isinstance(answer, Reason)
    assert answer.code == "server_error"
    [message], _ = await hear(connector, cursor)
    assert message.text == "missed"


async def test_a_place_the_bot_was_thrown_out_of(connect: Connect, world: World) -> None:
    """One channel that is gone would stop receiving from all the others."""
    connector = connect(allowed=frozenset({world.recipient, "123456789012345678", "@123456789012345678", "nonsense"}))
    cursor = (await listen(connector)).cursor
    await connector.reset()
    world.server.says("missed", channel=world.channel, sender=world.ada)
    [message], _ = await hear(connector, cursor)
    assert message.text == "missed"


async def test_what_was_missed_in_threads_of_a_channel(connector: DiscordConnector, world: World) -> None:
    """Posts in forums and threads of an outage would be lost, for a channel's own history has none of them."""
    thread = world.server.add_thread(world.channel)
    cursor = (await listen(connector)).cursor
    world.server.says("one", channel=world.channel, sender=world.ada)
    [_], cursor = await hear(connector, cursor)
    await connector.reset()
    world.server.says("missed", channel=thread, sender=world.ada)
    [message], _ = await hear(connector, cursor)
    assert (message.text, message.recipient) == ("missed", f"{world.channel.id}/{thread.id}")


@pytest.mark.parametrize("cursor", ["", "x", "-1", "99999999999999999999999", "1:2:3", "1:zz:1"])
async def test_a_cursor_of_another_kind(connector: DiscordConnector, cursor: str) -> None:
    """A cursor that was damaged, or is another connector's, would end receiving for ever."""
    assert isinstance(await connector.receive(cursor), Batch)


# -- bad days --------------------------------------------------------------------------------------------------------


async def test_texts_that_may_not_be_read(connector: DiscordConnector, world: World) -> None:
    """A switch in Discord's portal would stop receiving altogether, or nobody would learn why texts are empty."""
    world.bot.may_read_texts = False
    batch = await listen(connector)
    assert batch.notice is not None
    assert batch.notice.code == "intent_refused"
    world.server.says("secret", channel=world.channel, sender=world.ada)
    world.server.says(f"<@{world.bot.user.id}> /status", channel=world.channel, sender=world.ada)
    [hidden, command], _ = await hear(connector, batch.cursor, 2)
    assert (hidden.kind, hidden.text, hidden.metadata["content"]) == (Kind.OTHER, "", "hidden")
    assert (command.kind, command.content.command) == (Kind.COMMAND, "status")


async def test_texts_that_may_be_read_from_now_on(
    connect: Connect, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who switches the intent on would have to restart, and nobody would say so."""
    monkeypatch.setattr("bach_lib.connectors.discord.receiver._ASK_EVERY", 0.05)
    connector = connect(settings=Settings(poll_seconds=0.05))
    world.bot.may_read_texts = False
    notices, cursor = [(await listen(connector)).notice], None
    assert notices != [None]
    world.bot.may_read_texts = True
    async with asyncio.timeout(60):
        while notices[-1]:
            batch = await listen(connector, cursor)
            cursor = batch.cursor
            notices.append(batch.notice)
    world.server.says("no secret", channel=world.channel, sender=world.ada)
    [message], _ = await hear(connector, cursor)
    assert (message.kind, message.text) == (Kind.TEXT, "no secret")


@pytest.mark.parametrize(("remaining", "begins"), [(3, False), (0, False), (4, True)])
async def test_the_last_starts_of_a_day_are_kept(
    connector: DiscordConnector, world: World, *, remaining: int, begins: bool
) -> None:
    """Discord resets the token of a bot that needs more than it has, and a person may need one."""
    world.server.gateway.identified = 1000 - remaining
    answer = await connector.receive(None)
    assert isinstance(answer, Batch) == begins
    if isinstance(answer, Reason):
        assert (answer.code, answer.retry_after) == ("rate_limited", 14_400)
        assert f"begin {remaining} more sessions in the next 240 minutes" in answer.text


async def test_a_token_that_was_reset(connector: DiscordConnector, world: World) -> None:
    """Nobody would be asked for the new token."""
    cursor = (await listen(connector)).cursor
    polling = asyncio.create_task(connector.receive(cursor))
    world.server.revoke(world.bot)
    answer = await polling
    assert isinstance(answer, Reason)
    assert answer.code == "auth_failed"


async def test_no_sessions_left(connector: DiscordConnector, world: World) -> None:
    """Discord would reset the token of a bot that begins too many sessions."""
    world.server.gateway.identified = 1000
    answer = await connector.receive(None)
    assert isinstance(answer, Reason)
    assert (answer.code, answer.retry_after) == ("rate_limited", 14_400)


async def test_a_zombie(connect: Connect, world: World) -> None:
    """A connection that died without a word would be listened to for ever."""
    world.server.gateway.heartbeat = 0.05
    connector = connect(settings=Settings(heartbeat_timeout=0.2))
    cursor = (await listen(connector)).cursor
    world.server.gateway.is_deaf = True
    polling = asyncio.create_task(hear(connector, cursor))
    await world.server.wait_until(lambda: not world.server.gateway.connected)
    world.server.gateway.is_deaf = False
    world.server.says("still there?", channel=world.channel, sender=world.ada)
    [message], _ = await polling
    assert message.text == "still there?"


async def test_a_gateway_that_closes_every_connection(connect: Connect, server: DiscordServer) -> None:
    """discord.py would come again without a pause, for ever."""
    connector = connect()
    cursor = (await listen(connector)).cursor
    server.gateway.turns_away = 4000
    server.gateway.close()
    answer = await connector.receive(cursor)
    assert isinstance(answer, Reason)
    assert answer.code == "unreachable"


async def test_a_gateway_that_does_not_come_back(connect: Connect, world: World) -> None:
    """Receiving would count as working while nothing can come in."""
    connector = connect(settings=Settings(poll_seconds=0.05, connect_seconds=0.05))
    while isinstance(answer := await connector.receive(None), Reason):  # a busy machine needs longer to connect
        assert answer.code == "timeout"
    cursor = answer.cursor
    world.server.gateway.is_mute = True
    world.server.gateway.cut()
    await world.server.wait_until(lambda: not world.server.gateway.connected)
    for _ in range(3):
        answer = await connector.receive(cursor)
    assert isinstance(answer, Reason)
    assert answer.code == "timeout"


async def test_an_empty_poll_is_a_success(connect: Connect) -> None:
    """A quiet day would be taken for an outage."""
    connector = connect(settings=Settings(poll_seconds=0.05))
    cursor = (await listen(connector)).cursor
    batch = await connector.receive(cursor)
    assert isinstance(batch, Batch)
    assert (batch.messages, batch.is_complete) == ((), True)


async def test_no_thread_is_left_behind(connector: DiscordConnector, server: DiscordServer) -> None:
    """Every session that is given up while it begins would leave a thread that sends heartbeats nobody wants."""
    await listen(connector)
    beats = server.gateway.heartbeats
    server.gateway.invalidate()  # discord.py connects again, and then waits for five seconds before it identifies
    await server.wait_until(lambda: server.gateway.heartbeats > beats)
    await connector.reset()
    assert [thread for thread in threading.enumerate() if isinstance(thread, KeepAliveHandler)] == []
