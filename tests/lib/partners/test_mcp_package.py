"""The MCP probe against a real server, made with the public package `mcp`."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bach_lib import Report
from bach_lib.clock import SystemClock
from bach_lib.partners.http import HttpClient
from bach_lib.partners.rpc import STATELESS, Conversation
from bach_lib.registry.partner_types import endpoint_of
from tests.lib.partners.make import connection, partner

pytestmark = pytest.mark.skipif(find_spec("mcp") is None, reason="the package mcp is not installed (script/setup)")

MANNERS = {"streams": {}, "JSON": {"json_response": True}, "without sessions": {"stateless_http": True}}
PROGRAM = Path(__file__).with_name("mcp_process.py")


@pytest.fixture(params=MANNERS)
async def address(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """Where a real server is."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, PROGRAM, json.dumps(MANNERS[request.param]), stdout=PIPE
    )
    assert process.stdout
    async with asyncio.timeout(60):
        port = int(await process.stdout.readline())
    yield f"http://127.0.0.1:{port}/mcp"
    process.kill()
    await process.wait()


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
