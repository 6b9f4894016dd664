"""Encodes messages that refer to others: one that forwards has nothing but the reference.

https://docs.discord.com/developers/resources/message#message-reference-types
"""

from bach_lib.connectors.discord import compose
from bach_lib.connectors.discord.direct_channels import DirectChannels
from bach_lib.connectors.discord.recipients import Target
from bach_lib.connectors.rung import Step

_PASSED_ON = 1
"""The type of a reference that forwards; 0 is a reply."""


async def body_of(step: Step, directs: DirectChannels) -> dict[str, object]:
    """What is posted for a step. Raises `CallError`."""
    message = step.message
    if (passed := message.forwarding) is None:
        return compose.payload(message, step.key)
    if (number := compose.message_number(passed.remote_ids[0])) is None:
        raise compose.no_message()
    place = await directs.place(Target.parse(passed.place))
    body: dict[str, object] = {
        "message_reference": {"type": _PASSED_ON, "message_id": number, "channel_id": str(place)},
        "nonce": compose.nonce(message, step.key),
        "enforce_nonce": True,
    }
    return body | {"flags": compose.SILENT} if message.silent else body
