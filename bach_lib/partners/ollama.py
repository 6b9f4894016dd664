"""Client of Ollama: its own API, which tells version and installed models (https://docs.ollama.com/api)."""

from bach_lib.models import Report
from bach_lib.models.chat import Question, Reply, Role
from bach_lib.partners.catalog import Catalog, models_in
from bach_lib.partners.faults import FaultError, no_text
from bach_lib.partners.http import HttpClient
from bach_lib.partners.thoughts import reply_of, spoken, thinking_if_possible
from bach_lib.said import Sentence

_MAX_TOKENS = 4096
"""Of an answer, with the thoughts before it: the size of the context that Ollama gives a model by itself."""


async def probe(link: HttpClient, *, accepted: bool | None) -> Report:
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


async def chat(link: HttpClient, question: Question) -> Reply:
    """`/api/chat`, the whole answer at once."""

    async def ask(question: Question) -> Reply:
        answer = await link.post("/api/chat", body(question), seconds=question.timeout)
        return reply(answer.json(), question)

    return await thinking_if_possible(ask, question)


def version_of(answer: object) -> str | None:
    """Its version, if it tells one."""
    match answer:
        case {"version": str(version)}:
            return version[:50]
    return None


def installed(answer: object) -> Catalog:
    """The models on its disk. Raises `FaultError`."""
    if (found := models_in(answer)) is None:
        raise FaultError(
            "bad_answer",
            Sentence(
                "the_list_of_models_is_not_one_of_ollama",
                "The list of models is not one of Ollama's. Is the endpoint right?",
            ),
        )
    return found


def body(question: Question) -> dict[str, object]:
    """What is asked."""
    system = [{"role": "system", "content": question.system}] if question.system else []
    said = [{"role": Role(one.role).value, "content": one.text} for one in question.messages]
    options = {"num_predict": question.max_tokens or _MAX_TOKENS}
    if question.num_ctx:
        options["num_ctx"] = question.num_ctx
    asked: dict[str, object] = {
        "model": question.model,
        "messages": system + said,
        "stream": False,
        "options": options,
    }
    return asked | ({"think": question.thinking == "on"} if question.thinking else {})


def reply(answer: object, question: Question) -> Reply:
    """What was answered. Raises `FaultError`."""
    match answer:
        case {"error": str(words)} if words:
            raise FaultError("bad_request", Sentence("ollama_says_words", "Ollama says: {words}", words=words))
        case {"message": {"content": str() | list() | None as content}, **rest}:
            return reply_of(
                spoken(content, (None, "text")), question, ended=rest.get("done_reason"), at_limit=("length",)
            )
        case {"message": {"thinking": str()}, **rest}:
            return reply_of("", question, ended=rest.get("done_reason"), at_limit=("length",))
    raise no_text(answer, "Ollama")
