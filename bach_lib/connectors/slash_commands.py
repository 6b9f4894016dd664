"""Parses slash commands where the platform does not mark them: a text that begins with a slash and a word."""

import re

from bach_lib.models.incoming import Content, Kind

_COMMAND = re.compile(r"/([A-Za-z0-9_-]{1,64})(?:\s+(.*))?", re.DOTALL)


def content_of(text: str) -> tuple[Kind, Content]:
    """Whether a text is a command, and which."""
    if match := _COMMAND.fullmatch(text.strip()):
        return Kind.COMMAND, Content(command=match[1].lower(), args=(match[2] or "").strip())
    return Kind.TEXT, Content()
