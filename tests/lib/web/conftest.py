"""The daemon's page on a free port, and a browser before it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer

from bach_lib import Bach, Connection
from bach_lib.rest import make_application
from bach_lib.testing import FakeClock
from bach_lib.web.page import Page
from tests.lib.web.browser import TOKEN, Browser


@pytest.fixture
async def browser(bach: Bach, clock: FakeClock) -> AsyncIterator[Browser]:
    """A browser before a daemon with a connection that works."""
    await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"42"})))
    await clock.settle()
    page = Page(bach, token=TOKEN, clock=clock)
    application = make_application(bach, token=TOKEN, pages=page.routes)
    application.on_shutdown.append(page.close)
    server = TestServer(application)
    await server.start_server()
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:  # of an address without a name
        yield (browser := Browser(session, f"http://127.0.0.1:{server.port}"))
        await browser.close()
    await server.close()
