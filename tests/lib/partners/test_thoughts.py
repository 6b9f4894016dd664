"""What an AI thinks, what it says in parts, and what it does not say: none of it goes to a chat or a loudspeaker."""

import json

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st

from bach_lib import Fault, Reply, Report, check_connection
from bach_lib.errors import InvalidValueError
from bach_lib.partners.catalog import models_in
from bach_lib.partners.faults import words_of
from bach_lib.partners.thoughts import without_thoughts
from bach_lib.testing import ClaudeServer, FakeClock, GeminiServer, OllamaServer, OpenAIServer, Told
from bach_lib.testing.partners.ai import AiServer
from bach_lib.testing.partners.base import Asked
from tests.lib.partners.make import KEY, connection, partner, said

SERVERS: dict[str, type[AiServer]] = {
    "claude": ClaudeServer,
    "gemini": GeminiServer,
    "ollama": OllamaServer,
    "openai-compatible": OpenAIServer,
}
KEYED = {"auth_config": {"api_key": "test:k"}}


async def answers(
    type_: str, session: ClientSession, *told: Told, **settings: object
) -> tuple[Reply | Fault, AiServer]:
    """What a partner says when its server answers so, and the server, which remembers what it was asked."""
    async with SERVERS[type_]() as server:
        server.told.extend(told)
        row = connection(type_, server.url, settings={"model": "small", **settings}, **_secret(type_))
        one = partner(row, session, {"k": KEY})
        return await one.chat(one.question(said("hello"), {})), server


def _secret(type_: str) -> dict[str, object]:
    return dict(KEYED) if type_ in {"claude", "gemini"} else {}


def told(answer: object, status: int = 200) -> Told:
    """An answer in JSON."""
    return Told(status=status, body=json.dumps(answer).encode())


def body(asked: Asked) -> dict[str, object]:
    """What was asked."""
    assert isinstance(asked.body, dict)
    return asked.body


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<think>\nThe door?\n</think>\n\nIt is closed.", "It is closed."),
        ("<THINKING>a</THINKING>It is closed.", "It is closed."),
        ("<think>a</think>\n<think>b</think>\nIt is closed.", "It is closed."),
        ("Well. <think>a</think>It is closed.", "Well. It is closed."),
        ("[THINK]a[/THINK]It is closed.", "It is closed."),
        ("\u25c1think\u25b7a\u25c1/think\u25b7It is closed.", "It is closed."),
        ("<seed:think>a</seed:think>It is closed.", "It is closed."),
        ("<thoughts>a</thoughts>\nIt is closed.", "It is closed."),
        ("<|begin_of_thought|>a\n<|end_of_thought|>\nIt is closed.", "It is closed."),
        ("The door?\n<|end_of_thought|>\nIt is closed.", "It is closed."),
        ("The door?\u25c1/think\u25b7It is closed.", "It is closed."),
        ("The door?\n</think>\n\nIt is closed.", "It is closed."),
        ("The door? I say it.</think>It is closed.", "It is closed."),
        ("The door? I say it. </think> It is closed.", "It is closed."),
        ("The door\nI say it</think>\n\nIt is closed.", "It is closed."),
        ("The door, hm </think>\nIt is closed.", "It is closed."),
        ("The door?[/THINK]It is closed.", "It is closed."),
        ("Thoughts end with </think> there.", "Thoughts end with </think> there."),
        ("Thoughts end with '</think>', you see.", "Thoughts end with '</think>', you see."),
        ("<think>it never ends", ""),
        (
            "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Closed.<|return|>",
            "Closed.",
        ),
        ("<|channel|>analysis<|message|>it never ends", ""),
        ("Put it between `<think>` and `</think>`.", "Put it between `<think>` and `</think>`."),
        ("I wrote <think> into the page.", "I wrote <think> into the page."),
    ],
)
def test_thoughts_are_not_said(text: str, left: str) -> None:
    """A loudspeaker would read aloud what the model thinks about the person."""
    assert without_thoughts(text) == left


