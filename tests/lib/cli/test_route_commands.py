"""`bach route`: alarms that are defined, started, followed and ended in a terminal, and steps as people type them."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import override

import pytest

from bach_lib import Bach, Connection, Place, Route, RouteStatus, Step
from bach_lib.cli import console, session
from bach_lib.cli.route_steps import seconds_of, step_of, written_seconds, written_step
from bach_lib.cli.session import Session, Work
from bach_lib.control.operations import perform
from bach_lib.control.sentences import SentenceError
from bach_lib.models.route import RouteRun, RouteWords, Said
from bach_lib.rest.answers import Json
from bach_lib.rest.exact import exact
from bach_lib.testing import FakeClock
from tests.lib.cli.conftest import Run
from tests.lib.cli.test_odd_words import behind

ADA = {"connection": "home", "recipient": "ada"}
STEP = {"places": [ADA], "wait": 300.0, "in_turn": False, "reached": "acknowledged", "repeats": 0, "repeat_every": 60.0}
STEP |= {"but_cause": False}
BOTH = {**STEP, "places": [ADA, {"connection": "zoo", "recipient": "-100:5"}]}


REFUSED: Mapping[tuple[str, ...], str] = {
    (): "Give steps, or a file with them",
    ("--file", "."): ". is no file that can be read.",
    ("--file", "odd.json"): "odd.json holds no JSON.",
    ("--file", "list.json"): "list.json holds no route. `bach route show NAME --json` writes one.",
    ("--file", "slip.json"): 'There is no "repeat" in a step. There are: places, wait, in_turn',
    ("--file", "few.json"): '"nothing" is not possible for recipient. Use a text.',
    ("--file", "words.json"): '"int" is not possible for words. Use names with values.',
    ("--file", "turn.json"): '"no" is not possible for in_turn. Use true or false.',
    ("--step", "nowhere:ada"): 'There is no connection named "nowhere"',
}


@pytest.mark.parametrize(
    ("written", "step"),
    [
        ("home:ada for 5m", STEP),
        ("home:ada, zoo:-100:5 for 5m", BOTH),
        ("home:ada in turn for 90s", {**STEP, "in_turn": True, "wait": 90.0}),
        ("home:ada but who caused it for 5m", {**STEP, "but_cause": True}),
        ("home:ada until seen for 2h", {**STEP, "reached": "seen", "wait": 7200.0}),
        ("home:ada for 1d again 1 time every 1.5s", {**STEP, "wait": 86400.0, "repeats": 1, "repeat_every": 1.5}),
        (
            "home:ada, zoo:-100:5 in turn until answered for 5m again 20 times every 10m",
            {**BOTH, "in_turn": True, "reached": "answered", "repeats": 20, "repeat_every": 600.0},
        ),
    ],
)
def test_a_step_is_shown_as_it_is_typed(written: str, step: dict[str, Json]) -> None:
    """What `show` says could not be typed again, or would mean something else."""
    assert written_step(step) == written
    assert {**STEP, **step_of(written)} == step


def test_a_step_may_say_things_in_any_order_and_leave_them_out() -> None:
    """People would have to know an order that nobody tells them."""
    assert step_of("home:ada") == {"places": [ADA]}
    said = step_of(" home:ada  again 2 times every 90 for 5m in turn ")
    assert said == {"places": [ADA], "in_turn": True, "wait": 300.0, "repeats": 2, "repeat_every": 90.0}
    assert [written_seconds(seconds_of(one)) for one in ("90", "60s", "24h", "1.5m", "0")] == [
        *("90s", "1m", "1d", "90s", "0s")
    ]


@pytest.mark.parametrize(
    "written",
    [
        *("", "ada", "home:", ":ada", "home:ada,", "home:ada for 3y", "home:ada for", "home:ada again 2 every 1m"),
        *("home:ada for 5m for 6m", "home:ada until 5", "home:ada in turn in turn", "home:ada for -5m"),
        *("home:ada but who is away", "home:ada but who caused it but who caused it"),
    ],
)
def test_a_step_that_is_none_is_refused(written: str) -> None:
    """A slip would make a recipient of `ada for 3y`, whom nobody could ever reach."""
    with pytest.raises(SentenceError):
        step_of(written)
    with pytest.raises(SentenceError, match=r"is no time. Write it like 90s"):
        seconds_of("3y")


@pytest.fixture
def alone(database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A BACH with a connection `w` that all commands ask, so that none has to open one."""
    database.touch()
    with behind(monkeypatch, None):
        yield


