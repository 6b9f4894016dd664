"""Wire format of the control socket: one way of writing JSON, both ways.

It writes whatever the library takes and refuses nothing by itself: numbers of any length, halves of characters,
infinity. What is too much is refused by the library, which says why, so a command hears the same with a daemon and
without one.
"""

import json
from collections.abc import Mapping, Sequence
from typing import cast

from bach_lib.models import MOST_OF_FILES
from bach_lib.rest.answers import Json

MAX_REQUEST = 1 << 25
"""Bytes; more than a command line and what is piped into one can hold."""
MAX_CONTENTS = MOST_OF_FILES
"""Bytes of files, as many as one message may have."""


def written(value: Json) -> bytes:
    """In plain ASCII. Raises ValueError for what Python itself does not write."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def read(body: bytes) -> Mapping[str, Json]:
    """An object. Raises ValueError for anything else."""
    try:
        value = json.loads(body)
    except RecursionError as error:
        raise ValueError from error
    if not isinstance(value, dict):
        raise ValueError
    return cast("Mapping[str, Json]", value)


HEAD = "X-BACH-Head"
"""The header that says how many bytes of a body are JSON; the contents of files follow, in the order of "files"."""


def packed(arguments: Mapping[str, Json], contents: Sequence[bytes]) -> Mapping[str, Json]:
    """The arguments with the size of each file, as they are sent before the files."""
    files = cast("Sequence[Mapping[str, Json]]", arguments["files"])
    return {**arguments, "files": [{**one, "size": len(content)} for one, content in zip(files, contents, strict=True)]}


def unpacked(asked: Mapping[str, Json], rest: bytes) -> Mapping[str, Json]:
    """The arguments with the contents of the files in them. Raises ValueError where these are others than it says."""
    files, begin = list[Mapping[str, object]](), 0
    for one in cast("Sequence[Mapping[str, Json]]", asked["files"]):
        size = one["size"]
        if not isinstance(size, int) or not 0 <= size <= len(rest) - begin:
            raise ValueError
        files.append({**one, "content": rest[begin : begin + size]})
        begin += size
    if begin != len(rest):
        raise ValueError
    return {**asked, "files": cast("Json", files)}
