"""Headers as an ntfy server reads them: under two names, and as RFC 2047 has it. See `server/util.go` there."""

import re
from base64 import b64decode

from aiohttp.web import BaseRequest

_ENCODED = re.compile(r"=\?UTF-8\?B\?([A-Za-z0-9+/=]*)\?=", re.IGNORECASE)


def header(request: BaseRequest, name: str) -> str:
    """What stands under this name, or with "X-" before it, which comes first."""
    found = (decoded(request.headers.get(one, "")) for one in (f"X-{name}", name))
    return next((text for text in found if text), "")


def decoded(text: str) -> str:
    """A header as people read it."""
    found = text.strip()
    return _ENCODED.sub(lambda part: b64decode(part[1]).decode(), found).strip()
