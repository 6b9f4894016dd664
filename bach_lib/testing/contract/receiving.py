"""The suite's part about receiving: the cursor, duplicates, what cannot be read, polls that hang."""

import asyncio
from typing import ClassVar

from bach_lib.connecting import Batch, Fault, Incoming, Kind
from bach_lib.testing.contract.platform import Platform
from bach_lib.testing.contract.scenario import check, expect, poll, scenario

_NO_ELEMENTS = ("null", '"x"', "[1]", '{"surprise": {}}')


class Receiving:
    """What every connector promises that receives."""

    platform: ClassVar[type[Platform]]

    @scenario
    async def test_what_people_write_comes_in(self, platform: Platform) -> None:
        """Nobody could talk to the house, or answers would go to somebody else."""
        platform.write("Is the door open?")
        [message] = (await poll(platform.connect(), None)).messages
        expect(
            (message.kind, message.text) == (Kind.TEXT, "Is the door open?"), "it came in as something else", message
        )
        normal = platform.connector.normalize_recipient(message.recipient)
        expect(normal == message.recipient, f"an answer would go to {normal!r}", message.recipient)
        expect(message.recipient == platform.recipient, "an answer would go to somebody else", message.recipient)
        expect(bool(message.sender_id), "nobody knows who wrote, so nobody could let them in", message)
        expect(bool(message.remote_id), "a repetition could not be recognised", message)
        expect(platform.metadata <= message.metadata.keys(), "metadata lacks something", message.metadata)

    @scenario
    async def test_a_command_is_known_as_one(self, platform: Platform) -> None:
        """Automations would have to know each platform's way to write a command."""
        connector = platform.connect()
        platform.write("/open the door")
        [message] = (await poll(connector, None)).messages
        told = (message.kind, message.content.command, message.content.args)
        expect(told == (Kind.COMMAND, "open", "the door"), "`content_of` tells commands from texts", told)

    @scenario
    async def test_a_cursor_that_was_not_stored_repeats_the_messages(self, platform: Platform) -> None:
        """A crash between receiving and storing would lose messages; duplicates could not be recognised."""
        connector = platform.connect()
        platform.write("one")
        platform.write("one")
        first, again = await poll(connector, None), await poll(connector, None)
        expect(first == again, "the same cursor brings something else", (first, again))
        platform.write("two")
        batch, seen = first, list(first.messages)
        while seen[-1].text != "two":
            batch = await poll(connector, batch.cursor)
            seen += batch.messages
        expect([message.text for message in seen] == ["one", "one", "two"], "one is missing, or came again", seen)
        expect(len({message.remote_id for message in seen}) == len(seen), "two messages have the same id", seen)

    @scenario
    async def test_what_cannot_be_read_costs_only_itself(self, platform: Platform) -> None:
        """One strange message would stop all others, or come again for ever."""
        connector = platform.connect()
        platform.write("before")
        batch = await poll(connector, None)
        seen: list[Incoming] = list(batch.messages)
        if not all(platform.write_raw(raw) for raw in _NO_ELEMENTS):
            return
        platform.write("after")
        while seen[-1].text != "after":
            batch = await poll(connector, batch.cursor)
            seen += batch.messages
            expect(all(one.reason for one in batch.unreadable), "say why it cannot be read", batch.unreadable)
        expect([one.text for one in seen] == ["before", "after"], "neighbours were lost", seen)

    @scenario
    async def test_a_poll_can_be_cancelled(self, platform: Platform) -> None:
        """Stopping would wait for the next message."""
        connector = platform.connect()
        platform.fall_silent()
        polling = asyncio.create_task(connector.receive(None))
        await platform.until_asked()
        polling.cancel()
        [answer] = await asyncio.gather(polling, return_exceptions=True)
        expect(isinstance(answer, asyncio.CancelledError), "the cancellation was swallowed", answer)

    @scenario
    async def test_a_poll_that_hangs_can_be_thrown_away(self, platform: Platform) -> None:
        """Receiving would stay dead after a connection died quietly, while sending still works."""
        connector = platform.connect()
        await check(connector)
        platform.fall_silent()
        polling = asyncio.create_task(connector.receive(None))
        await platform.until_asked()
        await connector.reset()
        answer = await polling
        expect(isinstance(answer, Fault), "after reset, receive answers with a Fault", answer)

    @scenario
    async def test_an_outage_ends_a_poll(self, platform: Platform) -> None:
        """Receiving would wait at a platform that is gone."""
        connector = platform.connect()
        await platform.go_away()
        answer: Batch | Fault = await connector.receive(None)
        refused = isinstance(answer, Fault) and answer.code == "refused"
        expect(refused, 'the code of a refused connection is "refused"', answer)
