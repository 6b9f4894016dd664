"""Client of Gemini: Google's Generative Language API (https://ai.google.dev/api).

The key travels in a header, never in the address, which would stand in every log on the way.
"""

from urllib.parse import quote

from bach_lib.common_sentences import GEMINI_DECLINED_TO_ANSWER
from bach_lib.models import Report
from bach_lib.models.chat import Question, Reply, Role
from bach_lib.partners.catalog import Catalog, offers
from bach_lib.partners.faults import FaultError, no_text
from bach_lib.partners.http import HttpClient
from bach_lib.partners.thoughts import reply_of, spoken, thinking_if_possible
from bach_lib.said import Sentence

_ROLES = {Role.USER: "user", Role.ASSISTANT: "model"}
_MAX_TOKENS = 8192
"""Of an answer, with the thoughts before it, which Google counts too (https://ai.google.dev/gemini-api/docs/thinking)."""
_AT_LIMIT = ("MAX_TOKENS",)
_DECLINED = frozenset({"BLOCKLIST", "IMAGE_SAFETY", "PROHIBITED_CONTENT", "RECITATION", "SAFETY", "SPII"})


async def probe(link: HttpClient, *, accepted: bool | None) -> Report:
    """The list of models: costs nothing and proves the key."""
    answer = await link.get("/v1beta/models?pageSize=1000")
    found = models(answer.json())
    return Report(
        id=link.host,
        name="Gemini",
        accepted=accepted,
        latency=answer.seconds,
        offers=found.names,
        offered=found.count,
    )


async def chat(link: HttpClient, question: Question) -> Reply:
    """`generateContent`, the whole answer at once."""
    model = quote(question.model.removeprefix("models/"), safe="")

    async def ask(question: Question) -> Reply:
        answer = await link.post(f"/v1beta/models/{model}:generateContent", body(question), seconds=question.timeout)
        return reply(answer.json(), question)

    return await thinking_if_possible(ask, question)


def models(answer: object) -> Catalog:
    """Those that can hold a conversation. Raises `FaultError`."""
    match answer:
        case {"models": list(listed)}:
            return offers(_name(one) for one in listed)
        case dict() if not answer:  # what has no value is left out
            return Catalog()
    raise FaultError(
        "bad_answer",
        Sentence(
            "the_list_of_models_is_not_one_of_google",
            "The list of models is not one of Google's. Is the endpoint right?",
        ),
    )


def body(question: Question) -> dict[str, object]:
    """What is asked."""
    config: dict[str, object] = {"maxOutputTokens": question.max_tokens or _MAX_TOKENS}
    if question.thinking:
        config["thinkingConfig"] = {"thinkingBudget": -1 if question.thinking == "on" else 0}
    asked: dict[str, object] = {
        "contents": [{"role": _ROLES[one.role], "parts": [{"text": one.text}]} for one in question.messages],
        "generationConfig": config,
    }
    return asked | ({"systemInstruction": {"parts": [{"text": question.system}]}} if question.system else {})


def reply(answer: object, question: Question) -> Reply:
    """What was answered: the first candidate's text, without its thoughts. Raises `FaultError`."""
    match answer:
        case {"promptFeedback": {"blockReason": str()}}:
            raise FaultError("declined", GEMINI_DECLINED_TO_ANSWER)
        case {"candidates": [{"finishReason": str(reason)}, *_]} if reason in _DECLINED:
            raise FaultError("declined", GEMINI_DECLINED_TO_ANSWER)
        case {"candidates": [{"content": {"parts": list() as parts}, **rest}, *_]}:
            return reply_of(spoken(parts, (None,)), question, ended=rest.get("finishReason"), at_limit=_AT_LIMIT)
        case {"candidates": [{"finishReason": str(reason)}, *_]}:  # thoughts leave no parts
            return reply_of("", question, ended=reason, at_limit=_AT_LIMIT)
    raise no_text(answer, "Google")


def _name(model: object) -> str | None:
    match model:
        case {"name": str(name), "supportedGenerationMethods": list(methods)} if "generateContent" in methods:
            return name.removeprefix("models/")
    return None
