"""Claude: Anthropic's API (https://platform.claude.com/docs/en/api)."""

from bach_lib.chat import Question, Reply, Role
from bach_lib.models import Report
from bach_lib.probes.faults import FaultError
from bach_lib.probes.link import Link
from bach_lib.probes.offers import Offers, field_of, offers

_VERSION = {"anthropic-version": "2023-06-01"}


async def probe(link: Link, *, accepted: bool | None) -> Report:
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


async def chat(link: Link, question: Question) -> Reply:
    """`/v1/messages`, the whole answer at once."""
    answer = await link.post("/v1/messages", body(question), _VERSION, question.timeout)
    return reply(answer.json(), question)


def models(answer: object) -> Offers:
    """The models the key may use. Raises `FaultError`."""
    match answer:
        case {"data": list(data)}:
            return offers(field_of(data, "id"))
    raise FaultError("bad_answer", "The list of models is not one of Anthropic's. Is the endpoint right?")


def body(question: Question) -> dict[str, object]:
    """What is asked. The system text stands outside of the conversation."""
    asked: dict[str, object] = {
        "model": question.model,
        "max_tokens": question.max_tokens,
        "messages": [{"role": Role(one.role).value, "content": one.text} for one in question.messages],
    }
    return asked | ({"system": question.system} if question.system else {})


def reply(answer: object, question: Question) -> Reply:
    """What was answered: the text among its blocks. Raises `FaultError`."""
    match answer:
        case {"stop_reason": "refusal"}:
            raise FaultError("declined", "Claude declined to answer.")
        case {"content": list(blocks), **rest}:
            texts = [
                one["text"]
                for one in blocks
                if isinstance(one, dict) and one.get("type") == "text" and isinstance(one.get("text"), str)
            ]
            return Reply(text="".join(texts), model=question.model, is_complete=rest.get("stop_reason") != "max_tokens")
    raise FaultError("bad_answer", "The answer has no text where Anthropic puts it.")
