"""One vocabulary for all doubles: the same test runs on each of them without a changed line."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from bach_lib import Bach, BreakerPolicy, Button, Kind, Policy, RetryPolicy, Status
from tests.lib.sides import SIDES, Side, discord, fake, telegram

HASTY = Policy(
    retry=RetryPolicy(delays=(0.01,), jitter=0), breaker=BreakerPolicy(backoff=(0.01,), check_seconds=(0.01, 0.02))
)
YES_NO = ((Button(text="Yes", value="y"), Button(text="No", value="n")),)


def opened(side: Side, monkeypatch: pytest.MonkeyPatch) -> Bach:
    """A BACH that leads there."""
    monkeypatch.setenv("BOT_TOKEN", side.token)
    return Bach(":memory:", connections=[side.connection], connectors=side.connectors, policy=HASTY, grace=0)


@pytest.mark.parametrize("make", SIDES)
async def test_what_people_say_and_what_fails_has_the_same_words(
    make: Callable[[], AbstractAsyncContextManager[Side]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who tests a program on another platform would learn and write everything anew."""
    async with make() as side, opened(side, monkeypatch) as bach:
        platform = side.platform
        await platform.wait_until_heard()
        platform.says("Good morning")
        async for message in bach.received("home"):
            assert message.text == "Good morning"
            await message.answer("And to you")
            await message.done()
            break
        await platform.wait_for(1)
        assert platform.texts == ["And to you"]
        platform.fails()
        receipt = await bach.send("home", platform.person, "Broken")
        assert (await bach.wait(receipt.id, timeout=0.05)).status is not Status.SENT
        platform.works()
        assert (await bach.wait(receipt.id, timeout=60)).status is Status.SENT
        await platform.pause()
        receipt = await bach.send("home", platform.person, "Away")
        assert (await bach.wait(receipt.id, timeout=0.05)).status is not Status.SENT
        await platform.resume()
        assert (await bach.wait(receipt.id, timeout=60)).status is Status.SENT
        platform.holds()
        receipt = await bach.send("home", platform.person, "Held")
        assert (await bach.wait(receipt.id, timeout=0.05)).status is not Status.SENT
        platform.works()
        assert (await bach.wait(receipt.id, timeout=60)).status is Status.SENT
        assert platform.texts == ["And to you", "Broken", "Away", "Held"]
        with pytest.raises(ValueError, match=r"no (such )?button"):
            platform.presses(platform.sent[-1], "Perhaps")


@pytest.mark.parametrize("make", [fake, telegram, discord])
async def test_buttons_are_pressed_by_what_is_written_on_them(
    make: Callable[[], AbstractAsyncContextManager[Side]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each platform would want another number of the button."""
    async with make() as side, opened(side, monkeypatch) as bach:
        platform = side.platform
        await platform.wait_until_heard()
        receipt = await bach.send("home", platform.person, "Well?", buttons=YES_NO)
        [message] = await platform.wait_for(1)
        await bach.wait(receipt.id, timeout=60)
        platform.presses(message, "No")
        async for press in bach.received("home"):
            assert (press.kind, press.content.value, press.message_id) == (Kind.BUTTON, "n", receipt.id)
            break
