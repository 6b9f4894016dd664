"""Whatever a server answers, it is understood or it is a fault; nothing else is ever raised."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib.models.chat import MAX_CHARACTERS, ChatMessage, Question, Reply, Role, shortened
from bach_lib.partners import claude, gemini, ollama, openai
from bach_lib.partners.catalog import Catalog
from bach_lib.partners.faults import FaultError, status_error, words_of
from bach_lib.partners.mcp import who
from bach_lib.partners.rpc import RefusedError, answer_in, result_of
from bach_lib.partners.sse import EventReader

WORDS = [
    *("models", "data", "id", "name", "message", "content", "choices", "candidates", "parts", "text", "error", "code"),
    *("result", "tools", "version", "serverInfo", "title", "finishReason", "finish_reason", "stop_reason", "details"),
    *("supportedGenerationMethods", "generateContent", "type", "refusal", "promptFeedback", "detail", "done_reason"),
]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(WORDS)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=25,
)
QUESTION = Question(messages=(ChatMessage(role=Role.USER, text="hello"),), model="small")


@pytest.mark.parametrize("models", [claude.models, gemini.models, ollama.installed, openai.models])
@given(answer=JSON)
def test_a_list_of_models_is_one_or_a_fault(models: Callable[[object], Catalog], answer: object) -> None:
    """A server's mistake would end the checks."""
    try:
        found = models(answer)
    except FaultError:
        return
    assert len(found.names) <= found.count


@pytest.mark.parametrize("reply", [claude.reply, gemini.reply, ollama.reply, openai.reply])
@given(answer=JSON)
def test_an_answer_is_a_text_or_a_fault(reply: Callable[[object, Question], Reply], answer: object) -> None:
    """A server's mistake would end an automation."""
    try:
        found = reply(answer, QUESTION)
    except FaultError:
        return
    assert isinstance(found.text, str)


@given(answer=JSON, status=st.integers(300, 599), wait=st.text(max_size=8))
def test_every_refusal_is_a_fault(answer: object, status: int, wait: str) -> None:
    """A server's mistake would be taken for ours, or make us wait for ever."""
    fault = status_error(status, {"Retry-After": wait}, answer, "example.org").fault
    assert (fault.code == "rate_limited") is (status == 429)
    assert fault.retry_after is None or 0 < fault.retry_after <= 86_400
    assert words_of(answer) is None or isinstance(words_of(answer), str)


@given(message=JSON)
def test_every_message_of_an_mcp_server_is_understood_or_a_fault(message: object) -> None:
    """A server's mistake would end the checks."""
    try:
        result = result_of(answer_in(message, 1), "example.org")
    except (FaultError, RefusedError):
        return
    name, version = who(result)
    assert name is None or 0 < len(name) <= 100
    assert version is None or 0 < len(version) <= 50


EVENTS = st.lists(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))), max_size=5)


@given(events=EVENTS, end=st.sampled_from(["\n", "\r\n", "\r"]), cuts=st.lists(st.integers(0, 200)))
def test_events_are_the_same_however_they_are_cut(events: list[list[str]], end: str, cuts: list[int]) -> None:
    """An answer that comes in two packets would be lost."""
    lines = [line for event in events for line in [*(f"data: {one}" for one in event), ": hm", "id: 1", ""]]
    raw = "".join(f"{line}{end}" for line in lines).encode() + b"\n"
    reader, found, start = EventReader(), [], 0
    for cut in [*sorted(cuts), len(raw)]:
        found += reader.feed(raw[start:cut])
        start = max(start, cut)
    assert found == [joined for event in events if (joined := "\n".join(event))]


@given(pieces=st.lists(st.binary(max_size=20)))
def test_no_stream_breaks_the_reader(pieces: list[bytes]) -> None:
    """A server's mistake would end the checks."""
    reader = EventReader()
    assert all(isinstance(one, str) for piece in pieces for one in reader.feed(piece))


MESSAGES = st.lists(
    st.builds(
        ChatMessage,
        role=st.sampled_from(Role),
        text=st.sampled_from(["", " ", "a", "bb", "c" * 100, "d" * (MAX_CHARACTERS // 2), "e" * MAX_CHARACTERS]),
    ),
    max_size=12,
)


@given(messages=MESSAGES, turns=st.integers(0, 5))
def test_what_is_passed_on_takes_turns_and_fits(messages: list[ChatMessage], turns: int) -> None:
    """Anthropic and Google would refuse the conversation, or it would cost more with every message."""
    kept = shortened([*messages, ChatMessage(role=Role.USER, text="last")], turns=turns)
    assert re.fullmatch("(ua)*u", "".join(message.role[0] for message in kept))
    assert sum(message.role is Role.USER for message in kept) <= turns + 1
    assert sum(len(message.text) for message in kept) <= MAX_CHARACTERS
    assert kept[-1].text.endswith("last")


@given(raw=st.lists(st.sampled_from([b"data: a", b"data:b", b"\n", b"\r", b"\r\n", b": c", b"\n\n"]), max_size=30))
def test_events_are_the_same_in_whatever_pieces_they_come(raw: list[bytes]) -> None:
    """An answer would be lost when the network cuts it in an unusual place."""
    whole, bytewise = b"".join(raw) + b"\n\n", EventReader()
    single = [event for at in range(len(whole)) for event in bytewise.feed(whole[at : at + 1])]
    assert single == EventReader().feed(whole)
