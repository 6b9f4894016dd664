"""Reads files that an operation is given: those whose contents came along, and paths of this machine."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bach_lib.control.sentences import SentenceError
from bach_lib.errors import InvalidValueError
from bach_lib.models import MOST_OF_FILE, File, Loss
from bach_lib.rest.exact import exact, made
from bach_lib.threads import read_file


def files_in(given: Sequence[Mapping[str, object]]) -> list[File]:
    """Those whose contents came along. Raises `InvalidValueError`."""
    return [_file(one) for one in given]


def losses_given(given: object) -> list[Loss]:
    """What a message goes without already, as JSON has it. Raises `InvalidValueError`."""
    try:
        return [made(Loss, exact(one)) for one in given] if isinstance(given, Sequence) else [made(Loss, None)]
    except ValueError:
        expected = "a list of what is lost and why"
        raise InvalidValueError(field="lost", value=type(given).__name__, expected=expected) from None


async def read_paths(paths: Sequence[str], *, has_words: bool) -> tuple[list[File], list[Loss]]:
    """Those at these paths, which the daemon reads itself: it is the same person's.

    One that is missing does not cost the words, if there are any; else it raises a `SentenceError`.
    """
    files, lost = list[File](), list[Loss]()
    for path in paths:
        try:
            files.append(await _read(Path(path)))
        except SentenceError as error:
            if not has_words:
                raise
            lost.append(Loss(what="file", reason=str(error)))
    return files, lost


def _file(one: Mapping[str, object]) -> File:
    name, kind, content = one.get("name"), one.get("mime_type"), one.get("content")
    if not isinstance(name, str) or not isinstance(content, bytes) or not isinstance(kind, str | None):
        raise InvalidValueError(field="files", value=type(content).__name__, expected="files with name and content")
    return File(name=name, content=content, mime_type=kind)


async def _read(path: Path) -> File:
    """Raises `SentenceError`. One byte more than anybody takes is enough to be refused."""
    try:
        return File(name=path.name, content=await read_file(path, MOST_OF_FILE + 1))
    except OSError as error:
        raise SentenceError(f"{path} cannot be read: {error.strerror or type(error).__name__}.") from error
    except ValueError as error:
        raise SentenceError(f"{path} is no name of a file.") from error
