"""Base classes of connectors: what most platforms have alike is written here once, so that each writes its own only.

Whatever a connector of somebody else leaves as it is does the harmless thing: it knows no limits and no buttons, and
asks the connection's address whether anybody is there.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, override

from aiohttp import ClientTimeout
from yarl import URL

from bach_lib.common_sentences import THE_SERVER
from bach_lib.connectors.address_text import tidy
from bach_lib.connectors.base import Batch, Connector, Incoming, Setup
from bach_lib.connectors.capabilities import Rate
from bach_lib.connectors.network import BROKEN, broken, not_theirs
from bach_lib.connectors.own_session import OwnSession
from bach_lib.errors import InvalidRecipientError
from bach_lib.models import Fault, Identity
from bach_lib.models.incoming import Media
from bach_lib.said import Sentence

_LONGEST = 200
"""Characters of a recipient."""
_PATIENCE = ClientTimeout(total=10.0)


class Unattended(Connector):
    """A connector to a machine: there is nobody who presses buttons or looks whether we type."""

    @override
    async def acknowledge(self, press: Incoming) -> None:
        """Nobody can press anything here."""

    @override
    async def typing(self, recipient: str) -> None:
        """Nobody looks."""


class _WithDefaults(Unattended):
    """All that can be the same everywhere."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        """What it was made from."""

    @override
    @classmethod
    def normalize_recipient(cls, recipient: str) -> str:
        """One line that can be read, as it is written, without blanks around it."""
        written = tidy(recipient)
        if not written or len(written) > _LONGEST or not written.isprintable():
            expected = Sentence(
                "one_line_of_at_most_number_characters", "one line of at most {number} characters", number=_LONGEST
            )
            raise InvalidRecipientError(recipient=recipient[:50], type=cls.__name__, expected=expected)
        return written

    @override
    def rates(self, recipient: str) -> Mapping[str, Rate]:
        """None are published."""
        return {}

    @override
    async def check(self) -> Identity | Fault:
        """Whether anybody answers at the connection's address. It proves no credentials (`accepted` is None)."""
        connection = self.setup.connection
        if connection.endpoint is None:
            return Identity(id=connection.name, name=connection.name, accepted=None)
        host = URL(connection.endpoint).host_port_subcomponent or THE_SERVER
        try:
            async with self.setup.session.head(
                connection.endpoint, timeout=_PATIENCE, allow_redirects=False, raise_for_status=False
            ) as response:
                status = response.status
        except BROKEN as error:
            return broken(error, host, written=False).fault
        if status >= 500:
            return not_theirs(status, host, Sentence("what_was_looked", "what was looked for")).fault
        return Identity(id=host, name=host, accepted=None)

    @override
    async def fetch(self, media: Media, limit: int) -> bytes | Fault:
        """Nothing can be fetched."""
        return Fault(code="not_fetched", text=Sentence("files_cannot_be_fetched_here", "Files cannot be fetched here."))

    @override
    async def reset(self) -> None:
        """Nothing is held open."""

    @override
    async def close(self) -> None:
        """Nothing is held open."""


class SendOnly(_WithDefaults):
    """Base class of a connector that only sends: it needs `capabilities` and `send`, and may override all else.

    `setup` is what it was made from. `never` is what it says to who asks for messages.
    """

    never: ClassVar[Fault] = Fault(
        code="cannot_receive", text=Sentence("this_connection_only_sends", "This connection only sends.")
    )

    @override
    async def receive(self, cursor: str | None) -> Batch | Fault:
        return self.never

    @override
    async def fetch(self, media: Media, limit: int) -> bytes | Fault:
        return self.never


class SendAndReceive(_WithDefaults):
    """Base class of a connector that also asks for what came in: it needs `capabilities`, `send` and `receive`.

    `receive` calls through `receiving`, a session of its own: `reset` and `close` end what hangs in it.
    """

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.receiving: OwnSession = OwnSession(setup.new_session)
        """Call it for the session that is open now."""

    @override
    @abstractmethod
    async def receive(self, cursor: str | None) -> Batch | Fault:
        """Wait for what came after `cursor`, at most `capabilities.poll_timeout` seconds."""

    @override
    async def reset(self) -> None:
        """What hangs in `receiving` ends."""
        await self.receiving.close()

    @override
    async def close(self) -> None:
        """End what hangs in `receiving`."""
        await self.receiving.close()
