"""What the documents show is run, so that a stranger's first try works."""

import asyncio
import logging
import re
import subprocess
import sys
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import FunctionType

import pytest

from bach_lib import Bach
from bach_lib.connectors import Connectors
from bach_lib.registry.partner_types import PARTNER_TYPES
from bach_lib.testing import OllamaServer, world
from bach_lib.testing.telegram_server import TelegramServer
from tests.e2e import dialog_pictures, panel_pictures
from tests.lib.sides import Side, discord, signal, telegram
from tests.mutation.targets import TARGETS

ROOT = Path(__file__).parents[2]
TOKEN = "123456:AAFakeTokenFakeTokenFakeTokenFakeTok"


def blocks(document: str, language: str) -> list[str]:
    """All code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / document).read_text("utf-8"), re.DOTALL)


async def run(program: str, folder: Path, **environment: str) -> tuple[bytes, bytes, int | None]:
    """What a program writes, says is wrong, and ends with, in a folder of its own."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        output, errors = await running.communicate()
    return output, errors, running.returncode


async def test_the_readmes_program_sends_a_message_each_time(tmp_path: Path) -> None:
    """Somebody who copies the first example would get an error instead of a message, at the second start perhaps."""
    [program, _] = blocks("README.md", "python")
    async with TelegramServer(port=0) as server:
        server.add_bot(TOKEN, username="home_bot", id=123456)
        server.add_chat(42, type="private", first_name="Ada")
        local = program.replace('type="telegram",', f'type="telegram", endpoint="{server.url}",')
        assert local != program
        for number in (1, 2):
            assert await run(local, tmp_path, TELEGRAM_TOKEN=TOKEN) == (b"sent\n", b"", 0)
            assert [message.text for message in server.sent] == ["The garage door is open"] * number


async def test_the_program_that_talks_to_an_ai_gets_an_answer_each_time(tmp_path: Path) -> None:
    """Somebody who copies the example would get an error instead of an answer, at the second start perhaps."""
    [program, *_] = blocks("docs/ai_and_mcp.md", "python")
    async with OllamaServer(models=["gemma3"], answer="Quite warm.") as server:
        local = program.replace("http://localhost:11434", server.url)
        assert local != program
        for _ in range(2):
            assert await run(local, tmp_path) == (b"Ollama 0.12.3 offers gemma3\nQuite warm.\n", b"", 0)


@pytest.fixture(autouse=True)
def handlers_as_they_were() -> Iterator[None]:
    """An example adds a handler: what it writes to is closed with its test, and later tests would log errors to it."""
    logger = logging.getLogger("bach_lib")
    before = list(logger.handlers)
    yield
    logger.handlers[:] = before


