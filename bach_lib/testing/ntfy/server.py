"""The server: topics, what was published to them, and those who listen.

```python
async with NtfyServer() as server:
    ...  # a client that posts {"topic": "our_doorbell", "message": "Ring"} to server.url
    server.says("Is the door open?", sender="our_doorbell")  # somebody else publishes there
    server.loses_answers = True  # what is published from now on is, and nobody is told
```

It answers as https://docs.ntfy.sh/publish/ and https://docs.ntfy.sh/subscribe/api/ say. As the real one does, it tells
those who listen before it answers who published, makes a file of a long text, and keeps messages for who comes later.
"""

import asyncio
import re
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import override

import orjson
from aiohttp.web import BaseRequest, Response, StreamResponse, json_response

from bach_lib.testing.ntfy.headers import decoded, header
from bach_lib.testing.ntfy.published import PublishedMessage
from bach_lib.testing.ntfy.refusals import refusal_body
from bach_lib.testing.partners.base import Asked, PartnerServer, Told

MAX_TEXT = 4_096
"""Bytes from which on a text becomes a file."""
_TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")
_TOPICS = re.compile(r"/([-_A-Za-z0-9]{1,64}(?:,[-_A-Za-z0-9]{1,64})*)/(json|auth)")
_SINCE = re.compile(r"[A-Za-z0-9]{12}|[0-9]{1,18}|all|none")
"""An id, a time, and words; what else may stand there BACH never says."""
_ID = 12
"""Letters of an id, which may all be digits: then it is no time."""
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789"


@dataclass(slots=True)
class _Listener:
    topics: Sequence[str]
    lines: asyncio.Queue[str] = field(default_factory=asyncio.Queue)


