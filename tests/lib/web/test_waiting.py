"""The list of what waits or was not delivered: pages, and what is looked for."""

from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Fault
from bach_lib.outcomes import Dead
from bach_lib.rest.answers import Json
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from bach_lib.web.app_commands import perform
from bach_lib.web.viewer import Visit
from tests.lib.web.viewers import Everybody


@pytest.fixture
async def visit(bach: Bach, clock: FakeClock, platform: FakePlatform) -> Visit:
    """Four dead letters, "letter 1" to "letter 4", and one that was sent."""
    await bach.registry.add(Connection(name="home", type="fake"))
    await clock.settle()
    platform.outcomes += [Dead(fault=Fault(code="refused", text="no"))] * 4
    for text in ("letter 1", "letter 2", "letter 3", "letter 4", "sent"):
        await bach.send("home", "ada", text)
        await clock.settle()
    return Visit(bach, Everybody())


async def look(visit: Visit, **arguments: Json) -> tuple[list[str], Json]:
    """The texts of a page, and where the next one begins."""
    view = await perform(visit, "bach/panel/waiting", arguments)
    assert isinstance(view, dict)
    return [row["text"] for row in view["rows"]], view["older"]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
async def test_pages_hold_everything_once_and_the_last_says_so(visit: Visit, limit: int) -> None:
    """A message would be on no page, or somebody would turn to one that is empty."""
    seen, before = list[str](), None
    while True:
        texts, before = await look(visit, limit=limit, **({} if before is None else {"before": before}))
        assert 0 < len(texts) <= limit
        seen += texts
        if before is None:
            break
    assert seen == ["letter 4", "letter 3", "letter 2", "letter 1"]


async def test_what_is_looked_for_is_found_however_it_is_written(visit: Visit) -> None:
    """A person would think that it was delivered."""
    assert await look(visit, text="LETTER 2") == (["letter 2"], None)
    assert await look(visit, text="letter", recipient="bob") == ([], None)
    assert await look(visit, state="waiting") == ([], None)
    assert len((await look(visit, state="person"))[0]) == 4


async def test_a_connection_whose_library_is_missing_hides_no_message(tmp_path: Path, platform: FakePlatform) -> None:
    """After an update without one package, nobody would see any message at all, and none could be cancelled."""
    fake = fake_connector(platform)
    async with Bach(tmp_path / "bach.db", connectors={"fake": fake, "gone": fake}, autostart=False) as bach:
        for name, type_ in (("home", "fake"), ("away", "gone")):
            await bach.registry.add(Connection(name=name, type=type_))
            await bach.send(name, "ada", f"through {name}")
    async with Bach(tmp_path / "bach.db", connectors={"fake": fake}, autostart=False) as bach:
        view = await perform(Visit(bach, Everybody()), "bach/panel/waiting", {})
    assert isinstance(view, dict)
    away, home = view["rows"]
    assert (away["text"], home["text"]) == ("through away", "through home")
    assert "gone" in away["trouble"]
