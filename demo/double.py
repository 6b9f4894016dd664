"""A platform's double as a process: it can be taken away and come back, and a test can ask it what arrived."""

from asyncio.subprocess import Process
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientConnectionError, ClientSession, ClientTimeout

from demo import process
from demo.process import HOST, free_port
from demo.waiting import until

_START_SECONDS = 120.0
_ANSWER_SECONDS = 10.0


class Double:
    """The server of `module`, at one address over all its lives, each of which begins with the same `options`."""

    def __init__(self, folder: Path, module: str, options: Sequence[str]) -> None:
        self._module = module
        self._options = options
        self._log = folder / f"{module}.log"
        self._port = free_port()
        self._process: Process | None = None
        self._session = ClientSession(f"http://{HOST}:{self._port}")

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{HOST}:{self._port}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()
        await self._session.close()

    async def start(self) -> None:
        """Come (back). Raises NotInTimeError, EndedError."""
        command = ["-m", f"bach_lib.testing.{self._module}", "--port", str(self._port), *self._options]
        self._process = await process.start(command, self._log)
        await until(self._answers, what=f"{self._module} to answer", seconds=_START_SECONDS)

    async def kill(self) -> None:
        """Go away in the middle of whatever it does."""
        if self._process:
            await process.kill(self._process)
            self._process = None

    async def stored(self, count: int, seconds: float) -> list[Any]:
        """All messages of this life, oldest first, once there are `count`, at the latest after `seconds`."""
        query = {"count": str(count), "timeout": str(seconds)}
        timeout = ClientTimeout(total=seconds + _ANSWER_SECONDS)
        async with self._session.get("/control/sent", params=query, timeout=timeout) as response:
            if response.status == 408:
                return await self.stored(0, seconds)
            response.raise_for_status()
            answer: list[Any] | dict[str, Any] = await response.json()
        return answer["result"] if isinstance(answer, dict) else answer

    async def control(self, method: str, what: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - somebody else's JSON
        """One of the double's `/control` calls."""
        async with self._session.request(method, f"/control/{what}", json=body) as response:
            response.raise_for_status()
            return await response.json()

    async def _answers(self) -> bool:
        process.check_running(self._process, self._module)
        try:
            async with self._session.get("/control/calls") as response:
                return response.ok
        except ClientConnectionError:
            return False
