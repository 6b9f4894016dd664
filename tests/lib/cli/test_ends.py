"""Whatever goes wrong around a command ends in a sentence and the right exit code; as processes, as people run them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lib.cli.conftest import Run, Serve

pytestmark = pytest.mark.slow  # a process a command

BACH = [sys.executable, "-m", "bach_lib.cli"]
BIG = "9" * 25


def run(
    database: Path, *words: str, stdout: int | None = subprocess.PIPE, **more: str
) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    return subprocess.run(
        [*BACH, *words],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"BACH_DB": str(database)} | more,
        check=False,
        timeout=120,
    )


@pytest.fixture
def quiet(bach_: Run) -> Run:
    """The command, with a connection that goes nowhere."""
    words = ("--endpoint", "http://127.0.0.1:9/", "--no-check", "--disabled")
    assert bach_("connector", "add", "webhook", "w", *words).code == 0
    return bach_


WORDS = (
    ("msg", "cancel", BIG),
    ("msg", "archive", BIG),
    ("msg", "inbox", "--offset", BIG),
    ("msg", "read", "0"),
    ("connector", "retry", BIG),
    ("connector", "send", "w", "default", "hi", "--priority", BIG),
    ("connector", "send", "w", "default", "hi", "--time-to-live", "nan"),
    ("connector", "send", "w", "default", "hi", "--time-to-live", "1e308"),
    ("connector", "send", "w", "default", "hi", "--title", "caf\udce9"),
    ("connector", "send", "caf\udce9", "default", "hi"),
    ("connector", "send", "w", "default", *["x" * 100_000] * 11),
    ("connector", "send-file", "w", "default", "/nowhere/caf\udce9"),
    ("connector", "configure", "w", "settings.x", "[1e999]"),
    ("connector", "configure", "w", "settings.x", BIG),
    ("connector", "configure", "w", "settings.x", "[" * 5000 + "]" * 5000),
    ("connector", "configure", "w", "allowed", "caf\udce9"),
    ("connector", "configure", "w", "endpoint", "http://caf\udce9/"),
    ("rules", "set", "r", "--phrase", "caf\udce9"),
    ("connections", "show", "caf\udce9"),
)


def test_it_is_the_same_with_a_daemon_and_without(quiet: Run, serve: Serve) -> None:
    """What is refused in a sentence today would be a traceback tomorrow, when the daemon runs."""
    alone = [quiet(*words) for words in WORDS]
    with serve() as daemon:
        served = [quiet(*words) for words in WORDS]
        assert daemon.end() == 0
    for words, first, second in zip(WORDS, alone, served, strict=True):
        assert (first.code, first.errors) == (second.code, second.errors), words
        if first.code:
            assert first.errors.strip(), words
            assert "inside BACH" not in first.errors, words


@pytest.mark.parametrize("words", [("connector", "list"), ("connections", "show", "w"), ("msg", "count", "--json")])
def test_a_stdout_that_takes_nothing_is_a_sentence(quiet: Run, database: Path, words: tuple[str, ...]) -> None:
    """Somebody would read a traceback, or a script would believe that it got all."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = run(database, *words, stdout=full.fileno())
    assert (done.returncode, done.stderr) == (
        1,
        "The answer could not be written: No space left on device. What was asked for is done.\n",
    )
    reading, writing = os.pipe()
    os.close(reading)
    done = run(database, *words, stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (
        1,
        "The answer could not be written: Broken pipe. What was asked for is done.\n",
    )


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_no_harm(quiet: Run, database: Path, closed: str) -> None:
    """The database would be opened as stdout, and written into."""
    line = f"{sys.executable} -m bach_lib.cli connector send w default hello {closed}"
    done = subprocess.run(
        line, shell=True, capture_output=True, text=True, env=os.environ | {"BACH_DB": str(database)}, check=False
    )
    assert "Traceback" not in done.stderr + done.stdout
    assert done.returncode == (1 if ">&-" in closed.replace("2>&-", "") else 0)
    assert len(quiet("msg", "outbox", "--json").rows()) == 1


def test_a_terminal_without_unicode_gets_all(quiet: Run, database: Path) -> None:
    """A name in other letters would end every listing in a traceback."""
    quiet("connector", "send", "w", "default", "žluťoučký 漢字 😀")
    for words in (("msg", "outbox"), ("msg", "outbox", "--json"), ("connector", "list"), ("--help",)):
        done = run(database, *words, PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("place", ["folder", "file/bach.db", "\n/bach.db"])
def test_a_database_that_cannot_be_is_a_sentence(tmp_path: Path, place: str) -> None:
    """A slip in --db would end in a traceback."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("", "utf-8")
    done = run(tmp_path / place, "connector", "list")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_quietly_whenever_it_comes(quiet: Run, database: Path) -> None:
    """Whoever changes their mind at once would read a traceback of imports."""
    for number in range(6):
        with subprocess.Popen(
            ["/bin/sh", "-c", 'trap - INT; exec "$@"', "sh", sys.executable, "-c", _INTERRUPTED_AT.format(number)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"BACH_DB": str(database)},
        ) as process:
            said = process.communicate(timeout=120)
        assert (process.returncode, said[1]) == (130, ""), (number, said)


_INTERRUPTED_AT = """
import signal, sys, os
import bach_lib.cli.__main__ as entry
signal.signal(signal.SIGINT, signal.default_int_handler)
modules = ["typer", "bach_lib.cli.app", "bach_lib.errors", "bach_lib.cli.session", "bach_lib.control.link"]
modules.append("rich.table")
wanted = modules[{0}]
for one in [one for one in sys.modules if one.startswith(("bach_lib.cli", "rich", "typer"))]:
    if one != "bach_lib.cli.__main__":
        del sys.modules[one]
if wanted == "rich.table":
    import bach_lib.cli.tables
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == wanted:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
for one in [one for one in sys.modules if one == wanted]:
    del sys.modules[one]
sys.argv = ["bach", "connector", "list"]
entry.main()
"""
