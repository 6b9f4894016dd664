"""Which parts of long texts have arrived, so that an attempt that broke off goes on instead of beginning again."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

from bach_lib.connectors.discord.reading import text

_MAX_UNFINISHED = 100


class Parts:
    """Remembers the messages of one connection that have arrived in part, for as long as this process lives."""

    def __init__(self) -> None:
        self._unfinished: OrderedDict[str, list[str]] = OrderedDict()

    async def send(
        self, nonce: str, contents: Sequence[str], send: Callable[[int, str], Awaitable[object]]
    ) -> str | None:
        """Send what is left of a message; return the id of its last part. Raises what `send` raises."""
        done = self._unfinished.pop(nonce, [])
        try:
            for part in range(len(done), len(contents)):
                answer = await send(part, contents[part])
                done.append(text(answer, "id") if isinstance(answer, dict) else "")
        finally:
            if 0 < len(done) < len(contents):
                self._unfinished[nonce] = done
                if len(self._unfinished) > _MAX_UNFINISHED:
                    self._unfinished.popitem(last=False)
        return done[-1] or None
