"""docs/rest.md against the interface: what its tables and examples promise is what a program gets."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from bach_lib import Bach, Status
from bach_lib.outcomes import Dead
from bach_lib.rest.openapi import DOCUMENT
from bach_lib.testing import FakeClock, FakePlatform
from tests.lib.rest.conftest import TOKEN, Client
from tests.lib.rest.test_message_handlers import NOBODY

PAGE = (Path(__file__).parents[3] / "docs/rest.md").read_text("utf-8")
SEND, QUEUE, INBOX = (f"/api/v1/messages/{name}" for name in ("send", "queue", "inbox"))
SPOKEN = {"connector": "home", "recipient": "42", "content": "x"}
REFUSED: Mapping[int, tuple[str, str, Mapping[str, object]]] = {
    400: ("POST", SEND, {"data": b"{", "headers": {"Content-Type": "application/json"}}),
    401: ("GET", "/nowhere", {"token": None}),
    403: ("POST", "/api/v1/hooks/home", {"data": b"{}", "token": None}),
    404: ("GET", "/api/v1/messages/99", {}),
    405: ("PUT", SEND, {"json": SPOKEN}),
    413: ("POST", SEND, {"json": SPOKEN | {"content": "x" * 65_537}}),
    415: ("POST", SEND, {"data": b"{}", "headers": {"Content-Type": "text/plain"}}),
    421: ("GET", QUEUE, {"headers": {"Host": "evil.example"}}),
    422: ("GET", f"{QUEUE}?api_key=x", {}),
}


def section(title: str) -> str:
    """What stands below a headline."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def example(title: str, number: int = 0) -> dict[str, object]:
    """An answer as the page shows it."""
    return cast("dict[str, object]", json.loads(re.findall(r"```json\n(.*?)```", section(title), re.DOTALL)[number]))


def shape(answer: object) -> object:
    """The names in an answer, and of which kind everything is."""
    if isinstance(answer, dict):
        return {name: shape(value) for name, value in answer.items()}
    return type(answer).__name__


def fields(row: str) -> set[str]:
    """Everything in a text that stands there as code."""
    return set(re.findall(r"`([a-z_]+)`", row))


def test_the_table_names_every_endpoint() -> None:
    """A program could not find out what there is, or ask for what there is not."""
    rows = re.findall(r"^\| (`[A-Z]+ /.*?) \|", PAGE, re.MULTILINE)
    told = set[tuple[str, str]]()
    for row in rows:
        method, path = re.findall(r"`([A-Z]+) (/[^`]*)`", row)[0]
        told |= {(one.lower(), path) for one in (method, *re.findall(r"`([A-Z]+)`", row))}
    paths = cast("Mapping[str, Mapping[str, Mapping[str, object]]]", DOCUMENT)["paths"]
    served = {(method, path) for path, methods in paths.items() for method in methods if method != "parameters"}
    assert told == served | {("get", "/api/v1/openapi.json"), ("get", "/docs")}


async def test_the_examples_are_what_comes(
    client: Client, bach: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """Whoever copies an example would get another answer than the page shows."""
    sent = json.loads(re.findall(r"-d '(.*?)'", section("The token"))[0])
    key = re.findall(r"Idempotency-Key: (\S+?)\"", section("The token"))[0]
    answers = [await client.call("POST", SEND, json=sent, headers={"Idempotency-Key": key}) for _ in range(2)]
    assert answers[0].status == 201
    assert answers[0].body == answers[1].body
    wanted = example("The token")
    assert answers[0].body | {"id": 0, "queued_at": ""} == wanted | {"id": 0, "queued_at": ""}
    assert shape(answers[0].body) == shape(wanted)

    await clock.settle()
    platform.write("hello", remote_id="1", cursor="1")
    await clock.settle()
    await bach.stop("home")
    assert (await client.send("later")).status == 201, "a connection that rests takes messages, too"
    assert shape((await client.call("GET", QUEUE)).body) == shape(example("Queue"))

    inbox = (await client.call("GET", INBOX)).body
    [message] = cast("list[dict[str, object]]", inbox["messages"])
    named = fields(section("Inbox"))
    assert {*inbox, *message, *cast("dict[str, object]", message["metadata"])} <= named
    routed = (await client.call("POST", "/api/v1/messages/route")).body
    assert routed == json.loads(re.findall(r"`(\{\"routed.*?\})`", PAGE)[0])

    refused = await client.call("POST", SEND, json=SPOKEN | {"connector": "hme"})
    assert refused.body == example("Errors")


async def test_what_is_told_of_one_message_is_so(client: Client, platform: FakePlatform, clock: FakeClock) -> None:
    """A program would wait for a field that never comes, or be refused what the page allows."""
    page = section("One message")
    platform.outcomes.append(Dead(fault=NOBODY))
    await client.send("ding")
    await clock.settle()
    shown = (await client.call("GET", "/api/v1/messages/1")).body
    assert {*cast("list[dict[str, object]]", shown["attempts"])[0]} <= fields(page)
    amended = await client.call("POST", "/api/v1/messages/1/amend?wait=10", json={"content": "dong"})
    assert (amended.status, amended.body["status"]) == (200, "sent")
    told = fields(re.findall(r"`retry` is for.*?\)", page)[0]) - {"retry"}
    refused = str((await client.call("POST", "/api/v1/messages/1/retry")).body["detail"])
    assert told == set(re.findall(r"[a-z]+", refused.partition("Only")[2])) & set(Status)
    assert (await client.call("POST", "/api/v1/messages/discard", json={"ids": [1]})).status == 422


@pytest.mark.parametrize("status", REFUSED)
async def test_every_refusal_is_one_of_the_table(client: Client, status: int) -> None:
    """A program could not tell what it has to do about a refusal."""
    method, path, sent = REFUSED[status]
    answer = await client.call(method, path, **sent)  # type: ignore[arg-type] # as written above
    assert answer.status == status
    assert answer.body.keys() == {"code", "detail"}
    rows = re.findall(r"^\| ([0-9, ]+) \|", section("Errors"), re.MULTILINE)
    told = {int(number) for row in rows for number in row.split(",")}
    assert told == {*REFUSED, 429, 503}, "those two are tried with what makes them"


async def test_it_differs_from_the_original_as_it_says(client: Client) -> None:
    """Whoever changes a program for this would change the wrong thing."""
    assert (await client.call("GET", QUEUE, token=None)).status == 401
    assert (await client.call("GET", QUEUE, token=None, headers={"X-BACH-Key": TOKEN})).status == 200
    assert (await client.call("GET", f"{QUEUE}?api_key={TOKEN}", token=None)).status == 401
    assert (await client.call("GET", "/health", token=None)).body == {"status": "ok"}
