"""The border between BACH and the code of connectors, which may be anybody's: nothing that comes over it is believed.

`checked_class` makes of a connector's class another one that calls it. Every connector is made through it, so whatever
is behind it, the rest of BACH sees one that keeps to the contract of `base`: it answers with what it may, raises what
it may, and ends. What it does instead is a mistake with the connector's name (`mistakes`), a fault of
the one call in which it happened, and costs one message at most.

What comes back is looked at in `answer_check`. The times are last nets. What holds up the loop nobody can stop here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from inspect import getattr_static, isawaitable
from typing import ClassVar, cast, override

from bach_lib.clock import Clock
from bach_lib.common_sentences import AT_MOST_NUMBER_CHARACTERS, NO_ANSWER, NO_ANSWER_TO_SEND
from bach_lib.connectors import answer_check as answers
from bach_lib.connectors.base import Batch, Connector, Incoming, Invitation, Setup, Unreadable
from bach_lib.connectors.capabilities import Capabilities, Rate
from bach_lib.connectors.completeness import lacking
from bach_lib.connectors.declaration import Knows
from bach_lib.connectors.mistakes import Mistakes, WrongAnswerError, described
from bach_lib.connectors.pace import Pace
from bach_lib.connectors.request_body import attempt_seconds
from bach_lib.errors import BachError, InputError, InvalidValueError, PushRefusedError
from bach_lib.foreign import bounded, guarded_call
from bach_lib.models import Candidate, Connection, Fault, Identity, Message
from bach_lib.models.incoming import Media
from bach_lib.outcomes import Outcome, Uncertain
from bach_lib.redact import Redactor

_SECONDS = {
    "acknowledge": 15.0,  # platforms forget a press about as soon (Telegram after some 30 s, Discord after 3)
    "check": 20.0,
    "close": 10.0,
    "fetch": 150.0,
    "find": 60.0,
    "preview": 10.0,
    "reset": 10.0,
    "typing": 10.0,
    "whose": 20.0,
}
"""That a call may take; `send` and `receive` say so themselves."""
_OPTIONAL = ("account", "capabilities_of", "find", "invitation", "normalize_sender", "preview", "pushed", "whose")
_MAX_ADDRESS = 10_000


class Checked(Connector):
    """A connector that keeps to the contract, whatever `inner` does; `checked_class` makes a class for each type."""

    inner: ClassVar[type[Connector]]
    lacks: ClassVar[frozenset[str]]
    """What a connector of somebody's own need not have."""
    type_: ClassVar[str]
    mistakes: ClassVar[Mistakes]
    """Of its class, for what concerns no connection."""

    def __init__(self, setup: Setup) -> None:
        """Raises an `InputError` as the connector does, or `ConnectorFailedError`."""
        self._clock: Clock = setup.clock
        self._redact = Redactor(setup.secrets.values())
        self._name = setup.connection.name
        self._mistakes = Mistakes(self.type_, self._name, self._redact, setup.clock.monotonic)
        self._pace = Pace(setup.clock)
        try:
            self._connector = guarded_call(lambda: self.inner(setup))
        except BachError:
            raise
        except Exception as error:  # noqa: BLE001 - a border: a connector is foreign code
            raise self._mistakes.error("__init__", error) from None

    # -- what concerns no connection ----------------------------------------------------------------------------------

    @override
    @classmethod
    def normalize_recipient(cls, recipient: str) -> str:
        return cls._form("normalize_recipient", recipient)

    @override
    @classmethod
    def normalize_sender(cls, person: str) -> str:
        return cls._form("normalize_recipient" if "normalize_sender" in cls.lacks else "normalize_sender", person)

    @classmethod
    def _form(cls, method: str, written: object) -> str:
        """One form of an address. Raises an `InputError` or `ConnectorFailedError`."""
        if isinstance(written, str) and len(written) > _MAX_ADDRESS:  # no connector has to think of that
            expected = AT_MOST_NUMBER_CHARACTERS(number=_MAX_ADDRESS)
            raise InvalidValueError(field="recipient", value=f"{written[:20]}…", expected=expected)
        return cls._of_class(method, (written,), lambda form: answers.text(form, "the form", most=_MAX_ADDRESS))

    @override
    @classmethod
    def account(cls, connection: Connection, secrets: Mapping[str, str]) -> str | None:
        if "account" in cls.lacks:
            return None
        return cls._of_class("account", (connection, secrets), answers.account_told)

    @override
    @classmethod
    def capabilities_of(cls, connection: Connection) -> Capabilities:
        """Those of the class, where they cannot be told."""
        if "capabilities_of" not in cls.lacks:
            with suppress(BachError):
                found = cls._of_class("capabilities_of", (connection,), answers.able)
                return cls.capabilities if found is cls.inner.capabilities else found
        return cls.capabilities

    @override
    @classmethod
    def invitation(cls, code: str, link: str | None) -> Invitation | None:
        if "invitation" in cls.lacks:
            return super().invitation(code, link)
        return cls._of_class("invitation", (code, link), answers.invitation)

    @classmethod
    def _of_class[T](cls, method: str, given: tuple[object, ...], check: Callable[[object], T]) -> T:
        try:
            return check(_plain(guarded_call(partial(getattr(cls.inner, method), *given))))
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001 - a border: a connector is foreign code
            raise cls.mistakes.error(method, error) from None

    # -- what the loop waits for --------------------------------------------------------------------------------------

    @override
    def rates(self, recipient: str) -> Mapping[str, Rate]:
        """Without any, where they cannot be told: a mistake in them must not stop the messages."""
        try:
            return answers.rates(_plain(guarded_call(partial(self._connector.rates, recipient))))
        except Exception as error:  # noqa: BLE001 - a border: a connector is foreign code
            self._mistakes.error("rates", error)
            return {}

    @property
    @override
    def is_open(self) -> bool:
        try:
            return answers.switch(guarded_call(lambda: getattr(self._connector, "is_open", False)), "is_open")
        except Exception as error:  # noqa: BLE001 - a border: a connector is foreign code
            self._mistakes.error("is_open", error)
            return False

    @override
    def pushed(
        self, headers: Mapping[str, str], body: bytes, address: str | None = None
    ) -> Incoming | Sequence[Incoming | Unreadable]:
        """Raises `PushRefusedError` as the connector does, or any `Exception`, for which the request is set aside."""
        if "pushed" in self.lacks:
            return super().pushed(headers, body, address)
        try:
            found = _plain(guarded_call(partial(self._connector.pushed, headers, body, address)))
            if isinstance(found, Incoming):
                return found
            if not isinstance(found, list | tuple):
                raise WrongAnswerError(f"returned {described(found)} and no messages")
            return found  # of which each is looked at where it is stored
        except PushRefusedError:
            raise
        except Exception as error:
            self._mistakes.error("pushed", error)
            raise

    # -- what takes its time ------------------------------------------------------------------------------------------

    @override
    async def send(self, message: Message) -> Outcome:
        try:
            answer = await self._call("send", (message,), self.capabilities.send_timeout + attempt_seconds(message))
            return answers.outcome(answer, self._redact)
        except Exception as error:  # noqa: BLE001 - a border: a fault in a connector must stop one message, not the queue
            return Uncertain(fault=self._fault("send", error, NO_ANSWER_TO_SEND))

    @override
    async def check(self) -> Identity | Fault:
        return await self._asked("check", (), partial(answers.identity, redact=self._redact))

    @override
    async def whose(self) -> str | Fault | None:
        if "whose" in self.lacks:
            return None
        return await self._asked("whose", (), partial(answers.account, redact=self._redact))

    @override
    async def receive(self, cursor: str | None) -> Batch | Fault:
        began = self._clock.monotonic()
        timeout, check = self.capabilities.poll_timeout, partial(answers.batch, redact=self._redact)
        answer = await self._asked("receive", (cursor,), check, timeout)
        if isinstance(answer, Batch):
            await self._pace.after(answer, self._clock.monotonic() - began)
        return answer

    @override
    async def acknowledge(self, press: Incoming) -> None:
        await self._done("acknowledge", (press,))

    @override
    async def typing(self, recipient: str) -> None:
        await self._done("typing", (recipient,))

    @override
    async def preview(self, recipient: str, number: int, text: str) -> bool:
        if "preview" in self.lacks:
            return False
        return await self._asked("preview", (recipient, number, text), partial(answers.switch, what="preview")) is True

    @override
    async def fetch(self, media: Media, limit: int) -> bytes | Fault:
        check = partial(answers.contents, limit=limit, redact=self._redact)
        return await self._asked("fetch", (media, limit), check)

    @override
    async def find(self, query: str) -> list[Candidate] | Fault:
        if "find" in self.lacks:
            return []
        return await self._asked("find", (query,), partial(answers.found, redact=self._redact))

    @override
    async def reset(self) -> None:
        await self._done("reset", ())

    @override
    async def close(self, seconds: float | None = None) -> None:
        """`seconds`: how long it may take, instead of as long as usual."""
        await self._done("close", (), seconds)

    async def _asked[T](
        self, method: str, given: tuple[object, ...], check: Callable[[object], T], seconds: float | None = None
    ) -> T | Fault:
        try:
            return check(await self._call(method, given, seconds))
        except Exception as error:  # noqa: BLE001 - a border: a connector is foreign code
            return self._fault(method, error, NO_ANSWER)

    async def _done(self, method: str, given: tuple[object, ...], seconds: float | None = None) -> None:
        """What has no answer; whether it did what it should changes nothing for us."""
        try:
            await self._call(method, given, seconds)
        except Exception as error:  # noqa: BLE001 - a border: a connector is foreign code
            self._fault(method, error, "")

    def _fault(self, method: str, error: Exception, unanswered: str) -> Fault:
        if not isinstance(error, TimeoutError):
            return self._mistakes.fault(method, error)
        self._mistakes.hung(method)
        return Fault(code="timeout", text=unanswered)

    async def _call(self, method: str, given: tuple[object, ...], seconds: float | None) -> object:
        """What it returns. Raises an `Exception`, unless we are cancelled."""
        seconds = _SECONDS[method] if seconds is None else seconds
        work = guarded_call(lambda: getattr(self._connector, method)(*given))
        if asyncio.iscoroutine(work):
            return await bounded(work, seconds, f"{method} of {self._name}")
        if not isawaitable(work):
            raise WrongAnswerError(f"is no asynchronous function: it returned {described(work)}")
        return await bounded(_awaited(work), seconds, f"{method} of {self._name}")