@pytest.mark.parametrize(
    "program",
    [*blocks("docs/library.md", "python"), *blocks("docs/routes.md", "python"), *blocks("docs/bridges.md", "python")],
    ids=lambda program: program.split("\n")[0],
)
async def test_what_the_page_of_the_library_shows_is_true_each_time(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody who copies an example would get an error instead of what the page says, at the second start perhaps."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    code = compile(program, "library.md", "exec", flags=PyCF_ALLOW_TOP_LEVEL_AWAIT)
    for _ in range(2):
        async with world(path="bach.db") as (bach, platform, clock):
            names = {"bach": bach, "platform": platform, "clock": clock, "asyncio": asyncio}
            running = FunctionType(code, names)()
            if running is not None:  # it awaits something
                await running
        written = capsys.readouterr().out
        assert bool(written) == ("print(" in program)


@pytest.mark.parametrize("make", [telegram, discord, signal])  # nobody on ntfy can be known, so none gives commands
async def test_the_bots_of_the_page_work_on_every_platform(
    make: Callable[[], AbstractAsyncContextManager[Side]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A bot would be written for one platform, and its test for another one."""
    said = []
    for program in (one for one in blocks("docs/library.md", "python") if "platform.says(" in one):
        async with make() as side:
            monkeypatch.setenv("BOT_TOKEN", side.token)
            async with Bach(":memory:", connections=[side.connection], grace=0) as bach:
                await side.platform.wait_until_heard()
                names = {"bach": bach, "platform": side.platform}
                await FunctionType(compile(program, "library.md", "exec", flags=PyCF_ALLOW_TOP_LEVEL_AWAIT), names)()
        said.append(capsys.readouterr().out)
    usage = "Write it like this: /light <room> [state]"
    assert said == [f"['The light in living room is on', '{usage}']\n", "['You wrote: Is anybody there?']\n"]


@pytest.mark.parametrize(
    "document", sorted(str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *ROOT.glob("*/*.md")])
)
def test_links_between_documents_lead_somewhere(document: str) -> None:
    """A reader would follow a link into nothing."""
    text = (ROOT / document).read_text("utf-8")
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    missing = [target for target in targets if not (ROOT / document).parent.joinpath(target).exists()]
    assert missing == []


def anchors(page: Path) -> set[str]:
    """What links may name of a page: its headings, as GitHub spells them."""
    found: list[str] = []
    for heading in re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE), re.MULTILINE
    ):
        name = re.sub(r"[^\w -]", "", re.sub(r"\]\([^)]*\)", "", heading).lower()).strip().replace(" ", "-")
        found.append(f"{name}-{found.count(name)}" if name in found else name)
    return {*found}


@pytest.mark.parametrize(
    "document", sorted(str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *ROOT.glob("*/*.md")])
)
def test_links_to_a_heading_lead_to_it(document: str) -> None:
    """A reader would arrive at the top of a long page, and look for what the link promised."""
    page = ROOT / document
    named = re.findall(r"\]\((?!https?:)([^)#\s]*\.md)?#([^)\s]+)\)", page.read_text("utf-8"))
    lost = [(name, anchor) for name, anchor in named if anchor not in anchors(page.parent / name if name else page)]
    assert lost == []


def test_what_stands_against_each_threat_is_tested() -> None:
    """The page of threats would name tests that are gone."""
    named = re.findall(r"`(tests/[^`]+)`", (ROOT / "docs/security.md").read_text("utf-8"))
    assert [one for one in named if not (ROOT / one).exists()] == []
    assert len(named) > 10


def test_every_picture_is_shown_and_those_of_the_panel_can_be_taken_anew() -> None:
    """A page would have a hole, or show what was there a year ago and nobody knows how to take again."""
    pictures = {path.name: path.stat().st_size for path in (ROOT / "docs/images").iterdir()}
    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md")]
    shown = {
        name
        for page in pages
        for name in re.findall(r"!\[[^]]+\]\((?:docs/)?images/([^)]+)\)", page.read_text("utf-8"))
    }
    assert shown == set(pictures)
    assert {name for name in pictures if name.startswith("panel")} == panel_pictures.NAMES
    assert set(pictures) > dialog_pictures.NAMES
    assert sum(pictures.values()) < 2_000_000


def test_every_type_of_connection_has_a_page_with_a_picture() -> None:
    """Somebody who adds a connection would not find out what it needs and who calls whom."""
    table = (ROOT / "docs/connections.md").read_text("utf-8")
    pages = dict(re.findall(r"^\| `\w+` \| `([\w-]+)` \| \[[^]]+\]\(([\w-]+\.md)\) \|$", table, re.MULTILINE))
    assert sorted(pages) == sorted([*Connectors().types, *PARTNER_TYPES])
    assert [page for page in pages.values() if not blocks(f"docs/{page}", "mermaid")] == []


@pytest.mark.parametrize(
    "document",
    sorted(
        str(path.relative_to(ROOT)) for path in [*ROOT.glob("docs/*.md"), *ROOT.glob("adr/*.md"), *ROOT.glob("*.md")]
    ),
)
def test_the_modules_that_documents_name_exist(document: str) -> None:
    """A reader would look for a file that was moved, and find nothing of that name."""
    if document == "CHANGELOG.md":  # it tells of modules as they were
        return
    text = (ROOT / document).read_text("utf-8")
    named = re.findall(r"(?<![\w/.-])(?:benchmarks|script|bach_lib|custom_components|tests)/[\w./-]*\w", text)
    assert [one for one in named if not (ROOT / one).exists()] == []
    alone = re.findall(r"`(?!benchmarks/|script/|bach_lib/|custom_components/|tests/)((?:\w+/)*\w+\.py)`", text)
    assert [one for one in alone if not any(_sources(one))] == []


def _sources(name: str) -> Iterator[Path]:
    """The files of ours that end so."""
    return (path for folder in ("bach_lib", "custom_components", "tests") for path in (ROOT / folder).rglob(name))


def test_what_is_mutated_exists() -> None:
    """`script/mutate` would run all tests of a room for a file, or none, since those named for it have moved."""
    missing = {
        (name, wanted)
        for name, target in TARGETS.items()
        for wanted in (*target.files, *target.tests, *(test for tests in target.close.values() for test in tests))
        if not any(ROOT.glob(wanted))
    }
    assert missing == set()
    unknown = {
        (name, file)
        for name, target in TARGETS.items()
        for file in target.close
        if not any(ROOT.glob(f"{pattern.removesuffix('*')}{file}") for pattern in target.files)
    }
    assert unknown == set()
