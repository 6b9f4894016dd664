"""The MCP probe against a real server, made with the public package `mcp`."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bach_lib import Fault, Report
from bach_lib.clock import SystemClock
from bach_lib.partners.http import HttpClient
from bach_lib.partners.rpc import STATELESS, Conversation
from bach_lib.registry.partner_types import endpoint_of
from tests.lib.partners.make import connection, partner

pytestmark = pytest.mark.skipif(find_spec("mcp") is None, reason="the package mcp is not installed (script/setup)")

MANNERS: dict[str, dict[str, bool]] = {
    "streams": {},
    "JSON": {"json_response": True},
    "without sessions": {"stateless_http": True},
}
PROGRAM = Path(__file__).with_name("mcp_process.py")


@asynccontextmanager
async def running(**manner: bool) -> AsyncIterator[str]:
    """A real server; where it is."""
    process = await asyncio.create_subprocess_exec(sys.executable, PROGRAM, json.dumps(manner), stdout=PIPE)
    assert process.stdout
    async with asyncio.timeout(60):
        port = int(await process.stdout.readline())
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        await process.wait()


@pytest.fixture(params=MANNERS)
async def address(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """Where it takes calls, in all manners of today."""
    async with running(**MANNERS[request.param]) as url:
        yield f"{url}/mcp"


@pytest.mark.slow  # a server each
@pytest.mark.parametrize(("path", "code"), [("/sse", "bad_answer"), ("/mcp", "not_found")])
async def test_a_real_server_of_2024_is_told_apart(session: ClientSession, path: str, code: str) -> None:
    """Who gave the address of before would look for a mistake in it."""
    async with running(of_2024=True) as url:
        fault = await partner(connection("mcp", url + path), session).check()
        assert isinstance(fault, Fault), fault
        assert (fault.code, "as it was in 2024" in fault.text) == (code, code == "bad_answer")


async def test_a_real_server_is_understood(address: str, session: ClientSession) -> None:
    """We would understand our own double only."""
    report = await partner(connection("mcp", address), session).check()
    assert isinstance(report, Report), report
    assert (report.name, report.version) == ("Workshop", "4.5.6")
    assert (report.offers, report.offered) == (("saw", "drill", "glue"), 3)


async def test_a_real_server_is_understood_in_the_new_way(address: str, session: ClientSession) -> None:
    """A server that has given up the handshake would count as broken."""
    row = connection("mcp", address)
    link = HttpClient(
        session=session, endpoint=endpoint_of(row), credentials=partner(row, session).credentials, clock=SystemClock()
    )
    conversation = Conversation(link, version=STATELESS)
    assert "tools" in str(await conversation.call("server/discover"))
    assert "drill" in str(await conversation.call("tools/list"))
