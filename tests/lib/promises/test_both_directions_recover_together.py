"""No promise of its own, but what people expect of two of them: one direction that works again tells the other."""

from bach_lib.connectors.base import Batch
from bach_lib.models import ConnectionState, Direction, Fault
from bach_lib.testing.clock import FakeClock
from bach_lib.testing.connector import FakePlatform
from tests.lib.promises.conftest import OpenBach

DOWN = Fault(code="refused", text="Connection refused")


async def test_receiving_need_not_wait_when_sending_works_again(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """People could send again, but an answer would be read half a minute late."""
    async with open_bach(receives=True) as bach:
        platform.fault = DOWN
        await bach.check("home")
        for _ in range(6):
            platform.incoming.put_nowait(DOWN)
        await clock.advance(50)
        assert bach.health("home", Direction.RECEIVING).state is ConnectionState.DISCONNECTED
        polls = len(platform.cursors)
        platform.fault = None
        await bach.check("home")
        await clock.settle()
        assert len(platform.cursors) == polls + 1


async def test_sending_need_not_wait_when_receiving_works_again(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """A message would wait for the next check although the platform has just answered."""
    async with open_bach(receives=True) as bach:
        platform.fault = DOWN
        await bach.send("home", "42", "text")
        await clock.advance(40)
        platform.incoming.put_nowait(DOWN)
        await clock.advance(1)
        platform.fault = None
        platform.incoming.put_nowait(Batch(messages=(), cursor="1"))
        await clock.advance(1)
        assert [message.text for message in platform.sent] == ["text"]


async def test_the_platforms_own_pause_is_kept(open_bach: OpenBach, clock: FakeClock, platform: FakePlatform) -> None:
    """Two programs that poll for one bot would throw each other out again and again."""
    async with open_bach(receives=True) as bach:
        platform.incoming.put_nowait(Fault(code="conflict", text="Another program", retry_after=35))
        await clock.settle()
        polls = len(platform.cursors)
        platform.fault = DOWN
        await bach.check("home")
        platform.fault = None
        await bach.check("home")
        await clock.advance(34)
        assert len(platform.cursors) == polls
        await clock.advance(2)
        assert len(platform.cursors) == polls + 1
