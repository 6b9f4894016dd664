"""The double as a process of its own: the demo and the end-to-end tests drive it over `/control`."""

import asyncio
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession

from bach_lib.testing.telegram.arguments import Upload
from bach_lib.testing.telegram.commands import DONE
from bach_lib.testing.telegram.control import FAULTS, ControlledServer
from bach_lib.testing.telegram.responses import success
from tests.lib.testing.conftest import TOKEN, Answer, Call

CHOSEN = {
    "chosen_inline_result": {"result_id": "1", "from": {"id": 7, "is_bot": False, "first_name": "Ada"}, "query": ""}
}


class Control:
    """Calls `/control` with JSON arguments."""

    def __init__(self, session: ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def __call__(
        self, method: str, path: str, more: Mapping[str, object] | None = None, /, **arguments: object
    ) -> Answer:
        """Call one path."""
        body = {**arguments, **(more or {})}
        async with self._session.request(method, f"{self._url}/control/{path}", json=body) as response:
            return Answer(response.status, await response.json())


@asynccontextmanager
async def process(*options: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The double, started as people start it, and its address."""
    command = [sys.executable, "-m", "bach_lib.testing.telegram_server", *options]
    running = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert running.stdout is not None
    try:
        yield running, (await running.stdout.readline()).decode().strip()
    finally:
        if running.returncode is None:
            running.terminate()
        await running.wait()


@pytest.fixture
async def controlled() -> AsyncIterator[ControlledServer]:
    """A server with `/control`, in this process."""
    async with ControlledServer() as running:
        running.add_bot(TOKEN, username="home_bot")
        yield running


@pytest.fixture
def control(controlled: ControlledServer, session: ClientSession) -> Control:
    """The way to drive it."""
    return Control(session, controlled.url)


async def test_it_runs_by_itself(session: ClientSession) -> None:
    """The demo would have no Telegram to talk to."""
    async with process("--token", TOKEN, "--chat", "42:Ada", "--chat=-1001:Family") as (running, url):
        call, control = Call(session, url), Control(session, url)
        await call("sendMessage", chat_id=42, text="one")
        await call("sendMessage", chat_id=-1001, text="two")
        await control("POST", "texts", chat_id=42, text="/start")

        updates = (await call("getUpdates")).result
        sent = (await control("GET", "sent?count=2&timeout=60")).result
        assert isinstance(updates, list)
        assert isinstance(sent, list)
        assert [(message["chat_id"], message["text"]) for message in sent] == [(42, "one"), (-1001, "two")]
        assert [update["message"]["text"] for update in updates] == ["/start"]
        assert (await control("GET", "calls")).result == {"sendMessage": 2, "getUpdates": 1}

        running.terminate()
        assert await running.wait() == 0


async def test_a_killed_server_comes_back(session: ClientSession) -> None:
    """A second life would reuse numbers: a client would take new messages for known ones."""
    async with process("--token", TOKEN, "--chat", "42:Ada") as (running, url):
        first = await Call(session, url)("sendMessage", chat_id=42, text="one")
        running.kill()
        await running.wait()
    port = url.rpartition(":")[2]

    async with process("--port", port, "--token", TOKEN, "--chat", "42:Ada") as (_, again):
        second = await Call(session, again)("sendMessage", chat_id=42, text="two")

    assert again == url
    assert isinstance(first.result, dict)
    assert isinstance(second.result, dict)
    assert second.result["message_id"] > first.result["message_id"]


async def test_chats_and_faults_by_name(control: Control, controlled: ControlledServer, session: ClientSession) -> None:
    """An end-to-end test could not play an error of the platform."""
    call = Call(session, controlled.url)
    chat = await control("POST", "chats", id=-1001, type="supergroup", title="Family", is_forum=True)
    fault = {"name": "too_many_requests", "retry_after": 3, "methods": ["sendMessage"], "chat_id": -1001, "times": 0}
    await control("POST", "faults", fault)

    answers = [await call("sendMessage", chat_id=-1001, text="x") for _ in range(2)]
    await control("DELETE", "faults")

    assert chat.result == {"id": -1001, "type": "supergroup", "title": "Family", "is_forum": True}
    assert [answer.body["parameters"] for answer in answers] == [{"retry_after": 3}] * 2
    assert (await call("sendMessage", chat_id=-1001, text="x")).status == 200


async def test_people_can_be_played(control: Control, controlled: ControlledServer, session: ClientSession) -> None:
    """An end-to-end test could not press a button, send a file, or do anything else that people do."""
    call = Call(session, controlled.url)
    kinds = [
        "message",
        "edited_message",
        "callback_query",
        "message_reaction",
        "my_chat_member",
        "chat_member",
        "chosen_inline_result",
    ]
    await call("getUpdates", allowed_updates=kinds)
    await control("POST", "chats", id=-5, type="group", title="Home")
    keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "n.yes"}]]}
    await call("sendMessage", chat_id=-5, text="Open?", reply_markup=keyboard)
    steps: list[tuple[str, dict[str, object]]] = [
        ("presses", {"message_id": 1, "button": "yes", "from_id": 42}),
        ("presses", {"message_id": 1, "button": 0}),
        ("reactions", {"message_id": 1, "emoji": ["👍"]}),
        ("texts", {"text": "Helo"}),
        ("edits", {"message_id": 2, "text": "Hello"}),
        ("locations", {"latitude": 1.5, "longitude": 2, "live_period": 60}),
        ("edits", {"message_id": 3, "latitude": 2.5, "longitude": 2}),
        ("media", {"type": "voice", "content": "T2dnUw=="}),
        ("messages", {"content": {"contact": {"phone_number": "1", "first_name": "Ada"}}}),
        ("members", {"status": "administrator"}),
        ("members", {"status": "left", "member_id": 7}),
        ("updates", {"update": CHOSEN}),
        ("migrations", {"new_chat_id": -1005}),
    ]
    for path, arguments in steps:
        answer = await control("POST", path, arguments, chat_id=-5)
        assert answer.status == 200, (path, answer)

    updates = (await call("getUpdates")).result
    assert isinstance(updates, list)
    assert [next(kind for kind in update if kind != "update_id") for update in updates] == [
        *("callback_query", "callback_query", "message_reaction", "message", "edited_message"),
        *("message", "edited_message", "message", "message", "my_chat_member", "chat_member"),
        "chosen_inline_result",
        *("message", "message"),
    ]
    assert [file.content for file in controlled.files.values()] == [b"OggS"]
    unanswered = (await control("GET", "unanswered")).result
    assert isinstance(unanswered, list)
    await call("answerCallbackQuery", callback_query_id=unanswered[0])
    assert (await control("GET", "unanswered")).result == unanswered[1:]


@pytest.mark.parametrize("name", sorted(DONE))
async def test_everything_bots_do_can_be_seen(control: Control, name: str) -> None:
    """An end-to-end test could not tell whether a message was deleted."""
    assert (await control("GET", name)).result == []


@pytest.mark.parametrize("name", sorted(FAULTS))
async def test_every_fault_has_a_name(control: Control, controlled: ControlledServer, name: str) -> None:
    """A fault would be missing in end-to-end tests."""
    assert (await control("POST", "faults", name=name, methods=["getMe"])).status == 200


@pytest.mark.parametrize(
    ("method", "path", "arguments", "status"),
    [
        ("GET", "nothing", {}, 404),
        ("POST", "sent", {}, 404),
        ("GET", "sent?count=1&timeout=0.01", {}, 408),
        ("GET", "sent?timeout=soon", {}, 400),
        ("POST", "faults", {"name": "rain"}, 400),
        ("POST", "faults", {"name": "drop_before_read", "chat_id": 42}, 400),
        ("POST", "texts", {"bot": "nobody", "chat_id": 42, "text": "x"}, 400),
        ("POST", "texts", {"chat_id": -7, "text": "x"}, 400),
        ("POST", "presses", {"chat_id": -7, "message_id": 1, "button": 0}, 400),
        ("POST", "media", {"chat_id": 42, "type": "smell"}, 400),
        ("POST", "media", {"chat_id": 42, "type": "voice", "content": "?"}, 400),
        ("POST", "members", {"chat_id": 42, "status": "bored"}, 400),
        ("POST", "updates", {"update": "x"}, 400),
    ],
)
async def test_what_makes_no_sense_is_refused(
    control: Control, method: str, path: str, arguments: dict[str, object], status: int
) -> None:
    """A typing error in an end-to-end test would look like a fault of Home Assistant."""
    answer = await control(method, path, arguments)

    assert answer.status == status
    assert answer.description


async def test_only_a_controlled_server_can_be_driven(call: Call, session: ClientSession) -> None:
    """A client under test could reach into the double."""
    async with session.get(call.url + "/control/sent") as response:
        assert response.status == 404


async def test_people_press_and_correct_themselves(
    control: Control, controlled: ControlledServer, session: ClientSession
) -> None:
    """The demo and the end-to-end tests could not show a question being answered."""
    call = Call(session, controlled.url)
    await control("POST", "chats", id=42, first_name="Ada")
    keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "q.1"}]]}
    sent = (await call("sendMessage", chat_id=42, text="Open?", reply_markup=keyboard)).result
    assert isinstance(sent, dict)
    query = (await control("POST", "presses", chat_id=42, message_id=sent["message_id"], button="Yes")).result
    written = (await control("POST", "texts", chat_id=42, text="/open dor")).result
    assert isinstance(written, dict)
    await control("POST", "edits", chat_id=42, message_id=written["message_id"], text="/open door")
    await control("POST", "updates", update=CHOSEN)
    updates = (await call("getUpdates")).result
    assert isinstance(updates, list)
    assert [next(name for name in update if name != "update_id") for update in updates] == [
        "callback_query",
        "message",
        "edited_message",
        "chosen_inline_result",
    ]
    await call("answerCallbackQuery", callback_query_id=query)
    await call("editMessageText", chat_id=42, message_id=sent["message_id"], text="Open!")
    answers, edited = (await control("GET", "answers")).result, (await control("GET", "edited")).result
    assert isinstance(answers, list)
    assert isinstance(edited, list)
    assert ([answer["callback_query_id"] for answer in answers], [edit["text"] for edit in edited]) == (
        [query],
        ["Open!"],
    )
    assert (await control("POST", "presses", chat_id=42, message_id=99, button="Yes")).status == 400


def test_messages_with_files_can_be_asked_for() -> None:
    """Whoever tests from another process what arrived would get an error as soon as one has a picture."""
    picture = Upload(name="door.png", content=b"\x89PNG", mime_type="image/png")
    body = success([picture]).body
    assert isinstance(body, bytes)
    assert b64encode(picture.content) in body
