"""The command, run as people run it, and a Telegram to talk to."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest.mock import patch

import pytest
import pytest_socket
from typer.main import get_command
from typer.testing import CliRunner

from bach_lib.cli.app import app
from bach_lib.testing import TelegramServer
from bach_lib.testing.loopback import Loopback
from tests.lib.cli.loop_thread import LoopThread

TOKEN = "123456:AAFakeTokenFakeTokenFakeTokenFakeTok"
ADA = 42


@dataclass(frozen=True)
class Outcome:
    """What a command said, and how it ended."""

    output: str
    errors: str
    code: int

    def rows(self) -> list[dict[str, object]]:
        """The rows of `--json`."""
        rows = json.loads(self.output)
        assert isinstance(rows, list)
        return rows

    def row(self) -> dict[str, object]:
        """The one thing of `--json`."""
        row = json.loads(self.output)
        assert isinstance(row, dict)
        return row


type Run = Callable[..., Outcome]


@pytest.fixture(autouse=True, scope="session")
def commands_made_once() -> Iterator[None]:
    """Typer makes all commands anew for each call of its runner, which takes longer than most of them."""
    with patch("typer.testing._get_command", cache(get_command)):
        yield


@pytest.fixture(autouse=True)
def sockets_in_the_file_system(loopback: None) -> None:
    """Allow those too, through which the command reaches the daemon; the test plugin forbids them before each test."""
    pytest_socket.socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)


@pytest.fixture(autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what is noted outside of the database's folder away from whoever runs the tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the command keeps everything."""
    return tmp_path / "bach.db"


@pytest.fixture
def bach_(database: Path) -> Run:
    """Run the command in this process."""

    def run(*words: object, typed: str = "") -> Outcome:
        result = CliRunner().invoke(app, [str(word) for word in words], input=typed, env={"BACH_DB": str(database)})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.stdout, result.stderr, result.exit_code)

    return run


class Telegram:
    """A Telegram whose event loop has a thread of its own, so that it answers while a command runs."""

    def __init__(self) -> None:
        self._beside = LoopThread()
        self._server = TelegramServer(port=0)
        self._bot = self._server.add_bot(TOKEN, username="home_bot", id=123456)
        self._beside.do(self._server.start())
        self.add_chat(ADA, "Ada")

    @property
    def url(self) -> str:
        """Where it is."""
        return self._server.url

    @property
    def sent(self) -> list[str]:
        """The texts that arrived."""
        return [message.text for message in self._server.sent]

    @property
    def answered(self) -> list[int | None]:
        """The numbers of the messages that those answer."""
        return [message.reply_to for message in self._server.sent]

    @property
    def files(self) -> list[tuple[str, bytes]]:
        """Names and contents of the files that arrived."""
        return [(message.file.name, message.file.content) for message in self._server.sent if message.file]

    def add_chat(self, chat_id: int, name: str) -> None:
        """Somebody starts the bot."""

        async def add() -> None:
            self._server.add_chat(chat_id, type="private", first_name=name)

        self._beside.do(add())

    def write(self, text: str) -> None:
        """Ada writes."""

        async def receive() -> None:
            self._server.says(text, bot=self._bot, chat_id=ADA)

        self._beside.do(receive())

    def pause(self) -> None:
        """It goes away."""
        self._beside.do(self._server.pause())

    def resume(self) -> None:
        """It comes back."""
        self._beside.do(self._server.resume())

    def close(self) -> None:
        """End."""
        self._beside.do(self._server.stop())
        self._beside.close()


@contextmanager
def served(server: Loopback) -> Iterator[str]:
    """Where any other server is, in a thread of its own as well."""
    beside = LoopThread()
    try:
        beside.do(server.start())
        yield server.url
    finally:
        beside.do(server.stop())
        beside.close()


@pytest.fixture
def telegram() -> Iterator[Telegram]:
    """A Telegram with a bot and with Ada."""
    telegram = Telegram()
    yield telegram
    telegram.close()


@pytest.fixture
def home(bach_: Run, telegram: Telegram) -> Run:
    """The command, with a connection "home" to that bot."""
    added = bach_("connector", "add", "telegram", "home", telegram.url, "--allow", ADA, typed=f"{TOKEN}\n")
    assert added.code == 0, added
    return bach_


@dataclass
class Daemon:
    """`bach serve` as a process of its own."""

    process: subprocess.Popen[str]
    database: Path
    url: str

    @property
    def token(self) -> str:
        """What programs need."""
        return self.database.with_name("bach.db.token").read_text("ascii").strip()

    def kill(self) -> None:
        """As a power cut does."""
        self.process.kill()
        self.process.wait(60)

    def end(self) -> int:
        """As systemd does; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


type Serve = Callable[[], AbstractContextManager[Daemon]]


@pytest.fixture
def serve(database: Path) -> Serve:
    """Start the daemon on the database; what is left of it is killed."""

    @contextmanager
    def started() -> Iterator[Daemon]:
        command = [sys.executable, "-m", "bach_lib.cli", "serve", "--db", str(database), "--port", "0"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
        ) as process:
            assert process.stdout
            said = process.stdout.readline()
            try:
                assert "answers on" in said, process.stderr.read() if process.stderr and not said else said
                yield Daemon(process, database, said.partition("answers on ")[2].partition(". Token")[0])
            finally:
                if process.poll() is None:
                    process.kill()

    return started
