"""Who stops waiting for an answer of the daemon ends what it asked: a lookup in a long history is nobody's then."""

import asyncio
from collections.abc import Callable

import aiohttp
import pytest

from bach_lib import Bach
from bach_lib.cli.daemon import _listening
from bach_lib.rest import make_application
from bach_lib.storage import Transaction

TOKEN = "0" * 40


async def test_a_client_that_goes_away_ends_its_lookup(bach: Bach, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each impatient reload of a page would add one more lookup, and the server would do nothing else."""
    looking: asyncio.Queue[asyncio.Future[object]] = asyncio.Queue()

    def read(work: Callable[[Transaction], object]) -> asyncio.Future[object]:
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        looking.put_nowait(future)
        return future

    monkeypatch.setattr(bach._base.store, "read", read)
    application = make_application(bach, token=TOKEN, hosts=["127.0.0.1"])
    async with asyncio.timeout(60), _listening(application, "127.0.0.1", 0) as address:
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session:
            asking = asyncio.ensure_future(session.get(f"{address}/api/v1/messages"))
            future = await looking.get()
            asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await future
