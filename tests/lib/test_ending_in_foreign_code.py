"""A program that ends in the middle of what it was told, as scripts do with `sys.exit`, leaves nothing in doubt."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import override

import pytest

from bach_lib import Bach, Connection, Status
from bach_lib.connectors.capabilities import Rate
from bach_lib.events import MessageAttempted, MessageEvent, MessageQueued, MessageSent
from bach_lib.testing import FakePlatform, fake_connector

HOME = Connection(name="home", type="fake")


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize(
    "event", [MessageQueued, MessageAttempted, MessageSent, None], ids=lambda one: one.__name__ if one else "rates"
)
def test_what_nobody_had_tried_goes_with_the_next_start(
    tmp_path: Path, event: type[MessageEvent] | None, error: type[BaseException]
) -> None:
    """A siren that must not sound twice would not sound at all, or what has arrived be called uncertain."""
    platform, countdown = FakePlatform(), [1 if event else 2]
    base = fake_connector(platform, idempotent=False)

    def end(_: object = None) -> None:
        countdown[0] -= 1
        if countdown[0] == 0:
            raise error(3)

    class Ending(base):  # type: ignore[misc,valid-type] # the class is made by a function
        @override
        def rates(self, recipient: str) -> Mapping[str, Rate]:
            if event is None and platform.attempts:
                end()
            return {}

    async def begin() -> None:
        async with Bach(tmp_path / "bach.db", connectors={"fake": Ending}, connections=[HOME], grace=1) as bach:
            if event:
                bach.subscribe(event, end)
            for text in "one", "two", "three":
                await bach.send("home", "ada", text, delivery="at_most_once")
            await asyncio.Event().wait()

    async def again() -> list[Status]:
        async with Bach(tmp_path / "bach.db", connectors={"fake": base}, connections=[HOME]) as bach:
            return [(await bach.wait(message.id, 60)).status for message in await bach.messages()]

    with pytest.raises(error):
        asyncio.run(begin())
    assert set(asyncio.run(again())) == {Status.SENT}
    assert platform.texts == ["one", "two", "three"][: len(platform.texts)], "each once"