@given(st.text())
def test_whatever_is_no_thought_stays(text: str) -> None:
    """An answer would lose what looks a little like a mark."""
    if "think" not in text.lower() and "<|" not in text:
        assert without_thoughts(text) == text


@pytest.mark.parametrize(
    "hostile", ["<think>\n", "<think></think>", "<|channel|>", "[THINK]", "</think\n", " \t", "a ", ". "]
)
def test_thoughts_without_end_are_read_in_one_go(hostile: str) -> None:
    """A server could keep the machine busy for hours with one answer (this would take minutes if it were quadratic)."""
    without_thoughts(hostile * 200_000)


PARTS = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "It is "}]


@pytest.mark.parametrize(
    "content",
    [
        [*PARTS, {"type": "text", "text": "closed."}],
        [{"type": "reasoning", "text": "hm"}, {"type": "output_text", "text": "It is closed."}],
        [{"text": "It is closed."}, 5, None, {"type": "text", "text": 7}],
    ],
)
async def test_an_answer_in_parts_is_read(session: ClientSession, content: object) -> None:
    """Nobody could talk to models that answer in parts, as Mistral's that reason do."""
    reply, _ = await answers(
        "openai-compatible", session, told({"choices": [{"finish_reason": "stop", "message": {"content": content}}]})
    )
    assert reply == Reply(text="It is closed.", model="small")


@pytest.mark.parametrize(
    ("type_", "answer"),
    [
        ("claude", {"stop_reason": "max_tokens", "content": [{"type": "thinking", "thinking": "hm"}]}),
        ("gemini", {"candidates": [{"content": {"role": "model"}, "finishReason": "MAX_TOKENS"}]}),
        ("gemini", {"candidates": [{"finishReason": "MAX_TOKENS"}]}),
        ("ollama", {"message": {"role": "assistant", "content": "", "thinking": "hm"}, "done_reason": "length"}),
        ("ollama", {"message": {"content": "<think>hm"}, "done_reason": "length"}),
        ("openai-compatible", {"choices": [{"finish_reason": "length", "message": {"content": None}}]}),
        ("openai-compatible", {"choices": [{"finish_reason": "length", "message": {"role": "assistant"}}]}),
        ("openai-compatible", {"choices": [{"finish_reason": "length", "message": {"content": "<think>hm"}}]}),
    ],
)
async def test_who_only_thought_is_told_so(session: ClientSession, type_: str, answer: object) -> None:
    """A person would be told to look at the endpoint, which is right."""
    fault, _ = await answers(type_, session, told(answer))
    assert isinstance(fault, Fault)
    assert fault.code == "limit_reached"
    assert "limit" in fault.text


