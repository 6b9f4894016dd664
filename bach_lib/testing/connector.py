"""A platform that does what a test says: it answers with scripted outcomes and remembers what it was given."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from secrets import token_hex
from typing import ClassVar, override

from bach_lib.clock import Clock
from bach_lib.connectors.base import Batch, Connector, Incoming, Proof, Setup
from bach_lib.connectors.capabilities import Capabilities, Rate
from bach_lib.connectors.slash_commands import content_of
from bach_lib.errors import InvalidRecipientError
from bach_lib.models import Extra, Fault, Format, Identity, Message, Operation
from bach_lib.models.incoming import Content, Kind, Media
from bach_lib.models.proof import ProofKind
from bach_lib.outcomes import Outcome, Retry, Scope, Sent, Uncertain
from bach_lib.testing.waiting import Waiting

PERSON = "42"


class FakePlatform:
    """What stands on the other side of every `FakeConnector` of one class made by `fake_connector`.

    `attempts` are all messages that somebody tried to deliver. `checks` and `resets` count how often a connector was
    asked who we are there, and to begin anew. `incoming` is what the next polls bring; `says` puts it there.
    `acknowledged` are the presses that were answered, so that nobody sees them wait. `rates` are the limits that it
    publishes. `seen_nonces` has the ids of what was delivered, by nonce: an idempotent platform recognises those.
    """

    url: str = "http://fake.invalid"
    """Where it is, as far as a connection must say something."""
    person: str = PERSON
    """Who speaks where a test names nobody."""
    tells_proofs: bool = False
    """Whether messages that are delivered can be proven later; `proves` does that."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        """Every message that was delivered, repetitions included."""
        self.attempts: list[Message] = []
        self.checks = 0
        self.outcomes: deque[Outcome] = deque()
        """The next outcomes; when none is left, messages are delivered."""
        self.fault: Fault | None = None
        """While set, nothing works: attempts fail with it and checks answer with it."""
        self.hold: asyncio.Event | None = None
        """While set and not fired, attempts hang after the request was written."""
        self.incoming: asyncio.Queue[Batch | Fault] = asyncio.Queue()
        self.cursors: list[str | None] = []
        """The cursor of every poll: what the platform was told."""
        self.resets = 0
        self.pressed: int = 0
        """How often `press` was called."""
        self.acknowledged: list[Incoming] = []
        self.typing: list[str] = []
        """The recipients that were shown that an answer is coming."""
        self.files: dict[str, bytes] = {}
        """What can be fetched, by reference."""
        self.rates: dict[str, Rate] = {}
        self.seen_nonces: dict[str, str] = {}
        self.account: str | None = None
        """Whose it is, as the platform tells."""
        self.whose_fault: Fault | None = None
        """While set, it does not tell."""
        self.clock: Clock | None = None
        """The clock of the `Bach` that speaks to it, by which people write."""
        # a new platform has new ids, also for a database that knew another
        self._waiting, self._said, self._name = Waiting(), 0, token_hex(4)

    def says(self, text: str, *, sender: str | None = None, sent_at: float | None = None) -> Incoming:
        """Somebody writes, now or at `sent_at`; what begins with a slash is a command.

        What is said to be older than the last look at the platform counts as new since: it was not there then.
        Whoever is not `allowed` in the connection is not heard. Ids and cursors count up by themselves.
        """
        number, (kind, content) = self._next(), content_of(text)
        at = self.clock.now() if sent_at is None and self.clock else sent_at
        said = _incoming(sender or self.person, number, kind, text, content=content)
        self._bring(number, said := replace(said, sent_at=at))
        return said

    def presses(self, message: Message, label: str, *, sender: str | None = None) -> Incoming:
        """Somebody presses the button that is called so below a message that was delivered.

        Raises ValueError if there is none.
        """
        for button in (one for row in message.buttons for one in row if one.text == label):
            number = self._next()
            return self.press(message, button.value, sender=sender or self.person, remote_id=number, cursor=number)
        raise ValueError(f"there is no button {label!r}")

    def proves(self, kind: ProofKind, message: Message, *, sender: str | None = None) -> Proof:
        """Somebody got a message that was delivered, or has seen it; told only of what came while `tells_proofs`."""
        person, remote_id = sender or message.recipient, self.seen_nonces[message.nonce]
        proof = Proof(
            kind=kind,
            remote_ids=(remote_id,),
            sender_id=person,
            sender_name=f"Person {person}",
            places=(person,),
            sent_at=self.clock.now() if self.clock else None,
        )
        self.incoming.put_nowait(Batch(messages=(), cursor=self._next(), proofs=(proof,)))
        return proof

    @property
    def texts(self) -> list[str]:
        """The texts of all that was delivered, oldest first."""
        return [message.text for message in self.sent]

    def fails(self) -> None:
        """Attempts and checks fail, until it `works`; `fault` says as what."""
        self.fault = Fault(code="unavailable", text="The platform is broken.")

    def holds(self) -> None:
        """Attempts hang after the request was written, until it `works`."""
        self.hold = asyncio.Event()

    def works(self) -> None:
        """All is well again; attempts that hang go on."""
        self.fault = None
        if self.hold:
            self.hold.set()
        self.hold = None

    async def pause(self) -> None:
        """It goes away: whoever calls is refused."""
        self.fault = Fault(code="refused", text="Nobody listens.")

    async def resume(self) -> None:
        """It is back."""
        self.fault = None

    async def wait_for(self, count: int, timeout: float = 30.0) -> list[Message]:
        """Wait until `count` messages were sent; return all. Raises TimeoutError after `timeout` seconds."""
        await self._waiting.until(lambda: len(self.sent) >= count, timeout)
        return list(self.sent)

    async def wait_until_heard(self, timeout: float = 30.0) -> None:
        """Wait until somebody listens, whom it tells everything. Raises TimeoutError after `timeout` seconds."""
        await self._waiting.until(lambda: bool(self.cursors), timeout)

    def polled(self, cursor: str | None) -> None:
        """Somebody listens, and has read up to here."""
        self.cursors.append(cursor)
        self._waiting.changed()

    def _next(self) -> str:
        self._said += 1
        return f"said-{self._name}-{self._said}"

    def write(self, text: str, *, sender: str = "42", remote_id: str, cursor: str) -> None:
        """Somebody writes, with an id and a cursor of the test's own."""
        self._bring(cursor, _incoming(sender, remote_id, Kind.TEXT, text))

    def write_file(self, content: bytes, *, sender: str = "42", remote_id: str, cursor: str) -> None:
        """Somebody sends a voice message, whose bytes can be fetched."""
        self.files[remote_id] = content
        voice = Media(type="voice", reference=remote_id, size=len(content), mime_type="audio/ogg")
        self._bring(cursor, _incoming(sender, remote_id, Kind.MEDIA, content=Content(media=voice)))

    def press(self, message: Message, value: str, *, sender: str = "42", remote_id: str, cursor: str) -> Incoming:
        """Somebody presses a button below a message that was delivered, with an id and a cursor of the test's own."""
        self.pressed += 1
        press = _incoming(sender, remote_id, Kind.BUTTON, content=Content(value=value))
        number = self.seen_nonces.get(message.nonce)
        press = replace(press, origin=message.nonce, reply_to=number, handle=f"press-{remote_id}")
        self._bring(cursor, press := replace(press, sent_at=self.clock.now() if self.clock else None))
        return press

    def _bring(self, cursor: str, message: Incoming) -> None:
        self.incoming.put_nowait(Batch(messages=(message,), cursor=cursor))

    async def deliver(self, message: Message, *, idempotent: bool) -> Outcome:
        """What happens to one attempt."""
        self.attempts.append(message)
        if self.fault:
            return Retry(fault=self.fault, scope=Scope.CONNECTION)
        outcome = self.outcomes.popleft() if self.outcomes else Sent()
        if isinstance(outcome, Sent | Uncertain):  # uncertain: it arrived, the answer did not
            remote_id = self.seen_nonces.get(message.nonce) if idempotent else None
            if remote_id is None:
                self.sent.append(message)
                remote_id = str(len(self.sent)) if message.operation is Operation.SEND else message.target
                self.seen_nonces[message.nonce] = remote_id or ""
                self._waiting.changed()
            if isinstance(outcome, Sent) and outcome.remote_id is None:
                parts = (remote_id,) if remote_id and self.tells_proofs else ()
                outcome = replace(outcome, remote_id=remote_id, parts=parts)
        if self.hold:
            await self.hold.wait()
        return outcome


