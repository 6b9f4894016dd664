"""The refusals of Discord, with its numbers and texts.

https://discord.com/developers/docs/topics/opcodes-and-status-codes#json, and for the shape of an invalid form
https://discord.com/developers/docs/reference#error-messages.
"""

from collections.abc import Mapping


class ApiError(Exception):
    """A call that the platform refuses: an HTTP status, Discord's own number, a text, and which fields were wrong."""

    def __init__(
        self, status: int, code: int, message: str, *, errors: Mapping[str, object] | None = None, wait: float = 0.0
    ) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors
        self.wait = wait

    def as_json(self) -> dict[str, object]:
        """The body of the answer."""
        body: dict[str, object] = {"message": self.message}
        if self.status == 429:
            return body | {"code": 0, "retry_after": self.wait, "global": self.code == GLOBAL}
        body["code"] = self.code
        return body | {"errors": self.errors} if self.errors else body


GLOBAL = 1
"""As the code of a 429: it is the limit of the whole bot."""


def unauthorized() -> ApiError:
    """401: the token belongs to no bot (any more)."""
    return ApiError(401, 0, "401: Unauthorized")


def not_found() -> ApiError:
    """404: there is no such call."""
    return ApiError(404, 0, "404: Not Found")


def too_large() -> ApiError:
    """413: a file is larger than the server takes."""
    return ApiError(413, 40005, "Request entity too large")


def unknown(what: str) -> ApiError:
    """404: there is no such thing, or the bot may not know that there is."""
    codes = {"Channel": 10003, "Guild": 10004, "Message": 10008, "User": 10013, "Emoji": 10014, "Webhook": 10015}
    return ApiError(404, codes.get(what) or 10062, f"Unknown {what}")


def missing_access() -> ApiError:
    """403: the bot does not see the channel."""
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    """403: the bot sees the channel, but may not do that there."""
    return ApiError(403, 50013, "Missing Permissions")


def cannot_write_to_user() -> ApiError:
    """403: the person takes no direct messages from this bot."""
    return ApiError(403, 50007, "Cannot send messages to this user")


def not_the_author() -> ApiError:
    """403: somebody else's message."""
    return ApiError(403, 50005, "Cannot edit a message authored by another user")


def empty_message() -> ApiError:
    """400: nothing to show."""
    return ApiError(400, 50006, "Cannot send an empty message")


def invalid(field: str, code: str, message: str) -> ApiError:
    """400: a field of the form is wrong."""
    wrong = {field: {"_errors": [{"code": code, "message": message}]}}
    return ApiError(400, 50035, "Invalid Form Body", errors=wrong)


def too_many_requests(wait: float, *, everywhere: bool = False) -> ApiError:
    """429: come back in `wait` seconds."""
    return ApiError(429, GLOBAL if everywhere else 0, "You are being rate limited.", wait=wait)
