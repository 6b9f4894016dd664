"""What there is to see at the end of a history: through BACH itself, and in the file that it leaves."""

from collections.abc import Awaitable, Callable, Collection, Sequence

from bach_lib import Bach
from bach_lib.models import Operation, Status
from tests.simulation.platform import number_of
from tests.simulation.steps import Advance, Jump
from tests.simulation.story import Story

_DAY, _SOON = 86_400.0, 600.0


async def look(bach: Bach, story: Story, known: Collection[int]) -> None:
    """Every message with its history, every counter and state. `known`: the numbers of what was sent."""
    before: int | None = None
    while page := await bach.messages(limit=500, before=before):
        before = page[-1].id
        for message in page:
            if message.operation is Operation.DELETE:
                story.deletions.append(message)
                continue
            number = number_of(message)
            if number not in known or number in story.messages:
                story.strangers.append(message)
            story.messages[number] = message
            story.rows[number] = (await bach.history(message.id))[1]
    used = {(send.connection, send.recipient) for send in story.sends.values()}
    used |= {(met.connection, address) for met in story.told_forms for address in (met.old, met.new)}
    there = {row.name for row in bach.registry.list()}
    story.forms = {where: bach.normal(*where) for where in used if where[0] in there}
    for name, queue in (await bach.queue_status()).items():
        row = bach.registry.get(name)
        story.counted[name] = row.success_count, row.error_count
        story.queues[name] = {
            "waiting": queue.waiting,
            Status.SENT: queue.sent,
            Status.DEAD: queue.dead,
            Status.UNCERTAIN: queue.uncertain,
        }
        story.states[name] = bach.health(name).state, bach.breaker(name)


def look_into(look_up: Callable[[str], list[tuple[object, ...]]], story: Story, orphans: Sequence[str] = ()) -> None:
    """What only the closed database tells. `orphans`: what lies beside it, and nobody needs."""
    story.orphans = [*orphans]
    sent = "SELECT id FROM messages WHERE status = 'sent'"
    rows = look_up(f"SELECT DISTINCT message_id FROM files WHERE message_id IN ({sent})")
    story.files_left = [int(str(number)) for (number,) in rows]
    rows = look_up("SELECT name, success_count, error_count FROM connections")
    story.counted_on_disk = {str(name): (int(str(good)), int(str(bad))) for name, good, bad in rows}


async def wait_until_all_have_ended(
    bach: Bach,
    perform: Callable[[Advance | Jump], Awaitable[None]],
    done: Callable[..., Awaitable[object]],
    now: Callable[[], float],
) -> None:
    """Let time pass until nothing waits any more, at most three days; what is scheduled for later is set near."""
    for seconds in (0, 60, 600, 1800, *([3600] * 72)):
        await perform(Advance(seconds))
        if not await done(_something_waits(bach)):
            return
        if (left := float(str(await done(_last_scheduled(bach)))) - now()) > _DAY:
            await perform(Jump(left - _SOON))


async def _last_scheduled(bach: Bach) -> float:
    """The time of the last message that is scheduled."""
    messages = await bach.messages(status=[Status.PENDING], limit=500)
    return max([message.scheduled_for or 0.0 for message in messages], default=0.0)


async def _something_waits(bach: Bach) -> bool:
    return any(queue.waiting or queue.scheduled for queue in (await bach.queue_status()).values())
