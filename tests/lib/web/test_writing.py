"""Files that the web app sends: who may, how large, and that nothing is kept of what is refused."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from unittest.mock import AsyncMock

import pytest
from aiohttp import FormData, web
from aiohttp.test_utils import TestServer

from bach_lib import Bach
from bach_lib.rest.answers import RefusedError
from bach_lib.rest.uploads import Uploads
from bach_lib.testing import FakeClock, FakePlatform
from bach_lib.web.viewer import Visit
from bach_lib.web.writing import write_with_files
from tests.holes import Hole, holes, is_missed
from tests.lib.web.browser import Browser
from tests.lib.web.viewers import Everybody

pytestmark = pytest.mark.frontend

WISH = {"connection": "home", "recipient": "42", "text": "Look"}


@pytest.fixture(autouse=True)
async def logged_in(browser: Browser) -> None:
    """Who sends has shown the token."""
    await browser.log_in()


def form(wish: object = WISH, *files: bytes, is_first: bool = True) -> FormData:
    """A message with files. The fields come first, unless a test wants them last."""
    made = FormData()
    if is_first:
        made.add_field("message", json.dumps(wish))
    for number, content in enumerate(files):
        made.add_field("file", content, filename=f"{number}.png", content_type="image/png")
    if not is_first:
        made.add_field("message", json.dumps(wish))
    return made


async def post(browser: Browser, data: FormData, origin: str | None = None) -> tuple[int, dict[str, object]]:
    """Status and answer."""
    headers = {"Origin": origin or browser.url}
    async with browser.session.post(f"{browser.url}/write", data=data, headers=headers) as response:
        return response.status, await response.json()


async def test_files_go_with_the_words_and_once(
    browser: Browser, bach: Bach, clock: FakeClock, platform: FakePlatform
) -> None:
    """A picture could be sent by automations only, or would arrive twice because the answer was lost."""
    for _ in range(2):
        status, said = await post(browser, form({**WISH, "key": "k"}, b"one", b"two"))
        assert (status, said["lost"]) == (200, [])
        await clock.settle()
    [message] = platform.sent
    assert (message.text, [(file.name, file.content) for file in message.files]) == (
        "Look",
        [("0.png", b"one"), ("1.png", b"two")],
    )
    assert (await post(browser, form({**WISH, "text": ""}, b"alone")))[0] == 200


async def test_whoever_sent_a_file_sees_it_at_once(browser: Browser) -> None:
    """It would seem lost for a second, and be sent again."""
    page = await browser.socket()
    await page.ask("bach/panel/watch")
    for number in range(2):
        said = await page.ask("bach/panel/conversation", connection="home", recipient="42")
        assert isinstance(said["result"], dict)
        assert len(said["result"]["items"]) == number
        await post(browser, form(WISH, b"one"))


WRONG: Mapping[str, tuple[int, str, FormData]] = {
    "too large for the platform": (413, "at most 1000.", form(WISH, b"x" * 1001)),
    "nothing said of it": (422, "first", form(WISH, b"one", is_first=False)),
    "an unknown field": (422, "sudo", form({**WISH, "sudo": True}, b"one")),
    "files as a field": (422, "files", form({**WISH, "files": []}, b"one")),
    "no object": (422, "object", form([], b"one")),
    "a word for a number": (422, "answer_to", form({**WISH, "answer_to": "x"}, b"one")),
    "nowhere": (404, "away", form({**WISH, "connection": "away"}, b"one")),
}


@pytest.mark.parametrize(("status", "said", "data"), WRONG.values(), ids=WRONG)
async def test_what_is_wrong_is_answered_with_a_sentence_and_nothing_is_kept(
    browser: Browser, bach: Bach, status: int, said: str, data: FormData
) -> None:
    """The words would go without the picture, or a person would be told nothing."""
    found, answer = await post(browser, data)
    assert (found, said in str(answer["detail"])) == (status, True), answer
    assert await bach.messages() == []


async def test_no_other_page_sends_files_in_somebodys_name(browser: Browser, bach: Bach) -> None:
    """A page that is open in the same browser could write to anybody: a form needs no leave to be posted."""
    assert (await post(browser, form(WISH, b"one"), "http://evil.example"))[0] == 403
    browser.session.cookie_jar.clear()
    assert (await post(browser, form(WISH, b"one")))[0] == 401
    assert await bach.messages() == []


async def test_a_platform_without_files_says_so(browser: Browser, bach: Bach, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file would be read, and then be left out."""
    able = replace(await bach.capabilities("home"), max_files=0, file_bytes=0, max_caption=None)
    monkeypatch.setattr(type(bach), "capabilities", AsyncMock(return_value=able))
    status, answer = await post(browser, form(WISH, b"one"))
    assert (status, "words only" in str(answer["detail"])) == (422, True)
    assert await bach.messages() == []


async def test_an_upload_that_does_not_end_is_given_up(browser: Browser, bach: Bach) -> None:
    """Two of them would keep everybody else's files out for ever."""
    refused = asyncio.get_running_loop().create_future()

    async def take(request: web.Request) -> web.Response:
        try:
            await write_with_files(Visit(bach, Everybody()), request, Uploads(), patience=0.01)
        except RefusedError as error:
            refused.set_result(error)
            return error.response
        return web.Response()

    application = web.Application()
    application.router.add_post("/", take)
    server = TestServer(application)
    await server.start_server()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n"
    writer.write(f"{head}--b\r\n".encode())
    assert b" 408 " in await reader.readline()
    assert (await refused).code == "too_slow"
    writer.close()
    await server.close()


@pytest.mark.parametrize(
    "hole", holes("bach_lib.web.page.serving:Page._write", "bach_lib.web.page.serving:Page._require_own_page"), ids=str
)
async def test_each_check_is_missed(browser: Browser, bach: Bach, hole: Hole | None) -> None:
    """Whoever takes one out would see all tests pass, and files would go out in the name of whoever is logged in."""
    assert await is_missed(hole, partial(test_no_other_page_sends_files_in_somebodys_name, browser, bach)) == (
        hole is not None
    )
