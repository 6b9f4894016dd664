"""Files that go with a message, and what a message goes without."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from bach_lib.common_sentences import IT_HAS_MORE_THAN_NUMBER_BYTES
from bach_lib.errors import FileNotReadError
from bach_lib.said import Sentence
from bach_lib.threads import read_file

MOST_OF_FILE: Final = 100_000_000
"""Bytes of one file: as many as the platform takes that takes most (Signal)."""
MOST_OF_FILES: Final = 200_000_000
"""Bytes of all files of one message. They are in memory while the message is put, and again while it is sent."""
_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to send with a message. BACH keeps a copy until it has been sent.

    `content` may be a bytearray or memoryview as well, which is copied when the message is sent; a text has to be
    encoded first. `size` is in bytes; what is said about it before that is ignored. A message that is only looked at
    comes without the `content`.
    """

    name: str
    """As the platform shows it."""
    content: bytes = field(default=b"", repr=False)
    mime_type: str | None = None
    """Guessed from the name if left out."""
    size: int = 0
    is_voice: bool = field(default=False, repr=False)
    """Sound that is shown as a voice message, where the platform can."""
    digest: str = field(default="", repr=False, compare=False)
    """SHA-256 of the content, in hexadecimal digits, once BACH has it; what is said about it before that is ignored."""

    @classmethod
    async def read(cls, path: Path | str, *, name: str | None = None, mime_type: str | None = None) -> Self:
        """A file of this machine, at most 100 MB, under its own name or another. Other work goes on meanwhile.

        Raises `FileNotReadError`, also for what is no regular file, and for a drive that has not answered within 30
        seconds.
        """
        try:
            path = Path(path)
            content = await read_file(path, MOST_OF_FILE + 1, seconds=_SECONDS)
        except (OSError, ValueError, TypeError) as error:
            reason = getattr(error, "strerror", None) or Sentence(
                "this_is_no_path_kind", "this is no path ({kind})", kind=type(error).__name__
            )
            raise FileNotReadError(path=path, reason=reason) from error
        if len(content) > MOST_OF_FILE:
            raise FileNotReadError(
                path=path,
                reason=IT_HAS_MORE_THAN_NUMBER_BYTES(number=MOST_OF_FILE),
            )
        return cls(name=path.name if name is None else name, content=content, mime_type=mime_type, size=len(content))


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Something that a message goes, or went, without.

    `what`: markup, kind (a picture as a document), caption (words and file apart), file, album (each file by itself),
    size (a picture made smaller), reply, place (a topic), buttons or links (said in words), silent, title, or an
    `Extra`.
    `reason` is for people, often in the platform's words.
    """

    what: str
    reason: str
