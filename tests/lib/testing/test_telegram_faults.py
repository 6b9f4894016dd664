"""Faults strike as asked, and only then; every test of an outage stands on that."""

import asyncio

import pytest
from aiohttp import ClientSession, ServerDisconnectedError

from bach_lib.testing.telegram.errors import ApiError
from bach_lib.testing.telegram.limits import FloodControl
from bach_lib.testing.telegram_server import Bot, Fault, TelegramServer
from tests.lib.testing.conftest import TOKEN, Call


@pytest.mark.parametrize(
    ("fault", "status", "description"),
    [
        (Fault.unauthorized(), 401, "Unauthorized"),
        (Fault.chat_not_found(), 400, "Bad Request: chat not found"),
        (Fault.forbidden(), 403, "Forbidden: bot was blocked by the user"),
        (Fault.too_many_requests(retry_after=3), 429, "Too Many Requests: retry after 3"),
        (Fault.server_error(502), 502, "Bad Gateway"),
        (Fault.migrated(-1005), 400, "Bad Request: group chat was upgraded to a supergroup chat"),
    ],
)
async def test_refusals_on_request(
    call: Call, server: TelegramServer, fault: Fault, status: int, description: str
) -> None:
    """A refusal that is hard to provoke would stay untested."""
    active = server.fail(fault)

    answer = await call("sendMessage", chat_id=42, text="x")

    assert (answer.status, answer.description, active.hits, server.sent) == (status, description, 1, [])
    assert (await call("sendMessage", chat_id=42, text="x")).status == 200


async def test_a_wait_is_told_in_the_body_and_in_the_header(call: Call, server: TelegramServer) -> None:
    """A client that reads only one of the two would wait in tests and not in life."""
    server.fail(Fault.too_many_requests(retry_after=3))

    answer = await call("getMe")

    assert (answer.body["parameters"], answer.retry_after) == ({"retry_after": 3}, "3")


@pytest.mark.parametrize(("fault", "status"), [(Fault.garbage(), 200), (Fault.proxy_page(), 502)])
async def test_somebody_else_answers(
    server: TelegramServer, bot: Bot, session: ClientSession, fault: Fault, status: int
) -> None:
    """A captive portal would be taken for a success."""
    server.fail(fault)

    async with session.get(f"{server.url}/bot{TOKEN}/getMe") as response:
        assert (response.status, response.content_type) == (status, "text/html")


@pytest.mark.parametrize(("fault", "stored"), [(Fault.drop_before_read(), 0), (Fault.drop_after_store(), 1)])
async def test_a_connection_that_breaks(call: Call, server: TelegramServer, fault: Fault, stored: int) -> None:
    """The difference between "not sent" and "nobody knows" could not be tested."""
    server.fail(fault)

    with pytest.raises(ServerDisconnectedError):
        await call("sendMessage", chat_id=42, text="x")

    assert len(server.sent) == stored


@pytest.mark.parametrize("store", [False, True])
async def test_silence_until_released(call: Call, server: TelegramServer, store: bool) -> None:
    """A time-out before and after the platform has the message could not be told apart."""
    active = server.fail(Fault.hang(store=store), methods=["sendMessage"], times=None)
    sending = asyncio.create_task(call("sendMessage", chat_id=42, text="x"))
    await server.wait_until(lambda: active.hits == 1)
    await call("getMe")

    assert (sending.done(), len(server.sent)) == (False, int(store))
    active.release()

    assert (await sending).status == 200
    assert (await call("sendMessage", chat_id=42, text="y")).status == 200
    assert [message.text for message in server.sent] == ["x", "y"]


async def test_a_refusal_can_come_late(call: Call, server: TelegramServer) -> None:
    """A call that fails and hangs would crash the double."""
    active = server.fail(Fault.hang(store=True))
    sending = asyncio.create_task(call("sendMessage", chat_id=43, text="x"))
    await server.wait_until(lambda: active.hits == 1)

    server.clear_faults()

    assert (await sending).description == "Bad Request: chat not found"


