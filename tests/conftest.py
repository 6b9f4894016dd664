"""What all tests share: a busy machine is no fault of what is tested."""

import asyncio
import gc
import logging
import os
import shutil
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import Phase, settings

from bach_lib.storage import MemoryDatabase, ServerDatabase
from tests.servers import Server, a_folder, programs

pytest_plugins = ["tests.described.plugin"]

# Nearly nothing that a test makes is garbage before it ends, and after each file all of it is looked through.
gc.set_threshold(10_000)


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a record says more than that the machine was busy."""
    return not str(record.msg).startswith("Executing %s took")


logging.getLogger("asyncio").addFilter(_is_news)  # some tests let no warning pass

settings.register_profile("busy", deadline=None)
settings.register_profile(  # of a mistake made on purpose nobody wants to see the smallest example
    "mutation", deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate)
)
settings.register_profile("quick", deadline=None, max_examples=25)
settings.load_profile("quick")

_LONG = ("e2e/", "simulation/test_histories.py", "contracts/test_blame_whole.py", "lib/text/", "lib/cli/")
"""Where files take long. They begin early, one after every second other file: the end would wait for one of them, and a
machine that starts all these Home Assistants at once would be slow in each."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--all`: also what says nothing new of most changes and takes long."""
    parser.addoption("--store", choices=("memory", "postgresql"), default="memory", help="where tests keep messages")
    parser.addoption("--all", action="store_true", help="run the tests that are marked slow, too")


def pytest_configure(config: pytest.Config) -> None:
    """Of what is tried with values made up each time, `--all` tries more than a run that has to be quick."""
    if config.getoption("--all") and not config.getoption("--hypothesis-profile"):
        settings.load_profile("busy")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long, and leave out what is slow, unless all is asked for, or a test by its name."""
    _mix(items)
    if config.getoption("--store") == "postgresql":
        others = [item for item in items if item.get_closest_marker("sqlite_only")]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if not item.get_closest_marker("sqlite_only")]
    if config.getoption("--all") or any("::" in one for one in config.args):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


def _mix(items: list[pytest.Item]) -> None:
    """Mix the files that take long among the others; the tests of a file stay together and in their order."""
    here, files = Path(__file__).parent, dict[Path, list[pytest.Item]]()
    for item in items:
        files.setdefault(item.path, []).append(item)
    long = [file for file in files if str(file.relative_to(here, walk_up=True)).startswith(_LONG)]
    place = {file: 3 * number for number, file in enumerate(long)}
    others = (file for file in files if file not in place)
    place |= {file: 3 * (number // 2) + 1 for number, file in enumerate(others)}
    items[:] = [item for file in sorted(files, key=place.__getitem__) for item in files[file]]


@pytest.fixture(autouse=True)
async def enable_event_loop_debug() -> None:
    """All that asyncio's debug mode watches, without noting of each future and timer on which lines it was made.

    Home Assistant's plugin turns the mode on. Those lines are a third of the work of such a test and decide nothing:
    they only stand below an error. Whoever looks for one gets them with PYTHONASYNCIODEBUG=1.
    """
    loop = asyncio.get_running_loop()
    if not loop.get_debug():
        loop.set_debug(True)
        loop.get_debug = lambda: False  # type: ignore[method-assign] # whom futures and timers ask


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A real PostgreSQL. Where there is none, what needs it is not run, and said to be so; in CI that is a failure."""
    if programs() is None:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("NOT RUN: no PostgreSQL could be had")
    server = Server(a_folder())
    server.start()
    yield server
    server.stop()
    shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture
def database_address(postgresql: Server) -> str:
    """The address of an empty database."""
    return postgresql.address(postgresql.empty_database())


@pytest.fixture(autouse=True)
def store_of_the_tests(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `--store postgresql`, whoever wants a database in memory has one on a real server instead."""
    if request.config.getoption("--store") == "postgresql":
        server: Server = request.getfixturevalue("postgresql")
        names = (f"empty{number}" for number in range(100))

        def on_the_server(kind: type[MemoryDatabase]) -> MemoryDatabase | ServerDatabase:
            if kind is not MemoryDatabase:
                return object.__new__(kind)
            return ServerDatabase(server.address(server.empty_database(next(names))))

        monkeypatch.setattr(MemoryDatabase, "__new__", on_the_server)


@pytest.fixture(scope="session")
def tests_home_assistant(pytestconfig: pytest.Config) -> bool:
    """The tests of the library run without it, too: where it is missing, and where mistakes are made on purpose."""
    return bool(pytestconfig.pluginmanager.hasplugin("homeassistant"))


@pytest.fixture(autouse=True, scope="session")
def disable_http_server(*, tests_home_assistant: bool) -> Generator[None]:
    """No Home Assistant of a test opens a port. Its plugin sees to that for each test, of which most start none."""

    async def nothing(*_: object) -> None:
        pass

    if not tests_home_assistant:
        yield
        return
    of_http = "homeassistant.components.http.HomeAssistantHTTP"
    with patch(f"{of_http}.async_bind", nothing), patch(f"{of_http}.start", nothing):
        yield


@pytest.fixture(autouse=True, scope="session")
def patience_with_threads(*, tests_home_assistant: bool) -> Generator[None]:
    """A thread that gets no processor for a second is not interrupted while it hands on that all shall end.

    Home Assistant interrupts a tenth of this time after it has told its threads to end. If that meets the one which has
    to tell the next, the others wait for ever, and the test is said to have left them behind.
    """
    if not tests_home_assistant:
        yield
        return
    with patch("homeassistant.util.executor.EXECUTOR_SHUTDOWN_TIMEOUT", 60):
        yield


@pytest.fixture(autouse=True, scope="session")
def skip_stop_scripts(*, tests_home_assistant: bool) -> Generator[None]:
    """No timer is left behind for scripts that are still running; set for all tests, for the same reason."""
    if not tests_home_assistant:
        yield
        return
    with patch("homeassistant.helpers.script._schedule_stop_scripts_after_shutdown", lambda *_: None):
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """A thread that has handed over its result may need a moment to end; what looks for those left over is quicker."""
    for thread in threading.enumerate():
        if thread.name == "bach-apart":
            thread.join(timeout=5)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which packages are installed."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder
