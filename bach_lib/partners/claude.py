"""Client of Claude: Anthropic's API (https://platform.claude.com/docs/en/api)."""

from bach_lib.models import Report
from bach_lib.models.chat import Question, Reply, Role
from bach_lib.partners.catalog import Catalog, models_in
from bach_lib.partners.faults import FaultError, no_text
from bach_lib.partners.http import HttpClient
from bach_lib.partners.thoughts import reply_of, spoken, thinking_if_possible
from bach_lib.said import Sentence

_VERSION = {"anthropic-version": "2023-06-01"}
_MAX_TOKENS = 1024
_THOUGHTS = 4096
"""Tokens; 1,024 is the least that a budget for thoughts may be."""
_AT_LIMIT = ("max_tokens", "model_context_window_exceeded")


async def probe(link: HttpClient, *, accepted: bool | None) -> Report:
    """The list of models: costs nothing and proves the key."""
    answer = await link.get("/v1/models?limit=1000", _VERSION)
    found = models(answer.json())
    return Report(
        id=link.host,
        name="Claude",
        accepted=accepted,
        latency=answer.seconds,
        offers=found.names,
        offered=found.count,
    )


async def chat(link: HttpClient, question: Question) -> Reply:
    """`/v1/messages`, the whole answer at once."""

    async def ask(question: Question) -> Reply:
        answer = await link.post("/v1/messages", body(question), _VERSION, question.timeout)
        return reply(answer.json(), question)

    return await thinking_if_possible(ask, question)


def models(answer: object) -> Catalog:
    """The models the key may use. Raises `FaultError`."""
    if (found := models_in(answer)) is None:
        raise FaultError(
            "bad_answer",
            Sentence(
                "the_list_of_models_is_not_one_of_anthropic",
                "The list of models is not one of Anthropic's. Is the endpoint right?",
            ),
        )
    return found


def body(question: Question) -> dict[str, object]:
    """What is asked. The system text stands outside of the conversation, and thoughts count as tokens of the answer."""
    thinks = question.thinking == "on"
    limit = question.max_tokens or (_MAX_TOKENS + _THOUGHTS if thinks else _MAX_TOKENS)
    asked: dict[str, object] = {
        "model": question.model,
        "max_tokens": limit,
        "messages": [{"role": Role(one.role).value, "content": one.text} for one in question.messages],
    }
    if question.system:
        asked["system"] = question.system
    if thinks and limit > _THOUGHTS:
        asked["thinking"] = {"type": "enabled", "budget_tokens": _THOUGHTS}
    elif question.thinking:
        asked["thinking"] = {"type": "disabled"}
    return asked


def reply(answer: object, question: Question) -> Reply:
    """What was answered: the text among its blocks. Raises `FaultError`."""
    match answer:
        case {"stop_reason": "refusal"}:
            raise FaultError("declined", Sentence("claude_declined_to_answer", "Claude declined to answer."))
        case {"content": list() as content, **rest}:
            return reply_of(spoken(content, ("text",)), question, ended=rest.get("stop_reason"), at_limit=_AT_LIMIT)
    raise no_text(answer, "Anthropic")