@pytest.mark.parametrize(
    ("type_", "answer", "reason"),
    [
        ("claude", {"stop_reason": "tool_use", "content": []}, "tool_use"),
        ("gemini", {"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}]}, "MALFORMED_FUNCTION_CALL"),
        ("ollama", {"message": {"content": ""}, "done_reason": "load"}, "load"),
        (
            "openai-compatible",
            {"choices": [{"finish_reason": "tool_calls", "message": {"content": None}}]},
            "tool_calls",
        ),
    ],
)
async def test_an_answer_without_words_says_why(
    session: ClientSession, type_: str, answer: object, reason: str
) -> None:
    """Nobody would know what to change."""
    fault, _ = await answers(type_, session, told(answer))
    assert isinstance(fault, Fault)
    assert fault.code == "empty_answer"
    assert reason in fault.text


async def test_thoughts_have_room_and_can_be_forbidden(session: ClientSession) -> None:
    """A model that thinks would use up every answer's room; one in a hurry could not be told to stop thinking."""
    _, server = await answers("ollama", session, num_ctx=8192, thinking="off")
    assert body(server.asked[0])["think"] is False
    assert body(server.asked[0])["options"] == {"num_predict": 4096, "num_ctx": 8192}
    _, server = await answers("gemini", session, thinking="off", max_tokens=77)
    assert body(server.asked[0])["generationConfig"] == {"maxOutputTokens": 77, "thinkingConfig": {"thinkingBudget": 0}}
    _, server = await answers("claude", session, thinking="on")
    asked = body(server.asked[0])
    assert (asked["thinking"], asked["max_tokens"]) == ({"type": "enabled", "budget_tokens": 4096}, 5120)
    _, server = await answers("openai-compatible", session, thinking="off")
    assert body(server.asked[0])["reasoning_effort"] == "none"
    for type_ in SERVERS:
        _, server = await answers(type_, session)
        assert "think" not in json.dumps(body(server.asked[0]))


@pytest.mark.parametrize("type_", SERVERS)
async def test_a_model_that_cannot_be_told_to_think_answers_as_it_is(session: ClientSession, type_: str) -> None:
    """One switch for all models would silence those that know no thoughts."""
    refusal = told(
        {"error": {"message": 'Unsupported value: reasoning_effort; "small" does not support thinking'}}, 400
    )
    reply, server = await answers(type_, session, refusal, thinking="on")
    assert reply == Reply(text="olleh", model="small")
    assert len(server.asked) == 2


async def test_a_small_context_is_asked_for_less(session: ClientSession) -> None:
    """A server with a small model refuses room that it does not have, unless a person wants it so."""
    refusal = told({"message": "This model's maximum context length is 2048 tokens."}, 400)
    reply, server = await answers("openai-compatible", session, refusal)
    assert isinstance(reply, Reply)
    assert body(server.asked[1])["max_tokens"] == 1024
    fault, server = await answers("openai-compatible", session, refusal, max_tokens=4096)
    assert isinstance(fault, Fault)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "setting", [{"max_tokens": 0}, {"num_ctx": "big"}, {"thinking": "maybe"}, {"max_tokens": True}]
)
async def test_settings_that_cannot_be_are_refused(session: ClientSession, setting: dict[str, object]) -> None:
    """The partner would refuse every conversation, in words about something else."""
    with pytest.raises(InvalidValueError):
        partner(connection("ollama", "http://localhost", settings=setting), session)


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ({"object": "error", "message": "The model `x` does not exist.", "code": 404}, "The model `x` does not exist."),
        ({"error": "Unexpected endpoint"}, "Unexpected endpoint"),
        ({"detail": [{"loc": ["body", "model"], "msg": "Field required"}]}, "Field required"),
        ({"errors": [{"code": 7000, "message": "No such model x"}], "success": False}, "No such model x"),
        ({"object": "error", "message": {"detail": [{"msg": "a valid string"}]}}, "a valid string"),
        ({"statusCode": 400, "message": ["model must be a string"], "error": "Bad Request"}, "model must be a string"),
        ({"error": "invalid_grant", "error_description": "The token is used up."}, "The token is used up."),
        ([{"error": {"message": "API key not valid."}}], "API key not valid."),
        ({"title": "Forbidden", "status": 403}, "Forbidden"),
        ("context length exceeded", "context length exceeded"),
        ({"code": 5}, None),
    ],
)
def test_refusals_are_shown_in_their_own_words(refusal: object, words: str | None) -> None:
    """A person would read "HTTP status 422", and could only guess."""
    assert words_of(refusal) == words


async def test_a_refusal_that_is_no_json_is_shown_too(session: ClientSession) -> None:
    """A person would read a number; a page is for browsers."""
    fault, _ = await answers("openai-compatible", session, Told(status=400, body=b"prompt is  too\nlong"))
    assert isinstance(fault, Fault)
    assert fault.text.endswith(' says: "prompt is too long"')
    fault, _ = await answers("openai-compatible", session, Told(status=400, body=b"<html>no</html>"))
    assert isinstance(fault, Fault)
    assert fault.text.endswith("HTTP status 400.")


