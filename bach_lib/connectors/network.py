"""What connectors that speak HTTP share: the name of what went wrong on the way, and whether anything was written.

Nothing of aiohttp's own texts is quoted: they hold the address, and the address may hold a secret.
"""

import errno
from collections.abc import Iterable, Mapping
from mimetypes import guess_file_type
from typing import override

from aiohttp import (
    BytesPayload,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ClientResponse,
    ClientSSLError,
    MultipartWriter,
    ServerFingerprintMismatch,
)
from aiohttp.abc import AbstractStreamWriter

from bach_lib.models import File


class JsonBody(BytesPayload):
    """JSON that knows whether it was handed to the network. aiohttp holds the headers back until then."""

    written = False

    def __init__(self, raw: bytes) -> None:
        super().__init__(raw, content_type="application/json")

    @override
    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        self.written = True
        await super().write_with_length(writer, content_length)


class FormBody(MultipartWriter):
    """A form with files that knows whether it was handed to the network, as `JsonBody` does."""

    written = False

    def __init__(self, fields: Mapping[str, str], files: Iterable[tuple[str, File]]) -> None:
        super().__init__("form-data")
        for name, value in fields.items():
            self._add(BytesPayload(value.encode(), content_type="text/plain; charset=utf-8"), name)
        for name, file in files:
            mime_type = file.mime_type or guess_file_type(file.name)[0] or "application/octet-stream"
            self._add(BytesPayload(file.content, content_type=mime_type), name, filename=file.name)

    def _add(self, part: BytesPayload, name: str, **parameters: str) -> None:
        part.set_content_disposition("form-data", quote_fields=False, name=name, **parameters)
        self.append_payload(part)

    @override
    async def write(self, writer: AbstractStreamWriter, close_boundary: bool = True) -> None:
        self.written = True
        await super().write(writer, close_boundary)


async def read_body(response: ClientResponse, limit: int) -> bytes:
    """The body; longer than `limit` (by one chunk at most) if there is more of it."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            response.close()
            break
    return bytes(body)


def not_connected(error: Exception, host: str) -> tuple[str, str]:
    """A code and a sentence for why no connection to `host` came about."""
    code, reason = _cause(error)
    hop = error.host if isinstance(error, ClientConnectorError) else host
    return code, f"No connection to {hop}: {reason}."


def _cause(error: Exception) -> tuple[str, str]:
    match error:
        case ClientProxyConnectionError() | ClientHttpProxyError():
            return "unreachable", "the proxy in between cannot be reached or refuses"
        case ClientConnectorDNSError():
            return "dns", "the name cannot be resolved"
        case ClientSSLError():
            return "tls", f"TLS failed, {getattr(error.os_error, 'verify_message', None) or error.os_error.strerror}"
        case ServerFingerprintMismatch():
            return "tls", "TLS failed, the certificate is not the expected one"
        case TimeoutError():
            return "timeout", "it took too long"
        case OSError(errno=errno.ECONNREFUSED):
            return "refused", "it was refused"
        case OSError(strerror=str(reason)):
            return "unreachable", reason
        case _:
            return "unreachable", type(error).__name__
