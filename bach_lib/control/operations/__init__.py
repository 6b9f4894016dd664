"""The operations of a BACH by name: plain values in, JSON out, so that they can be called over a socket as well.

`perform` is the only way in. The names are those of the functions in the modules beside this one.
Nothing here prints or asks anybody.
"""

from collections.abc import Awaitable, Callable, Mapping

from bach_lib.bach import Bach
from bach_lib.control.operations import (
    bridge_operations,
    change_operations,
    connection_operations,
    database_operations,
    inbox_operations,
    program_operations,
    queue_operations,
    route_operations,
    rule_operations,
)
from bach_lib.control.operations.asked import checked
from bach_lib.control.sentences import SentenceError
from bach_lib.rest.answers import Json

type Operation = Callable[..., Awaitable[Json]]

OPERATIONS: Mapping[str, Operation] = {
    operation.__name__: operation
    for operation in (
        bridge_operations.bridges,
        bridge_operations.remove_bridge,
        bridge_operations.set_bridge,
        change_operations.forward,
        change_operations.pin,
        change_operations.react,
        change_operations.unpin,
        database_operations.backup,
        database_operations.processes,
        connection_operations.add,
        connection_operations.change,
        connection_operations.check,
        connection_operations.connections,
        connection_operations.connection,
        connection_operations.lost_secrets,
        connection_operations.remove,
        connection_operations.start,
        connection_operations.status,
        connection_operations.try_out,
        connection_operations.vacant,
        inbox_operations.count,
        inbox_operations.discard,
        inbox_operations.incoming,
        inbox_operations.inbox,
        inbox_operations.invite,
        inbox_operations.mark,
        inbox_operations.incoming_after,
        inbox_operations.pair,
        inbox_operations.poll,
        inbox_operations.route,
        inbox_operations.unreadable,
        program_operations.program_cancel,
        program_operations.program_send_now,
        program_operations.program_edit,
        program_operations.program_forward,
        program_operations.program_pin,
        program_operations.program_get,
        program_operations.program_messages,
        program_operations.program_send,
        program_operations.program_wait,
        queue_operations.amend,
        queue_operations.cancel,
        queue_operations.clear,
        queue_operations.discard_all,
        queue_operations.discard_held,
        queue_operations.discard_messages,
        queue_operations.message,
        queue_operations.messages,
        queue_operations.queue_status,
        queue_operations.release,
        queue_operations.send_now,
        queue_operations.retry,
        queue_operations.retry_all,
        queue_operations.send,
        queue_operations.wait,
        queue_operations.waiting,
        route_operations.acknowledge,
        route_operations.all_clear,
        route_operations.cancel_route,
        route_operations.follow_run,
        route_operations.remove_route,
        route_operations.route_run,
        route_operations.route_runs,
        route_operations.routes,
        route_operations.set_route,
        route_operations.snooze_route,
        route_operations.start_route,
        rule_operations.remove_rule,
        rule_operations.rules,
        rule_operations.set_rule,
    )
}


async def perform(bach: Bach, operation: str, arguments: Mapping[str, Json]) -> Json:
    """Carry one out. Raises a `BachError`, or a `SentenceError` if there is no such thing, or it is asked otherwise."""
    if operation not in OPERATIONS:
        raise SentenceError(f'This BACH cannot "{operation[:100]}".')
    known = OPERATIONS[operation]
    return await known(bach, **checked(known, arguments))
