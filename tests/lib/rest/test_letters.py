"""One message over REST: its history, and the ways out of the dead letters."""

import pytest

from bach_lib import Bach, Fault
from bach_lib.outcomes import Dead
from bach_lib.rest.openapi import DOCUMENT
from bach_lib.testing import FakeClock, FakePlatform
from tests.lib.rest.conftest import Client

NOBODY = Fault(code="refused", text="Chat not found")
ONE = "/api/v1/messages/1"


@pytest.fixture
async def dead(client: Client, platform: FakePlatform, clock: FakeClock) -> None:
    """Message 1 is a dead letter."""
    platform.outcomes.append(Dead(fault=NOBODY))
    await client.send("Water leak")
    await clock.settle()


async def test_a_message_is_shown_with_its_history(client: Client, dead: None) -> None:
    """A program could not find out what became of what it sent."""
    answer = await client.call("GET", ONE)
    assert (answer.status, answer.body["status"], answer.body["error"]) == (200, "dead", "Chat not found")
    assert isinstance(answer.body["attempts"], list)
    schema = DOCUMENT["components"]["schemas"]["History"]  # type: ignore[index,call-overload] # plain JSON
    assert answer.body.keys() == set(schema["required"])  # type: ignore[index,call-overload,arg-type] # the same


async def test_sending_again_says_what_came_of_it(client: Client, dead: None, platform: FakePlatform) -> None:
    """A program would have to ask again and again."""
    platform.outcomes.append(Dead(fault=NOBODY))
    again = await client.call("POST", f"{ONE}/retry?wait=10")
    assert (again.status, again.body["status"], again.body["error"]) == (200, "dead", "Chat not found")
    body = {"recipient": "bob", "content": "Leak"}
    amended = await client.call("POST", f"{ONE}/amend?wait=10", json=body)
    assert (amended.status, amended.body["status"], amended.body["id"]) == (200, "sent", 1)
    assert [(one.recipient, one.text) for one in platform.sent] == [("bob", "Leak")]


@pytest.mark.parametrize("body", [{"ids": [1]}, {"connector": "home"}])
async def test_dead_letters_are_given_up(client: Client, bach: Bach, dead: None, body: dict[str, object]) -> None:
    """They would be counted for ever."""
    answer = await client.call("POST", "/api/v1/messages/discard", json=body)
    assert (answer.status, answer.body) == (200, {"discarded": 1})
    assert (await bach.queue_status())["home"].dead == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/v1/messages/99", None, 404),
        ("GET", "/api/v1/messages/0", None, 404),
        ("GET", "/api/v1/messages/999999999999999999", None, 404),
        ("GET", "/api/v1/messages/9999999999999999999999", None, 404),
        ("GET", f"{ONE}?wait=1", None, 422),
        ("POST", f"{ONE}/retry?wait=61", None, 422),
        ("POST", "/api/v1/messages/99/retry", None, 404),
        ("POST", f"{ONE}/amend", {"recipient": 5}, 422),
        ("POST", f"{ONE}/amend", {"colour": "red"}, 422),
        ("POST", f"{ONE}/amend", {"connector": "nowhere"}, 404),
        ("POST", f"{ONE}/amend", {"recipient": "two words"}, 422),
        ("POST", "/api/v1/messages/discard", {}, 422),
        ("POST", "/api/v1/messages/discard", {"ids": []}, 422),
        ("POST", "/api/v1/messages/discard", {"ids": [True]}, 422),
        ("POST", "/api/v1/messages/discard", {"ids": [1, 99]}, 404),
        ("POST", "/api/v1/messages/discard", {"ids": [1], "connector": "home"}, 422),
        ("POST", "/api/v1/messages/discard", {"connector": "nowhere"}, 404),
    ],
)
async def test_what_is_wrong_is_said_and_changes_nothing(
    client: Client,
    bach: Bach,
    dead: None,
    *,
    method: str,
    path: str,
    body: object,
    status: int,
) -> None:
    """A program would believe that it was done, or half of it would be."""
    before = await bach.get(1)
    answer = await client.call(method, path, json=body)
    assert (answer.status, sorted(answer.body)) == (status, ["code", "detail"])
    assert await bach.get(1) == before
