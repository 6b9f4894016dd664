"""Bridges in the web app: how they go, what waits where, and what is changed, by whom it may be."""

from dataclasses import replace

import pytest

from bach_lib import Bach, BridgeWords, Connection
from bach_lib.errors import BachError
from bach_lib.rest.answers import Json
from bach_lib.testing import FakeClock, FakePlatform
from bach_lib.web.page.owner import NamedBridges
from bach_lib.web.viewer import ForbiddenError, Known, Visit
from tests.lib.web.test_conversations import ADA, BEN, ask
from tests.lib.web.viewers import Everybody, OnlyAda

FROM_ADA: Json = {"connection": "home", "recipient": ADA}
TO_BEN: Json = {"connection": "zoo", "recipient": BEN}


@pytest.fixture
async def visit(bach: Bach, clock: FakeClock) -> Visit:
    """Two connections, each with one person."""
    for name, who in (("home", ADA), ("zoo", BEN)):
        await bach.registry.add(Connection(name=name, type="fake", allowed=frozenset({who})))
    await clock.settle()
    places = [Known(id="home", title="Home", recipients=[Known(id=ADA, title="Ada")]), Known(id="zoo", title="Zoo")]
    return Visit(bach, Everybody(places, NamedBridges(bach)))


async def test_a_bridge_is_made_changed_paused_and_removed(
    visit: Visit, clock: FakeClock, platform: FakePlatform
) -> None:
    """Whoever has no terminal could not join two chats, nor part them while guests are there."""
    assert await ask(visit, "bridges") == {"bridges": [], "named": True}
    await ask(visit, "set_bridge", name="club", source=FROM_ADA, targets=[TO_BEN], edits=False)
    platform.says("Dinner at six", sender=ADA)
    await clock.settle()
    [one] = (await ask(visit, "bridges"))["bridges"]
    assert (one["title"], one["edits"], one["files"], one["is_active"]) == ("club", False, True, True)
    assert (one["source"]["recipient_title"], one["targets"][0]["connection_title"]) == ("Ada", "Zoo")
    assert [(side["title"], side["carried"]) for side in one["sides"]] == [("Home", 1)]
    with pytest.raises(BachError, match="a name that no other bridge has"):
        await ask(visit, "set_bridge", name="club", source=FROM_ADA, targets=[TO_BEN])
    with pytest.raises(BachError):
        await ask(visit, "set_bridge", source=FROM_ADA, targets=[TO_BEN])
    with pytest.raises(BachError, match=r'"0" is not possible for targets\. Use 1 to 10\.'):
        await ask(visit, "set_bridge", name="x", source=FROM_ADA, targets=[])
    with pytest.raises(BachError):
        await ask(visit, "set_bridge", name="x", source={"connection": "home"}, targets=[TO_BEN])
    await ask(visit, "switch_bridge", name="club", is_on=False)
    words = BridgeWords(edited="geändert")
    await visit.bach.bridges.set(replace(visit.bach.bridges.get("club"), words=words))
    await ask(visit, "set_bridge", before="club", source=FROM_ADA, targets=[TO_BEN], both_ways=True)
    changed = visit.bach.bridges.get("club")
    assert (changed.both_ways, changed.edits, changed.is_active, changed.words) == (True, True, False, words)
    await ask(visit, "remove_bridge", name="club")
    assert visit.bach.bridges.list() == []


async def test_what_waits_at_a_place_is_said_with_the_reason(
    visit: Visit, clock: FakeClock, platform: FakePlatform
) -> None:
    """A bridge would look as if it worked while nothing arrives on its other side."""
    await ask(visit, "set_bridge", name="club", source=FROM_ADA, targets=[TO_BEN])
    await visit.bach.registry.update("zoo", is_active=False)
    await clock.settle()
    platform.says("Dinner at six", sender=ADA)
    await clock.settle()
    [one] = (await ask(visit, "bridges"))["bridges"]
    [end] = one["targets"]
    assert (end["waiting"], end["trouble"]["text"]) == (1, "The connection is switched off.")
    assert (one["source"]["waiting"], one["source"]["trouble"]) == (0, None)


async def test_bridges_are_for_those_who_may_see_everything(visit: Visit) -> None:
    """A child could let its friends read what its parents write."""
    child = Visit(visit.bach, OnlyAda(visit.viewer.places(), visit.viewer.bridges))
    wishes: dict[str, dict[str, Json]] = {
        "bridges": {},
        "set_bridge": {"name": "club", "source": FROM_ADA, "targets": [TO_BEN]},
        "switch_bridge": {"name": "club", "is_on": True},
        "remove_bridge": {"name": "club"},
    }
    for command, wish in wishes.items():
        with pytest.raises(ForbiddenError):
            await ask(child, command, **wish)
    assert visit.bach.bridges.list() == []
