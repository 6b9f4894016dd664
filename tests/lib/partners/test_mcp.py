"""MCP servers of all manners, on loopback: who they are, which tools they have, and that nothing is left behind."""

import json
from collections.abc import Callable

import pytest
from aiohttp import ClientSession

from bach_lib import Fault, Report
from bach_lib.testing import McpServer, Told
from tests.lib.partners.make import KEY, connection, partner

EVENTS = "text/event-stream"
MANNERS: dict[str, Callable[[], McpServer]] = {
    "JSON": lambda: McpServer(key=KEY),
    "streams": lambda: McpServer(key=KEY, streams=True),
    "without ping": lambda: McpServer(key=KEY, knows_ping=False),
    "stateless": lambda: McpServer(key=KEY, stateless=True),
    "stateless streams": lambda: McpServer(key=KEY, stateless=True, streams=True),
}


async def check(server: McpServer, session: ClientSession, key: str | None = None) -> Report | Fault:
    """One check."""
    fields = {"auth_config": {"token": "test:k"}} if key else {}
    return await partner(connection("mcp", f"{server.url}/mcp", **fields), session, {"k": key or ""}).check()


@pytest.mark.parametrize("manner", MANNERS.values(), ids=MANNERS.keys())
async def test_a_check_tells_who_it_is_and_which_tools_it_has(
    session: ClientSession, manner: Callable[[], McpServer]
) -> None:
    """A server of that manner would count as broken."""
    async with manner() as server:
        report = await check(server, session, KEY)
        assert isinstance(report, Report)
        assert (report.name, report.version, report.accepted) == ("Double", "1.2.3", True)
        assert (report.offers, report.offered) == (("turn_on", "turn_off"), 2)
        assert server.sessions == set()


async def test_every_call_says_what_was_agreed(session: ClientSession) -> None:
    """A strict server would refuse everything after the handshake."""
    async with McpServer() as server:
        await check(server, session)
        first, *rest = server.asked
        assert "MCP-Protocol-Version" not in first.headers
        assert {asked.headers["MCP-Protocol-Version"] for asked in rest} == {"2025-11-25"}
        assert {asked.headers["Mcp-Session-Id"] for asked in rest} == {"session-1"}
        assert all("text/event-stream" in asked.headers["Accept"] for asked in server.asked if asked.method == "POST")
        methods = [asked.body["method"] for asked in server.asked if isinstance(asked.body, dict)]
        assert methods == ["initialize", "notifications/initialized", "ping", "tools/list"]
        assert server.asked[-1].method == "DELETE"


async def test_the_session_is_ended_when_a_check_fails(session: ClientSession) -> None:
    """A server that limits its sessions would be full after a day of failing checks."""
    async with McpServer() as server:
        server.sessions.add("session-of-somebody-else")
        greeting = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {}}
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": greeting}).encode()
        server.told.append(Told(body=body, headers={"Mcp-Session-Id": "session-of-ours"}))
        server.sessions.add("session-of-ours")
        server.told.extend([Told(status=202), Told(status=500)])
        fault = await check(server, session)
        assert isinstance(fault, Fault)
        assert fault.code == "server_error"
        assert server.sessions == {"session-of-somebody-else"}


async def test_pages_are_turned(session: ClientSession) -> None:
    """Only the first tools would be counted."""
    async with McpServer([f"tool{n}" for n in range(120)]) as server:
        report = await check(server, session)
        assert isinstance(report, Report)
        assert (len(report.offers), report.offered) == (100, 120)


async def test_endless_pages_end(session: ClientSession) -> None:
    """A broken server would keep a check busy for ever."""
    async with McpServer([str(n) for n in range(10_000)], page=1) as server:
        report = await check(server, session)
        assert isinstance(report, Report)
        assert (report.offered, len(server.asked)) == (20, 24)


async def test_a_page_that_leads_to_itself_ends_the_list(session: ClientSession) -> None:
    """The same tools would be counted again and again."""
    async with McpServer(["a", "b"], page=0) as server:
        report = await check(server, session)
        assert isinstance(report, Report)
        assert report.offered == 0


async def test_a_wrong_key_is_told_apart(session: ClientSession) -> None:
    """Nobody would be asked for a new one."""
    async with McpServer(key=KEY) as server:
        fault = await check(server, session, "wr0ng-k3y")
        assert isinstance(fault, Fault)
        assert fault.code == "auth_failed"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (Told(body=b"<html>"), "bad_answer"),
        (Told(body=b'{"jsonrpc": "2.0", "id": 7, "result": {}}'), "bad_answer"),
        (Told(body=b'{"jsonrpc": "2.0", "id": 1, "result": []}'), "bad_answer"),
        (Told(body=b'{"jsonrpc": "2.0", "id": 1, "error": "no"}'), "bad_answer"),
        (Told(status=202), "bad_answer"),
        (Told(body=b"data: {", headers={"Content-Type": "text/event-stream"}), "bad_answer"),
        (Told(body=b"data: x\n\n" * (1 << 20), headers={"Content-Type": "text/event-stream"}), "bad_answer"),
        (Told(status=404), "not_found"),
        (Told(status=500), "server_error"),
        (Told(status=429), "rate_limited"),
    ],
)
async def test_every_bad_answer_is_a_fault(session: ClientSession, told: Told, code: str) -> None:
    """A check would raise, or call good what is not."""
    async with McpServer() as server:
        server.told.append(told)
        fault = await check(server, session)
        assert isinstance(fault, Fault)
        assert fault.code == code


