"""The story: a message arrives; then the platform fails and the power too, and what was said meanwhile arrives as well.

Then the house asks something and gets its answer, and a line breaks at the worst moment.

It is also a test: whatever is not exactly as promised raises `BrokenPromiseError`.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from demo.client import PASSWORD, USER
from demo.discord import TOKEN as DISCORD_TOKEN
from demo.screen import Screen
from demo.telegram import TOKEN, USERNAME, Arrived
from demo.waiting import until
from demo.world import CHAT, EVENT, PERSON, Row, World

FIRST: Final = "The garage door is open"
MEANWHILE: Final = ("The washing machine is done", "Rain is coming, a window is open", "Somebody rang the bell")
QUESTION: Final = "Somebody rings at the gate. Open it?"
POSTED: Final = "The gate is open"
_RECOVERY_SECONDS = 90.0


class BrokenPromiseError(Exception):
    """It did not happen as promised."""


async def set_up(world: World, screen: Screen) -> None:
    """Start everything, and set BACH up as a person would."""
    with screen.step("A Telegram server"):
        await world.telegram.start()
    with screen.step("Home Assistant with BACH"):
        await world.home.start()
    with screen.step(f"BACH's dialog takes the token of @{USERNAME}"):
        dialog = await world.add_connection()
    with screen.step(f"{PERSON} sends /start to the bot and is picked as recipient"):
        entity_id = await world.add_person(dialog)
    with screen.step(f"An automation: event {EVENT} -> bach.send_message"):
        await world.add_automation(entity_id)
    screen.line()
    screen.line(f"Log in:  {world.home.client.url}   user {USER}   password {PASSWORD}")


async def tell(world: World, screen: Screen) -> None:
    """All chapters. Raises BrokenPromiseError, NotInTimeError, or what the processes had to say."""
    await _one_message(world, screen)
    await _outage(world, screen)
    await _crash(world, screen)
    await _recovery(world, screen)
    await _question(world, screen)
    await _discord(world, screen)


async def _one_message(world: World, screen: Screen) -> None:
    screen.heading("1. The automation sends a message")
    fired, fired_monotonic = time.time(), time.monotonic()
    await world.say(FIRST)
    [row] = await world.rows_with("sent", count=1, seconds=30)
    arrived = await world.telegram.arrived()
    check_arrived(arrived, [FIRST])
    for seconds, what in (
        (0.0, f"the event is fired: {FIRST!r}"),
        (row.queued - fired, f"queued:  BACH writes it to its disk as message {row.id}"),
        (arrived[0].received_at - fired_monotonic, "attempt: it reaches Telegram"),
        (row.finished - fired, "sent:    Telegram has confirmed it"),
    ):
        screen.line(f"{seconds * 1000:7.1f} ms  {what}")


async def _outage(world: World, screen: Screen) -> None:
    screen.heading("2. Telegram goes away, and the house says three more things")
    await world.telegram.kill()
    for text in MEANWHILE:
        await world.say(text)
    _show(screen, await world.rows_with("pending", "sending", "failed", count=3, seconds=30))


async def _crash(world: World, screen: Screen) -> None:
    screen.heading("3. The power fails: Home Assistant is killed (SIGKILL)")
    with screen.step("Home Assistant has written down its own settings"):
        await world.wait_until_saved()
    await world.home.kill()
    with screen.step("It starts again"):
        await world.home.start()
    _show(screen, await world.rows_with("pending", "sending", "failed", count=3, seconds=30))


async def _recovery(world: World, screen: Screen) -> None:
    screen.heading("4. Telegram comes back")
    await world.telegram.start()
    with screen.step("BACH finds out, which may take 30 s"):
        await world.telegram.arrived(1, seconds=_RECOVERY_SECONDS)
    with screen.step("All three arrive"):
        rows = await world.rows_with("sent", count=1 + len(MEANWHILE), seconds=30)
    arrived = await world.telegram.arrived()
    for message in arrived:
        screen.line(f"to {PERSON}: {message.text!r}")
    check_arrived(arrived, MEANWHILE)
    check_sent(rows)


async def _question(world: World, screen: Screen) -> None:
    screen.heading("5. The house asks, and somebody presses a button")
    asking = asyncio.create_task(world.ask(QUESTION, "Open", "Leave it shut"))
    try:
        with screen.step("The question is at Telegram, with two buttons"):
            *_, question = await world.telegram.arrived(1 + len(MEANWHILE), seconds=30)
        with screen.step(f"{PERSON} presses the first one"):
            await world.telegram.press(question, "Open", first_name=PERSON)
            answer = await asking
    finally:
        asking.cancel()
    screen.line(f"bach.ask returns {answer['answer']!r}, from {answer['person']}, after {answer['waited']:.1f} s")
    if (answer["answer"], answer["person"]) != ("Open", PERSON):
        raise BrokenPromiseError(f"The answer is {answer}.")
    with screen.step("The question says who answered, and has no buttons any more"):
        await until(world.telegram.edited, what="the question to be edited", seconds=30)
    screen.line(f"it reads {(await world.telegram.edited())[-1]!r}")


async def _discord(world: World, screen: Screen) -> None:
    screen.heading("6. Discord, and a line that breaks after the message was stored, before anybody says so")
    with screen.step("A Discord server"):
        await world.discord.start()
    with screen.step("BACH's dialogs take the bot and offer its channels"):
        entity_id = await world.add_discord()
    await world.discord.lose_the_next_answer()
    with screen.step("BACH sends, hears nothing, and sends again; Discord recognises the number it carries"):
        await world.send(entity_id, POSTED)
    posted = await world.discord.posted()
    screen.line(f"in the channel: {[message.text for message in posted]}")
    if [message.text for message in posted] != [POSTED]:
        raise BrokenPromiseError(f"Expected at Discord, once: {POSTED!r}.")


async def end(world: World, screen: Screen) -> None:
    """Stop Home Assistant as a person would, and judge what only the end can tell. Raises BrokenPromiseError."""
    screen.heading("7. The end")
    with screen.step("Home Assistant is stopped"):
        code = await world.home.stop()
    if code:
        raise BrokenPromiseError(f"Home Assistant ended with exit code {code}.")
    check_arrived(await world.telegram.arrived(), [*MEANWHILE, QUESTION])  # nothing came twice on the way out either
    for secret in (TOKEN, DISCORD_TOKEN):
        if problems := world.home.problems(secret=secret):
            raise BrokenPromiseError("\n".join(["Home Assistant's log speaks against BACH:", *problems]))
    screen.line("All arrived, in order, once each. Nothing in the log speaks against BACH.")


def check_arrived(arrived: Sequence[Arrived], expected: Sequence[str]) -> None:
    """Raise BrokenPromiseError unless exactly these texts came to the person, in this order."""
    texts = [message.text for message in arrived if message.chat_id == CHAT]
    if texts != list(expected) or len(texts) != len(arrived):
        raise BrokenPromiseError(
            f"Expected at Telegram: {list(expected)}. Arrived: {[message.text for message in arrived]}."
        )


def check_sent(rows: Sequence[Row]) -> None:
    """Raise BrokenPromiseError unless the queue says of all that was said, in this order, that it was sent."""
    if [row.text for row in rows] != [FIRST, *MEANWHILE] or any(row.status != "sent" for row in rows):
        raise BrokenPromiseError(f"The queue says: {[(row.text, row.status) for row in rows]}.")


def _show(screen: Screen, rows: Sequence[Row]) -> None:
    for row in rows:
        screen.line(f"in the queue: message {row.id}, {row.status}: {row.text!r}")
    if [row.text for row in rows] != list(MEANWHILE):
        raise BrokenPromiseError(f"Expected in the queue: {list(MEANWHILE)}.")
