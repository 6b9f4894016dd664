"""The requests of a message that passes another one on: one for each message that this had become."""

from dataclasses import replace

from bach_lib.models import Format, Message
from bach_lib.models.forwarding import Forwarding


def passed_on(message: Message, passed: Forwarding) -> list[Message]:
    """Each without words: what is passed on has its own."""
    alone = replace(message, text="", title=None, format=Format.PLAIN, reply_to=None, buttons=(), files=())
    return [replace(alone, target=str(replace(passed, remote_ids=(one,)))) for one in passed.remote_ids]
