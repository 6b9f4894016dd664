"""The refusals of the Bot API, with the texts of the real server.

Codes and descriptions are those of the public server (tdlib/telegram-bot-api: `Client.cpp`, `HttpConnection.cpp`;
TDLib: `MessageContent.cpp`, `MessageEntity.cpp`); the fields of an answer are described at
https://core.telegram.org/bots/api#making-requests and https://core.telegram.org/bots/api#responseparameters.
"""


class ApiError(Exception):
    """A call that the platform refuses: an HTTP status, a description, and what the client may do about it."""

    def __init__(
        self, code: int, description: str, *, retry_after: int | None = None, migrate_to_chat_id: int | None = None
    ) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.description = description
        self.retry_after = retry_after
        self.migrate_to_chat_id = migrate_to_chat_id

    @property
    def headers(self) -> dict[str, str]:
        """Those of the answer: a 429 has Retry-After too, as telegram-bot-api's `HttpConnection.cpp` sends it."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}

    def as_json(self) -> dict[str, object]:
        """The body of the answer."""
        body: dict[str, object] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        elif self.migrate_to_chat_id is not None:
            body["parameters"] = {"migrate_to_chat_id": self.migrate_to_chat_id}
        return body


def bad_request(reason: str) -> ApiError:
    """400: the call itself is wrong, repeating it is useless."""
    return ApiError(400, f"Bad Request: {reason}")


def unauthorized() -> ApiError:
    """401: a token of the right form that belongs to no bot (any more)."""
    return ApiError(401, "Unauthorized")


def forbidden(reason: str) -> ApiError:
    """403: the chat does not want this bot."""
    return ApiError(403, f"Forbidden: {reason}")


def not_found() -> ApiError:
    """404: a token that cannot be one, or a method that does not exist."""
    return ApiError(404, "Not Found")


def conflict(reason: str) -> ApiError:
    """409: two programs, or a program and a webhook, want the same updates."""
    return ApiError(409, f"Conflict: {reason}")


def migrated(chat_id: int) -> ApiError:
    """400: the group lives on as a supergroup with another id."""
    return ApiError(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat_id)


def too_many_requests(retry_after: int) -> ApiError:
    """429: come back in `retry_after` seconds."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


def other_poller() -> ApiError:
    """409 for the long poll that a second one replaced."""
    return conflict("terminated by other getUpdates request; make sure that only one bot instance is running")


def webhook_is_set() -> ApiError:
    """409 for a poll while a webhook takes the updates."""
    return conflict(
        "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
