"""A message as a client published it to the ntfy double."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedMessage:
    """A message that a client published. `text` is what people read, `fields` all that the server says of it."""

    topic: str
    text: str
    fields: Mapping[str, object]
    content: bytes | None = None

    @property
    def name(self) -> str:
        """What the file is called; nothing without one."""
        match self.fields.get("attachment"):
            case {"name": str(name)}:
                return name
        return ""
