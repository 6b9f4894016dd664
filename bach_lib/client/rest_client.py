"""Client of the REST interface of a BACH, usually on another machine. Times are whole seconds, and no nonce is told."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from io import BytesIO
from typing import Unpack, override
from urllib.parse import quote

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, FormData
from yarl import URL

from bach_lib.client.beside import Beside, parted, without_files
from bach_lib.client.rest_bodies import fields_of, read, written
from bach_lib.errors import AccessRefusedError, BachError, InvalidValueError, OwnerGoneError, RemoteFailedError
from bach_lib.models import File, Message, Receipt, RouteRun, Status
from bach_lib.outbound.draft import SendOptions
from bach_lib.rest.answers import Json
from bach_lib.rest.event_feed import HEARTBEAT
from bach_lib.rest.exact import exact
from bach_lib.rest.outgoing_rows import message_of, messages_of, receipt_of
from bach_lib.rest.retelling import retold
from bach_lib.rest.run_rows import place_row, run_of, runs_of
from bach_lib.routes.starting import RouteOptions, bounded_span, known_options

_CONNECT, _ANSWER = 10.0, 60.0
"""Seconds for a connection, and for an answer beside the time that was asked for."""
_SLOWEST = 250_000
"""Bytes a second of an upload."""
_MESSAGES = "api/v1/messages"
_ROUTES = "api/v1/routes"


class RestClient(Beside):
    """The calls of `AnyBach`, carried out by whoever answers at an address."""

    def __init__(self, address: str, token: str) -> None:
        super().__init__()
        try:
            url = URL(address if address.endswith("/") else f"{address}/")
            self._headers = {"Authorization": f"Bearer {token.encode('ascii').decode()}"}
        except (ValueError, AttributeError):
            raise InvalidValueError(field="address", value=address, expected="http://host:port and a token") from None
        if not url.host or url.user or url.password or url.query_string or not token.isprintable():
            raise InvalidValueError(field="address", value=url.host or "", expected="http://host:port and a token")
        self._url, self._place = url, str(url).rstrip("/")
        self._session: ClientSession | None = None

    async def send(self, connection: str, recipient: str, text: str, **options: Unpack[SendOptions]) -> Receipt:
        """Put a message on disk there; it goes as soon as it can. Returns after the commit."""
        rest, files, lost = parted(options)
        if lost:  # what it goes without cannot be said there
            raise InvalidValueError(field="files", value=lost[0].reason, expected="a file that can go")
        key, fields = fields_of(rest)
        fields |= {"connector": exact(connection), "recipient": exact(recipient), "content": exact(text)}
        return self._made(receipt_of, await self._post(f"{_MESSAGES}/send", fields, files, key))

    async def edit(self, message_id: int, text: str, **options: Unpack[SendOptions]) -> Receipt:
        """Give a sent message another text (and other buttons), in its turn. Files stay."""
        rest, files, lost = parted(options)
        if files or lost:
            raise InvalidValueError(field="files", value="some", expected="none, over REST, where a text is edited")
        key, fields = fields_of(rest)
        address = f"{_MESSAGES}/{message_id:d}/edit"
        answer = await self._ask("POST", address, fields={**fields, "content": exact(text)}, key=key)
        return self._made(receipt_of, answer)

    async def pin(
        self,
        message_id: int | None = None,
        *,
        incoming_id: int | None = None,
        silent: bool = False,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Keep a message that was sent, or one that came in, in sight at the top of its chat, in its turn."""
        return await self._changed("pin", message_id, incoming_id, {"silent": silent}, idempotency_key)

    async def unpin(
        self, message_id: int | None = None, *, incoming_id: int | None = None, idempotency_key: str | None = None
    ) -> Receipt:
        """Let it go again, in its turn."""
        return await self._changed("unpin", message_id, incoming_id, {}, idempotency_key)

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
        fields = {"connector": exact(connection), "recipient": exact(recipient), "copy": copy, "silent": silent}
        return await self._changed("forward", message_id, incoming_id, fields, idempotency_key)

    async def get(self, message_id: int) -> Message:
        """One message."""
        return self._made(message_of, await self._ask("GET", f"{_MESSAGES}/{message_id:d}"))

    async def messages(
        self,
        *,
        connection: str | None = None,
        recipient: str | None = None,
        status: Iterable[Status] | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Message]:
        """A page of messages, newest first; the last id of a page is the next page's `before`. `limit`: 1 to 200."""
        wanted: Mapping[str, object] = {
            "connector": connection,
            "recipient": recipient,
            "status": None if status is None else ",".join(map(str, status)),
            "before": before,
            "limit": limit,
        }
        query = {name: str(value) for name, value in wanted.items() if value is not None}
        return self._made(messages_of, await self._ask("GET", _MESSAGES, query=query))

    async def cancel(self, message_id: int) -> Message:
        """Take a waiting message out of the queue."""
        return self._made(message_of, await self._ask("POST", f"{_MESSAGES}/{message_id:d}/cancel"))

    async def send_now(self, message_id: int) -> Message:
        """Send a scheduled message without waiting for its time."""
        row = await self._ask("POST", f"{_MESSAGES}/{message_id:d}/send-now")
        return self._made(message_of, row)

    async def start_route(self, route: str, text: str, **options: Unpack[RouteOptions]) -> RouteRun:
        """Tell somebody, and whoever comes next while nobody is heard of; the run as it stands."""
        rest, files, lost = without_files(known_options(options))
        if lost:
            raise InvalidValueError(field="files", value=lost[0].reason, expected="a file that can go")
        key, fields = fields_of(rest)
        if "caused_by" in options:
            fields["caused_by"] = [place_row(one) for one in options["caused_by"]]
        address = f"{_ROUTES}/{quote(route, safe='')}/start"
        return self._made(run_of, await self._post(address, {**fields, "content": exact(text)}, files, key))

    async def acknowledge(self, run_id: int, by: str) -> RouteRun:
        """Somebody has it: nobody is told any more. The run as it stands then."""
        answer = await self._ask("POST", f"{_ROUTES}/runs/{run_id:d}/acknowledge", fields={"by": exact(by)})
        return self._made(run_of, answer)

    async def snooze_route(self, run_id: int, seconds: float, by: str) -> RouteRun:
        """Somebody wants to hear no more of it for a while: nobody is told until then. The run as it stands then."""
        fields = {"by": exact(by), "seconds": bounded_span("seconds", seconds)}
        return self._made(run_of, await self._ask("POST", f"{_ROUTES}/runs/{run_id:d}/snooze", fields=fields))

    async def cancel_route(self, run_id: int) -> RouteRun:
        """Call a run off: nobody needs to know any more."""
        return self._made(run_of, await self._ask("POST", f"{_ROUTES}/runs/{run_id:d}/cancel"))

    async def all_clear(self, run_id: int, text: str) -> RouteRun:
        """End a run, and say once to all who were told of it that it is over."""
        answer = await self._ask("POST", f"{_ROUTES}/runs/{run_id:d}/clear", fields={"content": exact(text)})
        return self._made(run_of, answer)

    async def route_run(self, run_id: int) -> RouteRun:
        """A run as it stands."""
        return self._made(run_of, await self._ask("GET", f"{_ROUTES}/runs/{run_id:d}"))

    async def route_runs(
        self, route: str | None = None, *, before: int | None = None, limit: int = 50
    ) -> list[RouteRun]:
        """A page of runs, of one route or of all, newest first. `limit`: 1 to 200."""
        wanted: Mapping[str, object] = {"route": route, "before": before, "limit": limit}
        query = {name: str(value) for name, value in wanted.items() if value is not None}
        return self._made(runs_of, await self._ask("GET", f"{_ROUTES}/runs", query=query))

    async def _changed(
        self,
        what: str,
        message_id: int | None,
        incoming_id: int | None,
        fields: Mapping[str, Json],
        key: str | None,
    ) -> Receipt:
        named = {"id": message_id, "incoming_id": incoming_id}
        whole = {**fields, **{name: value for name, value in named.items() if value is not None}}
        return self._made(receipt_of, await self._ask("POST", f"{_MESSAGES}/{what}", fields=whole, key=key))

    @override
    async def _open(self) -> None:
        timeout = ClientTimeout(total=None, sock_connect=_CONNECT)
        self._session = ClientSession(headers=self._headers, timeout=timeout)

    @override
    async def _close(self) -> None:
        if self._session is not None:
            await self._session.close()

    @override
    async def _wait(self, message_id: int, timeout: float) -> Message:
        whole = max(round(timeout), 1 if timeout else 0)
        query = {"wait": str(whole)}
        answer = await self._ask("GET", f"{_MESSAGES}/{message_id:d}", query=query, extra=whole)
        return self._made(message_of, answer)

    @override
    @asynccontextmanager
    async def _stream(self, last: str | None) -> AsyncIterator[ClientResponse]:
        headers = {} if last is None else {"Last-Event-ID": last}
        timeout = ClientTimeout(total=None, sock_connect=_CONNECT, sock_read=HEARTBEAT * 3)
        address = self._url / "api/v1/events"
        async with self._line.get(address, headers=headers, timeout=timeout, allow_redirects=False) as response:
            if response.status != HTTPStatus.OK:
                raise self._refusal(response.status, await read(response))
            yield response

    @property
    def _line(self) -> ClientSession:
        if self._session is None:
            raise self._gone("it is not open")
        return self._session

    async def _post(self, address: str, fields: Mapping[str, Json], files: Sequence[File], key: str | None) -> Json:
        """What is said, with files behind it if there are any."""
        if not files:
            return await self._ask("POST", address, fields=fields, key=key)
        form = FormData(quote_fields=False)
        form.add_field("message", written(fields).decode(), content_type="application/json")
        for one in files:
            kind = one.mime_type or "application/octet-stream"
            form.add_field("file", BytesIO(one.content), filename=one.name, content_type=kind)
        return await self._ask(
            "POST", address, form=form, key=key, extra=sum(len(one.content) for one in files) / _SLOWEST
        )

    async def _ask(
        self,
        method: str,
        address: str,
        *,
        query: Mapping[str, str] | None = None,
        fields: Mapping[str, Json] | None = None,
        form: FormData | None = None,
        key: str | None = None,
        extra: float = 0.0,
    ) -> Json:
        """The answer. Raises a `BachError`. A redirect is not followed: it would carry token and words elsewhere."""
        await self._ready()
        headers = {} if key is None else {"Idempotency-Key": key}
        data: FormData | bytes | None = form
        if fields is not None:
            data = written(fields)
            headers["Content-Type"] = "application/json"
        try:
            async with self._line.request(
                method,
                self._url.joinpath(address, encoded=True),
                params=query,
                data=data,
                headers=headers,
                allow_redirects=False,
                timeout=ClientTimeout(total=_ANSWER + extra, sock_connect=_CONNECT),
            ) as response:
                body = await read(response)
        except TimeoutError as error:
            raise self._gone("it took too long") from error
        except (ClientError, OSError) as error:
            raise self._gone("it cannot be reached, or went away") from error
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise self._refusal(response.status, body)
        return body

    def _refusal(self, status: int, body: Json) -> BachError:
        told = body if isinstance(body, Mapping) else {}
        sentence = str(told.get("detail", f"HTTP {status}."))
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.MISDIRECTED_REQUEST}:
            return AccessRefusedError(place=self._place, reason=sentence.removesuffix("."))
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return InvalidValueError.retold(sentence)
        if status in {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}:  # a proxy before it
            return self._gone(f"HTTP {status}")
        return retold(told, sentence, place=self._place)

    def _gone(self, reason: str) -> OwnerGoneError:
        return OwnerGoneError(place=self._place, reason=reason)

    def _made[T](self, make: Callable[[Json], T], answer: Json) -> T:
        try:
            return make(answer)
        except ValueError as error:
            raise RemoteFailedError(place=self._place, reason="It answered what is no BACH's answer.") from error
