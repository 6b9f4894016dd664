"""What a command can ask of a BACH, by name: plain values in, JSON out, so that it can be asked over a socket as well.

`perform` is the only way in. The names are those of the functions in the modules beside this one.
"""

from collections.abc import Awaitable, Callable, Mapping

from bach_lib.bach import Bach
from bach_lib.cli.faults import SentenceError
from bach_lib.cli.operations import backups, connections, inbox, queue, rules
from bach_lib.cli.operations.asked import checked
from bach_lib.rest.answers import Json

type Operation = Callable[..., Awaitable[Json]]

OPERATIONS: Mapping[str, Operation] = {
    operation.__name__: operation
    for operation in (
        backups.backup,
        connections.add,
        connections.change,
        connections.check,
        connections.connections,
        connections.connection,
        connections.lost_secrets,
        connections.remove,
        connections.start,
        connections.status,
        connections.try_out,
        connections.vacant,
        inbox.count,
        inbox.discard,
        inbox.incoming,
        inbox.inbox,
        inbox.invite,
        inbox.mark,
        inbox.news,
        inbox.pair,
        inbox.poll,
        inbox.route,
        queue.amend,
        queue.cancel,
        queue.discard_all,
        queue.discard_held,
        queue.discard_messages,
        queue.message,
        queue.messages,
        queue.queue_status,
        queue.release,
        queue.retry,
        queue.retry_all,
        queue.send,
        queue.wait,
        queue.waiting,
        rules.remove_rule,
        rules.rules,
        rules.set_rule,
    )
}


async def perform(bach: Bach, operation: str, arguments: Mapping[str, Json]) -> Json:
    """Carry one out. Raises a `BachError`, or a `SentenceError` if there is no such thing, or it is asked otherwise."""
    if operation not in OPERATIONS:
        raise SentenceError(f'This BACH cannot "{operation[:100]}".')
    known = OPERATIONS[operation]
    return await known(bach, **checked(known, arguments))