async def test_stop_ends_what_hangs(call: Call, server: TelegramServer) -> None:
    """A test with a hanging call would never end."""
    active = server.fail(Fault.hang())
    hanging = asyncio.create_task(call("getMe"))
    await server.wait_until(lambda: active.hits == 1)

    await server.stop()

    with pytest.raises(ServerDisconnectedError):
        await hanging


async def test_late_answers(call: Call, server: TelegramServer) -> None:
    """A slow platform would be measured wrongly: the message is there before the answer is."""
    server.latency = 30.0
    sending = asyncio.create_task(call("sendMessage", chat_id=42, text="x"))

    await server.wait_for(1)

    assert not sending.done()
    assert (await call("getMe")).status == 200
    server.latency = 0.0
    server.fail(Fault.latency(0.001))
    assert (await call("sendMessage", chat_id=42, text="y")).status == 200
    sending.cancel()


async def test_the_first_fault_that_fits_strikes(call: Call, server: TelegramServer) -> None:
    """A script of faults would strike the health check instead of the message."""
    server.add_chat(7, first_name="Grace")
    server.fail(Fault.server_error(500), methods=["getUpdates"], times=None)
    server.fail(Fault.forbidden(), chat_id=7)
    server.fail(Fault.too_many_requests(), methods=["sendMessage"], times=2)

    statuses = [(await call("sendMessage", chat_id=chat, text="x")).status for chat in (42, "7", 7, 42)]

    assert statuses == [429, 403, 429, 200]
    assert [(await call("getUpdates")).status for _ in range(2)] == [500, 500]
    assert (await call("getMe")).status == 200


async def test_faults_that_could_never_strike_are_refused(server: TelegramServer) -> None:
    """A typing error in a fault would make a test pass that tests nothing."""
    with pytest.raises(ValueError, match="no such method: sendMesage"):
        server.fail(Fault.hang(), methods=["sendMesage"])
    with pytest.raises(ValueError, match="before the chat is known"):
        server.fail(Fault.drop_before_read(), chat_id=42)


async def test_waiting_in_vain_says_how_far_it_came(call: Call, server: TelegramServer) -> None:
    """A test that fails would not say whether nothing arrived or almost everything."""
    await call("sendMessage", chat_id=42, text="x")

    with pytest.raises(TimeoutError, match=r"1 of 2 messages after 0\.01 s"):
        await server.wait_for(2, timeout=0.01)


def test_flood_limits() -> None:
    """Our own limiter would be proved against limits that are not Telegram's."""
    now = 1000.0
    control = FloodControl(lambda: now)

    def send(chat: int, *, group: bool = False) -> int:
        try:
            control.check("home_bot", chat, group=group)
        except ApiError as error:
            return error.retry_after or 0
        return 0

    assert [send(1) for _ in range(4)] == [0, 0, 0, 1]  # a burst of three, then one a second
    now += 1
    assert [send(1), send(1)] == [0, 1]
    now += 60
    assert [send(chat) for chat in range(100, 131)] == [0] * 30 + [1]  # 30 a second for the bot
    for _ in range(20):
        now += 1
        assert send(-5, group=True) == 0
    now += 1
    assert send(-5, group=True) == 40  # 20 a minute: the first was 20 seconds ago


async def test_the_server_enforces_them_on_request(session: ClientSession) -> None:
    """A benchmark with limits would run without them."""
    async with TelegramServer(enforce_limits=True) as server:
        server.add_bot(TOKEN)
        server.add_chat(42, first_name="Ada")
        call = Call(session, server.url)

        answers = [await call("sendMessage", chat_id=42, text="x") for _ in range(4)]

    assert [(answer.status, answer.retry_after) for answer in answers] == [(200, None)] * 3 + [(429, "1")]
    assert len(server.sent) == 3
