"""Bridges over REST: made, looked at, switched off and removed by a program that is not the owner of the database."""

from bach_lib import Bach, BridgeWords
from bach_lib.rest.openapi import DOCUMENT
from bach_lib.testing import FakeClock, FakePlatform
from tests.lib.rest.conftest import Client

BRIDGES = "/api/v1/bridges"
CLUB = {
    "name": "club",
    "source": {"connector": "home", "recipient": "42"},
    "targets": [{"connector": "home", "recipient": "bob"}],
    "edits": False,
    "words": {"edited": "geändert"},
}


async def test_a_bridge_is_made_carries_rests_and_is_gone(
    client: Client, bach: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """Who sets a home up by a script would have to log in where the database lies."""
    made = await client.call("POST", BRIDGES, json=CLUB)
    assert (made.status, made.body["name"], made.body["edits"], made.body["files"]) == (201, "club", False, True)
    schema = DOCUMENT["components"]["schemas"]["Bridge"]  # type: ignore[index,call-overload] # plain JSON
    assert made.body.keys() == set(schema["required"])  # type: ignore[index,call-overload,arg-type] # plain JSON
    assert bach.bridges.get("club").words == BridgeWords(edited="geändert")
    await bach.registry.update("home", allowed=frozenset({"42"}))
    await clock.settle()
    platform.says("Dinner at six", sender="42")
    await clock.settle()
    assert [(one.recipient, one.text) for one in platform.sent] == [("bob", "<b>Person 42:</b> Dinner at six")]
    page = (await client.call("GET", BRIDGES)).body
    assert page["count"] == 1
    sides = (await client.call("GET", f"{BRIDGES}/club")).body["sides"]
    assert isinstance(sides, list)
    assert [(one["connector"], one["carried"], one["reason"]) for one in sides] == [("home", 1, None)]
    again = await client.call("POST", BRIDGES, json=CLUB)
    assert (again.status, "replaces" in str(again.body["detail"])) == (422, True)
    off = await client.call("POST", f"{BRIDGES}/club/disable")
    assert (off.status, off.body["is_active"], off.body["edits"]) == (200, False, False)
    assert (await client.call("POST", f"{BRIDGES}/club/enable")).body["is_active"] is True
    other = await client.call("POST", BRIDGES, json=CLUB | {"replaces": True, "both_ways": True})
    assert (other.status, other.body["both_ways"]) == (200, True)
    gone = await client.call("DELETE", f"{BRIDGES}/club")
    assert (gone.status, gone.body["name"], bach.bridges.list()) == (200, "club", [])


async def test_what_is_no_bridge_is_refused(client: Client, bach: Bach) -> None:
    """A program with a slip in it would make a bridge to nowhere, or learn of its slip when somebody writes."""
    for body in (
        CLUB | {"targets": []},
        CLUB | {"targets": ["bob"]},
        CLUB | {"source": {"connector": "home"}},
        CLUB | {"words": {"shouted": "x"}},
        CLUB | {"name": "..."},
        {"name": "club", "source": CLUB["source"]},
    ):
        assert (await client.call("POST", BRIDGES, json=body)).status == 422
    nowhere = CLUB | {"source": {"connector": "nowhere", "recipient": "42"}}
    assert (await client.call("POST", BRIDGES, json=nowhere)).status == 404
    for method, path in (("GET", "club"), ("DELETE", "club"), ("POST", "club/enable")):
        assert (await client.call(method, f"{BRIDGES}/{path}")).body["code"] == "unknown_bridge"
    assert bach.bridges.list() == []
