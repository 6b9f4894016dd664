"""Faults on request: what Discord, or what stands before it, does on a bad day, in the order a test wants it."""

from http import HTTPStatus
from typing import Self

import orjson

from bach_lib.testing.discord import errors
from bach_lib.testing.discord.errors import ApiError
from bach_lib.testing.discord.limits import VIA, told_to_wait
from bach_lib.testing.faults import CommonFault, Effect


class Fault(CommonFault):
    """One way to fail. Build it with the class methods, hand it to `DiscordServer.fail`."""

    __slots__ = ()

    @classmethod
    def refusal(cls, name: str, error: ApiError) -> Self:
        """Any refusal of Discord."""
        headers = VIA | (told_to_wait(error) if error.status == 429 else {})
        body = orjson.dumps(error.as_json())
        return cls(name=name, effect=Effect.ANSWER, status=error.status, body=body, headers=headers)

    @classmethod
    def unauthorized(cls) -> Self:
        """401, as after the token was reset."""
        return cls.refusal("unauthorized", errors.unauthorized())

    @classmethod
    def unknown(cls, what: str = "Channel") -> Self:
        """404, as for a channel, message or webhook that was deleted."""
        return cls.refusal("unknown", errors.unknown(what))

    @classmethod
    def forbidden(cls) -> Self:
        """403, as for a channel where the bot may not write."""
        return cls.refusal("forbidden", errors.missing_permissions())

    @classmethod
    def too_many_requests(cls, retry_after: float = 1.0, *, everywhere: bool = False) -> Self:
        """429: come back in `retry_after` seconds, to this call or (`everywhere`) to any."""
        return cls.refusal("too_many_requests", errors.too_many_requests(retry_after, everywhere=everywhere))

    @classmethod
    def banned(cls) -> Self:
        """429 from what stands before Discord: a page, no JSON, and nobody went `Via` it."""
        page = b"<html><head><title>Access denied</title></head><body>You are being rate limited</body></html>"
        return cls.foreign("banned", 429, page, {"Retry-After": "3600"})

    @classmethod
    def server_error(cls, status: int = 502) -> Self:
        """A 5xx in the form of Discord."""
        return cls.refusal("server_error", ApiError(status, 0, f"{status}: {HTTPStatus(status).phrase}"))

    @classmethod
    def redirect(cls, location: str) -> Self:
        """302 to somewhere else, as something on the way that wants to be asked first."""
        return cls.foreign("redirect", 302, b"", {"Location": location})
