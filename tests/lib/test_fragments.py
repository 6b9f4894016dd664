"""The lines of Python that pages show of one call are run against a double, twice on the same database.

Whole programs, and those of docs/library.md, are run in test_documents.
"""

import re
import subprocess
import sys
import textwrap
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import FunctionType
from typing import ClassVar, override

import orjson
import pytest
from aiohttp.web import BaseRequest, Response, StreamResponse

import bach_lib
from bach_lib import Bach, Connection, Fault, Status, connecting
from bach_lib.testing import (
    Asked,
    ClaudeServer,
    ConnectorContract,
    GeminiServer,
    HomeAssistantServer,
    McpServer,
    NtfyServer,
    OllamaServer,
    OpenAIServer,
    PartnerServer,
    SignalServer,
)

ROOT = Path(__file__).parents[2]
KEY = "s3cr3t-key-of-the-page"
ALARM = {
    "receiver": "prometheus",
    "alerts": [
        {
            "status": "firing",
            "fingerprint": "c0ffee",
            "startsAt": "2026-11-26T10:00:00Z",
            "labels": {"alertname": "Disk"},
        }
    ],
}


class Address(PartnerServer):
    """Somebody's address: whoever asks or posts is answered with 200."""

    @override
    async def respond(self, asked: Asked, request: BaseRequest, /) -> StreamResponse:
        return Response()


class Request:
    """What a web server hands over."""

    headers: ClassVar = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    remote: ClassVar = "192.0.2.1"

    async def read(self) -> bytes:
        """The body."""
        return orjson.dumps(ALARM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page's double, how many blocks it has, and the connections that they make."""

    server: Callable[[], PartnerServer]
    names: tuple[str, ...]
    blocks: int = 1
    path: str = ""
    before: Connection | None = None


WORKSHOP = Connection(name="workshop", type="ollama", category=bach_lib.Category.AI, settings={"model": "gemma3"})
PAGES = {
    "ai_and_mcp": Page(server=OllamaServer, names=("workshop",), blocks=2, before=WORKSHOP),
    "claude": Page(server=lambda: ClaudeServer(key=KEY), names=("claude",)),
    "gemini": Page(server=lambda: GeminiServer(key=KEY), names=("gemini",)),
    "home-assistant": Page(server=lambda: HomeAssistantServer(key=KEY), names=("summer_house",)),
    "http": Page(server=Address, names=("weather",), path="/v1/status"),
    "mcp": Page(server=McpServer, names=("tools",), path="/mcp"),
    "ntfy": Page(server=lambda: NtfyServer(key=KEY), names=("ntfy",)),
    "ollama": Page(server=OllamaServer, names=("workshop",)),
    "openai-compatible": Page(server=lambda: OpenAIServer(key=KEY), names=("writer",)),
    "signal": Page(server=SignalServer, names=("signal",)),
    "webhook": Page(server=Address, names=("porter", "alerts"), blocks=2),
}


def fragments(page: str) -> list[str]:
    """The blocks of a page that are no whole program."""
    found = re.findall(r"```python\n(.*?)```", (ROOT / f"docs/{page}.md").read_text("utf-8"), re.DOTALL)
    return [one for one in found if "asyncio.run(" not in one]


@pytest.mark.parametrize("name", PAGES)
async def test_what_a_page_shows_of_a_connection_works_each_time(name: str, tmp_path: Path) -> None:
    """Somebody who copies the lines would get an error instead of a connection, at the second start perhaps."""
    page = PAGES[name]
    assert len(fragments(name)) == page.blocks
    async with page.server() as server:
        url = f"{server.url}{page.path}"

        def connection(**fields: object) -> Connection:
            """On loopback."""
            here = {} if fields["type"] == "webhook" else {"endpoint": url}
            return Connection(**{**fields, **here})  # type: ignore[arg-type] # as the page has them

        names = {name: getattr(bach_lib, name) for name in bach_lib.__all__}
        names |= {"Connection": connection, "request": Request()}
        secrets = {scheme: lambda target: url if target == "PORTER_URL" else KEY for scheme in ("env", "file")}
        for _ in range(2):
            async with Bach(tmp_path / "bach.db", secrets=secrets, grace=0) as bach:
                if page.before:
                    await bach.registry.ensure(replace(page.before, endpoint=url))
                for fragment in fragments(name):
                    code = compile(fragment, name, "exec", flags=PyCF_ALLOW_TOP_LEVEL_AWAIT)
                    await FunctionType(code, {**names, "bach": bach})()
                assert {row.name for row in bach.registry.list()} == set(page.names)
                found = [await bach.check(one) for one in page.names[:1]]
                assert not any(isinstance(one, Fault) for one in found), found
                for message in await bach.messages():
                    assert (await bach.wait(message.id, timeout=60)).status is Status.SENT


async def test_the_connector_of_the_page_sends(tmp_path: Path) -> None:
    """Somebody who begins with it would have a connector that cannot be made, or does not send."""
    [module, suite, knows] = fragments("write-a-connector")
    names: dict[str, object] = {"__name__": "pigeon", "ConnectorContract": ConnectorContract, "PigeonPlatform": None}
    exec(module, names)
    exec(suite, names)
    exec(knows, {name: getattr(connecting, name) for name in connecting.__all__})
    async with Address() as loft:
        row = Connection(name="loft", type="pigeon", endpoint=loft.url)
        kinds = {"pigeon": names["Pigeon"]}
        for _ in range(2):
            async with Bach(tmp_path / "bach.db", connectors=kinds, connections=[row]) as bach:  # type: ignore[arg-type]
                receipt = await bach.send("loft", "ada", "Hello")
                assert (await bach.wait(receipt.id, timeout=60)).status is Status.SENT
        told = [asked.body for asked in loft.asked if asked.method == "POST"]
        assert [one["text"] for one in told if isinstance(one, dict)] == ["Hello", "Hello"]


def test_every_page_with_lines_of_python_is_run() -> None:
    """A page would show what nobody has ever tried."""
    shown = {path.stem for path in (ROOT / "docs").glob("*.md") if "```python" in path.read_text("utf-8")}
    assert shown == {*PAGES, "bridges", "library", "routes", "write-a-connector"}


PRELUDE = """
import asyncio
from aiohttp.web import Request
from bach_lib import *
from bach_lib import ReceivedMessage
from bach_lib.testing import ConnectorContract, FakeClock, FakePlatform, PlatformOn
from bach_lib.testing.loopback import Loopback


class PigeonPlatform(PlatformOn[Loopback]): ...
"""


@pytest.mark.slow  # cold, mypy reads all of the library
def test_a_type_checker_finds_nothing_wrong_in_what_pages_show(tmp_path: Path) -> None:
    """Somebody who copies the lines into a program that is checked would have to find out what is wrong with them."""
    parts = [PRELUDE]
    for page in (*PAGES, "library", "write-a-connector"):
        for number, fragment in enumerate(fragments(page)):
            name = f"{page}_{number}".replace("-", "_")
            head = f"async def {name}(bach: Bach, platform: FakePlatform, clock: FakeClock, request: Request) -> None:"
            parts.append(f"{head}\n{textwrap.indent(fragment, '    ')}")
    (tmp_path / "pages.py").write_text("\n\n".join(parts), "utf-8")
    options = ["--check-untyped-defs", "--allow-redefinition", "--cache-dir", str(ROOT / ".mypy_cache/pages")]
    command = [sys.executable, "-m", "mypy", "--config-file", "", *options, str(tmp_path / "pages.py")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
