"""Parts what a platform shows as a message of its own, as a point on the map, from the words and files."""

from collections.abc import Collection
from dataclasses import replace

from bach_lib.models import Extra, Format, Message


def parted(message: Message, what: Collection[Extra]) -> tuple[Message | None, list[Message]]:
    """The words and files, and each of these extras alone. None: there are no words, and no files.

    What answers and has buttons are the words; the first of the others, where there are none.
    """
    found = [one for one in message.extras.given if one in what]
    if not found:
        return message, []
    alone = replace(message, text="", title=None, files=(), format=Format.PLAIN)
    apart = [replace(alone, extras=message.extras.only(one)) for one in found]
    if not message.files and not message.text.strip() and not (message.title or "").strip():
        first, *others = apart
        return None, [first, *(replace(one, reply_to=None, buttons=()) for one in others)]
    words = replace(message, extras=message.extras.without(found))
    return words, [replace(one, reply_to=None, buttons=()) for one in apart]
