"""Discord through the whole of BACH: what the parts promise each other holds between them."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bach_lib import Bach, Button, Connection, ConnectionState, Direction, Status
from bach_lib.events import ConnectionChanged, Event, MessageReceived
from bach_lib.models.incoming import IncomingMessage, Kind
from bach_lib.testing.discord_server import Fault
from tests.lib.connectors.discord.conftest import TOKEN, World


async def happened[E: Event](bach: Bach, kind: type[E], when: Callable[[E], bool] = lambda _: True) -> E:
    """The next such event."""
    future: asyncio.Future[E] = asyncio.get_running_loop().create_future()

    def look(event: E) -> None:
        if when(event) and not future.done():
            future.set_result(event)

    unsubscribe = bach.subscribe(kind, look)
    try:
        async with asyncio.timeout(60):
            return await future
    finally:
        unsubscribe()


async def start(path: Path, world: World) -> Bach:
    """A BACH with the bot, which may hear the channel."""
    bach = Bach(path / "bach.db")
    await bach.open()
    if not bach.registry.list():
        (path / "token").write_text(TOKEN)
        await bach.registry.add(
            Connection(
                name="discord",
                type="discord",
                endpoint=world.server.url,
                auth_config={"bot_token": f"file:{path / 'token'}"},
                allowed=frozenset({world.recipient}),
            )
        )
    if bach.health("discord", Direction.RECEIVING).state is not ConnectionState.CONNECTED:
        await happened(
            bach,
            ConnectionChanged,
            lambda event: event.direction is Direction.RECEIVING and event.health.state is ConnectionState.CONNECTED,
        )
    return bach


async def next_message(bach: Bach) -> IncomingMessage:
    """The next message that is announced."""
    return (await happened(bach, MessageReceived)).message


@pytest.mark.parametrize("place", ["{place}", "<#{place}>", " https://discord.com/channels/@me/{place} "])
@pytest.mark.parametrize("person", ["{person}", "@{person}", "<@{person}>", "<@!{person}> "])
async def test_a_person_in_a_place_however_both_are_written(
    tmp_path: Path, world: World, place: str, person: str
) -> None:
    """Whoever is let in by the mention that Discord copies would be a stranger, and nobody would see why."""
    bach = await start(tmp_path, world)
    entry = f"{place}#{person}".format(place=world.channel.id, person=world.ada.id)
    await bach.registry.update("discord", allowed=frozenset({entry}))
    coming = asyncio.create_task(next_message(bach))
    world.server.says("a stranger", channel=world.channel, sender=world.server.add_user("bob"))
    world.server.says("hello", channel=world.channel, sender=world.ada)
    message = await coming
    assert message.text == "hello"
    sender = person.format(person=world.ada.id)
    assert [one.text for one in await bach.inbox(sender=f"discord:{sender}")] == ["hello"]
    await bach.close()


async def test_a_question_and_its_answer(tmp_path: Path, world: World) -> None:
    """An answer would not find the question it is the answer to."""
    bach = await start(tmp_path, world)
    try:
        buttons = ((Button(text="Yes", value="yes"), Button(text="No", value="no")),)
        receipt = await bach.send("discord", world.recipient, "Open the gate?", buttons=buttons)
        assert (await bach.wait(receipt.id, timeout=60)).status is Status.SENT
        waiting = asyncio.create_task(next_message(bach))
        await asyncio.sleep(0)
        press = world.server.presses(world.server.sent[0], f"{world.server.sent[0].nonce}.yes", sender=world.ada)
        answer = await waiting
        assert (answer.kind, answer.content.value, answer.message_id) == (Kind.BUTTON, "yes", receipt.id)
        await world.server.wait_until(lambda: press.answer is not None)
        edit = await bach.edit(receipt.id, "The gate is open.")
        assert (await bach.wait(edit.id, timeout=60)).status is Status.SENT
        assert (world.server.sent[0].content, world.server.sent[0].components) == ("The gate is open.", [])
    finally:
        await bach.close(grace=0)


async def test_a_restart_misses_nothing(tmp_path: Path, world: World) -> None:
    """What people write while the house restarts would be lost; or what they wrote before come again."""
    bach = await start(tmp_path, world)
    waiting = asyncio.create_task(next_message(bach))
    await asyncio.sleep(0)
    world.server.says("before", channel=world.channel, sender=world.ada)
    await waiting
    await bach.close(grace=0)
    world.server.says("meanwhile", channel=world.channel, sender=world.ada)
    bach = await start(tmp_path, world)
    try:
        assert [message.text for message in reversed(await bach.inbox())] == ["before", "meanwhile"]
    finally:
        await bach.close(grace=0)


async def test_an_answer_that_is_lost_is_asked_for_again(tmp_path: Path, world: World) -> None:
    """An alarm would arrive twice, or nobody would know whether it did."""
    bach = await start(tmp_path, world)
    try:
        world.server.fail(Fault.drop_after_store(), calls=["create_message"])
        receipt = await bach.send("discord", world.recipient, "Fire")
        message = await bach.wait(receipt.id, timeout=60)
        assert message.status is Status.SENT
        assert message.remote_id == str(world.server.sent[0].id)
        assert len(world.server.sent) == 1
    finally:
        await bach.close(grace=0)


async def test_texts_that_may_not_be_read_are_told_of(tmp_path: Path, world: World) -> None:
    """Everything would look fine while no text comes in."""
    world.bot.may_read_texts = False
    bach = await start(tmp_path, world)
    try:
        health = bach.health("discord", Direction.RECEIVING)
        assert health.state is ConnectionState.CONNECTED
        assert health.fault is not None
        assert health.fault.code == "intent_refused"
    finally:
        await bach.close(grace=0)
