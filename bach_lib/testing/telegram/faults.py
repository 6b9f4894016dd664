"""Faults on request: what Telegram, or a proxy, does on a bad day, in the order a test wants it."""

from http import HTTPStatus
from typing import Self

import orjson

from bach_lib.testing.faults import CommonFault, Effect
from bach_lib.testing.telegram import errors
from bach_lib.testing.telegram.errors import ApiError

PROXY_PAGE = (
    b"<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
)


class Fault(CommonFault):
    """One way to fail. Build it with the class methods, hand it to `TelegramServer.fail`."""

    __slots__ = ()

    @classmethod
    def refusal(cls, name: str, error: ApiError) -> Self:
        """Any refusal of the Bot API."""
        body = orjson.dumps(error.as_json())
        return cls(name=name, effect=Effect.ANSWER, status=error.code, body=body, headers=error.headers)

    @classmethod
    def unauthorized(cls) -> Self:
        """401, as after the token was revoked."""
        return cls.refusal("unauthorized", errors.unauthorized())

    @classmethod
    def chat_not_found(cls) -> Self:
        """400, as for a chat the bot has never seen."""
        return cls.refusal("chat_not_found", errors.bad_request("chat not found"))

    @classmethod
    def forbidden(cls, reason: str = "bot was blocked by the user") -> Self:
        """403 with the given reason."""
        return cls.refusal("forbidden", errors.forbidden(reason))

    @classmethod
    def too_many_requests(cls, retry_after: int = 1) -> Self:
        """429: come back in `retry_after` seconds."""
        return cls.refusal("too_many_requests", errors.too_many_requests(retry_after))

    @classmethod
    def server_error(cls, status: int = 502) -> Self:
        """A 5xx in the form of the Bot API."""
        return cls.refusal("server_error", ApiError(status, HTTPStatus(status).phrase))

    @classmethod
    def conflict(cls) -> Self:
        """409, as when a second program polls with the same token."""
        return cls.refusal("conflict", errors.other_poller())

    @classmethod
    def migrated(cls, new_chat_id: int) -> Self:
        """400 with `migrate_to_chat_id`, as when a group became a supergroup."""
        return cls.refusal("migrated", errors.migrated(new_chat_id))

    @classmethod
    def proxy_page(cls) -> Self:
        """502 with a web page: a proxy answers in the platform's place."""
        return cls.foreign("proxy_page", 502, PROXY_PAGE)