def _incoming(sender: str, remote_id: str, kind: Kind, text: str = "", *, content: Content | None = None) -> Incoming:
    return Incoming(
        remote_id=remote_id,
        recipient=sender,
        recipient_title=f"Person {sender}",
        sender_id=sender,
        sender_name=f"Person {sender}",
        kind=kind,
        text=text,
        content=content or Content(),
    )


class FakeConnector(Connector):
    """A connector that speaks to a `FakePlatform`; `fake_connector` makes a class of it."""

    platform: ClassVar[FakePlatform]
    """What it speaks to."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        """What it was made with."""
        self.platform.clock = setup.clock

    @override
    @classmethod
    def normalize_recipient(cls, recipient: str) -> str:
        if not recipient.strip() or " " in recipient.strip():
            raise InvalidRecipientError(recipient=recipient[:50], type="fake", expected="one word")
        return recipient.strip().lower()

    @override
    def rates(self, recipient: str) -> Mapping[str, Rate]:
        return self.platform.rates

    @override
    async def send(self, message: Message) -> Outcome:
        return await self.platform.deliver(message, idempotent=self.capabilities.idempotent)

    @override
    async def check(self) -> Identity | Fault:
        self.platform.checks += 1
        return self.platform.fault or Identity(id="1", name="fake")

    @override
    async def whose(self) -> str | Fault | None:
        return self.platform.whose_fault or self.platform.account

    @override
    async def receive(self, cursor: str | None) -> Batch | Fault:
        self.platform.polled(cursor)
        return await self.platform.incoming.get()

    @override
    async def acknowledge(self, press: Incoming) -> None:
        self.platform.acknowledged.append(press)

    @override
    async def typing(self, recipient: str) -> None:
        self.platform.typing.append(recipient)

    @override
    async def fetch(self, media: Media, limit: int) -> bytes | Fault:
        if self.platform.fault:
            return self.platform.fault
        found = self.platform.files.get(media.reference)
        if found is None or len(found) > limit:
            return Fault(code="not_fetched", text="There is no such file, or it is too large.")
        return found

    @override
    async def reset(self) -> None:
        self.platform.resets += 1

    @override
    async def close(self) -> None:
        pass


def fake_connector(platform: FakePlatform, *, idempotent: bool = False, receives: bool = False) -> type[FakeConnector]:
    """A connector class for `Bach(connectors={"fake": …})` that speaks to `platform`."""
    given = platform  # a class's own name hides the one around it

    class Made(FakeConnector):
        platform = given
        capabilities = Capabilities(
            receives=receives,
            idempotent=idempotent,
            formats=frozenset({Format.PLAIN, Format.HTML}),
            max_text=4096,
            operations=frozenset(Operation),
            max_buttons=25,
            button_value=40,
            fetch_bytes=1 << 20,
            max_files=3,
            extras=frozenset(Extra),
            file_bytes=1000,
            max_caption=100,
            own_ids=True,
        )

    return Made
