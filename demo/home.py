"""A real Home Assistant in a fresh configuration directory, with this checkout's integration or a zip of it.

What is written into `.storage` before the first start is what a person would have clicked through, minus everything
that needs the internet. The integration itself is set up through its own dialogs.
"""

import json
import re
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from zipfile import ZipFile

from demo import process
from demo.client import Client
from demo.process import HOST, ROOT, free_port
from demo.waiting import until

_START_SECONDS = 300.0
_CONFIGURATION = """\
homeassistant:
  name: Demo home
  country: GB
  debug: true
automation: !include automations.yaml
conversation:
history:
logbook:
recorder:
logger:
  default: warning
  logs:
    bach_lib: debug
    custom_components.bach: debug
"""
_RECORD = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+(?:[+-]\d\d:\d\d)? (?P<level>[A-Z]+) ")
_OURS = re.compile(r"bach_lib|custom_components[./]bach|(?<![\w/.-])bach(?![\w/-])")  # not a folder that is called so


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What a stranger has: a zip of BACH, and another Python with a Home Assistant that installs for itself."""

    archive: Path
    python: str


class Home:
    """Home Assistant, at one address and with one memory over all its lives. `released`: not of this checkout."""

    def __init__(self, folder: Path, *, preferred_port: int = 0, released: Released | None = None) -> None:
        self._released = released
        self.config = folder / "config"
        self.log = folder / "home-assistant.log"
        self.client = Client(f"http://{HOST}:{free_port(preferred_port)}")
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        self._furnish()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()
        await self.client.close()

    async def start(self) -> None:
        """Start, or start again, and wait until everything is set up. Raises NotInTimeError, EndedError."""
        arguments = ["-m", "homeassistant", "--config", str(self.config), "--log-no-color"]
        if self._released:
            self._process = await process.start(arguments, self.log, python=self._released.python, search_path="")
        else:
            self._process = await process.start([*arguments, "--skip-pip"], self.log)
        if not self.client.is_logged_in:
            await self._until(self.client.can_onboard)
            await self.client.onboard()
        await self._until(self.client.is_running)

    async def stop(self) -> int:
        """End it as Ctrl-C would, and return its exit code. Raises TimeoutError."""
        running, self._process = self._process, None
        return await process.stop(running) if running else 0

    async def restart(self) -> None:
        """End it as Ctrl-C would, or at once if it hangs, and start it again. Raises NotInTimeError, EndedError."""
        running = self._process
        try:
            await self.stop()
        except TimeoutError:
            if running:
                await process.kill(running)
        await self.start()

    async def kill(self) -> None:
        """The power goes out."""
        if self._process:
            await process.kill(self._process)
            self._process = None

    def problems(self, *, secret: str) -> list[str]:
        """What the log of all lives says against us, and every record that holds the secret."""
        return [record for record in self._records() if secret in record or (_is_bad(record) and _OURS.search(record))]

    def tail(self, count: int, *, after: int = 0) -> list[str]:
        """The newest records of the log that have to do with BACH; `after` so many bytes of it."""
        return [record for record in self._records(after) if _OURS.search(record)][-count:]

    async def _until(self, look: Callable[[], Awaitable[bool]]) -> None:
        async def look_while_running() -> bool:
            process.check_running(self._process, "Home Assistant")
            return await look()

        await until(look_while_running, what="Home Assistant to be ready", seconds=_START_SECONDS)

    def _records(self, after: int = 0) -> Iterator[str]:
        """The records of the log; one may span many lines."""
        if not self.log.exists():
            return
        record: list[str] = []
        for line in self.log.read_bytes()[after:].decode("utf-8", errors="replace").splitlines():
            if _RECORD.match(line) and record:
                yield "\n".join(record)
                record = []
            record.append(line)
        if record:
            yield "\n".join(record)

    def _furnish(self) -> None:
        """Write what has to be there before the first start."""
        storage = self.config / ".storage"
        storage.mkdir(parents=True)
        (self.config / "configuration.yaml").write_text(_CONFIGURATION)
        (self.config / "automations.yaml").write_text("[]\n")
        components = self.config / "custom_components"
        if self._released:
            with ZipFile(self._released.archive) as archive:
                archive.extractall(components / "bach")
        else:
            components.symlink_to(ROOT / "custom_components")
        # Written as "onboarded": the steps left out would add integrations that ask the internet.
        done = {"done": ["core_config", "analytics", "integration"]}
        _store(storage, "onboarding", 4, 1, done)
        _store(storage, "http", 2, 2, {"stable": _http(self.client.port), "pending": None, "yaml_migration_done": True})


def _is_bad(record: str) -> bool:
    """An error, an exception, or a warning of Home Assistant's watchdogs over what integrations do."""
    level = _RECORD.match(record)
    is_error = level is not None and level["level"] in {"ERROR", "CRITICAL"}
    return is_error or "Traceback" in record or "Detected " in record


def _store(folder: Path, key: str, version: int, minor_version: int, data: object) -> None:
    content = {"version": version, "minor_version": minor_version, "key": key, "data": data}
    (folder / key).write_text(json.dumps(content))


def _http(port: int) -> dict[str, object]:
    """The settings of Home Assistant's web server; `http:` in YAML would only be a trial of five minutes."""
    return {
        "server_port": port,
        "server_host": [HOST],
        "cors_allowed_origins": [],
        "login_attempts_threshold": -1,
        "ip_ban_enabled": False,
        "ssl_profile": "modern",
        "use_x_frame_options": True,
        "created_at": "2026-01-01T00:00:00+00:00",
        "error": None,
        "error_message": None,
    }
