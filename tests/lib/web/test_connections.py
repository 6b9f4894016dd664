"""What the web app shows of connections, questions, rules and roles, and that a connection can rest."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from bach_lib import Bach, Button, Connection, Fault, Rule, UnansweredError
from bach_lib.connectors.capabilities import Rate
from bach_lib.outcomes import Dead
from bach_lib.questions import Place, Question
from bach_lib.rest.answers import Json
from bach_lib.testing import FakeClock, FakePlatform
from bach_lib.web.app_commands import perform
from bach_lib.web.viewer import Known, Visit
from tests.lib.web.viewers import Everybody, OnlyAda


@pytest.fixture
async def visit(bach: Bach, clock: FakeClock) -> Visit:
    """One connection, to which Ada belongs."""
    await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"ada"})))
    await clock.settle()
    return Visit(bach, Everybody([Known(id="home", title="Home", recipients=[Known(id="ada", title="Ada")])]))


async def ask(visit: Visit, command: str, **arguments: Json) -> dict[str, Any]:
    """The answer to a command."""
    answer = await perform(visit, f"bach/panel/{command}", arguments)
    assert isinstance(answer, dict)
    return answer


async def open_breaker(visit: Visit, clock: FakeClock) -> dict[str, Any]:
    """Let attempts fail until it is open; the card of the connection."""
    for _ in range(60):
        await clock.advance(10)
        card: dict[str, Any] = (await ask(visit, "connections"))["cards"][0]
        if card["breaker"]["state"] == "open":
            return card
    pytest.fail("the breaker stayed closed")


async def test_a_card_says_what_was_sent_failed_and_waits(
    visit: Visit, clock: FakeClock, platform: FakePlatform
) -> None:
    """Whoever looks whether a connection works would be told of another day, or of nothing."""
    platform.rates = {"account": Rate(count=30, per=1), "chat:ada": Rate(count=1, per=1)}
    platform.outcomes += [Dead(fault=Fault(code="refused", text="no"))]
    for text in ("first", "second"):
        await visit.bach.send("home", "ada", text)
        await clock.settle()
        await clock.advance(2)
    [card] = (await ask(visit, "connections"))["cards"]
    assert (card["title"], card["sending"]["state"], card["breaker"]["state"]) == ("Home", "connected", "closed")
    assert card["queue"] == {"waiting": 0, "needs_person": 1}
    assert [(hour["sent"], hour["failed"]) for hour in card["hours"]][-1] == (1, 1)
    assert card["sent_in_last_minute"] == 1
    assert card["limit"] == {"count": 30, "seconds": 1}


async def test_the_overview_says_what_is_wrong_and_what_waits(
    visit: Visit, clock: FakeClock, platform: FakePlatform
) -> None:
    """A card on the wall would say that all is well, or leave a person to guess what is not."""
    [row] = (await ask(visit, "overview"))["rows"]
    assert (row["id"], row["title"], row["is_on"]) == ("home", "Home", True)
    assert row["queue"] == {"waiting": 0, "needs_person": 0, "is_more": False}
    platform.fault = Fault(code="unreachable", text="Nobody answers")
    for text in ("first", "second"):
        await visit.bach.send("home", "ada", text)
    await clock.settle()
    [row] = (await ask(visit, "overview"))["rows"]
    assert (row["sending"]["state"], row["sending"]["fault"]) == ("disconnected", "Nobody answers")
    assert row["queue"]["waiting"] == 2


async def test_more_than_were_looked_through_is_said_to_be_more(
    visit: Visit, clock: FakeClock, platform: FakePlatform
) -> None:
    """Whoever may not know of everything would take a part of what waits for all of it."""
    await visit.bach.registry.update("home", is_active=False)
    user = Visit(visit.bach, OnlyAda(visit.viewer.places()))
    for recipient in ("bob", *["ada"] * 198):
        await visit.bach.send("home", recipient, "later")
    [row] = (await ask(user, "overview"))["rows"]
    assert row["queue"] == {"waiting": 198, "needs_person": 0, "is_more": False}
    await visit.bach.send("home", "ada", "one more")
    [row] = (await ask(user, "overview"))["rows"]
    assert row["queue"] == {"waiting": 199, "needs_person": 0, "is_more": True}


async def test_an_open_breaker_says_until_when(visit: Visit, clock: FakeClock, platform: FakePlatform) -> None:
    """Somebody would wait for a message without knowing that nothing is tried now."""
    platform.fault = Fault(code="unreachable", text="Nobody answers")
    await visit.bach.send("home", "ada", "hello")
    card = await open_breaker(visit, clock)
    assert card["breaker"]["until"] > clock.now()
    assert card["sending"]["fault"] == "Nobody answers"


async def test_what_waits_for_a_connection_goes_when_somebody_says_so(
    visit: Visit, clock: FakeClock, platform: FakePlatform
) -> None:
    """Who has plugged the router in again at three in the morning would wait for the next check, and stay awake."""
    platform.fault = Fault(code="unreachable", text="Nobody answers")
    for text in ("Water in the cellar", "The dog barks"):
        await visit.bach.send("home", "ada", text)
        await clock.settle()
    await open_breaker(visit, clock)
    rows = (await ask(visit, "waiting"))["rows"]
    assert [(row["status"], row["can"][0]) for row in rows] == [("pending", "send_now")] * 2
    press = {"what": "send_now", "ids": [row["id"] for row in rows]}
    pressed = asyncio.create_task(ask(visit, "act", **press))
    await clock.settle()
    await clock.advance(5)  # as long as somebody waits for what becomes of it
    assert (await pressed)["waiting"] == 2
    platform.works()
    pressed = asyncio.create_task(ask(visit, "act", **press))
    await clock.settle()
    assert platform.texts == ["Water in the cellar", "The dog barks"]
    assert (await pressed)["sent"] == 2


async def test_what_is_scheduled_says_so_and_goes_when_somebody_says_so(
    visit: Visit, clock: FakeClock, platform: FakePlatform
) -> None:
    """It would look as if the platform were away, and who does not want to wait would have to write it again."""
    when = datetime.fromtimestamp(clock.now() + 3600, UTC)
    await visit.bach.send("home", "ada", "Bins out", not_before=when)
    [row] = (await ask(visit, "waiting"))["rows"]
    assert (row["scheduled_for"], row["trouble"], row["can"][0]) == (when.timestamp(), None, "send_now")
    assert (await ask(visit, "act", what="send_now", ids=[row["id"]]))["sent"] == 1
    assert platform.texts == ["Bins out"]


async def test_what_a_check_found_is_told(visit: Visit, platform: FakePlatform) -> None:
    """Who has plugged the router in again would wait for the next check, or not learn what is wrong."""
    assert (await ask(visit, "check", connection="home"))["is_good"]
    platform.fault = Fault(code="unreachable", text="Nobody answers")
    bad = await ask(visit, "check", connection="home")
    assert (bad["is_good"], bad["said"]) == (False, "Nobody answers")
    assert bad["hops"] == [{"hop": "http", "is_good": False, "seconds": None}]


async def test_a_connection_that_is_paused_sends_nothing_until_it_is_resumed(
    visit: Visit, clock: FakeClock, platform: FakePlatform
) -> None:
    """Messages would go out although somebody said stop, or never again."""
    await ask(visit, "switch", connection="home", is_on=False)
    await clock.settle()
    await visit.bach.send("home", "ada", "later")
    await clock.settle()
    assert platform.texts == []
    [card] = (await ask(visit, "connections"))["cards"]
    assert (card["is_on"], card["queue"]["waiting"]) == (False, 1)
    await ask(visit, "switch", connection="home", is_on=True)
    await clock.settle()
    assert platform.texts == ["later"]


async def test_questions_rules_and_rights_are_listed(visit: Visit, clock: FakeClock) -> None:
    """Nobody could see whom the home is waiting for, or what it listens to."""
    await visit.bach.rules.set(Rule(name="leak", phrases=("water",), hint="Close the valve"))
    yes = Button(text="Yes", value="yes")
    question = Question(
        text="Is anybody in?", places=(Place(connection="home", recipient="ada"),), timeout=60, answers=((yes,),)
    )
    asking = asyncio.create_task(visit.bach.ask(question))
    await clock.settle()
    view = await ask(visit, "household")
    [asked] = view["questions"]
    assert (asked["text"], asked["asked"], asked["answers"]) == ("Is anybody in?", ["Ada"], ["Yes"])
    assert asked["ends_at"] == pytest.approx(clock.now() + 60)
    assert [(rule["name"], rule["looks_for"], rule["hint"]) for rule in view["rules"]] == [
        ("leak", ["water"], "Close the valve")
    ]
    assert [right["place"] for right in view["rights"]] == ["Ada"]
    await clock.advance(61)
    with pytest.raises(UnansweredError):
        await asking
    assert (await ask(visit, "household"))["questions"] == []
