"""A way to drive the double from another process: `/control` takes and gives JSON, in the envelope of the Bot API.

| call | what it does |
|---|---|
| `GET /control/sent?count=3&timeout=5` | the stored messages, waiting until there are `count` (else 408) |
| `GET /control/calls` | how often each method was called |
| `GET /control/edited` | what bots changed their messages to; likewise `deleted`, `reactions`, `actions`, `answers` |
| `GET /control/unanswered` | the presses that no bot has answered |
| `POST /control/chats` | `add_chat` with the same names: id, type, title, first_name, last_name, username, is_forum |
| `POST /control/…` | what people do; `commands` has the table |
| `POST /control/faults` | `fail`: name, times (0: for ever), methods, chat_id, and what the fault itself takes |
| `DELETE /control/faults` | no call fails any more |

There is no pause: kill the process.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import override

from aiohttp.web import BaseRequest, StreamResponse

from bach_lib.testing.telegram.arguments import Arguments, read_arguments
from bach_lib.testing.telegram.commands import DONE, PEOPLE, Command
from bach_lib.testing.telegram.errors import ApiError, bad_request, not_found
from bach_lib.testing.telegram.faults import Fault
from bach_lib.testing.telegram.models import ChatFields
from bach_lib.testing.telegram.responses import success
from bach_lib.testing.telegram.server import TelegramServer

FAULTS: Mapping[str, Callable[[Arguments], Fault]] = {
    "chat_not_found": lambda _: Fault.chat_not_found(),
    "conflict": lambda _: Fault.conflict(),
    "drop_after_store": lambda _: Fault.drop_after_store(),
    "drop_before_read": lambda _: Fault.drop_before_read(),
    "forbidden": lambda options: Fault.forbidden(options.text("reason") or "bot was blocked by the user"),
    "garbage": lambda _: Fault.garbage(),
    "hang": lambda options: Fault.hang(store=options.flag("store")),
    "latency": lambda options: Fault.latency(options.seconds("seconds", 1.0)),
    "migrated": lambda options: Fault.migrated(options.integer("new_chat_id")),
    "proxy_page": lambda _: Fault.proxy_page(),
    "server_error": lambda options: Fault.server_error(options.integer("status", 502)),
    "too_many_requests": lambda options: Fault.too_many_requests(options.integer("retry_after", 1)),
    "unauthorized": lambda _: Fault.unauthorized(),
}


class ControlledServer(TelegramServer):
    """A Telegram server with the `/control` calls."""

    @override
    async def handle_other(self, request: BaseRequest, /) -> StreamResponse:
        """Answer a control call. Raises ApiError when it is none or makes no sense."""
        run = ROUTES.get((request.method, request.path))
        if run is None:
            raise not_found()
        try:
            return success(await run(Command(self, await read_arguments(request))))
        except (KeyError, ValueError) as error:
            raise bad_request(str(error)) from None


async def _sent(command: Command) -> object:
    try:
        return await command.server.wait_for(command.options.integer("count"), command.options.seconds("timeout", 5.0))
    except TimeoutError as error:
        raise ApiError(408, f"Request Timeout: {error}") from None


async def _calls(command: Command) -> object:
    return dict(command.server.calls)


async def _add_chat(command: Command) -> object:
    options = command.options
    fields: ChatFields = {"type": options.text("type") or "private", "is_forum": options.flag("is_forum")}
    for name in ("title", "first_name", "last_name", "username"):
        if value := options.text(name):
            fields[name] = value
    chat = command.server.add_chat(options.integer("id"), **fields)
    return chat.as_json()


async def _fail(command: Command) -> object:
    build = FAULTS.get(command.options.text("name"))
    if build is None:
        raise ValueError(f"no such fault; there are {', '.join(FAULTS)}")
    methods = command.options.nested("methods")
    command.server.fail(
        build(command.options),
        times=command.options.integer("times", 1) or None,
        methods=[str(method) for method in methods] if isinstance(methods, list) else (),
        chat_id=command.options.integer("chat_id") or None,
    )
    return True


async def _clear_faults(command: Command) -> object:
    command.server.clear_faults()
    return True


ROUTES: Mapping[tuple[str, str], Callable[[Command], Awaitable[object]]] = {
    ("GET", "/control/sent"): _sent,
    ("GET", "/control/calls"): _calls,
    **{("GET", f"/control/{name}"): show for name, show in DONE.items()},
    ("POST", "/control/chats"): _add_chat,
    ("POST", "/control/faults"): _fail,
    ("DELETE", "/control/faults"): _clear_faults,
    **{("POST", f"/control/{name}"): act for name, act in PEOPLE.items()},
}
