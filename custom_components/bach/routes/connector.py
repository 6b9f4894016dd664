"""Connector whose recipients are routes: a message to one starts it, and taking the message back calls it off.

So everything that can be told something can be told to a route: entities, groups, actions, other homes. What a run
tells goes through the connections of its people, each with its own queue.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, Final, override

from bach_lib import Bach, BachError, Place, Route
from bach_lib.connecting import (
    Capabilities,
    Connection,
    Connector,
    Fault,
    Format,
    Identity,
    InvalidRecipientError,
    Knows,
    Loss,
    Message,
    Operation,
    Outcome,
    SendOnly,
    Sent,
    Setup,
)
from bach_lib.connectors.ours import OF_CONNECTOR
from bach_lib.errors import InputError, TooManyRunsError, UnknownRunError
from bach_lib.models import MOST_OF_FILE
from bach_lib.outcomes import Dead, Retry, Scope, Wait
from bach_lib.said import Sentence
from custom_components.bach.const import TYPE_ROUTES

ACCOUNT: Final = "routes"
"""The id of the only account there is."""
_NAME: Final = re.compile(r"[\w.-]{1,100}")
_LATER: Final = 60.0
"""Seconds after which it is tried again where too many are under way."""
_OWN_BUTTONS = Sentence("a_route_has_buttons_of_its_own", "A route has buttons of its own.")
_NOTHING_TO_ANSWER = Sentence("a_route_answers_nothing", "What a route tells answers no message.")


@dataclass(frozen=True, slots=True)
class RouteAccess:
    """What the connector needs of its home: the `Bach` that is open, and the route of a recipient.

    `bach` raises `NotOpenError`, `route_of` an `InvalidRecipientError`. `causes_of`: who caused what a message
    starts, by what is kept with it.
    """

    bach: Callable[[], Bach]
    route_of: Callable[[str], Route]
    causes_of: Callable[[str | None], Sequence[Place]]


class RoutesConnector(SendOnly):
    """Connector of all routes of this home, which `connector_of` tells it."""

    home: ClassVar[RouteAccess]
    capabilities: ClassVar[Capabilities] = Capabilities(
        receives=False,
        idempotent=True,
        formats=frozenset(Format) - {Format.JSON},
        max_text=10_000,
        send_timeout=60.0,
        operations=frozenset({Operation.SEND, Operation.DELETE}),
        replaces_by_tag=True,
        max_files=20,
        file_bytes=MOST_OF_FILE,
    )
    knows: ClassVar[Knows | None] = Knows(settings=OF_CONNECTOR, title="BACH")

    def __init__(self, setup: Setup) -> None:
        del setup

    @override
    @classmethod
    def normalize_recipient(cls, recipient: str) -> str:
        written = recipient[:300].strip()
        if _NAME.fullmatch(written):
            return written
        raise InvalidRecipientError(
            recipient=recipient[:50],
            type=TYPE_ROUTES,
            expected=Sentence("the_name_of_a_route", "the name of a route, such as {example}", example="water"),
        )

    @override
    @classmethod
    def account(cls, connection: Connection, secrets: Mapping[str, str]) -> str | None:
        return ACCOUNT

    @override
    async def send(self, message: Message) -> Outcome:
        try:
            if message.operation is Operation.DELETE:
                return await self._call_off(message)
            return await self._start(message)
        except TooManyRunsError as error:
            return Wait(seconds=_LATER, fault=_fault(error), scope=Scope.CONNECTION)
        except InputError as error:
            return Dead(fault=_fault(error))
        except BachError as error:  # the disk, or it is being closed
            return Retry(fault=_fault(error), scope=Scope.CONNECTION, written=False)

    async def _start(self, message: Message) -> Outcome:
        run = await self.home.bach().start_route(
            self.home.route_of(message.recipient),
            message.text,
            title=message.title,
            format=message.format,
            silent=message.silent,
            priority=message.priority,
            tag=message.tag,
            caused_by=self.home.causes_of(message.context),
            files=message.files,
            lost=[one for one in message.lost if one.what == "file"],
            idempotency_key=message.nonce,
        )
        lost = [*run.said.lost]
        if message.buttons:
            lost.append(Loss(what="buttons", reason=_OWN_BUTTONS))
        if message.reply_to is not None:
            lost.append(Loss(what="reply", reason=_NOTHING_TO_ANSWER))
        return Sent(remote_id=str(run.id), degraded=bool(lost), losses=tuple(lost))

    async def _call_off(self, message: Message) -> Outcome:
        """A run that is over, or was forgotten since, needs no calling off."""
        with suppress(UnknownRunError):
            await self.home.bach().cancel_route(int(message.target or 0))
        return Sent(remote_id=message.target)

    @override
    async def check(self) -> Identity | Fault:
        """It is here."""
        return Identity(id=ACCOUNT, name="BACH")


def _fault(error: BachError) -> Fault:
    return Fault(code=error.code, text=error.sentence)


def connector_of(access: RouteAccess) -> Mapping[str, type[Connector]]:
    """The connector of this home's routes, by its type."""

    class Routes(RoutesConnector):
        """The one of this home."""

        home = access

    return {TYPE_ROUTES: Routes}