@pytest.mark.parametrize(
    "answer",
    [
        {"object": "list", "data": [{"id": "small"}, {"id": "large"}]},
        {"models": [{"name": "small", "model": "small"}, {"model": "large"}]},
        {"result": [{"id": "u1", "name": "small"}, {"name": "large"}]},
        {"data": ["small", "large"]},
    ],
)
def test_lists_of_models_come_in_many_forms(answer: object) -> None:
    """A server that works would be called broken, and nothing offered for choice."""
    found = models_in(answer)
    assert found
    assert found.count == 2
    assert found.names[1] == "large"


@pytest.mark.parametrize("status", [404, 405])
async def test_a_server_without_a_list_of_models_works(session: ClientSession, status: int) -> None:
    """A partner that can talk could not be connected."""
    async with OpenAIServer() as server:
        server.told.extend([Told(status=status), told({"error": {"message": "messages must not be empty"}}, 400)])
        report = await partner(connection("openai-compatible", server.url), session).check()
        assert isinstance(report, Report)
        assert (report.offers, report.accepted) == ((), None)
        server.told.extend([Told(status=status), Told(status=404)])
        fault = await partner(connection("openai-compatible", server.url), session).check()
        assert isinstance(fault, Fault)


async def test_a_model_is_tried_before_it_is_kept(session: ClientSession) -> None:
    """The first person who writes would learn that its name is wrong."""
    async with OllamaServer() as server:
        for model, works in (("small", True), ("smal", False)):
            row = connection("ollama", server.url, settings={"model": model})
            found = await check_connection(row, session=session, clock=FakeClock())
            assert isinstance(found, Report if works else Fault)
        assert isinstance(found, Fault)
        assert "smal" in found.text


@pytest.mark.parametrize(
    ("type_", "answer"),
    [
        ("openai-compatible", {"choices": [{"message": {"content": ["It is ", "closed."]}}]}),
        ("openai-compatible", {"choices": [{"message": {"content": ["It is ", {"type": "text", "text": "closed."}]}}]}),
        ("claude", {"content": ["It is ", "closed."]}),
        ("ollama", {"message": {"content": ["It is ", "closed."]}}),
        ("gemini", {"candidates": [{"content": {"parts": ["It is ", {"text": "closed."}]}}]}),
    ],
)
async def test_bare_texts_are_read(type_: str, answer: object, session: ClientSession) -> None:
    """The AI would have spoken, and nobody heard it."""
    reply, _ = await answers(type_, session, told(answer))
    assert isinstance(reply, Reply)
    assert reply.text == "It is closed."


REFUSALS: dict[str, object] = {
    "Apigee": {"fault": {"faultstring": "no such model", "detail": {"errorcode": "x.NoModel"}}},
    "AWS": {"errorMessage": "no such model", "errorType": "ValidationError"},
    "Baidu": {"error_code": 336000, "error_msg": "no such model"},
    "a list of texts": {"detail": ["no such model"]},
    "FastAPI": {"detail": [{"type": "missing", "loc": ["body", "model"], "msg": "no such model"}]},
    "a list within a message": {"message": {"detail": [{"loc": ["body"], "msg": "no such model"}]}},
    "by field": {"title": "Bad Request", "errors": {"model": ["no such model"]}},
}


@pytest.mark.parametrize("answer", REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("status", [400, 200])
async def test_the_words_of_a_refusal_are_found(status: int, answer: object, session: ClientSession) -> None:
    """Somebody would read "HTTP status 400", and search for what the server had said."""
    assert words_of(answer) == "no such model"
    fault, _ = await answers("openai-compatible", session, told(answer, status))
    assert isinstance(fault, Fault)
    if status == 400 or "message" not in answer:  # type: ignore[operator] # it is an object
        assert "no such model" in fault.text


def test_a_model_that_is_named_twice_is_one() -> None:
    """A list to choose from would show it twice, and say that there are more than there are."""
    found = models_in({"data": [{"id": "a"}, {"id": "b"}, {"id": " a"}, {"id": "a"}]})
    assert found is not None
    assert (found.names, found.count) == (("a", "b"), 2)
