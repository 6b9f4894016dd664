"""The ladder itself: what it remembers of a message, and that every request has its place under the limits."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Status
from bach_lib.connectors.course import Course
from bach_lib.connectors.ladder import Ladder
from bach_lib.connectors.observations import CallError, Observation
from bach_lib.connectors.rung import Rung, Step
from bach_lib.models import Loss, Message
from bach_lib.testing import FakeClock, TelegramServer
from bach_lib.testing.telegram_server import Fault
from bach_lib.text.progress import Progress

TOKEN = "123456789:AAH-the_token_of_the_ladder_tests_000"
WORDS = "The garage door is open.\n" * 400
"""Three messages on Telegram."""


@dataclass
class Steps:
    """A platform that takes every line as a message of its own. `errors`: what the next requests bring."""

    taken: list[str] = field(default_factory=list)
    errors: list[CallError | None] = field(default_factory=list)
    is_mad: bool = False

    def plan(self, message: Message) -> list[Message]:
        """A message a line."""
        return [replace(message, text=line) for line in message.text.splitlines()]

    async def post(self, step: Step) -> str | None:
        """Take it, or not."""
        error = self.errors.pop(0) if self.errors else None
        if error:
            raise error
        self.taken.append(step.message.text)
        return f"{step.key}!"

    def named(self, error: CallError) -> Sequence[Rung] | None:
        """Silence is what it minds."""
        return (Rung.SILENT,) if error.code == "silent" else None

    def above(self, recipient: str) -> str | None:
        """Nothing."""
        return None

    def mended(self) -> bool:
        """Says so for ever, if it is mad."""
        return self.is_mad


REFUSED = CallError("silent", "Not so silent", Observation.REFUSED)
BROKEN = CallError("timeout", "No answer", Observation.NO_ANSWER)


def a_message(text: str = "one\ntwo\nthree", *, silent: bool = False, progress: str | None = None) -> Message:
    """A message of three requests."""
    return Message(id=7, nonce="n-7", connection="home", recipient="ada", text=text, silent=silent, progress=progress)


async def test_what_has_arrived_is_kept_before_the_next_goes() -> None:
    """After a crash the beginning of a long text would arrive twice."""
    kept: list[tuple[int, str]] = []
    steps = Steps()

    async def keep(message_id: int, progress: str) -> None:
        assert len(steps.taken) == len(kept) + 1
        kept.append((message_id, progress))

    sent = await Ladder(steps, Course(keep=keep), FakeClock()).send(a_message())
    assert sent.remote_id == "2!"
    assert [number for number, _ in kept] == [7, 7], "the last one is settled with its message"
    again = Steps()
    sent = await Ladder(again, Course(), FakeClock()).send(a_message(progress=kept[-1][1]))
    assert (again.taken, sent.remote_id) == (["three"], "2!")


@pytest.mark.parametrize("progress", ["", "x", "[]", '{"of": 2, "done": {"0": "1"}, "lost": []}', '{"of": 3}'])
async def test_what_is_kept_of_another_cut_does_not_count(progress: str) -> None:
    """After an update, or on a damaged disk, a part would be left out."""
    steps = Steps()
    await Ladder(steps, Course(), FakeClock()).send(a_message(progress=progress))
    assert steps.taken == ["one", "two", "three"]


async def test_what_was_lost_before_a_crash_is_not_forgotten() -> None:
    """A message would be called whole because its last part was."""
    lost = Loss(what="markup", reason="No")
    progress = Progress(of=3, done={"0": "1"}, lost=[lost]).written()
    sent = await Ladder(Steps(), Course(), FakeClock()).send(a_message(progress=progress))
    assert (sent.degraded, sent.losses) == (True, (lost,))


async def test_an_attempt_that_broke_off_goes_on_without_a_disk() -> None:
    """A disk that is full would make every part arrive again."""
    steps = Steps(errors=[None, BROKEN])
    ladder = Ladder(steps, Course(), FakeClock())
    with pytest.raises(CallError):
        await ladder.send(a_message())
    await ladder.send(a_message())
    assert steps.taken == ["one", "two", "three"]


async def test_only_the_platforms_own_refusal_leads_down() -> None:
    """What arrived without an answer would arrive once more."""
    for seen in Observation:
        steps = Steps(errors=[CallError("silent", "x", seen)])
        if seen is Observation.REFUSED:
            assert (await Ladder(steps, Course(), FakeClock()).send(a_message(silent=True))).degraded
            continue
        with pytest.raises(CallError):
            await Ladder(steps, Course(), FakeClock()).send(a_message(silent=True))
        assert steps.taken == []


async def test_every_request_but_the_first_takes_a_turn() -> None:
    """A long text, or one with a refused mark, would run into the platform's limits."""
    turns: list[str] = []
    clock = FakeClock()
    waits = [0.0, 3.0, 0.0, 0.0]

    def turn(recipient: str) -> float:
        turns.append(recipient)
        return waits.pop(0)

    steps = Steps(errors=[REFUSED])
    sending = asyncio.create_task(Ladder(steps, Course(turn=turn), clock).send(a_message(silent=True)))
    await clock.settle()
    assert (steps.taken, turns) == (["one"], ["ada", "ada"])
    await clock.advance(4)
    await sending
    assert turns == ["ada"] * 4


async def test_what_would_wait_for_long_goes_later() -> None:
    """One text of many parts would hold a place among those who send for minutes."""
    steps = Steps()
    ladder = Ladder(steps, Course(turn=lambda _: 40.0), FakeClock())
    with pytest.raises(CallError) as raised:
        await ladder.send(a_message())
    assert (raised.value.seen, raised.value.retry_after) == (Observation.TOLD_TO_WAIT, 40.0)
    assert steps.taken == ["one"]


async def test_a_platform_gone_mad_does_not_hold_a_message_for_ever() -> None:
    """A group that moves with every message would keep one busy without end."""
    steps = Steps(errors=[BROKEN] * 10, is_mad=True)
    with pytest.raises(CallError):
        await Ladder(steps, Course(), FakeClock()).send(a_message())
    assert len(steps.errors) == 7


async def test_a_long_text_goes_on_after_a_crash(
    socket_enabled: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was cut off in the middle of a report would read its beginning twice."""
    monkeypatch.setitem(os.environ, "LADDER_TOKEN", TOKEN)
    async with TelegramServer() as server:
        server.add_bot(TOKEN)
        server.add_chat(42)
        path = str(tmp_path / "bach.db")
        async with Bach(path) as bach:
            await bach.registry.add(
                Connection(
                    name="t", type="telegram", endpoint=server.url, auth_config={"bot_token": "env:LADDER_TOKEN"}
                )
            )
            first = server.fail(Fault.latency(0), methods=["sendMessage"])
            hanging = server.fail(Fault.hang(), methods=["sendMessage"])
            receipt = await bach.send("t", "42", WORDS)
            await server.wait_until(lambda: hanging.hits > 0)
            assert first.hits == 1
            await bach.close(grace=0)
        hanging.release()
        async with Bach(path) as bach:
            assert (await bach.wait(receipt.id, 30)).status is Status.SENT
        texts = [message.text for message in server.chats[42].messages.values() if message]
        assert "\n".join(texts).split() == WORDS.split()
