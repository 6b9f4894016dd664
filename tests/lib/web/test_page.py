"""The daemon's page: who gets in, what its socket answers, and that nothing of it can be had from elsewhere."""

import asyncio
import re
from collections.abc import Callable, Mapping
from functools import partial

import pytest
from aiohttp import ClientSession, WSServerHandshakeError, web
from aiohttp.test_utils import make_mocked_request

from bach_lib import Bach, Fault, Place, Route, Step
from bach_lib.outcomes import Dead
from bach_lib.rest.answers import Json
from bach_lib.testing import FakeClock, FakePlatform
from bach_lib.web.app_files import STATIC
from bach_lib.web.change_signal import PAUSE, Changes
from bach_lib.web.page.login import Login
from tests.holes import Hole, holes, is_missed
from tests.lib.web.browser import TOKEN, Browser

pytestmark = pytest.mark.frontend

POLICY = [
    *(
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data: blob:",
    ),
    *("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"),
    *("require-trusted-types-for 'script'", "trusted-types lit-html"),
]
"""All that the page may do. Whoever lets it do more has to say so here as well."""


async def test_who_shows_the_token_once_may_ask(browser: Browser) -> None:
    """Somebody would have to paste the token each time, or anybody at all could read what waits."""
    with pytest.raises(WSServerHandshakeError, match="401"):
        await browser.socket()
    assert [await browser.log_in(wrong) for wrong in ("", "x", 5, None, TOKEN + "x")] == [401] * 5
    assert (await browser.get("/login"))[0] == 401
    assert await browser.log_in() == 200
    socket = await browser.socket()
    answer = await socket.ask("bach/panel/places")
    assert answer["result"] == {
        "places": [{"id": "home", "title": "home", "recipients": [{"id": "42", "title": "42"}]}]
    }
    await browser.session.post(f"{browser.url}/logout", json={})
    with pytest.raises(WSServerHandshakeError, match="401"):
        await browser.socket()


async def test_whoever_says_a_name_has_the_alarm_under_it(browser: Browser, bach: Bach) -> None:
    """Everybody could read that somebody has it, and each would think that it is another."""
    route = Route(name="water", steps=(Step(places=(Place(connection="home", recipient="42"),)),))
    for said, by in (("  Ada \n L. ", "Ada L."), ("Zoë" * 30, ("Zoë" * 30)[:50]), ("", "Somebody"), (5, "Somebody")):
        run = await bach.start_route(route, "Water!")
        assert await browser.log_in(name=said) == 200
        answer = await (await browser.socket()).ask("bach/panel/acknowledge", run_id=run.id)
        assert isinstance(answer["result"], dict)
        assert answer["result"]["by"] == by
    [cookie] = [one for one in browser.session.cookie_jar if one.key == "bach_page"]
    forged = cookie.value.replace(".", ".QWRh.", 1)
    headers = {"Cookie": f"bach_page={forged}"}
    async with ClientSession() as stranger, stranger.get(f"{browser.url}/login", headers=headers) as response:
        assert response.status == 401, "a name of one's own making"
    await browser.session.post(f"{browser.url}/logout", json={})


async def test_the_cookie_tells_nothing_and_ends(browser: Browser, clock: FakeClock) -> None:
    """Whoever sees it would have the token of the REST interface, for ever."""
    async with browser.session.post(f"{browser.url}/login", json={"token": TOKEN}) as response:
        [cookie] = response.headers.getall("Set-Cookie")
    assert TOKEN not in cookie
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert (await browser.get("/login"))[0] == 200
    clock.jump(31 * 86_400)
    assert (await browser.get("/login"))[0] == 401
    clock.jump(-31 * 86_400)
    async with browser.session.post(f"{browser.url}/logout", json={}) as response:
        [cookie] = response.headers.getall("Set-Cookie")
    assert {"HttpOnly", "SameSite=Strict", "Max-Age=0"} <= {part.strip() for part in cookie.split(";")}


@pytest.mark.parametrize("made", ["0.x", "", ".", "9" * 40 + ".x", "٣.x", "1e9.x", "NOW.x", "NOW."])
async def test_a_cookie_of_ones_own_making_opens_nothing(browser: Browser, clock: FakeClock, made: str) -> None:
    """A stranger would be in, or the daemon would stumble over what they made up."""
    cookie = f'bach_page="{made.replace("NOW", str(int(clock.now())))}"'
    async with browser.session.get(f"{browser.url}/login", headers={"Cookie": cookie}) as response:
        assert response.status == 401


