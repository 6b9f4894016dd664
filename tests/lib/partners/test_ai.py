"""The four AI partners, asked on loopback: what they offer, a conversation, and everything that can go wrong."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession

from bach_lib import Fault, Reply, Report, check_connection
from bach_lib.errors import EmptyTextError, InvalidValueError
from bach_lib.partners.partner import Partner
from bach_lib.testing import ClaudeServer, FakeClock, GeminiServer, OllamaServer, OpenAIServer, Told
from bach_lib.testing.partners.ai import AiServer
from tests.lib.partners.make import KEY, connection, partner, said

SERVERS: dict[str, type[AiServer]] = {
    "claude": ClaudeServer,
    "gemini": GeminiServer,
    "ollama": OllamaServer,
    "openai-compatible": OpenAIServer,
}


@dataclass
class Bench:
    """A partner and the server it asks."""

    type: str
    server: AiServer
    session: ClientSession

    def partner(self, key: str = KEY, **fields: object) -> Partner:
        """One with that key."""
        secret = "api_key" if self.type in {"claude", "gemini"} else "token"
        row = connection(self.type, self.server.url, auth_config={secret: "test:k"}, **fields)
        return partner(row, self.session, {"k": key})


@pytest.fixture(params=SERVERS)
async def bench(request: pytest.FixtureRequest, session: ClientSession) -> AsyncIterator[Bench]:
    """One of each type."""
    async with SERVERS[request.param](key=KEY) as server:
        yield Bench(request.param, server, session)


# -- checks ----------------------------------------------------------------------------------------------------------


async def test_a_check_tells_what_is_offered(bench: Bench) -> None:
    """A person would see a green light and not know what for."""
    report = await bench.partner().check()
    assert isinstance(report, Report)
    assert report.accepted is True
    assert (report.offers, report.offered) == (("small", "large"), 2)
    assert report.id == f"127.0.0.1:{bench.server.port}"
    assert report.version == ("0.12.3" if bench.type == "ollama" else None)


async def test_a_wrong_key_is_told_apart(bench: Bench) -> None:
    """Nobody would be asked for a new key, or everybody whenever the line is bad."""
    fault = await bench.partner("sk-wr0ng-k3y-of-nobody-at-all").check()
    assert isinstance(fault, Fault)
    assert fault.code == "auth_failed"
    assert "wr0ng" not in fault.text


async def test_a_key_is_never_in_an_address(bench: Bench) -> None:
    """It would stand in the log of every proxy on the way."""
    await bench.partner().check()
    await bench.partner().chat(bench.partner().question(said("hello"), {"model": "small"}))
    assert all(KEY not in f"{asked.path}{asked.query}" for asked in bench.server.asked)


async def test_what_is_not_there_is_told_apart(bench: Bench) -> None:
    """A bad line would be taken for a bad key."""
    await bench.server.pause()
    fault = await bench.partner().check()
    assert isinstance(fault, Fault)
    assert fault.code == "refused"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (Told(body=b"<html>"), "bad_answer"),
        (Told(body=b"[]"), "bad_answer"),
        (Told(body=b'{"models": 5, "data": null, "version": 1}'), "bad_answer"),
        (Told(body=b'{"models": [], "data": [], "version": "1", "x": "%s"}' % (b"x" * (5 << 20))), "bad_answer"),
        (Told(status=403, body=b'{"error": {"message": "not from here"}}'), "forbidden"),
        (Told(status=404), "not_found"),
        (Told(status=500, body=b"\xff\xfe"), "server_error"),
        (Told(status=529, body=b'{"error": {"message": "Overloaded"}}'), "server_error"),
        (Told(status=302, headers={"Location": "https://example.org/"}), "redirected"),
        (Told(status=418), "bad_request"),
    ],
)
async def test_every_bad_answer_is_a_fault(bench: Bench, told: Told, code: str) -> None:
    """A check would raise, or call good what is not."""
    bench.server.told.extend([told, told])
    fault = await bench.partner().check()
    assert isinstance(fault, Fault)
    assert fault.code == code


async def test_a_wish_to_wait_is_passed_on(bench: Bench) -> None:
    """It would be asked again at once, and be angrier."""
    bench.server.told.append(Told(status=429, headers={"Retry-After": "17"}))
    fault = await bench.partner().check()
    assert isinstance(fault, Fault)
    assert (fault.code, fault.retry_after) == ("rate_limited", 17)


async def test_credentials_do_not_follow_a_redirect_elsewhere(bench: Bench) -> None:
    """Whoever can answer once for the partner would get the key."""
    async with OllamaServer() as other:
        location = f"http://localhost:{other.port}/v1/models"
        bench.server.told.append(Told(status=307, headers={"Location": location}))
        fault = await bench.partner().check()
        assert isinstance(fault, Fault)
        assert fault.code == "redirected"
        assert other.asked == []


async def test_a_redirect_to_the_same_place_is_followed(bench: Bench) -> None:
    """A server that adds a slash would count as broken."""
    bench.server.told.append(Told(status=307, headers={"Location": "/there"}))
    await bench.partner().check()
    assert bench.server.asked[1].path == "/there"


async def test_redirects_in_circles_end(bench: Bench) -> None:
    """A check would never end."""
    bench.server.told.extend(Told(status=307, headers={"Location": f"/{n}"}) for n in range(10))
    fault = await bench.partner().check()
    assert isinstance(fault, Fault)
    assert (fault.code, len(bench.server.asked)) == ("redirected", 4)


async def test_long_lists_are_counted_and_cut(bench: Bench) -> None:
    """A list of thousands would end up in every event and every screen."""
    bench.server.models = [f"{n}-{'x' * 200}" for n in range(150)]
    report = await bench.partner().check()
    assert isinstance(report, Report)
    assert (len(report.offers), report.offered, max(map(len, report.offers))) == (100, 150, 100)


async def test_a_check_before_anything_is_registered(bench: Bench) -> None:
    """A person would learn only after saving that the key is wrong."""
    row = connection(bench.type, bench.server.url, auth_type="bearer", auth_config={"token": "test:k"})
    found = await check_connection(row, session=bench.session, secrets={"test": {"k": KEY}.get}, clock=FakeClock())
    assert isinstance(found, Report if bench.type in {"ollama", "openai-compatible"} else Fault)


# -- conversations ---------------------------------------------------------------------------------------------------


async def test_a_conversation_gets_an_answer(bench: Bench) -> None:
    """Nobody could talk to the partner."""
    one = bench.partner(settings={"model": "large", "system": "Be brief."})
    asked = one.question(said("first", "tsrif", "second"), {})
    assert await one.chat(asked) == Reply(text="dnoces", model="large")
    body = json.dumps(bench.server.asked[-1].body)
    assert all(text in body for text in ("first", "tsrif", "second", "Be brief."))


async def test_a_conversation_needs_a_model(bench: Bench) -> None:
    """The partner would choose, or refuse in words nobody understands."""
    with pytest.raises(InvalidValueError):
        bench.partner().question(said("hello"), {})
    with pytest.raises(EmptyTextError):
        bench.partner().question([], {"model": "small"})


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (Told(body=b"<html>"), "bad_answer"),
        (Told(body=b"{}"), "bad_answer"),
        (Told(body=b'{"message": {"content": 5}, "content": "x", "candidates": [], "choices": [{}]}'), "bad_answer"),
        (Told(status=401), "auth_failed"),
        (Told(status=503), "server_error"),
    ],
)
async def test_every_bad_answer_in_a_conversation_is_a_fault(bench: Bench, told: Told, code: str) -> None:
    """An automation would end with an exception."""
    one = bench.partner()
    bench.server.told.append(told)
    fault = await one.chat(one.question(said("hello"), {"model": "small"}))
    assert isinstance(fault, Fault)
    assert fault.code == code


async def test_silence_ends_with_the_time_out(bench: Bench) -> None:
    """A person would wait for ever."""
    bench.server.hold.clear()
    one = bench.partner()
    fault = await one.chat(one.question(said("hello"), {"model": "small", "timeout": 0.1}))
    assert isinstance(fault, Fault)
    assert fault.code == "timeout"


async def test_long_answers_are_cut_and_empty_ones_told(bench: Bench) -> None:
    """A chat platform would refuse the message, or somebody would get an empty one."""
    one = bench.partner()
    bench.server.answer = "a" * 500
    reply = await one.chat(one.question(said("hello"), {"model": "small", "max_characters": 100}))
    assert isinstance(reply, Reply)
    assert (len(reply.text), reply.is_complete) == (100, False)
    bench.server.answer = "  "
    fault = await one.chat(one.question(said("hello"), {"model": "small"}))
    assert isinstance(fault, Fault)
    assert fault.code == "empty_answer"


async def test_openai_takes_the_limit_under_its_new_name(session: ClientSession) -> None:
    """Nobody could talk to OpenAI's newer models."""
    async with OpenAIServer() as server:
        server.is_new = True
        one = partner(connection("openai-compatible", server.url), session)
        reply = await one.chat(one.question(said("hello"), {"model": "small", "max_tokens": 7}))
        assert isinstance(reply, Reply)
        match server.asked[-1].body:
            case {"max_completion_tokens": 7, **rest}:
                assert "max_tokens" not in rest
            case other:
                pytest.fail(f"asked {other}")


