"""The public double of a connector, held to the contract like the others."""

from typing import Self, TypedDict, cast, override

from aiohttp import ClientSession

from bach_lib.clock import SystemClock
from bach_lib.connectors.base import Connector, Setup
from bach_lib.models import Connection, Fault, Operation
from bach_lib.testing import FakePlatform, fake_connector
from bach_lib.testing.contract import Company


class _NewId(TypedDict):
    remote_id: str
    cursor: str


class Fake(Company):
    """Whoever tests against it must meet what real platforms do."""

    name = "fake"
    recipient = "ada"
    knows_what_is_gone = False

    def __init__(self) -> None:
        self._platform = FakePlatform()
        self.connector = fake_connector(self._platform, idempotent=True, receives=True)
        self._received = 0

    @override
    async def __aenter__(self) -> Self:
        return self

    @override
    async def __aexit__(self, *_: object) -> None:
        pass

    @override
    def connect(self) -> Connector:
        return self.connector(
            Setup(
                connection=Connection(name="home", type="fake"),
                secrets={},
                session=cast("ClientSession", None),  # it talks to nobody
                new_session=ClientSession,
                clock=SystemClock(),
            )
        )

    @override
    async def go_away(self) -> None:
        self._platform.fault = Fault(code="refused", text="Nobody listens.")

    @override
    def files(self) -> list[tuple[str, bytes]]:
        return [(file.name, file.content) for message in self._platform.sent for file in message.files]

    @override
    def texts(self) -> list[str]:
        standing: dict[str | None, str] = {}
        for number, message in enumerate(self._platform.sent, start=1):
            match message.operation:
                case Operation.SEND:
                    standing[str(number)] = message.text
                case Operation.EDIT:
                    standing[message.target] = message.text
                case Operation.DELETE:
                    standing.pop(message.target, None)
        return list(standing.values())

    @override
    def reactions(self) -> list[str]:
        return [message.text for message in self._platform.sent if message.operation is Operation.REACT]

    @override
    def pinned(self) -> list[str]:
        sent = self._platform.sent
        on = {one.target: one.operation for one in sent if one.operation in {Operation.PIN, Operation.UNPIN}}
        return [sent[int(str(target)) - 1].text for target, how in on.items() if how is Operation.PIN]

    @override
    def is_typing(self) -> bool:
        return bool(self._platform.typing)

    @override
    def write(self, text: str) -> None:
        self._platform.write(text, sender=self.recipient, **self._next())

    @override
    def send_file(self, content: bytes) -> None:
        self._platform.write_file(content, sender=self.recipient, **self._next())

    @override
    def press(self, button: str) -> None:
        message = self._platform.sent[-1]
        found = next(one for row in message.buttons for one in row if one.text == button)
        self._platform.press(message, found.value, sender=self.recipient, **self._next())

    @override
    def acknowledged(self) -> int:
        return len(self._platform.acknowledged)

    def _next(self) -> _NewId:
        self._received += 1
        return {"remote_id": f"r{self._received}", "cursor": f"c{self._received}"}
