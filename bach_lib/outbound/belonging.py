"""Guards references to remote ids: with another account behind the connection they mean other messages.

A change that was put before, and waited, would be made of whatever message has that number now. And words would answer
it. So nothing that names an id goes out before it is known whose account it is. Where nobody listens, who would ask, it
is asked as soon as something was sent, or nobody would know later that it has become another.
"""

from contextlib import suppress
from dataclasses import replace

from bach_lib.connectors.base import Connector
from bach_lib.errors import BachError
from bach_lib.models import Fault, Loss, Message, Operation
from bach_lib.outbound.retry import OTHER_ACCOUNT
from bach_lib.outbound.services import DispatchServices
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent
from bach_lib.said import Sentence

_NOT_OURS = Dead(
    fault=Fault(
        code=OTHER_ACCOUNT,
        text=Sentence(
            "the_message_that_this_would_change_was_sent",
            "The message that this would change was sent by another account, which the connection had before.",
        ),
    )
)
NO_REPLY = Loss(
    what="reply",
    reason=Sentence(
        "the_message_it_answers_belongs_to_another",
        "The message it answers belongs to another account, which was here before.",
    ),
)


def not_passed_on(reason: str) -> Loss:
    """What goes in words instead, because that was refused."""
    return Loss(what="forward", reason=reason)


async def belonging(connector: Connector, message: Message, services: DispatchServices) -> Message | Outcome:
    """The message as the present account may send it, or what becomes of it."""
    found = await _of_this_account(connector, message, services)
    if not isinstance(found, Message) or found.operation is not Operation.DELETE or services.tagged is None:
        return found
    forms = services.directory.spellings(found.connection, found.recipient)
    with suppress(BachError):  # the disk; then at least the one that it names goes
        return replace(found, parts=await services.tagged.ids_of(found, forms))
    return found


async def _of_this_account(connector: Connector, message: Message, services: DispatchServices) -> Message | Outcome:
    if not connector.capabilities.own_ids:
        return message
    passed = message.forwarding
    named = passed.remote_ids[0] if passed else message.target or message.reply_to
    if named is None:
        return message
    newest_before = await _newest_before(connector, message.connection, services)
    if isinstance(newest_before, Fault):
        return Retry(fault=newest_before, scope=Scope.CONNECTION, written=False)
    if message.id > newest_before and not await _is_old(message, named, newest_before, services):
        return message
    if message.target is None:
        return replace(message, reply_to=None)
    return anew(message) or _NOT_OURS


def anew(message: Message) -> Message | None:
    """What was to change the older message of its tag, as a message of its own; None of any other change (ADR 0114).

    And what was to be passed on, in words, if it has some (ADR 0133).
    """
    if message.forwarding is not None:
        return replace(message, target=None) if message.text else None
    if message.operation is not Operation.EDIT or message.tag is None:
        return None
    return replace(message, operation=Operation.SEND, target=None)


async def note_whose(connector: Connector, connection: str, services: DispatchServices) -> None:
    """Know by whom something was sent, where nobody else asks."""
    if connector.capabilities.own_ids and not connector.capabilities.receives:
        with suppress(BachError):  # the disk; the next message asks again
            await services.ensure_account(connection, connector)


def with_what_it_lacks(outcome: Outcome, *lacks: Loss) -> Outcome:
    """Say of what was sent what it went without, although it was to have it."""
    if not isinstance(outcome, Sent) or not lacks:
        return outcome
    return replace(outcome, degraded=True, losses=(*outcome.losses, *lacks))


async def _is_old(message: Message, named: str, newest_before: int, services: DispatchServices) -> bool:
    """Whether only the account that was there before has said what this names. Whoever put it since need not know."""
    if not newest_before:
        return False
    place = message.forwarding.place if message.forwarding else message.recipient
    try:
        return await services.queue.is_named_before(message.connection, place, named, newest_before)
    except BachError:  # the disk; the attempt fails by itself then
        return False


async def _newest_before(connector: Connector, connection: str, services: DispatchServices) -> int | Fault:
    """The newest message that was put while another account was there; by its number, which no clock changes."""
    try:
        fault = await services.ensure_account(connection, connector)
        return (await services.queue.handed_over(connection))[0] if fault is None else fault
    except BachError as error:  # the disk
        return Fault(code=error.code, text=error.sentence)
