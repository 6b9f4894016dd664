"""Client of an ntfy server, with limits on what comes back.

https://docs.ntfy.sh/publish/ and https://docs.ntfy.sh/subscribe/api/ describe them.
"""

from collections.abc import Mapping, Sequence
from typing import override

import orjson
from aiohttp import ClientResponse, ClientTimeout

from bach_lib.common_sentences import NO_NTFY_SERVER
from bach_lib.connectors.json_client import JsonClient
from bach_lib.connectors.network import BROKEN, broken, decoded, is_page, not_theirs, read_body, retry_after
from bach_lib.connectors.ntfy.errors import refusal
from bach_lib.connectors.observations import CallError
from bach_lib.connectors.request_body import Body, JsonBody, NoBody

_NOT_THEIRS = NO_NTFY_SERVER
_SILENCE = 120.0
"""Seconds without a line on a stream; the server says that it is there every 45."""


class Rest(JsonClient):
    """The calls of one ntfy server."""

    max_answer = 1 << 20
    safe = ","

    async def get(self, *path: str) -> object:
        """What the server says at this address. Raises `CallError`."""
        return await self.request("GET", path, NoBody())

    async def publish(self, body: Mapping[str, object]) -> object:
        """Publish a text. Raises `CallError`."""
        return await self.request("POST", ("",), JsonBody(orjson.dumps(body)))

    async def upload(self, topic: str, headers: Mapping[str, str], content: bytes) -> object:
        """Publish a file. Raises `CallError`.

        The server takes PUT as well. But that one aiohttp repeats by itself where a kept connection breaks, and what
        had arrived would be there twice.
        """
        payload = Body(content, content_type="application/octet-stream")
        return await self.request("POST", (topic,), payload, headers=headers)

    async def subscribe(self, topics: Sequence[str], since: str | None) -> ClientResponse:
        """A stream of lines, which whoever asks for it closes. Raises `CallError`."""
        timeout = ClientTimeout(
            total=None, connect=self._timeout.connect, sock_connect=self._timeout.connect, sock_read=_SILENCE
        )
        url = self._url((",".join(topics), "json")).with_query({} if since is None else {"since": since})
        failure: CallError
        try:
            response = await self._session().get(
                url, headers=self._headers, timeout=timeout, allow_redirects=False, raise_for_status=False
            )
            if response.status == 200 and response.content_type == "application/x-ndjson":
                return response
            async with response:
                raw = await read_body(response, self.max_answer)
            failure = self.refused(response, raw, decoded(raw)) or not_theirs(200, self.host, _NOT_THEIRS)
        except BROKEN as error:
            failure = broken(error, self.host, written=False)
        raise failure

    @override
    def refused(self, response: ClientResponse, raw: bytes, answer: object) -> CallError | None:
        """The server's own answers are objects; what is good has the status 200."""
        status, foreign = response.status, is_page(response.content_type, raw)
        if status == 200 and not foreign and len(raw) <= self.max_answer and isinstance(answer, dict):
            return None
        wait = retry_after(response.headers, self.now())
        own = None if foreign else refusal(status, answer, self.host, wait)
        return own or not_theirs(status, self.host, _NOT_THEIRS, wait=wait if status == 429 else None)
