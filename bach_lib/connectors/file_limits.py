"""Fits the files of a message to what its platform takes at that very place, before any of it is sent.

What nobody can know when a message is put, such as how far a Discord server is boosted, or what an ntfy server grants,
is known here. A file that is too large costs itself and not the words, and one sentence says so.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from bach_lib.common_sentences import IT_HAS_SIZE_BYTES_AND_TYPE_TAKES_LIMIT, NAME_AND_REASON
from bach_lib.connectors.capabilities import Capabilities
from bach_lib.connectors.pictures import NotSmallerError, smaller
from bach_lib.connectors.request_body import media_type
from bach_lib.models import File, Loss, Message
from bach_lib.said import Sentence

PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})
"""What platforms show as a picture."""
_AS_DOCUMENT = Sentence(
    "it_has_size_bytes_and_type_shows_pictures",
    "it has {size} bytes, {type} shows pictures of at most {limit}, and it could not be made smaller ({why}), so it is"
    " a document",
)
_NOT_SMALLER = Sentence(
    "it_has_size_bytes_and_was_not_made_smaller",
    "it has {size} bytes, {type} takes {limit}, and it could not be made smaller ({why})",
)
_MADE_SMALLER = Sentence(
    "it_was_made_smaller", "{type} takes {limit} bytes, so it was made smaller: it had {size}, and has {left}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """How large files may be at one place, in bytes. `picture`: what is shown as one; larger ones are documents.

    `who` takes them, as sentences call it.
    """

    who: str
    each: int
    picture: int


type LimitsAt = Callable[[Message], Awaitable[FileLimits]]
"""Finds out what the place takes to which a message with files goes. Raises `CallError`."""


def everywhere(who: str, capabilities: Capabilities) -> LimitsAt:
    """The same wherever a message goes: what the platform says of itself."""
    each = capabilities.file_bytes
    limits = FileLimits(who=who, each=each, picture=min(each, capabilities.picture_bytes or each))

    async def at(message: Message) -> FileLimits:  # noqa: ARG001 - the same everywhere
        return limits

    return at


def is_picture(file: File) -> bool:
    """Whether it is one of those that platforms show as such."""
    return media_type(file).lower() in PICTURES


async def fitted(message: Message, limits: FileLimits) -> tuple[Message, list[Loss]]:
    """The message with the files that can go, pictures made smaller if they have to be, and what it goes without."""
    files, lost = list[File](), list[Loss]()
    for file in message.files:
        size, is_shown = len(file.content), is_picture(file)
        if size <= (limits.picture if is_shown else limits.each):
            files.append(file)
            continue
        made, loss = await _smaller(file, limits) if is_shown else (None, _too_large(file, limits))
        lost.append(loss)
        files += [] if made is None else [made]
    return (message if files == list(message.files) else replace(message, files=tuple(files))), lost


async def _smaller(file: File, limits: FileLimits) -> tuple[File | None, Loss]:
    """The picture as it can go, if it can, and what is lost by that."""
    size, about = len(file.content), {"type": limits.who, "limit": limits.picture}
    try:
        made = await smaller(file, limits.picture)
    except NotSmallerError as error:
        if size <= limits.each:
            return file, _loss("kind", file, _AS_DOCUMENT(size=size, why=error.reason, **about))
        return None, _loss("file", file, _NOT_SMALLER(size=size, why=error.reason, **about))
    return made, _loss("size", file, _MADE_SMALLER(size=size, left=len(made.content), **about))


def _too_large(file: File, limits: FileLimits) -> Loss:
    size = len(file.content)
    return _loss("file", file, IT_HAS_SIZE_BYTES_AND_TYPE_TAKES_LIMIT(size=size, type=limits.who, limit=limits.each))


def _loss(what: str, file: File, reason: str) -> Loss:
    return Loss(what=what, reason=NAME_AND_REASON(name=file.name, reason=reason))