def checked_class(type_: str, inner: type[Connector]) -> type[Checked]:
    """The class to make connectors of this type with. Raises `ConnectorFailedError` for one that cannot be used."""
    mistakes = Mistakes(type_, None, Redactor())
    if isinstance(inner, type) and issubclass(inner, Checked):
        return inner
    if isinstance(inner, type) and (forgotten := lacking(inner)):
        raise mistakes.error("the class", WrongAnswerError(f"{inner.__name__[:50]} lacks {', '.join(forgotten)}"))
    try:
        capabilities = guarded_call(lambda: inner.capabilities)
        if not isinstance(capabilities, Capabilities):
            raise WrongAnswerError(f"are {described(capabilities)}, no Capabilities")
        knows = guarded_call(lambda: getattr(inner, "knows", None))
        lacks = frozenset(one for one in _OPTIONAL if getattr_static(inner, one, _OPTIONAL) is _OPTIONAL)
    except Exception as error:  # noqa: BLE001 - a border: a connector is foreign code
        raise mistakes.error("capabilities", error) from None
    made = type(f"Checked{getattr(inner, '__name__', '')}"[:100], (Checked,), {"capabilities": capabilities})
    kind = cast("type[Checked]", made)
    kind.inner, kind.type_, kind.mistakes = inner, type_, mistakes
    kind.knows, kind.lacks = knows if isinstance(knows, Knows) else None, lacks
    return kind


async def _awaited(work: Awaitable[object]) -> object:
    return await work


def _plain(answer: object) -> object:
    """An answer at once. What somebody would have to wait for is none, and must not be complained of as forgotten."""
    if asyncio.iscoroutine(answer):
        answer.close()
        raise WrongAnswerError("is an asynchronous function, and nobody waits for it")
    return answer
