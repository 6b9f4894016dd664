"""Makes of what is carried the messages that go out, and the changes of those that went out before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bach_lib.bridges.bridge_services import BridgeServices
from bach_lib.bridges.bridge_text import name_of, words_of
from bach_lib.bridges.carried_file import fetched
from bach_lib.bridges.judging import Carry
from bach_lib.connectors.capabilities import Capabilities
from bach_lib.errors import BachError, NotAmendableError, NotCancellableError
from bach_lib.models import Format, Message, Operation, Status
from bach_lib.models.bridge import Bridge
from bach_lib.models.incoming import IncomingMessage
from bach_lib.models.route import Place
from bach_lib.outbound.draft import SendOptions
from bach_lib.outbound.letters import Letter
from bach_lib.outbound.tagged import REACH

_LATEST: Final = 3600.0
"""Seconds after which nothing is taken away any more; what could not be is there to be read since."""
_NOTHING: Final = Capabilities(receives=False, idempotent=False, formats=frozenset({Format.PLAIN}), max_text=4_000)
_WAITING: Final = frozenset({Status.PENDING, Status.FAILED})


class NotYetError(Exception):
    """What it is about is on its way just now, or a file cannot be had at this moment."""


@dataclass(frozen=True, slots=True)
class Made:
    """What goes out. `are_copies`: whether each is new, and no change. `of`: the number of what they are made of.

    `is_done`: something was done about it already.
    """

    letters: Sequence[Letter] = ()
    are_copies: Sequence[bool] = ()
    of: int = 0
    is_done: bool = False


class Copying:
    """Makes messages of what is carried."""

    def __init__(self, services: BridgeServices) -> None:
        self._services = services

    async def carry(
        self, bridge: Bridge, targets: Iterable[Place], message: IncomingMessage, how: Carry, *, last: bool
    ) -> Made:
        """One message for each target. `last`: it is not tried again. Raises a `BachError` or `NotYetError`."""
        came = await fetched(self._services, bridge, message, last=last)
        letters = list[Letter]()
        for place in targets:
            able = await self._able(place.connection)
            files, instead = came.at(able)
            missed = bridge.words.missed.replace("{count}", str(how.missed)) if how.missed else ""
            text, form = self._words(bridge, message, able, notes=(instead, missed), is_late=how.is_late)
            if not text and not files:
                text = bridge.words.unshown
            options = SendOptions(format=form, files=files)
            if answered := await self._answered(bridge, place, message):
                options["reply_to"] = answered
            letters.append(Letter(connection=place.connection, recipient=place.recipient, text=text, options=options))
        return Made(letters, [True] * len(letters), message.id)

    async def edit(self, bridge: Bridge, message: IncomingMessage) -> Made:
        """What was made of a message gets its new text. Raises a `BachError` or `NotYetError`."""
        ids = ids_of(message)
        copies = await self._services.book.copies(bridge.name, message.connection, ids, pieces=False)
        letters, are_copies, is_done = list[Letter](), list[bool](), False
        for copy in _newest(copies):
            able = await self._able(copy.connection)
            text, form = self._words(bridge, message, able)
            if copy.status in _WAITING:
                await self._amend(copy, text, form)
                is_done = True
            elif copy.status is Status.SENT:
                is_change = Operation.EDIT in able.operations and not copy.files
                options = SendOptions(format=form)
                if not is_change and copy.remote_id is not None:
                    options["reply_to"] = copy.remote_id
                letters.append(
                    _changed(copy, Operation.EDIT, text, options) if is_change else _new(copy, text, options)
                )
                are_copies.append(not is_change)
        original = await self._services.book.original(message.connection, ids) if letters else None
        return Made(letters, are_copies, original or message.id, is_done)

    async def take_back(self, bridge: Bridge, message: IncomingMessage) -> Made:
        """What was made of a message, and of all that belongs to it, goes. Raises a `BachError` or `NotYetError`."""
        ids, now = ids_of(message), self._services.clock.now()
        copies = await self._services.book.copies(bridge.name, message.connection, ids, pieces=True)
        letters, is_done = list[Letter](), False
        for copy in (one for one in copies if one.operation is Operation.SEND):
            _check_not_on_its_way(copy)
            able = (await self._able(copy.connection)).operations
            if copy.status in _WAITING:
                is_done = await self._cancel(copy)
            elif copy.status is Status.SENT and now - (copy.finished_at or copy.created_at) < REACH:
                if Operation.DELETE in able:
                    letters.append(_changed(copy, Operation.DELETE, "", SendOptions(time_to_live=_LATEST)))
                elif Operation.EDIT in able:
                    letters.append(_changed(copy, Operation.EDIT, bridge.words.deleted, SendOptions()))
        return Made(letters, [False] * len(letters), message.id, is_done)

    def _words(
        self,
        bridge: Bridge,
        message: IncomingMessage,
        able: Capabilities,
        *,
        notes: Iterable[str] = (),
        is_late: bool = False,
    ) -> tuple[str, Format]:
        return words_of(
            bridge,
            message,
            name=self._services.name_of(message) or name_of(message),
            now=self._services.clock.now() if is_late else None,
            notes=notes,
            formats=able.formats,
            most=able.max_text,
        )

    async def _able(self, connection: str) -> Capabilities:
        """What can be done there. Of a connection that is gone: what need not be known, as it takes nothing."""
        try:
            row = self._services.registry.get(connection)
            return (await self._services.connectors.load(row.type)).capabilities_of(row)
        except BachError:
            return _NOTHING

    async def _answered(self, bridge: Bridge, target: Place, message: IncomingMessage) -> str | None:
        """What a reply answers there: what was made of that, or what that was made of."""
        book, connection = self._services.book, message.connection
        if message.reply_to is None:
            return None
        copies = await book.copies(bridge.name, connection, ids_of(message), pieces=False)
        if not copies:
            here = Place(connection=connection, recipient=message.recipient)
            forms = self._services.forms(connection, message.recipient)
            made_of = await book.made_of(bridge.name, forms, here, message.reply_to)
            if made_of is None:
                return None
            if self._is_at(target, made_of.connection, made_of.recipient):
                return made_of.remote_id
            copies = await book.copies(bridge.name, made_of.connection, [made_of.remote_id], pieces=False)
        return next((one.remote_id for one in copies if self._is_at(target, one.connection, one.recipient)), None)

    def _is_at(self, place: Place, connection: str, recipient: str) -> bool:
        normal = self._services.normal
        return place.connection == connection and normal(connection, place.recipient) == normal(connection, recipient)

    async def _amend(self, copy: Message, text: str, form: Format) -> None:
        try:
            await self._services.amend(copy.id, text, form)
        except NotAmendableError as error:
            raise NotYetError from error

    async def _cancel(self, copy: Message) -> bool:
        try:
            await self._services.cancel(copy.id)
        except NotCancellableError as error:
            raise NotYetError from error
        return True


def ids_of(message: IncomingMessage) -> list[str]:
    """What the message that it is about can be called in the inbox: some platforms number by chat."""
    about = message.reply_to or ""
    return [about, f"{message.recipient.partition('/')[0]}:{about}"]


def refused(puts: Sequence[Message | BachError]) -> list[BachError]:
    """Why some could not be put."""
    return [put for put in puts if isinstance(put, BachError)]


def _newest(copies: Sequence[Message]) -> list[Message]:
    """Of each place the newest that has no files, or else the newest. Raises `NotYetError` if that is on its way."""
    found = dict[tuple[str, str], Message]()
    for copy in (one for one in copies if one.operation is Operation.SEND):
        place = (copy.connection, copy.recipient)
        if place not in found or not copy.files or found[place].files:
            found[place] = copy
    for copy in found.values():
        _check_not_on_its_way(copy)
    return list(found.values())


def _check_not_on_its_way(copy: Message) -> None:
    if copy.status is Status.SENDING:
        raise NotYetError


def _changed(copy: Message, operation: Operation, text: str, options: SendOptions) -> Letter:
    return Letter(
        connection=copy.connection,
        recipient=copy.recipient,
        text=text,
        options=options,
        operation=operation,
        about=copy,
    )


def _new(copy: Message, text: str, options: SendOptions) -> Letter:
    return Letter(connection=copy.connection, recipient=copy.recipient, text=text, options=options)
