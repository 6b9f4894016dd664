"""The way in over HTTP: finds the bot and the method, lets faults strike, and answers in the form of the Bot API."""

from collections.abc import Collection
from inspect import isawaitable
from typing import override

from aiohttp.web import BaseRequest, Response, StreamResponse

from bach_lib.clock import Clock, SystemClock
from bach_lib.testing.faults import ActiveFault, FaultScript, Stage
from bach_lib.testing.loopback import Loopback, drop
from bach_lib.testing.telegram.arguments import MOST_BYTES, Arguments, read_arguments
from bach_lib.testing.telegram.calls import Call, Method
from bach_lib.testing.telegram.errors import ApiError, not_found, unauthorized
from bach_lib.testing.telegram.faults import Fault
from bach_lib.testing.telegram.members import Members
from bach_lib.testing.telegram.methods import METHODS, send_message
from bach_lib.testing.telegram.models import Bot
from bach_lib.testing.telegram.people import People
from bach_lib.testing.telegram.platform import TOKEN, Platform
from bach_lib.testing.telegram.responses import binary, refusal, success

DOWNLOAD = "download"
"""What fetching a file is called where methods are counted or made to fail."""


class TelegramServer(People, Members, Loopback):
    """A Telegram Bot API server on loopback, as a context manager or with `start` and `stop`.

    `port` 0 takes a free one, which is kept over `pause` and `resume`. `latency` (seconds) delays the answer to every
    message that was stored. `enforce_limits` answers 429 as the real flood limits do. `first_id` is the first number of
    updates and messages. `clock` is used for dates, polls, latency and limits.
    """

    platform = "telegram"

    def __init__(
        self,
        *,
        port: int = 0,
        clock: Clock | None = None,
        enforce_limits: bool = False,
        first_id: int = 1,
    ) -> None:
        Platform.__init__(self, clock=clock or SystemClock(), enforce_limits=enforce_limits, first_id=first_id)
        Loopback.__init__(self, port)
        self.latency: float = 0.0
        self.most_bytes: int = MOST_BYTES
        """Of a form; a server that runs with `--local` takes 2000 MB."""
        self._faults = FaultScript()

    def fail(
        self, fault: Fault, *, times: int | None = 1, methods: Collection[str] = (), chat_id: int | None = None
    ) -> ActiveFault:
        """Let the next `times` calls (None: all) of these methods (none given: any) for this chat fail.

        Downloading a file counts as a method of the name "download".
        Several may be asked for; for each call the first that fits strikes. Raises ValueError for an unknown method.
        """
        if unknown := [method for method in methods if method.lower() not in {*METHODS, DOWNLOAD}]:
            raise ValueError(f"no such method: {', '.join(unknown)}")
        if fault.stage is Stage.BEFORE_READ and chat_id is not None:
            raise ValueError(f"{fault.name} strikes before the chat is known; limit it by methods")
        calls = [method.lower() for method in methods]
        place = None if chat_id is None else str(chat_id)
        return self._faults.add(ActiveFault(fault, times=times, calls=calls, place=place))

    def fails(self) -> None:
        """Every call fails with a 5xx of the platform's own, until it `works`."""
        self.fail(Fault.server_error(), times=None)

    def holds(self) -> None:
        """No call is answered, or has any effect, until it `works`."""
        self.fail(Fault.hang(), times=None)

    def works(self) -> None:
        """No call fails any more; those that hang go on."""
        self.clear_faults()

    def clear_faults(self) -> None:
        """No call fails any more; those that hang go on."""
        self._faults.clear()

    @override
    def time(self) -> float:
        return self.clock.now()

    @override
    async def handle(self, request: BaseRequest, /) -> StreamResponse:
        """Answer one request: `{url}/bot{token}/{method}`."""
        path = request.path
        try:
            if path.startswith("/bot"):
                return await self._call(request, path[len("/bot") :])
            if path.startswith("/file/bot"):
                return await self._download(request, path[len("/file/bot") :])
            return await self.handle_other(request)
        except ApiError as error:
            return refusal(error)

    async def handle_other(self, _request: BaseRequest, /) -> StreamResponse:
        """Answer a request that is no Bot API call. Raises ApiError (404), like the real server."""
        raise not_found()

    async def _call(self, request: BaseRequest, target: str) -> StreamResponse:
        token, _, name = target.partition("/")
        key = name.lower()
        if self._faults.before_read(key) is not None:
            self.changed()
            return drop(request)
        bot = self._bot(token)
        if key not in METHODS:
            raise not_found()
        known_as, method = METHODS[key]
        call = Call(self, bot, await read_arguments(request, self.most_bytes))
        self.heard(request, call.arguments.values, call.arguments.files)
        self.calls[known_as] += 1
        active = self._faults.after_read(key, call.arguments.text("chat_id"))
        self.changed()
        if active is not None:
            return await active.answer(request, lambda: _told(method, call), self.clock)
        response = await _run(method, call)
        if self.latency and method is send_message:
            await self.clock.sleep(self.latency)
        return response

    async def _download(self, request: BaseRequest, target: str) -> StreamResponse:
        """The bytes of a file, under the path that `getFile` returns."""
        token, _, path = target.partition("/")
        if self._faults.before_read(DOWNLOAD) is not None:
            self.changed()
            return drop(request)
        bot = self._bot(token)
        self.calls[DOWNLOAD] += 1
        active = self._faults.after_read(DOWNLOAD, "")
        self.changed()
        if active is not None:
            return await active.answer(
                request, lambda: _told(lambda _: True, Call(self, bot, Arguments({}))), self.clock
            )
        file = next((file for file in self.files.values() if file.path == path), None)
        if file is None:
            raise not_found()
        return binary(file.content)

    def _bot(self, token: str) -> Bot:
        """Who calls. 404 for what cannot be a token, 401 for a token of nobody (python-telegram-bot says so too)."""
        bot = self.bots.get(token)
        if bot is None:
            raise unauthorized() if TOKEN.fullmatch(token) else not_found()
        return bot


async def _run(method: Method, call: Call) -> Response:
    result = method(call)
    return success(await result if isawaitable(result) else result)


async def _told(method: Method, call: Call) -> Response:
    """As `_run`, but a refusal is an answer as well: a fault may swallow it."""
    try:
        return await _run(method, call)
    except ApiError as error:
        return refusal(error)