@pytest.mark.usefixtures("alone")
def test_an_alarm_is_started_and_followed_until_somebody_has_it(bach_: Run) -> None:
    """Whoever starts one in a script could not wait for somebody who knows."""
    assert bach_("route", "add", "water", "--step", "w:default for 2m").code == 0
    start = ("route", "start", "water", "Water!", "--caused-by")
    assert bach_(*start, "ada").errors.startswith('"ada" is nobody who can be told. Write')
    assert "is told where `bach serve` runs" in bach_(*start, "w:ada", "--caused-by", "w:bob").errors
    assert re.search(r"Caused by +w:ada, w:bob\n", bach_("route", "run", 1).output)
    assert bach_("route", "snooze", 1, "Bob", "--for", "soon").errors.startswith('"soon" is no time. Write it like 90s')
    quiet = dict(bach_("route", "snooze", 1, "Bob", "--for", "90s", "--json").row())
    assert (quiet["status"], quiet["snoozed_by"], quiet["snoozed_for"]) == ("under_way", "Bob", 90)
    assert dict(bach_("route", "snooze", 1, "Bob", "--json").row())["snoozed_for"] == 3600
    assert re.search(r"Wants quiet +Bob\n", bach_("route", "run", 1).output)
    assert bach_("route", "ack", 1, "Ada", "--json").row()["by"] == "Ada"
    watched = bach_("route", "watch", 1)
    assert watched.code == 0
    told = ["  w:default is told (message 2)", "  acknowledged by Ada"]
    assert [line[8:] for line in watched.output.splitlines()] == told


@pytest.mark.usefixtures("alone")
def test_a_picture_goes_along_and_one_that_is_not_there_costs_no_words(bach_: Run, tmp_path: Path) -> None:
    """A script could not show what it saw; or an alarm be refused because the camera had written nothing."""
    (tmp_path / "door.jpg").write_bytes(b"\xff\xd8 door")
    assert bach_("route", "add", "door", "--step", "w:default for 2m").code == 0
    paths = ["--file", str(tmp_path / "door.jpg"), "--file", str(tmp_path / "gone.jpg")]
    row = bach_("route", "start", "door", "Ring", *paths, "--json").row()
    assert "'name': 'door.jpg'" in str(row["files"])
    assert "gone.jpg cannot be read" in str(row["lost"])
    assert re.search(r"Files +door.jpg\n", bach_("route", "run", 1).output)


class _Later(Session):
    """A run at each of whose looks more has happened."""

    is_daemon, database = True, Path()

    def __init__(self, *runs: RouteRun) -> None:
        self._runs = iter(runs)

    @override
    async def ask(self, operation: str, **arguments: Json) -> Json:
        return exact(next(self._runs))


