"""Body of a message with files for signal-cli-rest-api, which wants them as base64 within JSON.

It is encoded piece by piece while it goes: at once, a video of 100 MB would be in memory four times.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, override

import orjson

from bach_lib.connectors.request_body import PIECE, JsonBody, media_type
from bach_lib.models import File

_NO_NAME: Final = re.compile(r"[;,\x00-\x1f]")
"""What cannot be in a name there."""
_RAW: Final = PIECE // 4 * 3
"""Bytes that become one piece."""


class AttachmentBody(JsonBody):
    """The fields of a message, and its files behind them."""

    def __init__(self, fields: Mapping[str, object], files: Sequence[File]) -> None:
        super().__init__(orjson.dumps(fields))
        self._files = files
        self._size = sum(map(len, self._frame(list(files)))) + sum(-(-len(one.content) // 3) * 4 for one in files)

    @override
    def pieces(self) -> Iterator[bytes | memoryview]:
        [head, *between, end] = self._frame(list(self._files))
        for before, file in zip([head, *between], self._files, strict=True):
            yield before
            for at in range(0, len(file.content), _RAW):
                yield b64encode(file.content[at : at + _RAW])
        yield end

    def _frame(self, files: list[File]) -> list[bytes]:
        """What stands before each file, and behind the last."""
        opened = [orjson.dumps(_before(file))[:-1] for file in files]
        first, more = self._raw[:-1] + b',"base64_attachments":[' + opened[0], [b'",' + one for one in opened[1:]]
        return [first, *more, b'"]}']


def _before(file: File) -> str:
    return f"data:{media_type(file)};filename={_NO_NAME.sub('_', file.name)};base64,"
