"""Every command with words that make no sense, without a daemon and with one: a sentence, a code, nothing half done."""

import asyncio
import socket
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Never, override

import pytest

from bach_lib import Bach, Connection
from bach_lib.arguments import LONGEST
from bach_lib.cli import daemon, session
from bach_lib.cli.session import Direct, Remote, Session, Work
from bach_lib.control.link import DaemonClient
from bach_lib.control.socket_server import ControlServer
from bach_lib.inbound.rules import Rule
from bach_lib.rest.answers import Json
from bach_lib.runtime.housekeeping import Housekeeping
from bach_lib.storage import MemoryDatabase
from tests.lib.cli.conftest import TOKEN, Outcome, Run
from tests.lib.cli.loop_thread import LoopThread
from tests.lib.cli.odd_words import GOOD, TOKEN_VARIABLE, Line, commands, lines, odd_words
from tests.lib.rows_written import rows_written

_ACTS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LONGEST = 1300


class Behind:
    """A BACH in a loop of its own, which all command lines ask, so that none has to open one."""

    def __init__(self, path: Path | None) -> None:
        self._beside = LoopThread()
        self._bach = Bach(MemoryDatabase(), autostart=False)
        self._path = path
        self._server = ControlServer(self._bach, path) if path else None
        self._beside.do(self._begin())

    async def _begin(self) -> None:
        await self._bach.open()
        await self._bach.registry.add(
            Connection(name="w", type="webhook", endpoint="http://127.0.0.1:9/", is_active=False)
        )
        await self._bach.send("w", "default", "waits")
        await self._bach.rules.set(Rule(name="r", phrases=("leak",)))
        if self._server:
            await self._server.start()

    def run[T](self, work: Work[T], database: Path, *, creates: bool = False) -> T:
        """What a command does instead of opening a database."""
        del creates
        return self._beside.do(self._run(work, database))

    async def _run[T](self, work: Work[T], database: Path) -> T:
        if self._path is None:
            return await work(_Once(Direct(self._bach, database)))
        async with DaemonClient(self._path) as link:
            return await work(_Once(Remote(link, database)))

    def written(self) -> object:
        """Something that is another as soon as a row was written, changed or removed."""
        return self._beside.do(rows_written(self._bach))

    def close(self) -> None:
        """End."""

        async def end() -> None:
            if self._server:
                await self._server.stop()
            await self._bach.close(grace=0)

        self._beside.do(end())
        self._beside.close()


class _Once(Session):
    """Whoever may wait waits for nothing, and what watches without end is interrupted at its second look."""

    def __init__(self, inner: Session) -> None:
        self._inner = inner
        self.is_daemon = inner.is_daemon
        self.database = inner.database

    @override
    async def ask(self, operation: str, **arguments: Json) -> Json:
        seconds = arguments.get("seconds")
        waits = operation != "snooze_route"  # which says for how long others do
        if waits and isinstance(seconds, float) and 0 <= seconds <= LONGEST:
            arguments["seconds"] = 0.0
        answer = await self._inner.ask(operation, **arguments)
        if operation in ("incoming_after", "follow_run"):
            raise KeyboardInterrupt
        return answer


@contextmanager
def behind(monkeypatch: pytest.MonkeyPatch, path: Path | None) -> Iterator[Behind]:
    """Let the commands ask such a BACH, over the socket at this path if there is one."""
    one = Behind(path)
    monkeypatch.setattr(session, "run", one.run)
    try:
        yield one
    finally:
        one.close()


def fault_of(line: Line, done: Outcome, *, has_written: bool) -> str:
    """What is wrong with how a command line ended."""
    if done.code not in (0, 1, 2):
        return f"ends with {done.code}"
    if acting := {one for one in done.errors + done.output if unicodedata.category(one) in _ACTS - {"\n", "\t"}} - {
        "\n",
        "\t",
    }:
        return f"sends a terminal {acting!a}"
    if "inside BACH" in done.errors or "Traceback" in done.errors:
        return f"says {done.errors:.200}"
    if not done.code:
        return ""
    if has_written:
        return f"has written something, and says {done.errors:.200}"
    if not 5 < len(done.errors) <= _LONGEST:
        return f"says {len(done.errors)} characters: {done.errors:.100}"
    if done.code == 1 and done.errors.count("\n") != 1:
        return f"says more than a sentence: {done.errors:.400}"
    return ""


def test_what_has_to_be_given_is_known() -> None:
    """A new command would only be asked without what it needs."""
    required = {str(one.name) for _, parameters in commands() for one in parameters if one.required}
    assert required <= GOOD.keys()


def _unknown(host: str | None, *_: object, **__: object) -> Never:
    """Nobody is asked what a name means."""
    if host:
        host.encode("idna")
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.fixture
def surroundings(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In them no command line does harm, or works for ever."""
    database.touch()  # else some would say first that there is none
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    monkeypatch.setattr(daemon, "_on_signals", lambda stop: asyncio.get_running_loop().call_soon(stop))
    monkeypatch.setattr(socket, "getaddrinfo", _unknown)
    monkeypatch.setattr(Housekeeping, "start", lambda _: None)  # it writes when it likes


def ends_of(bach_: Run, bach: Behind, folder: Path, faults: dict[str, str]) -> Iterator[tuple[str, tuple[int, str]]]:
    """How each line ends that is asked in this folder; what is wrong with one is a fault."""
    for line in lines(odd_words(folder)):
        before = bach.written()
        try:
            done = bach_(*line.words)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            faults[line.name] = f"raises {type(error).__name__}: {error!s:.200}"
            continue
        if fault := fault_of(line, done, has_written=bach.written() != before):
            faults[line.name] = fault
        yield line.name, (done.code, done.errors.replace(str(folder), ""))


@pytest.mark.slow  # every command, twice
@pytest.mark.usefixtures("surroundings")
@pytest.mark.sqlite_only  # on a server there is no backup, and who works on a new connection is known a turn later
def test_odd_words_end_in_a_sentence_with_a_daemon_and_without(
    bach_: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slip would end in a traceback, paint the terminal, or be refused and done all the same."""
    faults, rounds = dict[str, str](), []
    for name in ("alone", "with a daemon"):
        folder = tmp_path / name / "odd"
        folder.mkdir(parents=True)
        monkeypatch.chdir(folder)
        with behind(monkeypatch, tmp_path / "sock" if name != "alone" else None) as bach:
            rounds.append(dict(ends_of(bach_, bach, folder, faults)))
    alone, served = rounds
    faults |= {
        name: f"says {alone[name]!s:.300}, with a daemon {served.get(name)!s:.300}"
        for name in alone
        if alone[name] != served.get(name)
    }
    assert not faults
