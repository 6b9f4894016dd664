"""Connector for this home: one message becomes calls of Home Assistant's actions, and phones' events come in.

There is no network in between, so it is connected once Home Assistant has started; until then places that are missing
may only be late.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar, Final, override

from homeassistant.core import CoreState, HomeAssistant

from bach_lib.connecting import (
    Batch,
    CallError,
    Candidate,
    Capabilities,
    Connection,
    Connector,
    Extra,
    Fault,
    Format,
    Identity,
    Incoming,
    Invitation,
    Knows,
    Ladder,
    Loss,
    Media,
    Message,
    Observation,
    Operation,
    Outcome,
    Rate,
    Rung,
    Setup,
    Step,
)
from bach_lib.connectors.ours import OF_CONNECTOR
from bach_lib.said import Sentence
from custom_components.bach.const import TYPE_THIS_HOME
from custom_components.bach.coordinator import BachConfigEntry

from .found_places import places
from .home_calls import HomeCalls, gone
from .phone_events import PhoneEvents
from .phone_sending import PhoneSending
from .phones import phone_at
from .place_forms import PHONE, normalize
from .place_sending import PlaceSending
from .press_tokens import get_press_tokens
from .recipient_choices import Choices, choices_of

type Entries = Callable[[HomeAssistant], Iterable[BachConfigEntry]]

ACCOUNT: Final = "here"
"""The id of the only account there is."""
_POLL: Final = 50.0
_NO_ANSWERS = Loss(
    what="reply", reason=Sentence("this_home_cannot_answer_messages", "Nothing here shows what a message answers.")
)
_STARTING = Sentence("home_assistant_is_still_starting", "Home Assistant is still starting.")


class ThisHomeConnector(Connector):
    """Connector of the Home Assistant that it runs in, which `connector_of` tells it."""

    home: ClassVar[HomeAssistant]
    capabilities: ClassVar[Capabilities] = Capabilities(
        receives=True,
        idempotent=False,
        formats=frozenset({Format.PLAIN}),
        max_text=16_000,
        send_timeout=300.0,
        poll_timeout=60.0,
        operations=frozenset({Operation.SEND, Operation.EDIT, Operation.DELETE}),
        max_buttons=8,
        button_value=1_000,
        finds_recipients=True,
        replaces_by_tag=True,
        extras=frozenset({Extra.LINK_PREVIEW}),  # nothing here makes one
    )
    knows: ClassVar[Knows | None] = Knows(settings=OF_CONNECTOR, title="Home Assistant")

    def __init__(self, setup: Setup) -> None:
        tokens = get_press_tokens(self.home)
        calls = HomeCalls(self.home, setup.clock)
        self._tokens = tokens
        self._phones = PhoneSending(self.home, calls, self._choices_of, tokens, setup.clock)
        self._places = PlaceSending(self.home, calls, self._choices_of)
        self._events = PhoneEvents(self.home, tokens, setup.clock, mark=f"{id(self):x}-{setup.clock.now():.0f}")
        self._ladder = Ladder(self, setup.course, setup.clock, names_parts=True)
        self._rich = set[str]()
        self._has_polled = False

    @override
    @classmethod
    def normalize_recipient(cls, recipient: str) -> str:
        return normalize(recipient)

    @override
    @classmethod
    def account(cls, connection: Connection, secrets: Mapping[str, str]) -> str | None:
        return ACCOUNT

    @override
    @classmethod
    def invitation(cls, code: str, link: str | None) -> Invitation | None:
        """Nobody writes of their own accord: all can be found."""
        return None

    @override
    def rates(self, recipient: str) -> Mapping[str, Rate]:
        """A phone's 500 a day are told by its push service, which counts nothing that goes by the home's network."""
        return {}

    @override
    async def send(self, message: Message) -> Outcome:
        lost = [_NO_ANSWERS] if message.reply_to is not None else []
        try:
            if message.recipient.startswith(PHONE):
                return await self._send_to_phone(message, lost)
            return await self._ladder.send(message, [*lost, *self._places.lost(message)])
        except CallError as error:
            if error.code == "not_there" and self.home.state is not CoreState.running:
                return CallError("starting", _STARTING, Observation.NOTHING_WRITTEN).outcome
            return error.outcome

    @classmethod
    def entries(cls) -> Iterable[BachConfigEntry]:
        """Our entries, in which people have chosen something for recipients."""
        return ()

    def _choices_of(self, recipient: str) -> Choices:
        return choices_of(self.home, self.entries(), recipient)

    async def _send_to_phone(self, message: Message, lost: Sequence[Loss]) -> Outcome:
        phone = phone_at(self.home, message.recipient)
        if phone is None:
            raise gone(message.recipient)
        fitted = self._phones.fitted(message, phone)
        if fitted.is_rich:
            self._rich.add(message.nonce)
        try:
            return await self._ladder.send(fitted.message, [*lost, *fitted.lost])
        finally:
            self._rich.discard(message.nonce)

    @override
    async def check(self) -> Identity | Fault:
        """Whether Home Assistant is there for its integrations."""
        if self.home.state is not CoreState.running:
            return Fault(code="starting", text=_STARTING)
        return Identity(id=ACCOUNT, name=self.home.config.location_name)

    @override
    async def receive(self, cursor: str | None) -> Batch | Fault:
        """What phones have said since."""
        await self._tokens.load()
        self._events.listen()
        first, self._has_polled = not self._has_polled, True
        return await self._events.batch(cursor, 0.0 if first else _POLL)  # that it works is known at once

    @override
    async def find(self, query: str) -> list[Candidate] | Fault:
        """All places, or the one of this address, or whose names begin so."""
        found, wanted = places(self.home), query.strip().casefold()
        return [one for one in found if one.recipient == wanted or one.title.casefold().startswith(wanted)]

    @override
    async def acknowledge(self, press: Incoming) -> None:
        """The app has shown it already."""

    @override
    async def typing(self, recipient: str) -> None:
        """There is nowhere to show it."""

    @override
    async def fetch(self, media: Media, limit: int) -> bytes | Fault:
        return Fault(code="not_fetched", text=Sentence("phones_send_no_files", "Phones send no files here."))

    @override
    async def reset(self) -> None:
        """What has been heard is kept."""

    @override
    async def close(self) -> None:
        self._events.stop()

    def plan(self, message: Message) -> list[Message]:
        """The calls that a message becomes (see `Ladder`)."""
        return self._phones.parts(message) if message.recipient.startswith(PHONE) else [message]

    async def post(self, step: Step) -> str | None:
        """Make one call. Raises `CallError`."""
        message = step.message
        if not message.recipient.startswith(PHONE):
            return await self._places.post(message)
        phone = phone_at(self.home, message.recipient)
        if phone is None:
            raise gone(message.recipient)
        return await self._phones.post(step, phone, is_rich=message.nonce in self._rich)

    def named(self, error: CallError) -> Sequence[Rung] | None:  # noqa: ARG002 - the ladder asks all platforms
        """Nothing less would be taken."""
        return ()

    def above(self, recipient: str) -> str | None:  # noqa: ARG002 - the ladder asks all platforms
        """Nothing is above a place."""
        return None

    def mended(self) -> bool:
        """Nothing changes by being refused."""
        return False


def connector_of(hass: HomeAssistant, all_entries: Entries) -> Mapping[str, type[Connector]]:
    """The connector of this Home Assistant, by its type. `all_entries`: of ours, with the choices for recipients."""

    class ThisHome(ThisHomeConnector):
        """The one of this Home Assistant."""

        home = hass

        @override
        @classmethod
        def entries(cls) -> Iterable[BachConfigEntry]:
            return all_entries(hass)

    return {TYPE_THIS_HOME: ThisHome}
