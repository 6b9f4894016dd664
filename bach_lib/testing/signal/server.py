"""The server: one account, the people who write to it, and what was sent.

```python
async with SignalServer() as server:
    ...  # a client that calls f"{server.url}/v2/send"
    await server.wait_until_heard()
    server.says("Is the door open?", sender="+491701234567")
    server.offline = True  # the server is there, but Signal cannot be reached
```

It answers as https://bbernhard.github.io/signal-cli-rest-api/ says, in JSON-RPC mode, where a message that reached
nobody is refused in the same few words whatever was in the way. As the real one does, it hands what people write only
to those who listen at that moment.
"""

import asyncio
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import override
from urllib.parse import unquote

import orjson
from aiohttp.web import BaseRequest, Response, StreamResponse, WebSocketResponse, json_response

from bach_lib.models.proof import ProofKind
from bach_lib.testing.partners.base import Asked, PartnerServer, Told
from bach_lib.testing.signal.mailbox import Mailbox, Reaction, SentMessage

NUMBER = "+491700000001"
PERSON = "+491701234567"
_STYLED = re.compile(r"\\(.)|\*\*|[*~`]|\|\|")


class SignalServer(PartnerServer):
    """A server with one account, `number`. With a `key` it stands behind a proxy that asks for a bearer token."""

    platform = "signal"
    person: str = PERSON
    """Who speaks where a test names nobody."""

    def __init__(self, *, number: str = NUMBER, key: str | None = None, mode: str = "json-rpc", port: int = 0) -> None:
        super().__init__(key=key, port=port)
        self.number = number
        self.mode = mode
        """How the bridge says that it runs: json-rpc, native or normal."""
        self.box: Mailbox = Mailbox()
        """What was sent, and who and what is known there."""
        self.offline = False
        """While set, signal-cli does not reach Signal."""
        self.strangers: set[str] = set()
        """Numbers that nobody has registered."""
        self._time = 1_767_225_600_000
        self._listeners: list[asyncio.Queue[str]] = []
        self._unheard: list[Mapping[str, object]] = []

    @property
    def sent(self) -> list[SentMessage]:
        """What was sent, oldest first."""
        return self.box.sent

    @property
    def texts(self) -> list[str]:
        """What people read of it, oldest first; not what was deleted."""
        return [message.text for message in self.sent if not message.is_deleted]

    async def wait_for(self, count: int = 1, timeout: float = 30.0) -> list[SentMessage]:
        """Wait until `count` were sent; return all. Raises TimeoutError after `timeout` seconds."""
        await self._waiting.until(lambda: len(self.sent) >= count, timeout)
        return self.sent

    async def wait_until_heard(self, timeout: float = 30.0) -> None:
        """Wait until somebody listens: nobody else is told. Raises TimeoutError after `timeout` seconds."""
        await self._waiting.until(lambda: bool(self._listeners), timeout)

    def now(self) -> int:
        """The next millisecond; no two messages have the same."""
        self._time += 1
        return self._time

    def push(self, envelope: Mapping[str, object]) -> int:
        """Tell everybody who listens now; how many those are."""
        line = {"envelope": envelope, "account": self.number}
        self.tell(line)
        return self.push_raw(orjson.dumps(line).decode())

    def push_raw(self, frame: str) -> int:
        """Tell everybody who listens something that need not be an envelope."""
        for frames in self._listeners:
            frames.put_nowait(frame)
        return len(self._listeners)

    def when_heard(self, envelope: Mapping[str, object]) -> None:
        """Tell it now, or to the next one who begins to listen."""
        if not self.push(envelope):
            self._unheard.append(envelope)

    def says(
        self, text: str, *, sender: str | None = None, name: str = "Ada", group: str | None = None, **more: object
    ) -> dict[str, object]:
        """Somebody writes; whoever listens at this moment is told. Returns the envelope."""
        envelope = self.written(text, sender=sender or self.person, name=name, group=group, **more)
        self.push(envelope)
        return envelope

    def presses(self, message: SentMessage, label: str, *, sender: str | None = None) -> None:
        """Raises ValueError: Signal has no buttons."""
        del message, sender
        raise ValueError(f"there is no button {label!r}, Signal has none")

    def votes(self, message: SentMessage, *choices: int, sender: str | None = None, group: str | None = None) -> None:
        """Somebody chooses answers of a poll, counted from 0; whoever listens at this moment is told."""
        voted = {
            "author": self.number,
            "authorNumber": self.number,
            "authorUuid": "",
            "targetSentTimestamp": message.timestamp,
            "optionIndexes": list(choices),
            "voteCount": 1,
        }
        self.says("", sender=sender, group=group, pollVote=voted)

    def proves(self, kind: ProofKind, *messages: SentMessage, sender: str | None = None) -> None:
        """Somebody's phone got these messages, or they looked at them; whoever listens at this moment is told."""
        now, is_seen = self.now(), kind is ProofKind.SEEN
        times = [message.timestamp for message in messages]
        receipt = {"when": now, "isDelivery": not is_seen, "isRead": is_seen, "isViewed": False, "timestamps": times}
        self.push(self.envelope(sender=sender or self.person, timestamp=now, receiptMessage=receipt))

    def written(
        self, text: str, *, sender: str, name: str = "Ada", group: str | None = None, **more: object
    ) -> dict[str, object]:
        """The envelope of a message that somebody wrote, to be pushed."""
        sent = self.now()
        data: dict[str, object] = {"timestamp": sent, "message": text, "expiresInSeconds": 0, "viewOnce": False, **more}
        if group:
            data["groupInfo"] = {"groupId": group, "groupName": "House", "revision": 1, "type": "DELIVER"}
        return self.envelope(sender=sender, name=name, timestamp=sent, dataMessage=data)

    def envelope(
        self, *, sender: str, name: str = "Ada", timestamp: int, age: int = 0, **content: object
    ) -> dict[str, object]:
        """What surrounds whatever somebody does. `age`: milliseconds that Signal's servers kept it."""
        is_number = sender.startswith("+")
        return {
            "source": sender,
            "sourceNumber": sender if is_number else None,
            "sourceUuid": None if is_number else sender,
            "sourceName": name,
            "sourceDevice": 1,
            "timestamp": timestamp,
            "serverReceivedTimestamp": timestamp,
            "serverDeliveredTimestamp": timestamp + age,
            **content,
        }

    def file(self, content: bytes, *, mime_type: str = "application/octet-stream", name: str = "plan.bin") -> object:
        """A file that somebody sent: its entry in `attachments`."""
        reference = f"file-{len(self.box.files) + 1}.bin"
        self.box.files[reference] = content
        return {"id": reference, "contentType": mime_type, "filename": name, "size": len(content)}

    def refuse(self, words: str, *, status: int = 400, headers: Mapping[str, str] | None = None) -> None:
        """Refuse the next message in these words, in the server's own form: a limit (429) also names the account."""
        said: dict[str, object] = {"error": words}
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            said |= {"account": self.number, "challenge_tokens": []}
        self.told.append(Told(status=status, body=orjson.dumps(said), headers=headers or {}))

    @override
    def refusal(self) -> Response:
        return Response(status=401, text="Unauthorized")

    @override
    async def respond(self, asked: Asked, request: BaseRequest, /) -> StreamResponse:
        *path, last = [unquote(part) for part in request.rel_url.raw_path.strip("/").split("/")]
        match asked.method, "/".join(path), last:
            case "GET", "v1", "about":
                return json_response(self._about())
            case "GET", "v1", "accounts":
                return json_response([self.number])
            case "GET", "v1/search", _:
                return self._search(asked.query.get("numbers", ""))
            case "GET", "v1/groups" | "v1/contacts" as listed, _:
                return json_response(self.box.listed(listed))
            case "GET", "v1/attachments", name:
                content = self.box.files.get(name)
                return Response(body=content) if content is not None else _error("No attachment found", 404)
            case "GET", "v1/receive", _:
                return await self._listen(request)
            case "POST", "v2", "send":
                return self._send(asked.body)
            case method, "v1/typing-indicator" | "v1/reactions" | "v1/remote-delete" | "v1/polls" as call, number:
                if number != self.number:
                    return _error("Specified account does not exist")
                return self._change(method, call, asked.body)
        is_pin = last == "pin-message" and self.box.pin(asked.method, asked.body)
        return json_response("") if is_pin else Response(status=404, text="404 page not found")

    def _about(self) -> dict[str, object]:
        sending = ["quotes", "mentions"]
        about = {"versions": ["v1", "v2"], "build": 2, "mode": self.mode, "version": "0.98"}
        return about | {"capabilities": {"v2/send": sending}}

    def _send(self, body: object) -> Response:
        match body:
            case {"number": str(number), "message": str(text), "recipients": [str(), *_] as recipients, **rest}:
                if number != self.number:
                    return _error("Specified account does not exist")
            case _:
                return _error("Couldn't process request - invalid request")
        if self.offline or self.strangers.issuperset(recipients):
            return _error("Failed to send message")
        if (author := rest.get("quote_author")) in self.strangers:
            return _error(f"The user {author} is not registered.")
        shown = _STYLED.sub(lambda mark: mark[1] or "", text) if rest.get("text_mode") == "styled" else text
        timestamp = self.now()
        match rest.get("edit_timestamp"):
            case int(edited):
                for message in self.box.sent:
                    if message.timestamp == edited:
                        message.text = shown
            case _:
                whole: dict[str, object] = {
                    "number": number,
                    "message": text,
                    "recipients": recipients,
                    **{str(name): value for name, value in rest.items()},
                }
                self.box.sent.append(SentMessage(timestamp=timestamp, recipients=recipients, text=shown, body=whole))
                self._waiting.changed()
        return json_response({"timestamp": str(timestamp)}, status=201)

    def _ask(self, body: object) -> Response:
        if not self.box.knows_polls:
            return Response(status=404, text="404 page not found")
        if self.offline:
            return _error("Failed to send message")
        timestamp = self.now()
        if not self.box.ask(timestamp, body):
            return _error("Couldn't process request - invalid request")
        self._waiting.changed()
        return json_response({"timestamp": str(timestamp)}, status=201)

    def _search(self, number: str) -> Response:
        if self.offline:
            return _error("Unable to check if users are registered: chat.signal.org (UnknownHostException)")
        return json_response([{"number": number, "registered": number not in self.strangers}])

    def _change(self, method: str, call: str, body: object) -> Response:
        match method, call, body:
            case "PUT", "v1/typing-indicator", {"recipient": str(recipient)}:
                self.box.typing.append(recipient)
                return Response(status=204)
            case "POST", "v1/reactions", {
                "recipient": str(recipient),
                "reaction": str(emoji),
                "target_author": str(author),
                "timestamp": int(timestamp),
            }:
                if author in self.strangers:
                    return _error(f"The user {author} is not registered.")
                self.box.reactions.append(
                    Reaction(emoji=emoji, recipient=recipient, target_author=author, timestamp=timestamp)
                )
                return Response(status=204)
            case "DELETE", "v1/remote-delete", {"recipient": str(), "timestamp": int(timestamp)}:
                for message in self.box.sent:
                    message.is_deleted |= message.timestamp == timestamp
                return json_response({"timestamp": str(self.now())}, status=201)
            case "POST", "v1/polls", _:
                return self._ask(body)
        return _error("Couldn't process request - invalid request")

    async def _listen(self, request: BaseRequest) -> WebSocketResponse:
        socket = WebSocketResponse()
        await socket.prepare(request)
        frames: asyncio.Queue[str] = asyncio.Queue()
        self._listeners.append(frames)
        self._waiting.changed()
        while self._unheard:
            self.push(self._unheard.pop(0))
        telling = asyncio.create_task(_tell(socket, frames))
        try:
            async for _ in socket:
                pass
        finally:
            self._listeners.remove(frames)
            telling.cancel()
        return socket


async def _tell(socket: WebSocketResponse, frames: asyncio.Queue[str]) -> None:
    while True:
        await socket.send_str(await frames.get())


def _error(words: str, status: int = 400) -> Response:
    return json_response({"error": words}, status=status)
