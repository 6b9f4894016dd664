"""One message over REST: its history, and the ways out of the dead letters."""

import asyncio
from typing import cast

import pytest

from bach_lib import Bach, Fault, Message
from bach_lib.outcomes import Dead
from bach_lib.rest.openapi import DOCUMENT
from bach_lib.testing import FakeClock, FakePlatform
from tests.lib.rest.conftest import Answer, Client

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


async def test_a_tag_is_cleared(client: Client, bach: Bach) -> None:
    """A program that knows its tags would have to know each message."""
    await bach.stop("home")
    await bach.send("home", "ada", "Water!", tag="leak")
    body = {"connector": "home", "recipient": "ada", "tag": "leak"}
    answer = await client.call("POST", "/api/v1/messages/clear", json=body)
    assert (answer.status, answer.body) == (200, {"cancelled": 1, "taken_away": 0})


async def test_what_is_there_is_pinned_and_gets_an_emoji(client: Client, bach: Bach) -> None:
    """A program could say something, and not keep it in sight."""
    sent = await bach.send("home", "ada", "On Friday")
    await bach.wait(sent.id, 10)
    address = "/api/v1/messages"
    for what, more in (("pin", {"silent": True}), ("unpin", {}), ("react", {"emoji": "👍"})):
        answer = await client.call("POST", f"{address}/{what}", json={"id": sent.id, **more})
        assert answer.status == 201
        assert (await bach.get(int(str(answer.body["id"])))).operation == what
        assert (await client.call("POST", f"{address}/{what}", json={"incoming_id": 9, **more})).status == 404
        for wrong in ({}, {"id": 1, "incoming_id": 1}, {"id": 0}, {"id": 1, "x": 1}):
            assert (await client.call("POST", f"{address}/{what}", json={**wrong, **more})).status == 422
    assert (await client.call("POST", f"{address}/react", json={"id": sent.id})).status == 422
    body = {"id": sent.id, "connector": "home", "recipient": "bob"}
    answer = await client.call("POST", f"{address}/forward", json=body)
    assert (answer.status, answer.body["recipient"], answer.body["degraded"]) == (201, "bob", True)
    assert (await client.call("POST", f"{address}/forward", json={"id": sent.id})).status == 422


@pytest.fixture
async def held(client: Client, bach: Bach) -> None:
    """Message 1 waits in a restored database for its owner's word."""
    await bach.stop("home")
    await client.send("ding")
    await bach._base.store.submit(lambda tx: tx.run("hold_unfinished"))  # as at the start of a restored one
    await bach.start("home")


@pytest.mark.parametrize("body", [{"all": True}, {"connector": "home"}])
@pytest.mark.parametrize(
    ("way", "field", "status"), [("release", "released", "sent"), ("discard", "discarded", "cancelled")]
)
async def test_what_is_held_is_listed_and_answered(  # noqa: PLR0917
    client: Client, bach: Bach, held: None, way: str, field: str, status: str, body: dict[str, object]
) -> None:
    """Who restores a server without a terminal could not say what is to become of what waited."""
    for query in ("", "?connector=home&limit=1"):
        listed = await client.call("GET", f"/api/v1/messages/held{query}")
        assert (listed.status, listed.body["count"], listed.body["total"]) == (200, 1, 1)
    [message] = cast("list[dict[str, object]]", listed.body["messages"])
    assert (message["held"], message["content"], message["status"]) == (True, "ding", "pending")
    answer = await client.call("POST", f"/api/v1/messages/held/{way}", json=body)
    assert (answer.status, answer.body) == (200, {field: 1})
    assert (await bach.wait(1, 60)).status == status
    again = await client.call("GET", "/api/v1/messages/held")
    assert again.body == {"messages": [], "count": 0, "total": 0}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/v1/messages/99", None, 404),
        ("GET", "/api/v1/messages/0", None, 404),
        ("GET", "/api/v1/messages/999999999999999999", None, 404),
        ("GET", "/api/v1/messages/9999999999999999999999", None, 404),
        ("GET", f"{ONE}?wait=61", None, 422),
        ("POST", f"{ONE}/retry?wait=61", None, 422),
        ("POST", "/api/v1/messages/99/retry", None, 404),
        ("POST", f"{ONE}/amend", {"recipient": 5}, 422),
        ("POST", f"{ONE}/amend", {"colour": "red"}, 422),
        ("POST", f"{ONE}/amend", {"connector": "nowhere"}, 404),
        ("POST", f"{ONE}/amend", {"recipient": "two words"}, 422),
        ("POST", "/api/v1/messages/clear", {"connector": "home", "recipient": "ada"}, 422),
        ("POST", "/api/v1/messages/clear", {"connector": "home", "recipient": "ada", "tag": "t", "all": True}, 422),
        ("POST", "/api/v1/messages/clear", {"connector": "nowhere", "recipient": "ada", "tag": "t"}, 404),
        ("POST", "/api/v1/messages/discard", {}, 422),
        ("POST", "/api/v1/messages/discard", {"ids": []}, 422),
        ("POST", "/api/v1/messages/discard", {"ids": [True]}, 422),
        ("POST", "/api/v1/messages/discard", {"ids": [1, 99]}, 404),
        ("POST", "/api/v1/messages/discard", {"ids": [1], "connector": "home"}, 422),
        ("POST", "/api/v1/messages/discard", {"connector": "nowhere"}, 404),
        ("GET", "/api/v1/messages/held?connector=nowhere", None, 404),
        ("GET", "/api/v1/messages/held?limit=0", None, 422),
        ("POST", "/api/v1/messages/held/release", {}, 422),
        ("POST", "/api/v1/messages/held/release", {"all": False}, 422),
        ("POST", "/api/v1/messages/held/release", {"all": True, "connector": "home"}, 422),
        ("POST", "/api/v1/messages/held/discard", {"connector": 5}, 422),
        ("POST", "/api/v1/messages/held/discard", {"connector": "nowhere"}, 404),
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


async def test_who_waits_is_answered_when_the_message_has_ended_or_when_the_time_is_over(
    client: Client, bach: Bach, platform: FakePlatform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script would have to ask again and again whether its message has arrived."""
    begins = asyncio.Queue[int]()
    wait = bach.wait

    async def told(message_id: int, timeout: float | None = None) -> Message:
        begins.put_nowait(message_id)
        return await wait(message_id, timeout)

    monkeypatch.setattr(bach, "wait", told)

    async def ask(message_id: int) -> asyncio.Task[Answer]:
        """A question that waits, as soon as it does."""
        asking = asyncio.create_task(client.call("GET", f"/api/v1/messages/{message_id}?wait=60"))
        begun = asyncio.create_task(begins.get())
        await asyncio.wait({asking, begun}, return_when=asyncio.FIRST_COMPLETED)
        assert begun.done(), "it was answered without waiting"
        return asking

    platform.holds()
    await client.send("ding")
    asking = await ask(1)
    platform.works()
    assert (await asking).body["status"] == "sent"
    platform.holds()
    await client.send("dong")
    asking = await ask(2)
    await clock.settle()
    await clock.advance(61)
    assert (await asking).body["status"] in {"sending", "failed", "uncertain"}
