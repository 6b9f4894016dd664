"""Everything that speaks OpenAI's API: OpenAI, and the many servers that offer the same two addresses.

An endpoint without a path means `/v1`; one with a path is taken as it is.
"""

from dataclasses import replace

from yarl import URL

from bach_lib.chat import Question, Reply, Role
from bach_lib.models import Report
from bach_lib.probes.faults import FaultError
from bach_lib.probes.link import Link
from bach_lib.probes.offers import Offers, field_of, offers

_NEWER = "max_completion_tokens"


async def probe(link: Link, *, accepted: bool | None) -> Report:
    """The list of models: costs nothing and proves the key."""
    link = _with_path(link)
    answer = await link.get("/models")
    found = models(answer.json())
    return Report(
        id=link.host,
        name=link.host,
        accepted=accepted,
        latency=answer.seconds,
        offers=found.names,
        offered=found.count,
    )


async def chat(link: Link, question: Question) -> Reply:
    """`/chat/completions`, the whole answer at once.

    OpenAI's newer models refuse `max_tokens`, and other servers know no other name for it.
    """
    link = _with_path(link)
    try:
        answer = await link.post("/chat/completions", body(question), seconds=question.timeout)
    except FaultError as error:
        if error.fault.code != "bad_request" or _NEWER not in error.fault.text:
            raise
        answer = await link.post("/chat/completions", body(question, _NEWER), seconds=question.timeout)
    return reply(answer.json(), question)


def models(answer: object) -> Offers:
    """The models there are. Raises `FaultError`."""
    match answer:
        case {"data": list(data)}:
            return offers(field_of(data, "id"))
    raise FaultError("bad_answer", "The list of models is not as OpenAI gives it. Is the endpoint right?")


def body(question: Question, limit: str = "max_tokens") -> dict[str, object]:
    """What is asked; `limit` is the name of the limit on the answer."""
    system = [{"role": "system", "content": question.system}] if question.system else []
    said = [{"role": Role(one.role).value, "content": one.text} for one in question.messages]
    return {"model": question.model, "messages": system + said, limit: question.max_tokens}


def reply(answer: object, question: Question) -> Reply:
    """What was answered: the first choice's text. Raises `FaultError`."""
    match answer:
        case {"choices": [{"finish_reason": "content_filter"}, *_]}:
            raise FaultError("declined", "The AI declined to answer.")
        case {"choices": [{"message": {"refusal": str(words)}}, *_]} if words:
            raise FaultError("declined", f"The AI declined to answer: {words}")
        case {"choices": [{"message": {"content": str(text)}, **rest}, *_]}:
            return Reply(text=text, model=question.model, is_complete=rest.get("finish_reason") != "length")
    raise FaultError("bad_answer", "The answer has no text where OpenAI puts it.")


def _with_path(link: Link) -> Link:
    return link if URL(link.endpoint).path.strip("/") else replace(link, endpoint=f"{link.endpoint}/v1")
