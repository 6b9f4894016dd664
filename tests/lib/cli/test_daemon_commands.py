"""`bach daemon`: whether it runs, ending it, its log, and a check-up; a frozen one is said."""

import asyncio
import logging
import os
import signal
import sqlite3
import stat
import webbrowser
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest

from bach_lib.cli import logs
from bach_lib.control import link as client
from bach_lib.control.link import DaemonClient
from bach_lib.control.sentences import SentenceError, UnansweredError
from tests.lib.cli.conftest import Run, Serve, Telegram

pytestmark = pytest.mark.slow  # daemons begin and end


def test_its_state_is_told_and_it_can_be_ended(home: Run, serve: Serve) -> None:
    """Somebody would look for the process by hand, and end the wrong one."""
    assert home("daemon", "status", "--json").row()["state"] == "absent"
    assert (home("daemon", "status").code, home("daemon", "stop").code) == (1, 1)
    with serve() as daemon:
        row = home("daemon", "status", "--json").row()
        assert (row["state"], row["pid"], row["address"]) == ("works", daemon.process.pid, daemon.url)
        assert home("daemon", "status").code == 0
        ended = home("daemon", "stop", "--json")
        assert (ended.code, ended.row()) == (0, {"stopped": daemon.process.pid})
        assert daemon.process.wait(60) == 0
    assert home("daemon", "status", "--json").row()["state"] == "absent"


