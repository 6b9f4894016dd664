"""Client of OpenAI's API, and of the many servers that offer the same two addresses.

An endpoint without a path means `/v1`; one with a path is taken as it is.
"""

from dataclasses import replace

from yarl import URL

from bach_lib.common_sentences import THE_AI_DECLINED_TO_ANSWER_WORDS
from bach_lib.models import Report
from bach_lib.models.chat import Question, Reply, Role
from bach_lib.partners.catalog import Catalog, models_in
from bach_lib.partners.faults import FaultError, no_text
from bach_lib.partners.http import HttpClient
from bach_lib.partners.thoughts import reply_of, spoken
from bach_lib.said import Sentence

_LIMIT = "max_tokens"
_NEWER_LIMIT = "max_completion_tokens"
_EFFORT = "reasoning_effort"
_MAX_TOKENS = 4096
"""Of an answer, with the thoughts before it, where nothing is set; a server with a small context gets `_SMALL` then."""
_SMALL = 1024
_TRIES = 4
_AT_LIMIT = ("length", "max_tokens")
_TEXT_TYPES = (None, "text", "output_text")
"""Of the parts in which reasoning models of Mistral and others answer, thoughts among them."""


async def probe(link: HttpClient, *, accepted: bool | None) -> Report:
    """The list of models: costs nothing and proves the key. Without one, a conversation of nothing is asked for."""
    link = _with_path(link)
    try:
        answer = await link.get("/models")
    except FaultError as error:
        if error.fault.code != "not_found":
            raise
        return await _without_list(link, error)
    found = models(answer.json())
    return Report(
        id=link.host,
        name=link.host,
        accepted=accepted,
        latency=answer.seconds,
        offers=found.names,
        offered=found.count,
    )


async def chat(link: HttpClient, question: Question) -> Reply:
    """`/chat/completions`, the whole answer at once.

    Servers differ in what they take beside the conversation: what is refused by name is asked in another way.
    """
    link, asked = _with_path(link), body(question)
    for _ in range(_TRIES):
        try:
            answer = await link.post("/chat/completions", asked, seconds=question.timeout)
            return reply(answer.json(), question)
        except FaultError as error:
            if (instead := _instead(asked, error, question)) is None:
                raise
        asked = instead
    raise FaultError(
        "bad_request",
        Sentence("host_takes_none_of_the_ways_to_ask", "{host} takes none of the ways to ask it.", host=link.host),
    )


def models(answer: object) -> Catalog:
    """The models there are. Raises `FaultError`."""
    found = models_in({"data": answer} if isinstance(answer, list) and answer else answer)  # Together gives it bare
    if found is None:
        raise FaultError(
            "bad_answer",
            Sentence(
                "the_list_of_models_is_not_as_openai_gives",
                "The list of models is not as OpenAI gives it. Is the endpoint right?",
            ),
        )
    return found


def body(question: Question) -> dict[str, object]:
    """What is asked."""
    system = [{"role": "system", "content": question.system}] if question.system else []
    said = [{"role": Role(one.role).value, "content": one.text} for one in question.messages]
    asked: dict[str, object] = {
        "model": question.model,
        "messages": system + said,
        _LIMIT: question.max_tokens or _MAX_TOKENS,
    }
    return asked | ({_EFFORT: "medium" if question.thinking == "on" else "none"} if question.thinking else {})


def reply(answer: object, question: Question) -> Reply:
    """What was answered: the first choice's text. Raises `FaultError`."""
    match answer:
        case {"choices": [{"finish_reason": "content_filter"}, *_]}:
            raise FaultError("declined", Sentence("the_ai_declined_to_answer", "The AI declined to answer."))
        case {"choices": [{"message": {"refusal": str(words)}}, *_]} if words:
            raise FaultError("declined", THE_AI_DECLINED_TO_ANSWER_WORDS(words=words))
        case {"choices": [{"message": {"content": list() as parts}}, *_]} if words := _refused(parts):
            raise FaultError("declined", THE_AI_DECLINED_TO_ANSWER_WORDS(words=words))
        case {"choices": [{"message": {"content": str() | list() | None as content}, **rest}, *_]}:
            return reply_of(spoken(content, _TEXT_TYPES), question, ended=rest.get("finish_reason"), at_limit=_AT_LIMIT)
        case {"choices": [{"message": {"role": _}, "finish_reason": reason}, *_]}:  # thoughts or tools alone
            return reply_of("", question, ended=reason, at_limit=_AT_LIMIT)
    raise no_text(answer, "OpenAI")


def _refused(parts: list[object]) -> str:
    """The words of a refusal that is a part of the answer, if nothing else was said."""
    refusals = [part["refusal"] for part in parts if isinstance(part, dict) and isinstance(part.get("refusal"), str)]
    return "" if spoken(parts, _TEXT_TYPES).strip() else "".join(refusals).strip()


def _instead(asked: dict[str, object], error: FaultError, question: Question) -> dict[str, object] | None:
    """How else to ask, if the refusal names what it does not like: each way is tried once."""
    words, rest = error.fault.text, dict(asked)
    if error.fault.code != "bad_request":
        return None
    if _EFFORT in asked and ("reasoning" in words or "thinking" in words):
        del rest[_EFFORT]
    elif _LIMIT in asked and _NEWER_LIMIT in words:
        rest[_NEWER_LIMIT] = rest.pop(_LIMIT)
    elif (
        _MAX_TOKENS in asked.values() and question.max_tokens is None and ("max_tokens" in words or "context" in words)
    ):
        rest |= {name: _SMALL for name in (_LIMIT, _NEWER_LIMIT) if name in asked}
    else:
        return None
    return rest


async def _without_list(link: HttpClient, error: FaultError) -> Report:
    """What a server without a list of models proves: that it knows the other address, and lets us as far as that."""
    start = link.clock.monotonic()
    try:
        await link.post("/chat/completions", {"messages": []})
    except FaultError as refused:
        if refused.fault.code == "bad_request":  # as it should be: nothing was said
            return Report(id=link.host, name=link.host, accepted=None, latency=link.clock.monotonic() - start)
        raise error if refused.fault.code == "not_found" else refused from None
    return Report(id=link.host, name=link.host, accepted=None, latency=link.clock.monotonic() - start)


def _with_path(link: HttpClient) -> HttpClient:
    return link if URL(link.endpoint).path.strip("/") else replace(link, endpoint=f"{link.endpoint}/v1")
