"""A way to drive the double from another process: `/control` takes and gives JSON, in the envelope of the Bot API.

| call | what it does |
|---|---|
| `GET /control/sent?count=3&timeout=5` | the stored messages, waiting until there are `count` (else 408) |
| `GET /control/calls` | how often each method was called |
| `POST /control/chats` | `add_chat` with the same names: id, type, title, first_name, last_name, username, is_forum |
| `GET /control/edited` | what bots changed their messages to |
| `GET /control/answers` | how bots answered presses |
| `POST /control/texts` | `receive_text`: chat_id, text, first_name, from_id, bot (its username; default: the first) |
| `POST /control/presses` | `press`: chat_id, message_id, button (what is written on it), from_id, first_name |
| `POST /control/edits` | `edit`: chat_id, message_id, text |
| `POST /control/updates` | `push_update`: bot, and update, any JSON |
| `POST /control/faults` | `fail`: name, times (0: for ever), methods, chat_id, and what the fault itself takes |
| `DELETE /control/faults` | no call fails any more |

There is no pause: kill the process.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import override

from aiohttp.web import BaseRequest, StreamResponse

from bach_lib.testing.telegram.arguments import Arguments, read_arguments
from bach_lib.testing.telegram.errors import ApiError, bad_request, not_found
from bach_lib.testing.telegram.faults import Fault
from bach_lib.testing.telegram.models import Bot, ChatFields
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
        except ValueError as error:
            raise bad_request(str(error)) from None


@dataclass(frozen=True, slots=True)
class Command:
    """One control call."""

    server: TelegramServer
    options: Arguments

    @property
    def bot(self) -> Bot:
        """The bot it names, or the first one. Raises ValueError for an unknown one."""
        username = self.options.text("bot")
        for bot in self.server.bots.values():
            if username in {"", bot.username}:
                return bot
        raise ValueError("no such bot")


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


async def _edited(command: Command) -> object:
    return command.server.edited


async def _answers(command: Command) -> object:
    return command.server.callback_answers


async def _receive_text(command: Command) -> object:
    options = command.options
    return command.server.receive_text(
        command.bot,
        chat_id=options.integer("chat_id"),
        text=options.text("text"),
        from_id=options.integer("from_id") or None,
        first_name=options.text("first_name") or "Ada",
    )


async def _press(command: Command) -> object:
    options = command.options
    chat = command.server.chats.get(options.integer("chat_id"))
    message = chat.messages.get(options.integer("message_id")) if chat else None
    if message is None:
        raise ValueError("no such message of a bot")
    return command.server.press(
        command.bot,
        message,
        options.text("button"),
        from_id=options.integer("from_id") or None,
        first_name=options.text("first_name") or "Ada",
    )


async def _edit(command: Command) -> object:
    options = command.options
    return command.server.edit(
        command.bot,
        chat_id=options.integer("chat_id"),
        message_id=options.integer("message_id"),
        text=options.text("text"),
    )


async def _push_update(command: Command) -> object:
    update = command.options.nested("update")
    if not isinstance(update, dict):
        raise ValueError("update must be an object")
    return command.server.push_update(command.bot, update)


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
    ("GET", "/control/edited"): _edited,
    ("GET", "/control/answers"): _answers,
    ("POST", "/control/chats"): _add_chat,
    ("POST", "/control/texts"): _receive_text,
    ("POST", "/control/presses"): _press,
    ("POST", "/control/edits"): _edit,
    ("POST", "/control/updates"): _push_update,
    ("POST", "/control/faults"): _fail,
    ("DELETE", "/control/faults"): _clear_faults,
}
