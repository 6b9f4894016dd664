"""Lists whom an account can write to: the groups it is in, or the one that has a number, an id or a name.

https://bbernhard.github.io/signal-cli-rest-api, GET /v1/groups/{number} and /v1/search/{number}
"""

from bach_lib.connectors.observations import CallError, Observation
from bach_lib.connectors.signal.recipients import normalize
from bach_lib.connectors.signal.rest import Rest
from bach_lib.errors import InvalidRecipientError
from bach_lib.models import Candidate
from bach_lib.said import Sentence

_MAX_GROUPS = 1_000


async def found(rest: Rest, number: str, query: str) -> list[Candidate]:
    """All groups of the account `number`; with a `query` the group of this id, those of this name, or this number.

    The server can say of a number alone whether it is registered: nothing for user names and ids of people.
    Raises `CallError`.
    """
    if not query:
        return (await _groups(rest, number))[:_MAX_GROUPS]
    try:
        recipient = normalize(query)
    except InvalidRecipientError:
        named = await _groups(rest, number)
        return [group for group in named if group.title.casefold().startswith(query.casefold())][:_MAX_GROUPS]
    if recipient.startswith("+"):
        return await _person(rest, number, recipient)
    return [group for group in await _groups(rest, number) if group.recipient == recipient]


async def _groups(rest: Rest, number: str) -> list[Candidate]:
    groups = await rest.call("GET", "v1", "groups", number)
    listed: list[Candidate] = []
    for group in groups if isinstance(groups, list) else []:
        match group:
            case {"id": str(named), **more}:
                title = " ".join(str(more.get("name") or named).split())[:128]
                listed.append(Candidate(recipient=named, title=title, kind="group"))
    return listed


async def _person(rest: Rest, number: str, wanted: str) -> list[Candidate]:
    """The server asks Signal, which does not tell of those who hide their numbers."""
    try:
        answer = await rest.call("GET", "v1", "search", number, query={"numbers": wanted})
    except CallError as error:
        if error.code == "chat_not_found":  # no number at all
            return []
        raise
    for one in answer if isinstance(answer, list) else []:
        match one:
            case {"number": str(named), "registered": bool(registered)} if named == wanted:
                return [Candidate(recipient=wanted, title=wanted, kind="private")] if registered else []
    raise CallError(
        "bad_answer",
        Sentence(
            "the_server_does_not_say_whether_this_number", "The server does not say whether this number is registered."
        ),
        Observation.NO_ANSWER,
    )
