"""`bach demo`: a message, an outage, a power cut, and everything arrives: real processes, in a folder of its own.

The Telegram of the story is the double of `bach_lib.testing`, as a process of its own; nothing leaves the machine.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import typer

from bach_lib.cli import secret_files
from bach_lib.cli.console import Json, Row, as_row, as_rows
from bach_lib.cli.session import Session, run
from bach_lib.control.sentences import SentenceError

_TOKEN = "123456:AAFakeTokenFakeTokenFakeTokenFakeTok"  # noqa: S105 - the double's own
_ADA = "42"
_FIRST = "The garage door is open"
_MEANWHILE = ("The washing machine is done", "Rain is coming, a window is open", "Somebody rang the bell")
_PATIENCE = 60.0


def tell() -> None:
    """The story. Raises `SentenceError` if it does not come true."""
    with TemporaryDirectory(prefix="bach-demo-") as folder:
        os.environ["XDG_STATE_HOME"] = folder  # nothing stays of it
        database = Path(folder) / "bach.db"
        with _process("bach_lib.testing.telegram_server", "--token", _TOKEN, "--chat", f"{_ADA}:Ada") as (_, said):
            url = said.strip()
            _heading("1. A message")
            _add(database, url)
            with _daemon(database):
                row = _ask(database, "send", connection="home", recipient=_ADA, text=_FIRST, options={})
                _ask(database, "wait", message_id=row["id"], seconds=_PATIENCE)
                _line(f"arrived: {_sent(url, 1)[0]!r}")
        _heading("2. Telegram goes away, and the house says three more things")
        with _daemon(database) as daemon:
            for text in _MEANWHILE:
                _ask(database, "send", connection="home", recipient=_ADA, text=text, options={})
            _queue(database)
            _heading("3. The power fails: kill -9")
            daemon.kill()
            daemon.wait()
            _queue(database)
        _heading("4. Everything comes back")
        port = url.rpartition(":")[2]
        options = ("--port", port, "--token", _TOKEN, "--chat", f"{_ADA}:Ada")
        with _process("bach_lib.testing.telegram_server", *options), _daemon(database):
            texts = _sent(url, len(_MEANWHILE))
            for text in texts:
                _line(f"arrived: {text!r}")
            if texts != list(_MEANWHILE):
                raise SentenceError("This is not what was sent. The demo failed.")
            _line("All of it, in order, once.")


def _add(database: Path, url: str) -> None:
    reference = secret_files.keep(database, "home", "bot_token", _TOKEN)
    fields: dict[str, Json] = {"name": "home", "type": "telegram", "endpoint": url, "allowed": [_ADA]}
    _ask(database, "add", creates=True, fields=fields | {"auth_config": {"bot_token": reference}})
    _line("bach connector add telegram home")


def _queue(database: Path) -> None:
    async def work(session: Session) -> Json:
        return await session.ask("waiting")

    for row in reversed(as_rows(run(work, database))):
        _line(f"on disk: {row['text']!r}  ({row['status']})")


def _ask(database: Path, operation: str, *, creates: bool = False, **arguments: Json) -> Row:
    async def work(session: Session) -> Json:
        return await session.ask(operation, **arguments)

    return as_row(run(work, database, creates=creates))


def _sent(url: str, count: int) -> list[str]:
    with urlopen(f"{url}/control/sent?count={count}&timeout={_PATIENCE:.0f}", timeout=_PATIENCE + 5) as answer:  # noqa: S310 - our own
        found = json.loads(answer.read())["result"]
    return [str(one["text"]) for one in found]


@contextmanager
def _daemon(database: Path) -> Iterator[subprocess.Popen[str]]:
    with _process("bach_lib.cli", "serve", "--db", str(database), "--port", "0") as (process, _):
        _line("bach serve")
        yield process


@contextmanager
def _process(module: str, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process, and the first line it says."""
    command = [sys.executable, "-m", module, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:  # noqa: S603 - ourselves
        try:
            said = process.stdout.readline() if process.stdout else ""
            if not said:
                raise SentenceError(f"{module} does not start here. Install bach-lib[cli,telegram].")
            yield process, said
        finally:
            process.terminate()


def _heading(text: str) -> None:
    typer.secho(f"\n{text}", bold=True)


def _line(text: str) -> None:
    typer.echo(f"  {text}")
