"""What ntfy's server says of its messages, of what is published and of refusals; there is no description.

Read off its source as of July 2025, https://github.com/binwiederhier/ntfy (`server/types.go`, `server/actions.go`,
`server/errors.go`, commit 81a486ad). What is newer (2.16: `sequence_id`, `message_delete`, `message_clear`, the action
`copy`) is as https://docs.ntfy.sh/subscribe/api/#json-message-format has it.
"""

from http import HTTPStatus
from typing import Final

from bach_lib.testing.loopback import Answer, Request
from tests.described.shapes import Faults, Schema, Shapes, as_schema

_TEXT: Final[Schema] = {"type": "string"}
_WHOLE: Final[Schema] = {"type": "integer", "minimum": 0}
_TOPIC: Final[Schema] = {"type": "string", "pattern": "^[-_A-Za-z0-9]{1,64}$"}
_TAGS: Final[Schema] = {"type": "array", "items": _TEXT}
_WORDS: Final[Schema] = {"type": "object", "additionalProperties": _TEXT}
_ACTION: Final[dict[str, Schema]] = {
    "id": _TEXT,
    "action": {"enum": ["view", "broadcast", "http", "copy"]},
    "label": _TEXT,
    "clear": {"type": "boolean"},
    "url": _TEXT,
    "value": _TEXT,
    "method": _TEXT,
    "headers": _WORDS,
    "body": _TEXT,
    "intent": _TEXT,
    "extras": _WORDS,
}
_ATTACHMENT: Final[Schema] = {
    "type": "object",
    "properties": {"name": _TEXT, "url": _TEXT, "type": _TEXT, "size": _WHOLE, "expires": _WHOLE},
    "required": ["name", "url"],
}
_SAID: Final[dict[str, Schema]] = {
    "topic": _TOPIC,
    "message": _TEXT,
    "title": _TEXT,
    "tags": _TAGS,
    "click": _TEXT,
    "icon": _TEXT,
    "sequence_id": _TEXT,
}


def _actions(*required: str) -> Schema:
    action = {"type": "object", "properties": _ACTION, "required": list(required)}
    return {"type": "array", "items": action, "maxItems": 3}


MESSAGE: Final[Schema] = {
    "type": "object",
    "properties": {
        **_SAID,
        "id": {"type": "string", "pattern": "^[A-Za-z0-9]{12}$"},
        "time": _WHOLE,
        "expires": _WHOLE,
        "event": {"enum": ["message", "message_delete", "message_clear"]},
        "priority": {"type": "integer", "minimum": 1, "maximum": 5},
        "actions": _actions("id", "action", "label", "clear"),
        "poll_id": _TEXT,
        "encoding": {"enum": ["base64"]},
        "attachment": _ATTACHMENT,
        "content_type": {"enum": ["text/markdown"]},
    },
    "required": ["id", "time", "event", "topic"],
}
PUBLISHED: Final[Schema] = {
    "type": "object",
    "properties": {
        **_SAID,
        "priority": {"type": "integer", "minimum": 0, "maximum": 5},
        "actions": _actions("action", "label"),
        "cache": _TEXT,
        "firebase": _TEXT,
        "attach": _TEXT,
        "filename": _TEXT,
        "markdown": {"type": "boolean"},
        "delay": _TEXT,
        "email": _TEXT,
        "call": _TEXT,
    },
    "required": ["topic"],
}
REFUSAL: Final[Schema] = {
    "type": "object",
    "properties": {"code": {"type": "integer"}, "http": {"type": "integer"}, "error": _TEXT, "link": _TEXT},
    "required": ["code", "http", "error"],
}


class Ntfy:
    """The schemas above, and what belongs to what."""

    def __init__(self) -> None:
        self._shapes = Shapes(_none)

    def request(self, request: Request) -> Faults | None:
        """What is wrong with what is published as JSON; a file and what stands beside it are bytes and headers."""
        if (request.method, request.path) != ("POST", "/"):
            return None
        return self._shapes.faults(PUBLISHED, request.body, "published")

    def answer(self, answer: Answer) -> Faults | None:
        """What is wrong with the answer to what was published, or with a refusal."""
        if answer.status >= HTTPStatus.BAD_REQUEST:
            found = self._shapes.faults(REFUSAL, answer.body, f"{answer.path} {answer.status}")
            return found or _numbers_agree(as_schema(answer.body), answer.status)
        return self.line(answer.body) if answer.method in {"POST", "PUT"} else None

    def line(self, line: object) -> Faults:
        """What is wrong with a message that is told to who listens."""
        return self._shapes.faults(MESSAGE, line, "message")


def _numbers_agree(refusal: Schema, status: int) -> Faults:
    """The number of a refusal begins with the status."""
    agree = refusal["http"] == status and str(refusal["code"]).startswith(str(status))
    return [] if agree else [f"{refusal['code']} and {refusal['http']} with the status {status}"]


def _none(name: str) -> Schema:
    raise AssertionError(name)
