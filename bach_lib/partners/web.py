"""Health check of any address: does it answer with a status that is good?"""

from collections.abc import Collection

from bach_lib.models import Report
from bach_lib.partners.faults import FaultError, status_error
from bach_lib.partners.http import ASK_SECONDS, HttpClient
from bach_lib.said import Sentence


async def probe(link: HttpClient, *, accepted: bool | None, method: str, expected: Collection[int]) -> Report:
    """One request; what the answer says is not read."""
    start = link.clock.monotonic()
    async with link.raw(method, "", {"Accept": "*/*"}, None, ASK_SECONDS) as response:
        seconds = link.clock.monotonic() - start
        if response.status not in expected:
            error = status_error(response.status, response.headers, None, link.host)
            if error.fault.code not in {"auth_failed", "forbidden", "rate_limited", "server_error"}:
                error = FaultError(
                    "unexpected_status",
                    Sentence(
                        "host_answers_with_http_status_status",
                        "{host} answers with HTTP status {status}.",
                        host=link.host,
                        status=response.status,
                    ),
                )
            raise error
        server = " ".join(response.headers.get("Server", "").split())[:50]
    return Report(id=link.host, name=link.host, accepted=accepted, latency=seconds, version=server or None)
