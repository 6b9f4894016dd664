"""Ollama: its own API, which tells version and installed models (https://docs.ollama.com/api)."""

from bach_lib.chat import Question, Reply, Role
from bach_lib.models import Report
from bach_lib.probes.faults import FaultError
from bach_lib.probes.link import Link
from bach_lib.probes.offers import Offers, field_of, offers


async def probe(link: Link, *, accepted: bool | None) -> Report:
    """`/api/version`, which is cheap, and `/api/tags`, which costs a look into a folder."""
    version = await link.get("/api/version")
    models = await link.get("/api/tags")
    found = installed(models.json())
    return Report(
        id=link.host,
        name="Ollama",
        version=version_of(version.json()),
        accepted=accepted,
        latency=version.seconds,
        offers=found.names,
        offered=found.count,
    )


async def chat(link: Link, question: Question) -> Reply:
    """`/api/chat`, the whole answer at once."""
    answer = await link.post("/api/chat", body(question), seconds=question.timeout)
    return reply(answer.json(), question)


def version_of(answer: object) -> str | None:
    """Its version, if it tells one."""
    match answer:
        case {"version": str(version)}:
            return version[:50]
    return None


def installed(answer: object) -> Offers:
    """The models on its disk. Raises `FaultError`."""
    match answer:
        case {"models": list(models)}:
            return offers(field_of(models, "name"))
    raise FaultError("bad_answer", "The list of models is not one of Ollama's. Is the endpoint right?")


def body(question: Question) -> dict[str, object]:
    """What is asked."""
    system = [{"role": "system", "content": question.system}] if question.system else []
    said = [{"role": Role(one.role).value, "content": one.text} for one in question.messages]
    return {
        "model": question.model,
        "messages": system + said,
        "stream": False,
        "options": {"num_predict": question.max_tokens},
    }


def reply(answer: object, question: Question) -> Reply:
    """What was answered. Raises `FaultError`."""
    match answer:
        case {"message": {"content": str(text)}, **rest}:
            return Reply(text=text, model=question.model, is_complete=rest.get("done_reason") != "length")
    raise FaultError("bad_answer", "The answer has no text where Ollama puts it.")
