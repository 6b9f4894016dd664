"""Jobs of workers, and the lease of a message that is still being stored."""

from dataclasses import dataclass

from bach_lib.models import Message
from bach_lib.outbound.breaker import Permit
from bach_lib.outbound.entry import Entry


@dataclass(frozen=True, slots=True)
class Lease:
    """A lane, a worker and a permit for a message that may go as soon as it is on disk. `place` stands for it."""

    place: Entry
    permit: Permit


@dataclass(frozen=True, slots=True)
class Job:
    """A message to send: it waits in the queue, or was born `leased` to its worker."""

    entry: Entry
    permit: Permit
    leased: Message | None = None
