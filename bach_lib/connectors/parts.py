"""Which parts of long texts have arrived, so that an attempt that broke off goes on instead of beginning again."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

_MAX_UNFINISHED = 100


class Parts:
    """Remembers the messages of one connection that have arrived in part, for as long as this process lives."""

    def __init__(self) -> None:
        self._unfinished: OrderedDict[str, list[str | None]] = OrderedDict()

    async def send[Part](
        self, nonce: str, contents: Sequence[Part], send: Callable[[int, Part], Awaitable[str | None]]
    ) -> str | None:
        """Send what is left of a message; return the id of its last part. `send` returns that of one, or raises."""
        done = self._unfinished.pop(nonce, [])
        try:
            for part in range(len(done), len(contents)):
                done.append(await send(part, contents[part]))
        finally:
            if 0 < len(done) < len(contents):
                self._unfinished[nonce] = done
                if len(self._unfinished) > _MAX_UNFINISHED:
                    self._unfinished.popitem(last=False)
        return done[-1]
