"""The ladder of Discord, for bots and webhooks: what each refusal names, and how a message goes without it.

https://discord.com/developers/docs/topics/opcodes-and-status-codes
"""

import re
from collections.abc import Mapping, Sequence

from bach_lib.connectors.observations import CallError
from bach_lib.connectors.rung import Rung

_NUMBER = re.compile(r"\((?P<number>[0-9]{4,6})\)")
_FORM = 50035
_NAMED: Mapping[int, tuple[Rung, ...]] = {
    10003: (Rung.PLACE,),  # unknown channel: a thread that was deleted is one
    10008: (Rung.REPLY,),  # unknown message
    20009: (Rung.FILE,),  # explicit content
    40005: (Rung.FILE,),  # too large
    50007: (),  # the person takes no direct messages
    50045: (Rung.FILE,),  # too large
    50046: (Rung.FILE,),  # broken
    50083: (Rung.PLACE,),  # the thread is archived
    50278: (),  # no server in common with this person
    160002: (Rung.REPLY,),  # the history may not be read
    160005: (Rung.PLACE,),  # the thread is locked
    200000: (),  # blocked by a rule about words
    200001: (),
    240000: (),
}
_FIELDS: Mapping[str, tuple[Rung, ...]] = {
    "attachments": (Rung.FILE,),
    "components": (Rung.BUTTONS,),
    "content": (Rung.MARKUP,),
    "embeds": (Rung.EMBED,),
    "files": (Rung.FILE,),
    "flags": (Rung.SILENT, Rung.LINK_PREVIEW),
    "message_reference": (Rung.REPLY,),
    "poll": (Rung.POLL,),
    "thread_id": (Rung.PLACE,),
}
"""What a field of the form is about that Discord does not take."""


def number_of(error: CallError) -> int | None:
    """Discord's own number for a refusal, if it gave one."""
    found = _NUMBER.search(error.text)
    return int(found["number"]) if found else None


def named(error: CallError) -> Sequence[Rung] | None:
    """What Discord minds, as far as it says."""
    number = number_of(error)
    if number == _FORM:
        field = error.text.partition(f"({_FORM})")[2].strip().partition(":")[0].partition(".")[0]
        return _FIELDS.get(field)
    if number is not None and number in _NAMED:
        return _NAMED[number]
    return (Rung.FILE,) if error.code == "too_large" else None
