"""`bach serve` as a process of its own: it delivers, answers programs and the command, and survives being killed."""

import json
import selectors
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from bach_lib.cli.paths import log_file
from bach_lib.control import link as client
from tests.lib.cli.conftest import ADA, Daemon, Run, Serve, Telegram


def call(
    daemon: Daemon, method: str, path: str, body: object = None, *, token: str | None = None
) -> tuple[int, object]:
    """A request as any program makes it."""
    request = urllib.request.Request(
        daemon.url + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token or daemon.token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_it_delivers_receives_and_ends_cleanly(home: Run, telegram: Telegram, serve: Serve, database: Path) -> None:
    """The daemon would have to be killed, or would not do what it is for."""
    with serve() as daemon:
        message = {"connector": "home", "recipient": str(ADA), "content": "The door is open"}
        status, answer = call(daemon, "POST", "/api/v1/messages/send", message)
        assert isinstance(answer, dict)
        assert (status, answer["id"], answer["status"]) == (201, 1, "pending")
        until(lambda: telegram.sent == ["The door is open"])
        telegram.write("thanks")
        until(lambda: call(daemon, "GET", "/api/v1/messages/inbox")[1]["total"] == 1)  # type: ignore[index]
        assert call(daemon, "GET", "/api/v1/messages/queue", token="wrong")[0] == 401
        assert call(daemon, "GET", "/health")[1] == {"status": "ok"}
        assert daemon.end() == 0
        assert daemon.process.stderr
        assert "Traceback" not in daemon.process.stderr.read()
    left = {path.name for path in database.parent.iterdir()}
    log = {"bach.db-wal", "bach.db-shm"}  # the log never vanishes, so that no backup of the folder breaks over it
    assert left == {"bach.db", "bach.db.lock", "bach.db.mark", "bach.db.secrets", "bach.db.token"} | log


@pytest.mark.slow  # it waits for what does not come
@pytest.mark.parametrize("places", [256, 64], ids=["programs", "commands"])
def test_who_connects_and_says_half_keeps_nobody_out(
    home: Run, telegram: Telegram, serve: Serve, database: Path, places: int
) -> None:
    """Any account of the machine could stop all messages, and fill the disk with lines of the log."""
    with serve() as daemon, ExitStack() as opened:
        host, _, port = daemon.url.removeprefix("http://").rpartition(":")
        kind, door = (socket.AF_INET, (host, int(port))) if places == 256 else (socket.AF_UNIX, f"{database}.sock")
        answered = opened.enter_context(selectors.DefaultSelector())
        for _ in range(places + 20):
            one = opened.enter_context(socket.socket(kind))
            one.connect(door)
            one.sendall(b"GET /health HTTP/1.1\r\nX-A: b\r\n")
            answered.register(one, selectors.EVENT_READ)
        until(lambda: len(answered.select(0)) >= 20)  # as they were sent away
        message = {"connector": "home", "recipient": str(ADA), "content": "The door is open"}
        assert call(daemon, "POST", "/api/v1/messages/send", message)[0] == 201
        assert home("msg", "count").code == 0
        until(lambda: telegram.sent == ["The door is open"])
        assert daemon.end() == 0
    lines = log_file(database).read_text("utf-8").splitlines()
    assert len([line for line in lines if "places for connections are taken" in line]) == 1
    assert len(lines) < 20


def test_what_it_was_told_survives_a_kill(home: Run, telegram: Telegram, serve: Serve) -> None:
    """A power cut during an outage would lose the alarm that everybody relies on."""
    telegram.pause()
    with serve() as daemon:
        for number in range(5):
            message = {"connector": "home", "recipient": str(ADA), "content": f"alarm {number}"}
            assert call(daemon, "POST", "/api/v1/messages/send", message)[0] == 201
        daemon.kill()
    telegram.resume()
    with serve():
        until(lambda: len(telegram.sent) >= 5)
    assert telegram.sent == [f"alarm {number}" for number in range(5)]


@pytest.mark.slow  # daemons begin and end
def test_a_key_is_known_after_a_kill(home: Run, serve: Serve) -> None:
    """A program that repeats its request after a crash would ring twice."""
    home("connector", "disable", "home")
    message = {"connector": "home", "recipient": str(ADA), "content": "ding"}
    answers: list[object] = []
    for _ in range(2):
        with serve() as daemon:
            request = urllib.request.Request(
                f"{daemon.url}/api/v1/messages/send",
                data=json.dumps(message).encode(),
                headers={
                    "Authorization": f"Bearer {daemon.token}",
                    "Content-Type": "application/json",
                    "Idempotency-Key": "once",
                },
            )
            with urllib.request.urlopen(request, timeout=60) as answer:
                answers.append(json.loads(answer.read()))
            daemon.kill()
    assert answers[0] == answers[1]


def test_every_command_works_beside_it(home: Run, telegram: Telegram, serve: Serve) -> None:
    """While the daemon runs, which is always, nobody could look at the queue or add a connection."""
    with serve() as daemon:
        assert home("connector", "send", "home", ADA, "hello", "--wait", 20, "--json").row()["status"] == "sent"
        [row] = home("connector", "status", "--json").rows()
        assert row["sending_state"] == "connected"
        assert home("connections", "check", "--json").rows()[0]["answer"] == "@home_bot"
        assert home("connections", "add", "ollama", "llama", "http://127.0.0.1:9", "--no-check").code == 0
        assert home("connector", "configure", "home", "allowed", "42,43").code == 0
        assert home("rules", "set", "door", "--phrase", "door").code == 0
        telegram.write("the door")
        until(lambda: home("msg", "count", "--json").rows()[0]["unread"] == 1)
        assert home("connector", "poll", "home", "--json").row()["state"] == "connected"
        assert home("connector", "dispatch", "--json").code == 0
        unknown = home("connector", "send", "hme", ADA, "x")
        assert (unknown.code, unknown.errors.startswith('There is no connection named "hme"')) == (1, True)
        assert daemon.end() == 0
    assert [row["name"] for row in home("connections", "list", "--json").rows()] == ["home", "llama"]


@pytest.mark.slow  # a daemon and many processes
def test_a_backup_is_made_with_and_without_it(home: Run, serve: Serve, database: Path) -> None:
    """Who wants a copy would have to stop the daemon first, or would copy a file that changes under their hands."""
    folder = database.parent / "kept"
    folder.mkdir()
    assert home("backup", folder / "without.db").code == 0
    with serve() as daemon:
        assert home("backup", folder / "with.db", "--json").row() == {"backup": str(folder / "with.db")}
        again = home("backup", folder / "with.db")
        assert (again.code, "exists already" in again.errors) == (1, True)
        assert daemon.end() == 0
    for name in ("with.db", "without.db"):
        assert [row["name"] for row in home("connections", "list", "--json", "--db", folder / name).rows()] == ["home"]


def test_a_second_one_is_refused_with_a_sentence(home: Run, serve: Serve, database: Path) -> None:
    """Two would deliver everything twice, or somebody would read "database is locked"."""
    with serve():
        said = home("serve", "--port", 0)
        assert (said.code, said.errors) == (
            1,
            f"{database} is in use by another BACH. Stop it first, or choose another file.\n",
        )


def test_a_taken_port_is_a_sentence(home: Run, telegram: Telegram, database: Path) -> None:
    """Somebody would read a traceback when the original still runs on 8001, or the log of a daemon that never was."""
    said = home("serve", "--port", telegram.url.rpartition(":")[2])
    assert (said.code, "cannot be listened on" in said.errors) == (1, True)
    assert not log_file(database).exists()


@pytest.mark.slow  # daemons begin and end
def test_what_collects_logs_gets_lines_of_json_alone(database: Path) -> None:
    """The first words for people, or a library's, would be a line that it cannot read."""
    command = [sys.executable, "-m", "bach_lib.cli", "serve", "--db", str(database), "--port", "0"]
    with subprocess.Popen(
        [*command, "--log-format", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        said: list[dict[str, str]] = []
        try:
            for line in process.stderr:
                said.append(json.loads(line))
                if "answers on" in said[-1]["message"]:
                    process.send_signal(signal.SIGTERM)
            assert (process.wait(60), process.stdout and process.stdout.read()) == (0, "")
        finally:
            process.kill()
    assert {"time", "level", "logger", "message"} <= set.intersection(*map(set, said))
    assert said[-1]["message"].startswith("BACH stops")


@pytest.mark.slow  # daemons begin and end
def test_the_socket_is_its_owners_and_an_old_one_does_no_harm(home: Run, serve: Serve, database: Path) -> None:
    """Another account could remove connections; or after a power cut no command would work."""
    path = database.with_name("bach.db.sock")
    with serve() as daemon:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        daemon.kill()
    assert path.exists()
    assert home("connector", "list").code == 0
    with serve():
        assert home("connector", "list").code == 0


@pytest.mark.slow  # daemons begin and end
def test_a_daemon_of_another_version_is_named(home: Run, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an update the old daemon would misunderstand the new command."""
    with serve():
        monkeypatch.setattr(client, "VERSION", "99.0")
        said = home("connector", "list")
        assert (said.code, "this command is 99.0. Restart the daemon" in said.errors) == (1, True)


def test_the_demo_comes_true(bach_: Run) -> None:
    """The first thing that somebody tries would fail."""
    told = bach_("demo")
    assert told.code == 0, told
    assert "All of it, in order, once" in told.output


def test_a_bach_that_is_no_daemon_is_not_mistaken_for_one(home: Run, database: Path) -> None:
    """A program that has the database open cannot be asked, and somebody should know which to stop."""
    from bach_lib.storage.lock import FileLock  # noqa: PLC0415 - what any other BACH would hold

    lock = FileLock(database.with_name("bach.db.lock"))
    assert lock.acquire()
    said = home("connector", "list")
    lock.release()
    assert (said.code, "is in use by another BACH" in said.errors) == (1, True)
