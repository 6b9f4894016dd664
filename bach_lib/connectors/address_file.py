"""Fetches a file to send from an address: now, a bounded one, and from where the caller allows only.

Whoever sends wants what is there at this moment, and may have been given the address by somebody else. So each address
that it leads to is asked about before it is asked, and what proves who we are goes to the first server alone.
"""

import asyncio
import mimetypes
from collections.abc import Callable, Mapping
from http import HTTPStatus

from aiohttp import ClientError, ClientResponse, ClientSession
from aiohttp.hdrs import CONTENT_TYPE, LOCATION
from yarl import URL

from bach_lib.common_sentences import IT_HAS_MORE_THAN_NUMBER_BYTES
from bach_lib.connectors.network import read_body
from bach_lib.errors import FileNotFetchedError
from bach_lib.models import MOST_OF_FILE, File
from bach_lib.said import Sentence

_HOPS = 5
_SECONDS = 30.0
_NO_NAME = "file"
_LEADS_ON = frozenset({301, 302, 303, 307, 308})


async def fetch_file(
    url: str | URL,
    session: ClientSession,
    *,
    name: str | None = None,
    headers: Mapping[str, str] | None = None,
    verify_ssl: bool = True,
    limit: int = MOST_OF_FILE,
    seconds: float = _SECONDS,
    may_fetch: Callable[[URL], bool] | None = None,
) -> File:
    """The file at an address, at most `limit` bytes within `seconds`, under its own name or another.

    `headers`: such as `Authorization`; another server that it leads to does not get them. `may_fetch`: asked about each
    address before it is asked for anything; whoever lets others name addresses refuses those of the own network. None:
    all are.
    Raises `FileNotFetchedError`, which names the host only.
    """
    try:
        address = URL(url) if isinstance(url, str) else url
        host = address.host or ""
    except (ValueError, TypeError) as error:
        raise FileNotFetchedError(host="?", reason=_no_address()) from error
    try:
        async with asyncio.timeout(seconds):
            return await _fetched(address, session, name, dict(headers or {}), verify_ssl, limit, may_fetch)
    except TimeoutError as error:
        reason = Sentence("it_did_not_come_in_time", "it did not come within {seconds} seconds", seconds=f"{seconds:g}")
        raise FileNotFetchedError(host=host, reason=reason) from error
    except (ClientError, OSError, ValueError) as error:
        if isinstance(error, FileNotFetchedError):
            raise
        reason = Sentence(
            "its_server_cannot_be_reached", "its server cannot be reached ({kind})", kind=type(error).__name__
        )
        raise FileNotFetchedError(host=host, reason=reason) from None  # aiohttp quotes the address


async def _fetched(  # noqa: PLR0917 - what `fetch_file` was given, in its order
    url: URL,
    session: ClientSession,
    name: str | None,
    headers: dict[str, str],
    verify_ssl: bool,
    limit: int,
    may_fetch: Callable[[URL], bool] | None,
) -> File:
    first = url
    for _ in range(_HOPS + 1):
        if url.scheme not in {"http", "https"} or not url.host:
            raise FileNotFetchedError(host=first.host or "?", reason=_no_address())
        if may_fetch is not None and not may_fetch(url):
            reason = Sentence("host_is_not_allowed", "{host} is not allowed", host=url.host)
            raise FileNotFetchedError(host=first.host, reason=reason)
        async with session.get(
            url, headers=headers, ssl=verify_ssl, allow_redirects=False, raise_for_status=False
        ) as answer:
            if answer.status not in _LEADS_ON or LOCATION not in answer.headers:
                return await _file(answer, first, name, limit)
            then = url.join(URL(answer.headers[LOCATION]))
        headers = headers if (then.scheme, then.host, then.port) == (url.scheme, url.host, url.port) else {}
        url = then
    raise FileNotFetchedError(
        host=first.host, reason=Sentence("it_leads_on_too_often", "it leads on more than {number} times", number=_HOPS)
    )


async def _file(answer: ClientResponse, url: URL, name: str | None, limit: int) -> File:
    host = url.host
    if answer.status != HTTPStatus.OK:
        reason = Sentence(
            "its_server_answers_with_status", "its server answers with HTTP status {status}", status=answer.status
        )
        raise FileNotFetchedError(host=host, reason=reason)
    content = await read_body(answer, limit)
    if len(content) > limit:
        raise FileNotFetchedError(host=host, reason=IT_HAS_MORE_THAN_NUMBER_BYTES(number=limit))
    kind = answer.content_type if CONTENT_TYPE in answer.headers else None
    name = name or url.name or _NO_NAME
    if kind and "." not in name:
        name += mimetypes.guess_extension(kind) or ""
    return File(name=name, content=content, mime_type=kind, size=len(content))


def _no_address() -> Sentence:
    return Sentence("it_is_no_address_of_a_web_server", "it is no address of a web server")
