"""The other side of a connector under test: a server on loopback, how to connect to it, and how it fails as told."""

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import ClassVar, Self, override

from aiohttp import ClientSession

from bach_lib.clock import SystemClock
from bach_lib.connecting import Connection, Connector, Setup
from bach_lib.testing.contract.company import Company
from bach_lib.testing.faults import CAPTIVE_PORTAL
from bach_lib.testing.loopback import Loopback
from bach_lib.testing.partners.base import PartnerServer, Told


class PlatformOn[ServerT: Loopback](Company):
    """A platform over the real sockets of a server of that kind, and the way to connect to it.

    `secrets` are right, `wrong_secrets` were right once. What makes it fail returns whether it can fail so at all.
    """

    secrets: ClassVar[Mapping[str, str]]
    wrong_secrets: ClassVar[Mapping[str, str]]
    same_recipients: ClassVar[tuple[str, ...]] = ()
    """Other ways to write `recipient`."""
    settings: ClassVar[Mapping[str, object]] = {}
    """What else a connection to it is told."""
    metadata: ClassVar[frozenset[str]] = frozenset()
    """What stands in the metadata of each message that comes in."""
    _server: ServerT

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self.made: list[ClientSession] = []
        """The sessions that connectors made for themselves."""
        self.session: ClientSession
        """The one that connectors share."""

    @override
    async def __aenter__(self) -> Self:
        self.session = await self._stack.enter_async_context(ClientSession())
        await self.start(self._stack)
        return self

    @override
    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def setup(self, secrets: Mapping[str, str] | None = None) -> Setup:
        """What a connector to this platform is made from."""
        return Setup(
            connection=Connection(name="home", type=self.name, endpoint=self.endpoint, settings=self.settings),
            secrets=self.secrets if secrets is None else secrets,
            session=self.session,
            new_session=self._new_session,
            clock=SystemClock(),
        )

    @override
    def connect(self, secrets: Mapping[str, str] | None = None) -> Connector:
        """A connector; it is closed at the end."""
        return self.closed_at_the_end(self.connector(self.setup(secrets)))

    def closed_at_the_end(self, connector: Connector) -> Connector:
        """The same connector."""
        self._stack.push_async_callback(connector.close)
        return connector

    def incomplete(self) -> Connector:
        """A connector to which nobody said what it has to know."""
        return self.connect(secrets={})

    def _new_session(self) -> ClientSession:
        self.made.append(ClientSession())
        return self.made[-1]

    @property
    def endpoint(self) -> str:
        """Where it is."""
        return self._server.url

    @override
    async def go_away(self) -> None:
        await self._server.pause()

    @abstractmethod
    async def start(self, stack: AsyncExitStack) -> None:
        """Begin to listen, as `_server`; `stack` ends it."""

    @abstractmethod
    def hasty(self) -> Connector:
        """A connector that gives up on silence within half a second."""

    @abstractmethod
    def fall_silent(self) -> None:
        """Read what comes and never answer."""

    @abstractmethod
    async def until_asked(self) -> None:
        """Wait until a request has come that is not answered yet."""

    @abstractmethod
    def refuse(self) -> bool:
        """Refuse the next message for good, in the platform's own words."""

    @abstractmethod
    def tell_to_wait(self, seconds: int) -> bool:
        """Let the next message come again in so many seconds, in the platform's own words."""

    @abstractmethod
    def lose_answer(self) -> bool:
        """Take the next message, and cut the connection instead of answering."""

    @abstractmethod
    def answer_for_it(self) -> bool:
        """Let something on the way answer the next request in the platform's place: a proxy's page with a 502."""

    def write_raw(self, raw: str) -> bool:
        """Bring the connector an element of these bytes, among those that people write."""
        del raw
        return False


type Platform = PlatformOn[Loopback]


class PartnerPlatform[ServerT: PartnerServer](PlatformOn[ServerT]):
    """A platform whose double is a `PartnerServer`, which does as it is told."""

    @override
    def fall_silent(self) -> None:
        self._server.asked.clear()
        self._server.hold.clear()

    @override
    async def until_asked(self) -> None:
        await self._server.wait_until_asked(1)

    @override
    def lose_answer(self) -> bool:
        self._server.lost += 1
        return True

    @override
    def answer_for_it(self) -> bool:
        page = {"Content-Type": "text/html"}
        self._server.told.append(Told(status=502, body=CAPTIVE_PORTAL, headers=page, is_foreign=True))
        return True