async def test_a_refusal_is_passed_on_in_its_own_words(session: ClientSession) -> None:
    """A person would not learn what the server wants."""
    async with McpServer() as server:
        for status in (200, 400):
            error = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32602, "message": "No bananas today"}}
            server.told.extend([Told(status=status, body=json.dumps(error).encode())] * 2)
            fault = await check(server, session)
            assert isinstance(fault, Fault)
            assert fault.code == "refused_call"
            assert "No bananas today" in fault.text


async def test_a_server_without_tools_has_none(session: ClientSession) -> None:
    """A server that only offers texts would count as broken."""
    async with McpServer() as server:
        result = {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": "nobody"}
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode()
        server.told.extend(
            [
                Told(body=body),
                Told(status=202),
                Told(body=b'{"jsonrpc": "2.0", "id": 2, "result": {}}'),
            ]
        )
        report = await check(server, session)
        assert isinstance(report, Report)
        assert (report.offered, report.name, report.version) == (0, report.id, None)


def answered(result: object, number: int = 1, session: str | None = None) -> Told:
    """An answer to a call, which begins a session perhaps."""
    headers = {"Mcp-Session-Id": session} if session else {}
    return Told(body=json.dumps({"jsonrpc": "2.0", "id": number, "result": result}).encode(), headers=headers)


def refused(code: int, words: str, *, status: int = 200, data: object = None) -> Told:
    """A refusal of a call."""
    error = {"code": code, "message": words, **({} if data is None else {"data": data})}
    return Told(status=status, body=json.dumps({"jsonrpc": "2.0", "id": 1, "error": error}).encode())


GREETING = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "x"}}
OLD_STREAM = Told(body=b"event: endpoint\r\ndata: /messages/?session_id=1\r\n\r\n", headers={"Content-Type": EVENTS})


@pytest.mark.parametrize("told", [[Told(status=405)], [Told(status=404)], [Told(status=400)] * 2, [Told(body=b"<p>")]])
async def test_a_server_of_2024_is_told_apart(session: ClientSession, told: list[Told]) -> None:
    """Who gave the address that ends in /sse was told that nothing is there."""
    async with McpServer() as server:
        server.told.extend([*told, OLD_STREAM])
        fault = await check(server, session)
        assert isinstance(fault, Fault)
        assert fault.code == "bad_answer"
        assert "as it was in 2024" in fault.text


@pytest.mark.parametrize(
    "listens", [Told(status=405), Told(body=b": hello\n\n", headers={"Content-Type": EVENTS}), Told(body=b"<html>")]
)
async def test_no_other_server_is_taken_for_one_of_2024(session: ClientSession, listens: Told) -> None:
    """Who mistyped an address would be sent to look for another kind of server."""
    async with McpServer() as server:
        server.told.extend([Told(status=404), listens])
        fault = await check(server, session)
        assert isinstance(fault, Fault)
        assert (fault.code, "2024" in fault.text) == ("not_found", False)


async def test_a_session_that_is_lost_once_is_begun_anew(session: ClientSession) -> None:
    """A server that started anew in between would count as broken for a minute."""
    async with McpServer() as server:
        server.told.extend([answered(GREETING, session="before"), Told(status=202)])
        report = await check(server, session)
        assert isinstance(report, Report)
        assert report.offered == 2
        assert server.sessions == set()


@pytest.mark.parametrize("lost", [Told(status=404), refused(-32001, "Session not found", status=404)])
async def test_a_session_that_is_always_lost_is_named(session: ClientSession, lost: Told) -> None:
    """Behind a balancer that sends each call to another server, "nothing is there" leads nobody to the cause."""
    async with McpServer() as server:
        begun = [answered(GREETING, session="s"), Told(status=202), lost, Told(status=404)]
        server.told.extend([*begun, *begun])
        fault = await check(server, session)
        assert isinstance(fault, Fault)
        assert fault.code == "bad_answer"
        assert "forgets the session" in fault.text


