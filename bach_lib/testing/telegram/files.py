"""Files that people sent, and how a bot gets at their bytes (https://core.telegram.org/bots/api#getfile)."""

from bach_lib.testing.telegram.calls import Call
from bach_lib.testing.telegram.errors import bad_request

MAX_DOWNLOAD = 20 << 20
"""Bytes: "bots can download files of up to 20MB in size"."""


def get_file(call: Call) -> object:
    """Where a file can be downloaded, as `{url}/file/bot{token}/{file_path}`."""
    file = call.platform.files.get(call.arguments.text("file_id"))
    if file is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if file.size > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return file.as_json() | {"file_path": file.path}
