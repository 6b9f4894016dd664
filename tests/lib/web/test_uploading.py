"""How far a large file is, in the list of what waits, while it goes."""

import asyncio
from pathlib import Path
from typing import ClassVar, cast, override

from aiohttp.abc import AbstractStreamWriter

from bach_lib import Bach, Connection, File, Message, UploadAdvanced
from bach_lib.connecting import Capabilities, Format, Outcome, SendOnly, Sent
from bach_lib.connectors.request_body import Body
from bach_lib.rest.answers import Json
from bach_lib.testing import FakeClock
from bach_lib.web.app_commands import perform
from bach_lib.web.viewer import Visit
from tests.lib.web.viewers import Everybody

MEGABYTE = 1_000_000


class _Line:
    """A line that takes a second for each megabyte, and stands still before the last."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.sent = 0
        self.go_on = asyncio.Event()

    async def write(self, chunk: bytes) -> None:
        """A piece."""
        before, self.sent = self.sent // MEGABYTE, self.sent + len(chunk)
        self.clock._monotonic += self.sent // MEGABYTE - before
        if self.sent // MEGABYTE == 3:
            await self.go_on.wait()


async def test_a_large_file_says_how_far_it_is(tmp_path: Path, clock: FakeClock) -> None:
    """A film on a slow line would look like one that hangs; and be told of a hundred times a second."""
    line = _Line(clock)

    class Slow(SendOnly):
        """Sends over the line."""

        capabilities: ClassVar[Capabilities] = Capabilities(
            receives=False,
            idempotent=False,
            formats=frozenset({Format.PLAIN}),
            max_text=1000,
            max_files=1,
            file_bytes=10 * MEGABYTE,
        )

        @override
        async def send(self, message: Message) -> Outcome:
            body = Body(message.files[0].content, content_type="video/mp4")
            await body.write(cast("AbstractStreamWriter", line))
            return Sent()

    told = list[UploadAdvanced]()
    async with Bach(tmp_path / "bach.db", connectors={"slow": Slow}, clock=clock) as bach:
        bach.subscribe(UploadAdvanced, told.append)
        await bach.registry.add(Connection(name="home", type="slow"))
        film = File(name="film.mp4", content=bytes(4 * MEGABYTE))
        message = await bach.send("home", "ada", "Look", files=[film])
        await clock.settle()
        assert [(one.message_id, one.sent // MEGABYTE, one.size) for one in told] == [
            (message.id, number, 4 * MEGABYTE) for number in (1, 2)
        ]
        assert bach.upload("home", message.id) == told[-1]
        assert (await shown(bach))["upload"] == {"sent": told[-1].sent, "size": 4 * MEGABYTE}
        line.go_on.set()
        await clock.settle()
        assert bach.upload("home", message.id) is None


async def shown(bach: Bach) -> dict[str, Json]:
    """The only line of the list."""
    view = await perform(Visit(bach, Everybody()), "bach/panel/waiting", {})
    assert isinstance(view, dict)
    [row] = view["rows"]
    return dict(row)