async def test_a_cookie_of_no_letters_is_no_mistake_of_ours(browser: Browser) -> None:
    """Any stranger could fill the log with errors."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(browser.url.rpartition(":")[2]))
    writer.write(b"GET /login HTTP/1.1\r\nHost: localhost\r\nCookie: bach_page=\xff.\xff\r\nConnection: close\r\n\r\n")
    assert b" 401 " in await reader.readline()
    writer.close()


def test_a_cookie_is_one_tokens_and_goes_no_open_way(clock: FakeClock) -> None:
    """Who was let in by a token that leaked would stay in, or whoever listens to the line would be let in, too."""
    response = web.Response()
    Login("another token", clock).let_in(response, None, is_secure=True)
    cookie = response.cookies["bach_page"]
    assert cookie["secure"]
    request = make_mocked_request("GET", "/login", headers={"Cookie": f"bach_page={cookie.value}"})
    assert Login("another token", clock).knows(request)
    assert not Login(TOKEN, clock).knows(request)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1"])
async def test_a_page_elsewhere_cannot_ask_in_somebodys_name(browser: Browser, origin: str) -> None:
    """Any page that is open in the same browser could read messages, and send some."""
    await browser.log_in()
    with pytest.raises(WSServerHandshakeError, match="403"):
        await browser.socket(origin)


async def test_the_page_allows_nothing_but_itself(browser: Browser) -> None:
    """What somebody wrote in a chat could run in the owner's browser."""
    for path in ("/", "/message/42"):
        status, headers, text = await browser.get(path)
        assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Content-Security-Policy"].split("; ") == POLICY
        assert "<script>" not in text
    scripts = [file.name for file in STATIC.glob("shared-*.js")]
    assert scripts
    loads = re.findall(r'"modulepreload" href="/app/[0-9a-f]+/(.*?)"', text)
    assert loads, "a phone far from home would wait for one file after the other"
    assert set(loads) <= set(scripts)
    for name, kind in (*((one, "text/javascript") for one in ("page.js", *scripts)), ("page.css", "text/css")):
        status, headers, text = await browser.get(f"/app/any/{name}")
        assert (status, headers["Content-Type"]) == (200, f"{kind}; charset=utf-8")
        assert text == (STATIC / name).read_text("utf-8")
    others = ("version.txt", "..%2f..%2fapp_files.py", "panel.js", "shared-ABCDEFGH.js")
    for path in (*(f"/app/any/{name}" for name in others), "/message/x"):
        assert (await browser.get(path))[0] in {401, 404}, path


async def test_the_cookie_is_no_token_for_programs(browser: Browser) -> None:
    """A form on another page could send messages with it."""
    await browser.log_in()
    assert (await browser.get("/api/v1/messages"))[0] == 401


async def test_what_waits_is_seen_and_mended(
    browser: Browser, bach: Bach, clock: FakeClock, platform: FakePlatform
) -> None:
    """Without Home Assistant, a dead letter could be read and mended by commands only."""
    platform.outcomes.append(Dead(fault=Fault(code="refused", text="Chat not found")))
    receipt = await bach.send("home", "ada", "hello")
    await clock.settle()
    await browser.log_in()
    socket = await browser.socket()
    view = (await socket.ask("bach/panel/waiting"))["result"]
    assert isinstance(view, dict)
    [row] = view["rows"]
    assert (row["error"], row["can"]) == ("Chat not found", ["retry", "amend", "discard"])
    done = (await socket.ask("bach/panel/amend", message_id=receipt.id, changes={"recipient": "bob"}))["result"]
    assert done == {"sent": 1, "waiting": 0, "failed": 0, "ended": 0, "refused": []}
    assert [(message.recipient, message.text) for message in platform.sent] == [("bob", "hello")]


async def test_who_reads_slowly_is_told_once(browser: Browser, bach: Bach, clock: FakeClock) -> None:
    """A laptop that was closed would find a thousand events, or the daemon would keep them for it."""
    await browser.log_in()
    socket = await browser.socket()
    assert (await socket.ask("bach/panel/watch"))["success"]
    for _ in range(20):
        await bach.send("home", "ada", "hello")
        await clock.settle()
    await clock.advance(PAUSE)
    assert await socket.raw.receive_json() == {"id": 1, "type": "event", "event": None}
    await bach.send("home", "ada", "hello")
    assert (await socket.ask("unsubscribe_events", subscription=1))["success"]
    await clock.advance(PAUSE)
    assert (await socket.ask("bach/panel/places"))["success"]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await socket.raw.receive()