def test_who_watches_reads_who_wants_quiet_once(bach_: Run, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever follows an alarm would see it stand still for an hour, and not know that somebody had heard of it."""
    database.touch()
    begun = RouteRun(id=1, route="water", said=Said(text="Water!"), steps=(), words=RouteWords(), started_at=0)
    quiet = replace(begun, snoozed_by="Bob", snoozed_for=600, snoozed_at=60, due_at=660, version=2)
    had = replace(quiet, version=4, status=RouteStatus.ACKNOWLEDGED, by="Ada", ended_at=700, snoozed_by=None)
    later = _Later(begun, quiet, replace(quiet, version=3), had)

    def ask[T](work: Work[T], _: Path, *, creates: bool = False) -> T:
        del creates
        return asyncio.run(work(later))

    monkeypatch.setattr(session, "run", ask)
    [told, ended] = bach_("route", "watch", 1).output.splitlines()
    assert re.fullmatch(r"[\d:]{8}  Bob wants quiet until [\d:]{8}", told)
    assert ended.endswith("  acknowledged by Ada")


@pytest.mark.slow  # two dozen commands; the nearer test above has those that matter most
@pytest.mark.usefixtures("alone")
def test_everything_can_be_done_with_a_route(bach_: Run, tmp_path: Path) -> None:
    """Whoever has no Home Assistant could not have somebody know."""
    listed = bach_("route", "list").output
    assert listed == 'There are no routes. Add one: bach route add NAME --step "home:ada for 5m"\n'
    steps = ("--step", "w:default for 2m", "--step", "w:default, w:other until seen for 5m")
    assert bach_("route", "add", "water", *steps, "--button", "Ich habe es").code == 0
    again = bach_("route", "add", "water", *steps)
    said = 'There is a route named "water". Say that the new one replaces it (--replace).\n'
    assert (again.code, again.errors) == (1, said)
    assert bach_("route", "add", "water", *steps[:2], "--replace").code == 0
    assert "Step 1           w:default for 2m\nButton           I have it\n" in bach_("route", "show", "water").output
    (tmp_path / "water.json").write_text(bach_("route", "show", "water", "--json").output, "utf-8")
    assert bach_("route", "add", "fire", "--file", tmp_path / "water.json", "--over", "Vorbei").code == 0
    rows = json.loads(bach_("route", "list", "--json").output)
    assert [(row["name"], row["words"]["over"]) for row in rows] == [("fire", "Vorbei"), ("water", "This is over")]
    assert rows[0]["steps"] == rows[1]["steps"]

    for _ in range(2):
        started = bach_("route", "start", "water", "Water!", "--key", "k", "--priority", 5, "--silent", "--json")
        row = dict(started.row())
        assert (row["id"], row["status"], row["priority"], row["silent"]) == (1, "under_way", 5, True)
        assert started.errors == "It is on disk, and somebody is told where `bach serve` runs.\n"
    assert bach_("route", "ack", 1, "Ada", "--json").row()["by"] == "Ada"
    assert bach_("route", "start", "water", "More!", "--tag", "t").code == 0
    assert bach_("route", "cancel", 2).code == 0
    assert bach_("route", "clear", 2, "Dry.", "--json").row()["cleared_at"]
    watched = bach_("route", "watch", 2, "--json")
    assert (watched.code, json.loads(watched.output)["status"]) == (1, "cancelled")
    runs = bach_("route", "runs", "water", "--json").rows()
    assert [(row["id"], row["status"]) for row in runs] == [(2, "cancelled"), (1, "acknowledged")]
    assert "default" in bach_("route", "run", 1).output
    assert bach_("route", "remove", "water").code == 0
    assert bach_("route", "runs", "water").code == 0, "what was started is there yet"
    assert bach_("route", "runs", "nobody").errors == 'There is no route named "nobody". Known routes: fire.\n'
    assert bach_("route", "show", "nobody").errors == 'There is no route named "nobody". `bach route list` shows all.\n'


@pytest.mark.usefixtures("alone")
def test_what_is_no_route_is_refused(
    bach_: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests
) -> None:
    """A slip in a file would be an alarm that is repeated by nobody."""
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "odd": "{",
        "list": "[]",
        "slip": '{"steps": [{"places": [], "repeat": 3}]}',
        "few": '{"steps": [{"places": [{"connection": "w"}]}]}',
        "words": '{"steps": [], "words": 5}',
        "turn": '{"steps": [{"places": [{"connection": "w", "recipient": 5}], "in_turn": "no"}]}',
    }.items():
        (tmp_path / f"{name}.json").write_text(text, "utf-8")
    for words, sentence in REFUSED.items():
        with subtests.test(words=words):
            said = bach_("route", "add", "water", *words)
            assert said.code == 1
            assert sentence in said.errors
    assert bach_("route", "list", "--json").rows() == []


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("room", [pytest.param(80, marks=pytest.mark.slow), 40])  # the narrower one is the harder one
def test_routes_and_runs_fit_the_window(bach_: Run, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """Beside another window nobody could read who is told."""
    bach_("route", "add", "water", "--step", "w:default for 2m", "--step", "w:default, w:other until seen for 5m")
    bach_("route", "start", "water", "The washing machine in the cellar has lost its water")
    monkeypatch.setattr(console, "_room", lambda: room)
    for words in (("list",), ("runs",)):
        said = bach_("route", *words).output
        assert max(map(len, said.splitlines())) <= room, said


async def test_who_follows_a_run_hears_of_it_at_once_and_looks_again_by_itself(bach: Bach, clock: FakeClock) -> None:
    """Whoever watches an alarm would read of it half a minute late, or never where another process goes on with it."""
    await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"42"})))
    await bach.routes.set(Route(name="water", steps=(Step(places=(Place(connection="home", recipient="ada"),)),)))
    run = await bach.start_route("water", "Water!")
    await clock.settle()
    asked: dict[str, Json] = {"run_id": run.id, "version": run.version, "seconds": 60}
    following = asyncio.create_task(perform(bach, "follow_run", asked))
    await clock.settle()
    assert not following.done()
    await bach.acknowledge(run.id, "Ada")
    answer = await following
    assert isinstance(answer, dict)
    assert (answer["status"], answer["by"]) == (RouteStatus.ACKNOWLEDGED, "Ada")
    now = await bach.route_run(run.id)
    still = await perform(bach, "follow_run", {"run_id": run.id, "version": now.version, "seconds": 0})
    assert isinstance(still, dict)
    assert still["version"] == now.version
