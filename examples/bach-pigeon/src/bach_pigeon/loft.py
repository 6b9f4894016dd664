"""Client of a pigeon loft: its calls, and what its refusals mean."""

from collections.abc import Mapping
from typing import override

from aiohttp import ClientResponse

from bach_lib.connecting import CallError, JsonBody, JsonClient, NoBody, Observation, is_page, not_theirs, retry_after

_REFUSALS = {
    401: ("auth_failed", Observation.UNCLEAR),  # of the account: costs no message anything
    422: ("bad_request", Observation.REFUSED),  # of this message, for good
    429: ("rate_limited", Observation.TOLD_TO_WAIT),
}


class Loft(JsonClient):
    """One loft."""

    max_answer = 1 << 20

    async def get(self, *path: str, **query: str) -> Mapping[str, object]:
        """Ask. Raises `CallError`."""
        return self._fields(await self.request("GET", path, NoBody(), query=query))

    async def post(self, path: str, body: bytes) -> Mapping[str, object]:
        """Hand over. Raises `CallError`."""
        return self._fields(await self.request("POST", (path,), JsonBody(body)))

    def _fields(self, answer: object) -> Mapping[str, object]:
        return answer if isinstance(answer, dict) else {}

    @override
    def refused(self, response: ClientResponse, raw: bytes, answer: object) -> CallError | None:
        """Nothing, if all went well. Only the loft's own words decide about a message; a page is somebody else's."""
        if not isinstance(answer, dict) or len(raw) > self.max_answer or is_page(response.content_type, raw):
            return not_theirs(response.status, self.host, "no loft")
        if response.status == 200:
            return None
        if (known := _REFUSALS.get(response.status)) is None:
            return not_theirs(response.status, self.host, "nothing that a loft says")
        code, seen = known
        words = f"The loft refused it: {str(answer.get('error', ''))[:200]}"
        return CallError(code, words, seen, retry_after=retry_after(response.headers, self.now()))