class NtfyServer(PartnerServer):
    """A server that everybody may use; with a `key`, only whoever has this token, or is one of its `users`."""

    platform = "ntfy"
    person: str = "home"
    """The topic where a test names none: nobody is known by anything else."""

    def __init__(self, *, key: str | None = None, port: int = 0) -> None:
        super().__init__(key=key, port=port)
        self.users: dict[str, str] = {}
        """Names and passwords, which do as well as the token."""
        self.sent: list[PublishedMessage] = []
        """What clients published, oldest first."""
        self.forbidden: set[str] = set()
        """Topics that nobody may read or write."""
        self.takes_files = True
        """Whether it keeps files; otherwise it refuses them, as one without a cache does."""
        self.file_bytes = 15_000_000
        """How large a file may be."""
        self.loses_answers = False
        """While set, who publishes is cut off as soon as the message is there."""
        self.may_answer: asyncio.Event = asyncio.Event()
        """While clear, who publishes gets no answer, though the message is there and told."""
        self.may_answer.set()
        self.files: dict[str, bytes] = {}
        """What was uploaded, by the name at the end of its link."""
        self._messages: list[dict[str, object]] = []
        self._listeners: list[_Listener] = []
        self._unheard: list[Callable[[], object]] = []
        self._numbers = count(1)

    @property
    def texts(self) -> list[str]:
        """What people read of it, oldest first."""
        return [message.text for message in self.sent]

    def says(self, text: str, *, sender: str | None = None, **more: object) -> dict[str, object]:
        """Somebody publishes to the topic `sender`, and who listens is told. `more`: fields of the message."""
        message = self._message(sender or self.person, message=text, **more)
        self._tell(message)
        return message

    def presses(self, message: PublishedMessage, label: str, *, sender: str | None = None) -> None:
        """Raises ValueError: ntfy has no buttons that come back."""
        del message, sender
        raise ValueError(f"there is no button {label!r}, ntfy has none")

    def send_file(self, topic: str, content: bytes, name: str = "plan.bin", text: str = "") -> dict[str, object]:
        """Somebody publishes a file."""
        message = self._message(topic, message=text)
        self._attach(message, content, name, "application/octet-stream")
        self._tell(message)
        return message

    def when_heard(self, act: Callable[[], object]) -> None:
        """Do something now if anybody listens, or as soon as somebody does."""
        if self._listeners:
            act()
        else:
            self._unheard.append(act)

    def push_raw(self, line: str) -> int:
        """Tell everybody who listens something that need not be a message; how many those are."""
        for listener in self._listeners:
            listener.lines.put_nowait(line)
        return len(self._listeners)

    def cut_streams(self) -> None:
        """End what everybody listens to, as a restart of something in between does."""
        for listener in self._listeners:
            listener.lines.put_nowait("")

    def forget(self) -> None:
        """Twelve hours pass: what was published is not kept any more."""
        self._messages.clear()
        self.files.clear()

    async def wait_for_listeners(self, number: int = 1, timeout: float = 30.0) -> None:
        """Wait until so many listen. Raises TimeoutError after `timeout` seconds."""
        await self._waiting.until(lambda: len(self._listeners) >= number, timeout)

    async def wait_until_heard(self, timeout: float = 30.0) -> None:
        """Wait until somebody listens. Raises TimeoutError after `timeout` seconds."""
        await self.wait_for_listeners(1, timeout)

    async def wait_for(self, count: int = 1, timeout: float = 30.0) -> list[PublishedMessage]:
        """Wait until `count` were published; return all. Raises TimeoutError after `timeout` seconds."""
        await self._waiting.until(lambda: len(self.sent) >= count, timeout)
        return self.sent

    def refuse(self, code: int, *, headers: Mapping[str, str] | None = None) -> None:
        """Answer the next request with this number of the server's, in its own words."""
        self.told.append(Told(status=code // 100, body=orjson.dumps(refusal_body(code)), headers=headers or {}))

    @override
    def accepts(self, asked: Asked) -> bool:
        return asked.path == "/v1/health" or super().accepts(asked) or self._user(asked) is not None

    @override
    def refusal(self) -> Response:
        return _error(40101)

    @override
    async def respond(self, asked: Asked, request: BaseRequest, /) -> StreamResponse:
        match asked.method, asked.path:
            case "GET", "/v1/health":
                return json_response({"healthy": True})
            case "GET", "/v1/account":
                name = self._user(asked) or ("home" if self.key else "*")
                limits, role = {"attachment_file_size": self.file_bytes}, "user" if self.key else "anonymous"
                return json_response({"username": name, "role": role, "limits": limits})
            case "POST", "/":
                return await self._publish_json(asked.body, request)
            case "GET", path if path.startswith("/file/"):
                content = self.files.get(path.removeprefix("/file/"))
                return _error(40401) if content is None else Response(body=content)
            case "GET", path if (match := _TOPICS.fullmatch(path)) is not None:
                topics = match[1].split(",")
                if not self.forbidden.isdisjoint(topics):
                    return _error(40301)
                return json_response({"success": True}) if match[2] == "auth" else await self._listen(request, topics)
            case "PUT" | "POST", path if _TOPIC.fullmatch(path[1:]):
                return await self._publish_file(path[1:], request)
        return _error(40401)

    def _user(self, asked: Asked) -> str | None:
        """Whose password was shown."""
        shown = asked.headers.get("Authorization")
        known = {f"Basic {b64encode(f'{name}:{word}'.encode()).decode()}": name for name, word in self.users.items()}
        return known.get(shown or "")

    async def _publish_json(self, body: object, request: BaseRequest) -> Response:
        match body:
            case {"topic": str(topic), **rest} if _TOPIC.fullmatch(topic):
                pass
            case {}:
                return _error(40009)
            case _:
                return _error(40024)
        text = str(rest.get("message") or "triggered")
        if len(orjson.dumps(body)) >= 2 * MAX_TEXT:
            return _error(41303)
        priority = rest.get("priority", 0)
        if not isinstance(priority, int) or not 0 <= priority <= 5:
            return _error(40007)
        more: dict[str, object] = {name: rest[name] for name in ("priority", "tags", "click") if rest.get(name)}
        if title := decoded(str(rest.get("title", ""))):  # which becomes a header there
            more["title"] = title
        if rest.get("markdown") is True:
            more["content_type"] = "text/markdown"
        if len(text.encode()) >= MAX_TEXT:
            return await self._publish(
                self._message(topic, message="", **more), text.encode(), "attachment.txt", request
            )
        return await self._publish(self._message(topic, message=text.strip(), **more), None, "", request)

    async def _publish_file(self, topic: str, request: BaseRequest) -> Response:
        """What stands beside a file is read from headers, and each written-out new line in a message becomes one."""
        title, name = header(request, "Title"), header(request, "Filename")
        more: dict[str, object] = {"title": title} if title else {}
        if header(request, "Markdown") == "yes":
            more["content_type"] = "text/markdown"
        if priority := header(request, "Priority"):
            more["priority"] = int(priority)
        content = await request.read()
        if not name and len(content) < MAX_TEXT:
            return await self._publish(
                self._message(topic, message=content.decode().strip(), **more), None, "", request
            )
        message = self._message(topic, message=header(request, "Message").replace("\\n", "\n"), **more)
        return await self._publish(message, content, name or "attachment.bin", request)

    async def _publish(
        self, message: dict[str, object], content: bytes | None, name: str, request: BaseRequest
    ) -> Response:
        topic = str(message["topic"])
        if topic in self.forbidden:
            return _error(40301)
        text = str(message["message"])
        if content is not None:
            if not self.takes_files or len(content) > self.file_bytes:
                return _error(41301 if self.takes_files else 40014)
            self._attach(message, content, name, request.content_type)
        self.sent.append(PublishedMessage(topic=topic, text=text, fields=message, content=content))
        self._tell(message)
        self._waiting.changed()
        await self.may_answer.wait()
        if self.loses_answers and request.transport is not None:
            request.transport.abort()
        return json_response(message)

    def _message(self, topic: str, **more: object) -> dict[str, object]:
        now = int(time.time())
        number, named = next(self._numbers), ""
        for _ in range(_ID):
            number, at = divmod(number * 31 + 7, len(_LETTERS)) if named else divmod(number, len(_LETTERS))
            named = _LETTERS[at] + named
        fixed = {"id": named, "time": now, "expires": now + 43_200, "event": "message", "topic": topic}
        return fixed | {field: value for field, value in more.items() if value not in (None, 0)}

    def _attach(self, message: dict[str, object], content: bytes, name: str, mime_type: str) -> None:
        kept = f"{message['id']}.bin"
        self.files[kept] = content
        message["message"] = message["message"] or f"You received a file: {name}"
        expires = int(time.time()) + 10_800
        about = {"name": name, "type": mime_type, "size": len(content), "expires": expires}
        message["attachment"] = about | {"url": f"{self.url}/file/{kept}"}

    def _tell(self, message: dict[str, object]) -> None:
        self.tell(message)
        self._messages.append(message)
        for listener in self._listeners:
            if message["topic"] in listener.topics:
                listener.lines.put_nowait(orjson.dumps(message).decode())

    async def _listen(self, request: BaseRequest, topics: Sequence[str]) -> StreamResponse:
        if not _SINCE.fullmatch(request.query.get("since", "none")):
            return _error(40008)
        response = StreamResponse(headers={"Content-Type": "application/x-ndjson; charset=utf-8"})
        await response.prepare(request)
        listener, old = _Listener(topics), self._since(request.query.get("since"), topics)
        opened = {"id": "open", "time": int(time.time()), "event": "open", "topic": ",".join(topics)}
        if request.query.get("poll") == "1":
            for message in old:
                await response.write(orjson.dumps(message) + b"\n")
            return response
        for line in (opened, *old):
            listener.lines.put_nowait(orjson.dumps(line).decode())
        self._listeners.append(listener)
        self._waiting.changed()
        while self._unheard:
            self._unheard.pop(0)()
        try:
            while told := await listener.lines.get():
                await response.write(told.encode() + b"\n")
        finally:
            self._listeners.remove(listener)
        return response

    def _since(self, since: str | None, topics: Sequence[str]) -> list[dict[str, object]]:
        """What is kept: after an id, all where nobody knows it, from a time on, or nothing."""
        here = [message for message in self._messages if message["topic"] in topics]
        if since is None or since == "none":
            return []
        if since.isdecimal() and len(since) != _ID:
            return [message for message in here if int(str(message["time"])) >= int(since)]
        ids = [message["id"] for message in self._messages]
        behind = self._messages[ids.index(since) + 1 :] if since in ids else self._messages
        return [message for message in here if message in behind]


def _error(code: int) -> Response:
    return json_response(refusal_body(code), status=code // 100)