async def test_an_older_version_is_agreed_upon(session: ClientSession) -> None:
    """A server that does not offer its own version, but names those that it knows, would count as broken."""
    async with McpServer() as server:
        known = {"supported": ["2024-11-05", "2025-03-26"], "requested": "2025-11-25"}
        server.told.append(refused(-32602, "Unsupported protocol version", status=400, data=known))
        report = await check(server, session)
        assert isinstance(report, Report)
        assert [one.headers.get("MCP-Protocol-Version") for one in server.asked[:3]] == [None, None, "2025-03-26"]
        server.told.extend([refused(-32602, "Unsupported", data={"supported": ["2031-01-01"]})] * 2)
        fault = await check(server, session)
        assert isinstance(fault, Fault)
        assert (fault.code, "Unsupported" in fault.text) == ("refused_call", True)


async def test_a_ping_that_is_refused_was_answered(session: ClientSession) -> None:
    """A server with an error of its own for a ping would count as broken."""
    async with McpServer() as server:
        body = b'{"jsonrpc": "2.0", "id": 2, "error": {"code": -32603, "message": "no"}}'
        server.told.extend([answered(GREETING), Told(status=202), Told(body=body)])
        server.stateless = True  # so that nobody asks for the session
        server.told.append(answered({"tools": [{"name": "saw"}]}, 3))
        report = await check(server, session)
        assert isinstance(report, Report)
        assert report.offers == ("saw",)


@pytest.mark.parametrize("manner", [{}, {"Content-Type": EVENTS}])
async def test_a_list_that_is_too_long_is_called_so(session: ClientSession, manner: dict[str, str]) -> None:
    """Who has a server with thousands of tools was asked whether the endpoint is right."""
    async with McpServer() as server:
        server.stateless = True
        server.told.extend([answered(GREETING), Told(status=202), answered({}, 2)])
        tools = b'data: {"jsonrpc": "2.0", "id": 3, "result": {"tools": [' + b'{"name": "saw"},' * (1 << 19)
        server.told.append(Told(body=tools if manner else tools.removeprefix(b"data: "), headers=manner))
        fault = await check(server, session)
        assert isinstance(fault, Fault)
        assert (fault.code, "more than 4 MiB" in fault.text) == ("bad_answer", True)


@pytest.mark.parametrize("line", [b"data:x\n\n", b"\n", b":\n", b"\r", b"id\n"])
async def test_nobody_is_kept_busy_by_lines_that_say_nothing(session: ClientSession, line: bytes) -> None:
    """Four MiB of them are read in seconds in which nothing else in the home moves, and twenty pages may follow."""
    async with McpServer() as server:
        server.stateless = True
        server.told.append(Told(body=line * 250_000, headers={"Content-Type": EVENTS}))
        fault = await check(server, session)
        assert isinstance(fault, Fault)
        assert (fault.code, "more than 200,000 lines" in fault.text) == ("bad_answer", True)


async def test_what_a_conversation_may_cost_is_not_multiplied_by_its_pages(session: ClientSession) -> None:
    """Each page may be as long as an answer, and there may be twenty of them."""
    async with McpServer() as server:
        server.stateless = True
        server.told.extend([answered(GREETING), Told(status=202), answered({}, 2)])
        filler = " " * (3 << 20)
        server.told.extend(answered({"tools": [], "nextCursor": str(n), "_": filler}, 3 + n) for n in range(20))
        fault = await check(server, session)
        assert isinstance(fault, Fault)
        assert (fault.code, "more than 16 MiB in all" in fault.text) == ("bad_answer", True)
        assert 10 < len(server.told) < 20, "the rest was not asked for"


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ('Bearer error="invalid_token", error_description="The token has expired"', "The token has expired"),
        ('Bearer resource_metadata="https://x.invalid/.well-known/oauth-protected-resource"', "OAuth"),
        ("Basic realm=x", "HTTP status 401"),
    ],
)
async def test_who_is_not_let_in_is_told_why(session: ClientSession, header: str, words: str) -> None:
    """A server says it in a header, and a person was shown a number."""
    async with McpServer() as server:
        server.told.append(Told(status=401, headers={"WWW-Authenticate": header}))
        fault = await check(server, session, KEY)
        assert isinstance(fault, Fault)
        assert fault.code == "auth_failed"
        assert words in fault.text


@pytest.mark.parametrize(
    ("status", "location", "code"),
    [(307, "/mcp/", None), (308, "/mcp/", None), (301, "/mcp/", "redirected"), (307, "//x.invalid/", "redirected")],
)
async def test_a_redirect_is_followed_where_a_call_may_be_told_again(
    session: ClientSession, status: int, location: str, code: str | None
) -> None:
    """A call would become a question without its body, or the key reach somebody else."""
    async with McpServer(key=KEY) as server:
        server.told.append(Told(status=status, headers={"Location": location}))
        found = await check(server, session, KEY)
        assert (found.code if isinstance(found, Fault) else None) == code