@pytest.mark.frontend
def test_its_page_is_opened_and_asks_for_the_token(
    home: Run, serve: Serve, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody would have to find out the address, and where the token is, or it would be in the browser's history."""
    opened = list[str]()

    def browse(address: str) -> bool:
        opened.append(address)
        return True

    monkeypatch.setattr(webbrowser, "open", browse)
    assert (home("open").code, opened) == (1, [])
    with serve() as daemon:
        row = home("open", "--json").row()
        assert (opened, row["address"]) == ([daemon.url], daemon.url)
        assert Path(str(row["token"])).read_text("ascii").strip() not in home("open").output
        with urlopen(daemon.url) as page:
            assert b"<bach-page>" in page.read()


def test_a_frozen_one_is_said_after_a_while(
    home: Run, serve: Serve, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command would wait for ever, and nobody would know for what."""

    async def ask(between: float) -> None:
        async with DaemonClient(database.with_name("bach.db.sock"), pulse=0.2, between=between) as line:
            await line.ask("connections", {})

    monkeypatch.setattr(client.DaemonClient.__init__, "__kwdefaults__", {"pulse": 0.3, "between": 0.1})
    with serve() as daemon:
        os.kill(daemon.process.pid, signal.SIGSTOP)
        try:
            with pytest.raises(UnansweredError, match="does not answer"):
                asyncio.run(ask(0.1))
            said = home("connector", "list")
            assert (said.code, "The daemon does not answer" in said.errors) == (1, True)
            row = home("daemon", "status", "--json")
            assert (row.code, row.row()["state"], row.row()["pid"]) == (1, "frozen", daemon.process.pid)
            assert f"kill -9 {daemon.process.pid}" in home("daemon", "stop").errors
            assert home("daemon", "doctor").code == 1
        finally:
            os.kill(daemon.process.pid, signal.SIGCONT)
        assert home("connector", "list").code == 0
        assert daemon.end() == 0


def test_what_takes_its_time_is_waited_for(
    home: Run, serve: Serve, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that works would be taken for a frozen one."""
    monkeypatch.setattr(client.DaemonClient.__init__, "__kwdefaults__", {"pulse": 3, "between": 0.1})
    telegram.pause()
    with serve():
        said = home("connector", "send", "home", "42", "waits", "--wait", 1.5, "--json")
        assert (said.row()["status"], said.code) == ("pending", 1), said


_A_MISTAKE = """
from bach_lib.control.operations import OPERATIONS

async def connections(bach):
    raise TypeError("a mistake of ours")

OPERATIONS["connections"] = connections
"""
"""What Python runs before the daemon: one of its operations fails as nobody has foreseen."""


def test_what_fails_in_it_is_in_its_log(
    home: Run, serve: Serve, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command would say that its log tells more, and there would be nothing."""
    (folder := tmp_path / "mistake").mkdir()
    (folder / "sitecustomize.py").write_text(_A_MISTAKE, "utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(Path(__file__).parents[3])]))
    with serve() as daemon:

        async def ask() -> None:
            async with DaemonClient(database.with_name("bach.db.sock")) as line:
                await line.ask("connections", {})

        with pytest.raises(SentenceError, match="Look at its log"):
            asyncio.run(ask())
        said = home("daemon", "logs")
        assert "ERROR bach_lib.control.socket_server: The command asked for connections, which failed" in said.output
        assert "TypeError" in said.output
        assert home("daemon", "logs", 1, "--json").rows()[0].startswith("TypeError")  # type: ignore[attr-defined]
        daemon.kill()
    kept = database.with_name("bach.db.daemon.log")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "TypeError" in home("daemon", "logs").output, "also when it is gone"


def test_the_check_up_finds_what_is_wrong(home: Run, serve: Serve, database: Path) -> None:
    """Somebody would find out by an alarm that does not come."""
    with serve():
        well = home("daemon", "doctor", "--json")
        assert (well.code, all(row["is_good"] for row in well.rows())) == (0, True), well
    folder = database.with_name("bach.db.secrets")
    (folder / "home.bot_token").rename(folder / "old.bot_token")
    folder.chmod(0o755)
    found = home("daemon", "doctor", "--json")
    bad = {row["what"]: str(row["answer"]) for row in found.rows() if not row["is_good"]}
    assert found.code == 1
    assert set(bad) == {"daemon", "files", "secrets of home", "secrets"}
    assert "bach connector configure home bot_token" in bad["secrets of home"]
    assert str(folder / "old.bot_token") in bad["secrets"]


def test_the_check_up_tells_a_damaged_connection_from_one_that_rests(home: Run, database: Path) -> None:
    """Somebody would switch it on, without the people it hears and the settings that it had."""
    assert home("connector", "disable", "home").code == 0
    said = {row["what"]: (row["is_good"], row["answer"]) for row in home("daemon", "doctor", "--json").rows()}
    assert said["connection home"] == (True, "It is switched off.")
    with closing(sqlite3.connect(database, isolation_level=None)) as file:
        file.execute("UPDATE connections SET settings = '[]', allowed = '42'")
    for _ in range(2):  # looking mends nothing
        said = {row["what"]: (row["is_good"], row["answer"]) for row in home("daemon", "doctor", "--json").rows()}
        is_good, answer = said["connection home"]
        assert (is_good, "cannot be read: allowed, settings." in str(answer)) == (False, True), answer
    assert home("connector", "enable", "home").code == 0
    said = {row["what"]: (row["is_good"], row["answer"]) for row in home("daemon", "doctor", "--json").rows()}
    assert said["connection home"] == (True, "Nothing is wrong.")


def test_a_database_that_was_deleted_is_told_by_every_command(home: Run, serve: Serve, database: Path) -> None:
    """Messages would be accepted for days into a file that is gone with the next restart."""
    with serve() as daemon:
        assert home("connector", "send", "home", "42", "waits").code == 0
        database.unlink()
        said = home("connector", "send", "home", "42", "lost?")
        assert (said.code, "was deleted while BACH had it open" in said.errors) == (1, True)
        copy = database.with_name("bach.db.saved")
        assert str(copy) in " ".join(home("connector", "status").output.split())
        found = {
            row["what"]: str(row["answer"]) for row in home("daemon", "doctor", "--json").rows() if not row["is_good"]
        }
        assert str(copy) in found["database"]
        assert str(copy) in found["saved copy"]
        assert daemon.end() == 0
    with serve():
        assert not copy.exists()
        assert home("daemon", "doctor", "--json").code == 0
        assert [row["text"] for row in home("msg", "outbox", "--json").rows()] == ["waits"]


def stat_of_theirs(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
    """As if everything belonged to another account; `lstat`, which asks here before Python 3.14, says how it is."""
    return os.stat_result((0o600, 0, 0, 1, 4711, 0, 0, 0, 0, 0)) if follow_symlinks else os.lstat(path)


def test_a_socket_of_somebody_else_is_told_nothing(home: Run, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where others may write, somebody could wait there for our messages and secrets."""
    with serve():
        monkeypatch.setattr(os, "geteuid", lambda: 4711)
        monkeypatch.setattr(Path, "stat", stat_of_theirs)
        said = home("connector", "list")
    assert (said.code, "belongs to somebody else" in said.errors) == (1, True)


def test_what_repeats_itself_is_counted_and_not_told() -> None:
    """A fault that comes a thousand times a second would fill the disk, which stops the queue, too."""
    now = 0.0
    repeats = logs.RepeatFilter(lambda: now)

    def told(text: str) -> str | None:
        record = logging.LogRecord("a", logging.ERROR, "", 0, text, (), None)
        kept = repeats.filter(record)
        return kept.getMessage() if isinstance(kept, logging.LogRecord) else None

    assert [told("again") for _ in range(100)].count(None) == 95
    assert told("something else") == "something else"
    now = 61.0
    assert told("again") == "again (and 95 times more in the meantime)"
    assert told("again") == "again"


def test_a_line_of_the_log_is_one_line_and_harmless(tmp_path: Path) -> None:
    """What a server says could repaint the terminal of whoever reads the log, or forge a line of it."""
    path = tmp_path / "log"
    with logs.keeping(path):
        logging.getLogger("x").warning("no \x1b[2J\r\nERROR forged \u202e")
    assert len(logs.tail(path, 10)) == 1
    assert not {"\x1b", "\u202e"} & set(path.read_text("utf-8"))