@pytest.mark.parametrize(
    ("type_", "answer"),
    [
        ("claude", {"stop_reason": "refusal", "content": []}),
        ("gemini", {"promptFeedback": {"blockReason": "SAFETY"}}),
        ("gemini", {"candidates": [{"finishReason": "SAFETY"}]}),
        ("openai-compatible", {"choices": [{"finish_reason": "content_filter", "message": {"content": ""}}]}),
        ("openai-compatible", {"choices": [{"message": {"content": None, "refusal": "No."}}]}),
        ("openai-compatible", {"choices": [{"message": {"content": [{"type": "refusal", "refusal": "No."}]}}]}),
    ],
)
async def test_a_refusal_to_answer_is_told_as_one(session: ClientSession, type_: str, answer: object) -> None:
    """A person would be told that the partner is broken."""
    async with SERVERS[type_]() as server:
        server.told.append(Told(body=json.dumps(answer).encode()))
        secret = {"auth_config": {"api_key": "test:k"}} if type_ in {"claude", "gemini"} else {}
        one = partner(connection(type_, server.url, **secret), session, {"k": KEY})
        fault = await one.chat(one.question(said("hello"), {"model": "small"}))
        assert isinstance(fault, Fault)
        assert fault.code == "declined"


async def test_what_a_filter_keeps_back_is_told_as_that(session: ClientSession) -> None:
    """A person would look for a mistake in the settings."""
    refused = {"error": {"code": "content_filter", "message": "The prompt was filtered.", "status": 400}}
    async with SERVERS["openai-compatible"]() as server:
        server.told.append(Told(status=400, body=json.dumps(refused).encode()))
        one = partner(connection("openai-compatible", server.url), session, {"k": KEY})
        fault = await one.chat(one.question(said("hello"), {"model": "small"}))
    assert isinstance(fault, Fault)
    assert (fault.code, "The prompt was filtered." in fault.text) == ("declined", True)


@pytest.mark.parametrize(
    ("type_", "answer"),
    [
        ("claude", {"stop_reason": "max_tokens", "content": [{"type": "text", "text": "half"}]}),
        ("gemini", {"candidates": [{"finishReason": "MAX_TOKENS", "content": {"parts": [{"text": "half"}]}}]}),
        ("ollama", {"done_reason": "length", "message": {"content": "half"}}),
        ("openai-compatible", {"choices": [{"finish_reason": "length", "message": {"content": "half"}}]}),
    ],
)
async def test_an_answer_cut_by_the_partner_says_so(session: ClientSession, type_: str, answer: object) -> None:
    """Half of a sentence would look like all of it."""
    async with SERVERS[type_]() as server:
        server.told.append(Told(body=json.dumps(answer).encode()))
        secret = {"auth_config": {"api_key": "test:k"}} if type_ in {"claude", "gemini"} else {}
        one = partner(connection(type_, server.url, **secret), session, {"k": KEY})
        reply = await one.chat(one.question(said("hello"), {"model": "small"}))
        assert reply == Reply(text="half", model="small", is_complete=False)
