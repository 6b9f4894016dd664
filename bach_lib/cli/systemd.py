"""`bach connector setup-daemon`: a systemd user unit, so that `bach serve` runs whenever the machine does."""

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from bach_lib.cli.console import say, show_one
from bach_lib.cli.exits import sentences
from bach_lib.cli.options import command, settings
from bach_lib.cli.paths import ServerPlace, to_open
from bach_lib.control.sentences import SentenceError
from bach_lib.storage import Address

_UNIT = """\
# Written by `bach connector setup-daemon`.
[Unit]
Description=BACH carries messages between a home and its people
Documentation=https://github.com/bach-project/bach

[Service]
ExecStart={command}
Restart=on-failure
RestartSec=5
NoNewPrivileges=yes
UMask=0077

[Install]
WantedBy=default.target
"""


@command
def setup_daemon(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where it answers programs.")] = 8001,
    force: Annotated[bool, typer.Option("--force", help="Replace a unit that says something else.")] = False,
) -> None:
    """Write a systemd user unit that runs `bach serve`. It is written, not started."""
    path = unit_file()
    with sentences(OSError):
        text = unit(settings().database, port)
        if sys.platform != "linux":
            raise SentenceError("There is systemd on Linux only. Start `bach serve` with what your system has instead.")
        there = path.read_text("utf-8") if path.exists() else None
        if there not in (None, text) and not force:
            raise SentenceError(
                f"{path} is there and says something else. Look at it, then give --force to replace it."
            )
        if there != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    show_one({"unit": str(path), "written": there != text}, ("unit", "Unit"), ("written", "Written"))
    say(f"\n{text}")
    say("Start it now and at every login:    systemctl --user daemon-reload && systemctl --user enable --now bach")
    say("Let it run without anybody's login: loginctl enable-linger")
    say("See what it says:                   journalctl --user -u bach")


def unit_file() -> Path:
    """Where systemd looks for it."""
    base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "systemd" / "user" / "bach.service"


def unit(database: Path, port: int) -> str:
    """What it says."""
    if isinstance(database, ServerPlace) and Address(database.address).has_secret:
        raise SentenceError(
            "Whoever looks at a unit reads the password in it. Put that into ~/.pgpass, readable by you alone (a line "
            "host:port:database:user:password), and leave it out of --db."
        )
    words = [sys.executable, "-m", "bach_lib.cli", "serve", "--db", str(to_open(database)), "--port", str(port)]
    return _UNIT.format(command=" ".join(_quoted(word) for word in words))


def _quoted(word: str) -> str:
    """As systemd reads it: it knows no $'…', and both % and $ mean something to it."""
    if not word.isprintable():
        raise SentenceError("No unit can name a path with a line break or a control character. Move the database.")
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return word if shlex.quote(word) == word and escaped == word else f'"{escaped}"'
