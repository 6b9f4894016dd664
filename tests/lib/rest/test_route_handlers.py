"""Routes over REST: an alarm that a program starts, and that somebody acknowledges through another one."""

import pytest

from bach_lib import Bach, Place, Route, Step
from bach_lib.rest.openapi import DOCUMENT
from bach_lib.routes import runner
from bach_lib.testing import FakeClock, FakePlatform
from tests.lib.rest.conftest import Client

ROUTES = "/api/v1/routes"
RUN = f"{ROUTES}/runs/1"


async def test_an_alarm_is_started_once_acknowledged_and_cleared(
    client: Client, bach: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """What finds the leak could tell somebody, and never have somebody know."""
    await bach.routes.set(Route(name="wässer", steps=(Step(places=(Place(connection="home", recipient="ada"),)),)))
    listed = await client.call("GET", ROUTES)
    assert (listed.status, listed.body["count"]) == (200, 1)
    body = {"content": "Water!", "title": "Cellar", "priority": 9, "tag": "leak", "silent": None}
    key = {"Idempotency-Key": "leak-1"}
    for _ in range(2):
        started = await client.call("POST", f"{ROUTES}/wässer/start", json=body, headers=key)
        assert (started.status, started.body["id"], started.body["status"]) == (201, 1, "under_way")
    schema = DOCUMENT["components"]["schemas"]["Run"]  # type: ignore[index,call-overload] # plain JSON
    assert started.body.keys() == set(schema["required"])  # type: ignore[index,call-overload,arg-type] # the same
    other = await client.call("POST", f"{ROUTES}/wässer/start", json={"content": "Fire!"}, headers=key)
    assert (other.status, other.body["code"]) == (422, "route_key_reused")
    await clock.settle()
    assert [(one.text, one.priority) for one in platform.sent] == [("Water!", 9)]
    quiet = await client.call("POST", f"{RUN}/snooze", json={"by": "Bob", "seconds": 600})
    assert (quiet.status, quiet.body["status"], quiet.body["snoozed_by"]) == (200, "under_way", "Bob")
    assert quiet.body["snoozed_for"] == 600
    had = await client.call("POST", f"{RUN}/acknowledge", json={"by": "Ada"})
    assert (had.status, had.body["status"], had.body["by"]) == (200, "acknowledged", "Ada")
    cleared = await client.call("POST", f"{RUN}/clear", json={"content": "Dry."})
    assert (cleared.status, cleared.body["status"]) == (200, "acknowledged")
    assert cleared.body["cleared_at"]
    await clock.settle()
    assert "Dry." in [one.text for one in platform.sent]
    again = await client.call("POST", f"{ROUTES}/wässer/start", json={"content": "Again!"})
    assert (await client.call("POST", f"{ROUTES}/runs/{again.body['id']}/cancel")).body["status"] == "cancelled"
    page = await client.call("GET", f"{ROUTES}/runs?route=wässer&limit=1")
    runs = page.body["runs"]
    assert isinstance(runs, list)
    assert ([one["id"] for one in runs], page.body["count"]) == ([2], 1)
    assert (await client.call("GET", RUN)).body["by"] == "Ada"


async def test_what_is_not_there_is_not_found_and_too_much_comes_again(
    client: Client, bach: Bach, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program could not tell a slip from a home that has too many alarms."""
    for method, path, body in (
        ("POST", f"{ROUTES}/nobody/start", {"content": "Water!"}),
        ("GET", RUN, None),
        ("GET", f"{ROUTES}/runs/0", None),
        ("POST", f"{RUN}/acknowledge", {"by": "Ada"}),
        ("POST", f"{RUN}/snooze", {"by": "Ada", "seconds": 60}),
        ("GET", f"{ROUTES}/runs?route=nobody", None),
    ):
        answer = await client.call(method, path, json=body)
        assert (answer.status, answer.body["code"]) in {(404, "unknown_route"), (404, "unknown_run")}, path
    await bach.routes.set(Route(name="water", steps=(Step(places=(Place(connection="home", recipient="ada"),)),)))
    monkeypatch.setattr(runner, "MOST_RUNS", 0)
    answer = await client.call("POST", f"{ROUTES}/water/start", json={"content": "Water!"})
    assert (answer.status, answer.body["code"]) == (429, "too_many_runs")
    place: dict[str, object] = {"connector": "home", "recipient": "ada"}
    many: tuple[object, ...] = ("ada", ["ada"], [{"connector": "home"}], [{**place, "x": 1}], [place] * 21)
    slips: list[dict[str, object]] = [{"colour": 1}, {"priority": "high"}, {"content": " "}]
    slips += [{"caused_by": wrong} for wrong in many]
    for wrong in ({}, *({"content": "x", **slip} for slip in slips)):
        answer = await client.call("POST", f"{ROUTES}/water/start", json=wrong)
        assert answer.status == 422, answer
    assert (await client.call("POST", f"{ROUTES}/runs/1/snooze", json={"by": "Ada", "seconds": 1})).status == 404
    for slip in ({"by": "Ada"}, {"seconds": 9}, {"by": "Ada", "seconds": True}, {"by": "Ada", "seconds": 9, "x": 1}):
        answer = await client.call("POST", f"{RUN}/snooze", json=slip)
        assert (answer.status, answer.body["code"]) == (422, "invalid_value"), slip
