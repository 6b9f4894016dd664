"""A browser before the daemon's page, without a window: it keeps cookies and speaks through the page's socket."""

from collections.abc import Mapping

from aiohttp import ClientSession, ClientWebSocketResponse

from bach_lib.rest.answers import Json

TOKEN = "a-token-that-nobody-guesses"


class Browser:
    """Somebody's browser: it keeps cookies."""

    def __init__(self, session: ClientSession, url: str) -> None:
        self.session = session
        self.url = url
        self._sockets = list[Socket]()

    async def log_in(self, token: object = TOKEN, name: object = None) -> int:
        """The status of the answer."""
        async with self.session.post(f"{self.url}/login", json={"token": token, "name": name}) as response:
            return response.status

    async def get(self, path: str) -> tuple[int, Mapping[str, str], str]:
        """Status, headers and what is there."""
        async with self.session.get(f"{self.url}{path}") as response:
            return response.status, response.headers, await response.text()

    async def socket(self, origin: str | None = None) -> "Socket":
        """The page's socket. Raises WSServerHandshakeError."""
        self._sockets.append(Socket(await self.session.ws_connect(f"{self.url}/ws", origin=origin or self.url)))
        return self._sockets[-1]

    async def close(self) -> None:
        """Close the pages."""
        for socket in self._sockets:
            await socket.raw.close()


class Socket:
    """What a page asks through."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.raw = socket
        self.number = 0

    async def ask(self, type_: str, **data: Json) -> dict[str, Json]:
        """One question; events that come in between are left out."""
        self.number += 1
        await self.raw.send_json({"id": self.number, "type": type_, **data})
        while (answer := await self.raw.receive_json())["type"] == "event":
            pass
        assert answer["id"] == self.number
        return dict(answer)
