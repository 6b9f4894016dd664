"""Encodes what is done to a message that is there: taking it back, an emoji, keeping it in sight."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bach_lib.connectors.signal.codec import MessageRef
from bach_lib.connectors.signal.recipients import is_group
from bach_lib.models import Fault, Message, Operation
from bach_lib.outcomes import Dead
from bach_lib.said import Sentence

PINS_IN_GROUPS: Final = Dead(
    fault=Fault(
        code="bad_request",
        text=Sentence("signal_pins_in_groups_only", "The Signal server pins messages only in groups."),
    )
)


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """One request to the server."""

    method: str
    path: tuple[str, ...]
    body: dict[str, object]


def change_requests(message: Message, about: MessageRef, number: str) -> Iterator[ChangeRequest]:
    """What has to be asked for a change that has no words; nothing where the server cannot do it there."""
    body: dict[str, object] = {"recipient": message.recipient, "timestamp": about.timestamp}
    pinned: dict[str, object] = {"timestamp": about.timestamp, "target_author": about.author}
    match message.operation:
        case Operation.DELETE:
            for one in message.parts or (message.target,):
                if named := MessageRef.parse(one, number):
                    yield ChangeRequest(
                        "DELETE", ("v1", "remote-delete", number), body | {"timestamp": named.timestamp}
                    )
        case Operation.REACT:
            said = {"reaction": message.text, "target_author": about.author}
            yield ChangeRequest("POST", ("v1", "reactions", number), body | said)
        case Operation.PIN | Operation.UNPIN if is_group(message.recipient):
            how = "POST" if message.operation is Operation.PIN else "DELETE"
            yield ChangeRequest(how, ("v1", "groups", number, message.recipient, "pin-message"), pinned)
        case _:
            return