async def test_no_more_pages_than_there_are_places(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that opens itself again and again would take all places of the daemon, and programs get none."""
    monkeypatch.setattr("bach_lib.web.page.sockets.MAX_SOCKETS", 2)
    await browser.log_in()
    sockets = [await browser.socket(), await browser.socket()]
    with pytest.raises(WSServerHandshakeError, match="429"):
        await browser.socket()
    assert all([(await socket.ask("bach/panel/places"))["success"] for socket in sockets])


@pytest.mark.parametrize("frames", [1, 2])
async def test_who_is_gone_is_told_nothing_more(browser: Browser, monkeypatch: pytest.MonkeyPatch, frames: int) -> None:
    """Each page that only just began to watch, or did so twice, would stay in the daemon's memory for ever."""
    watching, follow = set[object](), Changes.follow

    def counted(self: Changes, hear: Callable[[], None]) -> Callable[[], None]:
        stop, key = follow(self, hear), object()
        watching.add(key)

        def stopped() -> None:
            watching.discard(key)
            stop()

        return stopped

    monkeypatch.setattr(Changes, "follow", counted)
    await browser.log_in()
    socket = await browser.socket()
    for _ in range(frames):
        await socket.raw.send_json({"id": 1, "type": "bach/panel/watch"})
    if frames > 1:
        assert (await socket.raw.receive_json())["success"]
        assert (await socket.raw.receive_json())["success"]
        assert len(watching) == 1
    await socket.raw.send_str("no question")  # in the same turn
    while not (await socket.raw.receive()).type.name.startswith("CLOS"):
        pass
    assert not watching


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"type": "bach/panel/explode"}, "invalid_format"),
        ({"type": "bach/panel/waiting", "limit": "x"}, "invalid_value"),
        ({"type": "bach/panel/message", "message_id": 99}, "unknown_message"),
        ({"type": "bach/panel/act", "what": "retry"}, "invalid_format"),
    ],
)
async def test_what_is_asked_wrongly_is_answered_with_a_sentence(
    browser: Browser, data: Mapping[str, Json], code: str
) -> None:
    """The page would wait for ever, or everybody's page would be closed."""
    await browser.log_in()
    socket = await browser.socket()
    await socket.raw.send_json({"id": 7, **data})
    answer = await socket.raw.receive_json()
    assert (answer["id"], answer["success"], answer["error"]["code"]) == (7, False, code)
    said = answer["error"]["message"]
    assert (said if isinstance(said, str) else said["text"]).endswith((".", "waiting", "ids"))


@pytest.mark.parametrize("frame", ["", "x", "[]", "{}", '{"id": true, "type": "x"}', '{"id": 1}', "[" * 10_000])
async def test_what_is_no_question_ends_the_socket(browser: Browser, frame: str) -> None:
    """A program that speaks something else would be listened to for ever."""
    await browser.log_in()
    socket = await browser.socket()
    await socket.raw.send_str(frame)
    await socket.raw.receive()
    assert socket.raw.closed


@pytest.mark.parametrize(
    "hole",
    holes(
        "bach_lib.web.page.login",
        *(
            f"bach_lib.web.page.serving:Page.{name}"
            for name in ("_show", "_file", "_log_in", "_standing", "_ask", "_require_own_page")
        ),
    ),
    ids=str,
)
async def test_each_check_is_missed(browser: Browser, bach: Bach, clock: FakeClock, hole: Hole | None) -> None:
    """Whoever takes one out would see all tests pass, and the page would be open to others."""

    async def cookies() -> None:
        test_a_cookie_is_one_tokens_and_goes_no_open_way(clock)

    assert await is_missed(
        hole,
        partial(test_who_shows_the_token_once_may_ask, browser),
        partial(test_whoever_says_a_name_has_the_alarm_under_it, browser, bach),
        *(partial(test_a_cookie_of_ones_own_making_opens_nothing, browser, clock, made) for made in ("1e9.x", "NOW.x")),
        cookies,
        partial(test_a_page_elsewhere_cannot_ask_in_somebodys_name, browser, "http://evil.example"),
        partial(test_the_page_allows_nothing_but_itself, browser),
        partial(test_the_cookie_tells_nothing_and_ends, browser, clock),
    ) == (hole is not None)
