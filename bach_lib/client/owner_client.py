"""Client of who has a database open, through the socket beside it; what the command `bach` speaks through as well."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from os import PathLike
from pathlib import Path
from typing import Unpack, override

from aiohttp import ClientResponse, ClientTimeout

from bach_lib.client.beside import Beside, parted, without_files
from bach_lib.control.link import DaemonClient
from bach_lib.control.sentences import SentenceError, TooMuchError, UnansweredError
from bach_lib.control.socket_path import socket_file
from bach_lib.errors import InvalidValueError, OwnerGoneError, RemoteFailedError
from bach_lib.models import File, Message, Receipt, RouteRun, Status
from bach_lib.outbound.draft import SendOptions
from bach_lib.outbound.files import no_file_goes
from bach_lib.outbound.readable import has_words
from bach_lib.rest.answers import Json
from bach_lib.rest.exact import exact, made
from bach_lib.rest.retelling import retold
from bach_lib.routes.starting import RouteOptions, known_options

_SILENT = 20.0
"""Seconds without a sign of life after which a stream is given up."""


class OwnerClient(Beside):
    """The calls of `AnyBach`, carried out by the process that has the file open."""

    def __init__(self, path: str | PathLike[str]) -> None:
        super().__init__()
        self._path = Path(path)
        self._socket = socket_file(self._path)

    async def is_answered(self) -> bool:
        """Whether somebody has the file open who can be asked. Raises `OwnerGoneError` for one that is frozen."""
        async with self._asking() as link:
            return await link.is_answered()

    async def send(self, connection: str, recipient: str, text: str, **options: Unpack[SendOptions]) -> Receipt:
        """Put a message on disk; it goes as soon as it can. Returns after the commit."""
        arguments: dict[str, Json] = {"connection": connection, "recipient": recipient, "text": text}
        return await self._put("program_send", arguments, options)

    async def edit(self, message_id: int, text: str, **options: Unpack[SendOptions]) -> Receipt:
        """Give a sent message another text (and other buttons), in its turn."""
        return await self._put("program_edit", {"message_id": message_id, "text": text}, options)

    async def pin(
        self,
        message_id: int | None = None,
        *,
        incoming_id: int | None = None,
        silent: bool = False,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Keep a message that was sent, or one that came in, in sight at the top of its chat, in its turn."""
        return await self._pinned(True, message_id, incoming_id, {"silent": silent, "idempotency_key": idempotency_key})

    async def unpin(
        self, message_id: int | None = None, *, incoming_id: int | None = None, idempotency_key: str | None = None
    ) -> Receipt:
        """Let it go again, in its turn."""
        return await self._pinned(False, message_id, incoming_id, {"idempotency_key": idempotency_key})

    async def forward(
        self,
        connection: str,
        recipient: str,
        message_id: int | None = None,
        *,
        incoming_id: int | None = None,
        copy: bool = False,
        silent: bool = False,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Pass on a message that was sent, or one that came in; `copy`: without whose words they are."""
        arguments: dict[str, Json] = {
            "connection": connection,
            "recipient": recipient,
            "message_id": message_id,
            "incoming_id": incoming_id,
            "copy": copy,
            "options": {"silent": silent, "idempotency_key": idempotency_key},
        }
        return self._made(Receipt, await self._ask("program_forward", arguments))

    async def get(self, message_id: int) -> Message:
        """One message."""
        return self._message(await self._ask("program_get", {"message_id": message_id}))

    async def messages(
        self,
        *,
        connection: str | None = None,
        recipient: str | None = None,
        status: Iterable[Status] | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Message]:
        """A page of messages, newest first; the last id of a page is the next page's `before`."""
        wanted: Json = None if status is None else status if isinstance(status, str) else exact([*status])
        arguments: dict[str, Json] = {
            "connection": connection,
            "recipient": recipient,
            "status": wanted,
            "before": before,
            "limit": limit,
        }
        page = await self._ask("program_messages", arguments)
        return [self._message(one) for one in page] if isinstance(page, Sequence) else []

    async def cancel(self, message_id: int) -> Message:
        """Take a waiting message out of the queue."""
        return self._message(await self._ask("program_cancel", {"message_id": message_id}))

    async def send_now(self, message_id: int) -> Message:
        """Send a scheduled message without waiting for its time."""
        return self._message(await self._ask("program_send_now", {"message_id": message_id}))

    async def start_route(self, route: str, text: str, **options: Unpack[RouteOptions]) -> RouteRun:
        """Tell somebody, and whoever comes next while nobody is heard of; the run as it stands."""
        rest, files, lost = without_files(known_options(options))
        rest = {**rest, "lost": [*options.get("lost", ()), *lost]} if lost else rest
        arguments: dict[str, Json] = {"route": route, "text": text, "options": exact(rest)}
        return self._run(await self._ask_with("start_route", arguments, files))

    async def acknowledge(self, run_id: int, by: str) -> RouteRun:
        """Somebody has it: nobody is told any more. The run as it stands then."""
        return self._run(await self._ask("acknowledge", {"run_id": run_id, "by": by}))

    async def snooze_route(self, run_id: int, seconds: float, by: str) -> RouteRun:
        """Somebody wants to hear no more of it for a while: nobody is told until then. The run as it stands then."""
        return self._run(await self._ask("snooze_route", {"run_id": run_id, "seconds": seconds, "by": by}))

    async def cancel_route(self, run_id: int) -> RouteRun:
        """Call a run off: nobody needs to know any more."""
        return self._run(await self._ask("cancel_route", {"run_id": run_id}))

    async def all_clear(self, run_id: int, text: str) -> RouteRun:
        """End a run, and say once to all who were told of it that it is over."""
        return self._run(await self._ask("all_clear", {"run_id": run_id, "text": text}))

    async def route_run(self, run_id: int) -> RouteRun:
        """A run as it stands."""
        return self._run(await self._ask("route_run", {"run_id": run_id}))

    async def route_runs(
        self, route: str | None = None, *, before: int | None = None, limit: int = 50
    ) -> list[RouteRun]:
        """A page of runs, of one route or of all, newest first."""
        page = await self._ask("route_runs", {"route": route, "before": before, "limit": limit})
        return [self._run(one) for one in page] if isinstance(page, Sequence) else []

    @override
    async def _open(self) -> None:
        pass  # each question knocks anew: the owner may be another one by then

    @override
    async def _close(self) -> None:
        pass

    @override
    async def _wait(self, message_id: int, timeout: float) -> Message:
        return self._message(await self._ask("program_wait", {"message_id": message_id, "seconds": timeout}))

    @override
    @asynccontextmanager
    async def _stream(self, last: str | None) -> AsyncIterator[ClientResponse]:
        headers = {} if last is None else {"Last-Event-ID": last}
        async with self._asking() as link:
            if link.session is None:
                raise self._gone("nobody is there")
            timeout = ClientTimeout(total=None, sock_connect=_SILENT, sock_read=_SILENT)
            async with link.session.get("http://bach/events", headers=headers, timeout=timeout) as response:
                response.raise_for_status()
                yield response

    async def _pinned(
        self, is_pinned: bool, message_id: int | None, incoming_id: int | None, options: Mapping[str, Json]
    ) -> Receipt:
        arguments: dict[str, Json] = {
            "message_id": message_id,
            "incoming_id": incoming_id,
            "is_pinned": is_pinned,
            "options": options,
        }
        return self._made(Receipt, await self._ask("program_pin", arguments))

    async def _put(self, operation: str, arguments: dict[str, Json], options: SendOptions) -> Receipt:
        """A file that is too large does not cost the words, as with the owner itself."""
        rest, files, lost = parted(options)
        if lost:
            if not files and not has_words(str(arguments["text"])):
                raise no_file_goes(lost)
            rest = {**rest, "lost": [*options.get("lost", ()), *lost]}
        arguments |= {"options": exact(rest)}
        return self._made(Receipt, await self._ask_with(operation, arguments, files))

    async def _ask_with(self, operation: str, arguments: dict[str, Json], files: Sequence[File]) -> Json:
        """With what is in files behind the question."""
        if files:
            arguments["files"] = [{"name": exact(one.name), "mime_type": exact(one.mime_type)} for one in files]
        return await self._ask(operation, arguments, [one.content for one in files] or None)

    async def _ask(self, operation: str, arguments: dict[str, Json], contents: list[bytes] | None = None) -> Json:
        await self._ready()
        async with self._asking() as link:
            if link.session is None:
                raise self._gone("nobody is there")
            answer = await link.exchange(operation, arguments, contents)
        if "error" in answer:
            raise retold(answer, str(answer["error"]), place=str(self._path))
        return answer["result"]

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[DaemonClient]:
        try:
            async with DaemonClient(self._socket) as link:
                yield link
        except UnansweredError as error:
            raise self._gone("it went away, or was stopped") from error
        except TooMuchError as error:
            raise InvalidValueError(field="what is asked", value=error.size, expected=error.most) from error
        except SentenceError as error:
            raise RemoteFailedError(place=self._path, reason=error) from error

    def _gone(self, reason: str) -> OwnerGoneError:
        return OwnerGoneError(place=self._path, reason=reason)

    def _message(self, answer: Json) -> Message:
        return self._made(Message, answer)

    def _run(self, answer: Json) -> RouteRun:
        return self._made(RouteRun, answer)

    def _made[T](self, kind: type[T], answer: Json) -> T:
        try:
            return made(kind, answer)
        except ValueError as error:
            raise RemoteFailedError(place=self._path, reason="It answered what this version does not know.") from error
