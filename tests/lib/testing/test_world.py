"""A world for tests of programs, its words for what people do, and the fixture that brings it."""

import asyncio
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from bach_lib import Button, Connection, Fault
from bach_lib.models.incoming import Kind
from bach_lib.testing import FakeClock, world
from bach_lib.testing.world import HOME

ROOT = Path(__file__).parents[3]
TEST = """
import pytest

async def test_it_is_open(bach_world):
    bach, platform, clock = bach_world
    await bach.send("home", "ada", "Hello")
    await clock.settle()
    assert platform.texts == ["Hello"]

@pytest.mark.bach_world(receives=False, connections=())
async def test_it_is_new_and_as_it_was_asked_for(bach_world):
    assert bach_world.bach.registry.list() == []
"""


async def test_people_write_commands_and_press_without_numbers() -> None:
    """Each project would build messages of the platform by hand, and wonder why a command is too old."""
    async with world() as (bach, platform, clock):
        platform.says("/door open", sent_at=clock.now() - 3600)  # it waited there, before anybody looked
        platform.says("Good morning")
        platform.says("/Light on kitchen")
        platform.says("/door open", sender="666")
        receipt = await bach.send("home", "42", "Well?", buttons=((Button(text="Yes", value="y"),),))
        await clock.settle()
        platform.presses(platform.sent[-1], "Yes")
        with pytest.raises(ValueError, match="no button"):
            platform.presses(platform.sent[-1], "No")
        await clock.settle()
        pressed, command, text, old = await bach.inbox()
        assert (text.kind, text.text) == (Kind.TEXT, "Good morning")
        assert (command.kind, command.content.command, command.content.args) == (Kind.COMMAND, "light", "on kitchen")
        assert old.kind is Kind.EXPIRED
        assert (pressed.kind, pressed.content.value, pressed.message_id) == (Kind.BUTTON, "y", receipt.id)


async def test_a_world_with_a_file_is_as_settled_as_one_without(tmp_path: Path) -> None:
    """A test with a file would see something else each time."""
    for number in range(5):
        async with world(path=tmp_path / "bach.db") as (bach, platform, clock):
            platform.says(f"hi {number}")
            await bach.send("home", "ada", "Hello")
            await clock.settle()
            assert platform.texts == ["Hello"]
            assert [message.text for message in await bach.inbox(limit=1)] == [f"hi {number}"]


async def test_however_much_happens_is_over_when_it_is_settled() -> None:
    """A test would see the first of what went out after an outage, and how much that is would change with BACH."""
    async with world() as (bach, platform, clock):
        platform.fault = Fault(code="refused", text="away")
        texts = [f"message {number}" for number in range(60)]
        for text in texts:
            await bach.send("home", "ada", text)
        await clock.advance(3600)
        assert platform.texts == []
        platform.fault = None
        await clock.advance(30)
        assert platform.texts == texts


async def test_what_turns_in_circles_does_not_hold_up_a_test_for_ever() -> None:
    """A program with a loop that waits for nothing would hang its tests."""
    turns = 0

    async def turning() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(turning())
    await FakeClock().settle()
    task.cancel()
    assert turns


async def test_a_world_with_something_under_way_ends() -> None:
    """A test of a platform that hangs would hang itself."""
    async with world(connections=[HOME, Connection(name="work", type="fake")]) as (bach, platform, clock):
        platform.hold = asyncio.Event()
        await bach.send("work", "ada", "Hello")
        await clock.settle()
        assert len(platform.attempts) == 1


def test_the_package_names_its_plugin() -> None:
    """The fixture would be missing where the package is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    plugin = import_module(project["entry-points"]["pytest11"]["bach"])
    assert plugin.bach_world is not None


def test_who_does_not_use_the_plugin_pays_nothing_for_it() -> None:
    """Every run of pytest would begin a second later where the package is installed."""
    code = "import sys, pytest_bach; print([name for name in sys.modules if name.startswith(('bach_lib', 'aiohttp'))])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_the_fixture_works_in_a_project_of_its_own(tmp_path: Path, mode: str) -> None:
    """Somebody who installs the package would have to write eight lines before the first test."""
    strict = "import pytest\npytestmark = pytest.mark.asyncio\n" if mode == "strict" else ""
    (tmp_path / "test_it.py").write_text(strict + TEST, "utf-8")
    settings = f"[pytest]\nasyncio_mode = {mode}\nasyncio_default_fixture_loop_scope = function\n"
    settings += "filterwarnings =\n  error\n"
    if sys.version_info < (3, 12, 4):  # takes `?1` for a name (gh-117995)
        settings += "  ignore:Binding:DeprecationWarning\n"
    (tmp_path / "pytest.ini").write_text(settings, "utf-8")
    options = [
        "-q",
        "--strict-markers",
        "-p",
        "pytest_asyncio.plugin",
        "-p",
        "pytest_bach",
    ]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "2 passed" in run.stdout, run.stdout + run.stderr
