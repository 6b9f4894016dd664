"""The four endpoints: what the original's programs send and read, and what they are told when they are wrong."""

import pytest

from bach_lib import Bach, Category, Connection, Status
from bach_lib.rest.openapi import DOCUMENT
from bach_lib.testing import FakeClock, FakePlatform
from tests.lib.rest.conftest import Client

NOW = "2027-01-15T08:00:00+00:00"


async def test_a_message_is_queued_and_goes(
    client: Client, bach: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """Programs written for the original could not send."""
    answer = await client.send("The door is open")
    assert (answer.status, answer.body) == (
        201,
        {"id": 1, "connector": "home", "recipient": "ada", "status": "pending", "queued_at": NOW}
        | {"degraded": False, "lost": []},
    )
    await clock.settle()
    assert [message.text for message in platform.sent] == ["The door is open"]


async def test_the_options_of_the_library_can_be_said(client: Client, bach: Bach) -> None:
    """A program could not give an alarm its priority."""
    answer = await client.send(
        title="Leak", priority=10, tag="leak", time_to_live=60, silent=True, delivery="at_most_once", format="html"
    )
    message = await bach.get(int(str(answer.body["id"])))
    assert (message.title, message.priority, message.tag, message.silent) == ("Leak", 10, "leak", True)
    assert (message.expires_at, message.delivery, message.format) == (
        message.created_at + 60,
        "at_most_once",
        "html",
    )


async def test_the_same_request_again_gets_the_same_answer(
    client: Client, platform: FakePlatform, clock: FakeClock
) -> None:
    """A program that repeats after a time-out would ring twice."""
    first = await client.send("ding", key="order-7")
    await clock.settle()
    await clock.advance(30)
    again = await client.send("ding", key="order-7")
    assert (again.status, again.body) == (first.status, first.body)
    assert len(platform.sent) == 1
    other = await client.send("dong", key="order-7")
    assert (other.status, other.body["code"]) == (422, "idempotency_key_reused")


async def test_the_queue_is_shown_as_the_original_showed_it(
    client: Client, bach: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """A dashboard made for the original would stay empty."""
    await client.send("one")
    platform.write("hello", remote_id="1", cursor="1")
    await clock.settle()
    await bach.stop("home")
    await client.send("two")
    answer = await client.call("GET", "/api/v1/messages/queue")
    assert answer.body == {
        "connectors": {"home": {"in": {"sent": 1}, "out": {"pending": 1, "sent": 1}}},
        "totals": {"pending": 1, "sent": 1, "failed": 0, "dead": 0},
    }


async def test_the_inbox_is_paged_and_filtered(client: Client, platform: FakePlatform, clock: FakeClock) -> None:
    """A program would read the same messages for ever, or miss some."""
    for number in range(3):
        platform.write(f"text {number}", remote_id=str(number), cursor=str(number))
    await clock.settle()
    answer = await client.call("GET", "/api/v1/messages/inbox?limit=2&offset=1&sender=home:42")
    messages = answer.body.pop("messages")
    assert isinstance(messages, list)
    [newer, older] = messages
    assert answer.body == {"count": 2, "total": 3, "offset": 1, "limit": 2}
    assert (newer["body"], older["body"]) == ("text 1", "text 0")
    assert {key: value for key, value in older.items() if key != "metadata"} == {
        "id": 1,
        "direction": "inbox",
        "sender": "home:42",
        "recipient": "42",
        "subject": "Connector: home",
        "body": "text 0",
        "body_type": "text",
        "priority": 0,
        "status": "unread",
        "created_at": NOW,
    }
    assert older["metadata"]["source"] == "fake"
    assert older["metadata"]["context_triggers"] == []
    assert older["metadata"]["sender_name"] == "Person 42"


async def test_routing_answers_as_the_original_did(client: Client) -> None:
    """A program that calls it every minute would fail every minute."""
    answer = await client.call("POST", "/api/v1/messages/route")
    assert (answer.status, answer.body) == (200, {"routed": 0, "error_count": 0, "errors": []})


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"connector": "nobody"}, 404, "unknown_connection"),
        ({"connector": "claude"}, 404, "unknown_connection"),
        ({"connector": ""}, 422, "invalid_value"),
        ({"recipient": 42}, 422, "invalid_value"),
        ({"recipient": "two words"}, 422, "invalid_recipient"),
        ({"content": " "}, 422, "empty_text"),
        ({"content": "x" * 5000}, 422, "text_too_long"),
        ({"content": "half \\ud83d"}, 400, "invalid_json"),
        ({"text": "x"}, 422, "invalid_value"),
        ({"priority": True}, 422, "invalid_value"),
        ({"priority": 11}, 422, "invalid_value"),
        ({"time_to_live": 0}, 422, "invalid_time_to_live"),
        ({"delivery": "perhaps"}, 422, "invalid_value"),
        ({"format": "rtf"}, 422, "unknown_format"),
        ({"silent": "yes"}, 422, "invalid_value"),
    ],
)
async def test_a_wrong_field_is_named(
    client: Client, bach: Bach, fields: dict[str, object], status: int, code: str
) -> None:
    """A program's author would guess what is wrong, or the message would go somewhere else."""
    await bach.registry.add(Connection(name="claude", type="ollama", category=Category.AI))
    if code == "invalid_json":
        body = b'{"connector": "home", "recipient": "ada", "content": "half \\ud83d"}'
        answer = await client.call(
            "POST", "/api/v1/messages/send", data=body, headers={"Content-Type": "application/json"}
        )
    else:
        answer = await client.send(**{"content": "x"} | fields)  # type: ignore[arg-type] # wrong on purpose
    assert (answer.status, answer.body["code"]) == (status, code)
    assert str(answer.body["detail"]).endswith(".")
    assert await bach.messages() == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=٣",
        "offset=-1",
        "staus=read",
        "status=deleted",
        "sender=42",
        "limit=1&limit=2",
    ],
)
async def test_a_wrong_parameter_is_refused(client: Client, query: str) -> None:
    """A misspelt filter would show everything, as if everything matched."""
    answer = await client.call("GET", f"/api/v1/messages/inbox?{query}")
    assert (answer.status, answer.body["code"]) == (422, "invalid_value")


@pytest.mark.parametrize("key", ["", "two words", "é", "x" * 256])
async def test_a_key_that_is_none_is_refused(client: Client, bach: Bach, key: str) -> None:
    """The program would believe that it may repeat."""
    assert (await client.send(key=key)).status == 422
    assert await bach.messages() == []


async def test_a_full_queue_says_so(client: Client, bach: Bach, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program could not tell "later" from "never"."""
    await bach.stop("home")
    policy = bach._base.policy
    object.__setattr__(policy, "max_waiting", 1)
    assert (await client.send()).status == 201
    answer = await client.send()
    assert (answer.status, answer.body["code"]) == (429, "queue_full")
    assert [message.status for message in await bach.messages()] == [Status.PENDING]


async def test_the_document_is_served(client: Client) -> None:
    """Programs that write clients would find nothing."""
    answer = await client.call("GET", "/api/v1/openapi.json", token=None)
    assert answer.body == DOCUMENT
