"""Connectors of other packages: found by their entry points, and a package that is broken costs only itself."""

import asyncio
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_pigeon import PigeonPlatform

from bach_lib import Bach, Connection
from bach_lib.connectors import Connectors, entry_points
from bach_lib.errors import ConnectorFailedError, UnknownTypeError, UnusableConnectorError
from bach_lib.runtime import runtimes
from tests.packages import HANGS, PIGEON, ROOT, closed_gate, install, install_pigeon, uninstall

CLASS = """
from bach_lib.connecting import Capabilities, Format, Sent, SendOnly

class Owl(SendOnly):
    capabilities = Capabilities(receives=False, idempotent=False, formats=frozenset({Format.PLAIN}), max_text=9)

    async def send(self, message):
        return Sent(remote_id="1")
"""


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow sockets; Home Assistant's test plugin has already limited them to 127.0.0.1."""


async def test_a_connector_that_is_installed_is_there(site: Path) -> None:
    """Nobody but a program that is written for it could use somebody's connector."""
    install_pigeon(site)
    async with PigeonPlatform() as platform:
        token = site / "token"
        token.write_text(platform.secrets["token"], "utf-8")
        loft = Connection(
            name="loft", type="pigeon", endpoint=platform.endpoint, auth_config={"token": f"file:{token}"}
        )
        async with Bach(":memory:", connections=[loft]) as bach:
            receipt = await bach.send("loft", "ada", "Hello")
            assert (await bach.wait(receipt.id, 10)).status == "sent"
        assert platform.texts() == ["Hello"]


async def test_finding_imports_nothing(site: Path) -> None:
    """Home Assistant would run the code of packages that no connection of it needs, at every start."""
    install(site, "bach-owl", {"owl": "bach_owl:Owl"}, CLASS)
    sys.modules.pop("bach_owl", None)
    connectors = Connectors()
    await connectors.discover()
    assert "bach_owl" not in sys.modules
    assert "owl" in connectors.types
    assert (await connectors.load("owl")).inner.__name__ == "Owl"


BROKEN = [
    ("raise ZeroDivisionError('half a key')", "bach_broken:Owl", UnusableConnectorError, "ZeroDivisionError: half"),
    ("import nobody_has_this", "bach_broken:Owl", UnusableConnectorError, "nobody_has_this"),
    ("raise SystemExit(3)", "bach_broken:Owl", UnusableConnectorError, "SystemExit: 3"),
    ("raise KeyboardInterrupt", "bach_broken:Owl", UnusableConnectorError, "KeyboardInterrupt"),
    ("Owl = 5", "bach_broken:Owl", UnusableConnectorError, "bach_broken:Owl is no class"),
    ("", "bach_broken:Owl", UnusableConnectorError, "has no attribute 'Owl'"),
    ("", "not a module", UnusableConnectorError, "bach-broken"),
    ("class Owl: pass", "bach_broken:Owl", ConnectorFailedError, "Owl lacks acknowledge, capabilities, check"),
]


@pytest.mark.parametrize(("source", "value", "kind", "said"), BROKEN, ids=lambda one: str(one)[:20])
async def test_what_is_broken_costs_only_itself(
    site: Path, source: str, value: str, kind: type[Exception], said: str
) -> None:
    """One bad package would stop every connection, or the program."""
    install(site, "bach-broken", {"broken": value}, source)
    install(site, "bach-owl", {"owl": "bach_owl:Owl"}, CLASS)
    for module in ("bach_broken", "bach_owl"):
        sys.modules.pop(module, None)
    async with Bach(":memory:") as bach:
        with pytest.raises(kind) as raised:
            await bach.registry.add(Connection(name="broken", type="broken"))
        assert said in str(raised.value)
        await bach.registry.add(Connection(name="owl", type="owl"))
        assert (await bach.wait((await bach.send("owl", "ada", "Hello")).id, 10)).status == "sent"


async def test_why_a_connection_does_not_start_is_said_again(site: Path, tmp_path: Path) -> None:
    """Who sends through a connection whose package broke would be told that there is no such type."""
    install(site, "bach-owl", {"owl": "bach_owl:Owl"}, CLASS)
    sys.modules.pop("bach_owl", None)
    async with Bach(tmp_path / "bach.db", connections=[Connection(name="owl", type="owl")]):
        pass
    (site / "bach_owl.py").write_text("raise ImportError('half of it is gone')", "utf-8")
    shutil.rmtree(site / "__pycache__", ignore_errors=True)
    sys.modules.pop("bach_owl", None)
    async with Bach(tmp_path / "bach.db") as bach:
        for _ in range(2):
            with pytest.raises(UnusableConnectorError, match="bach-owl, and cannot be used: ImportError: half of it"):
                await bach.send("owl", "ada", "Hello")


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"telegram": "bach_owl:Owl"}, 'The connector "telegram" of the package bach-owl is left out'),
        ({"claude": "bach_owl:Owl"}, "is the name of one of BACH's own"),
        ({"Owl one": "bach_owl:Owl"}, "is no name for a type of connection"),
        ({"o" * 51: "bach_owl:Owl"}, "is no name for a type of connection"),
    ],
    ids=["taken", "taken by a partner", "blank", "long"],
)
async def test_a_name_that_cannot_be_is_refused_with_a_sentence(
    site: Path, entries: dict[str, str], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A package could put itself in the place of Telegram, and read its token."""
    install(site, "bach-owl", entries, CLASS)
    caplog.set_level(logging.WARNING)
    connectors = Connectors()
    await connectors.discover()
    assert connectors.types == Connectors().types
    assert said in caplog.text
    assert (await connectors.load("webhook")).inner.__module__.startswith("bach_lib.")


async def test_of_two_with_the_same_name_none_is_taken(site: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Which of them gets the messages, and the credentials, would depend on the order of folders."""
    install(site, "bach-owl", {"owl": "bach_owl:Owl"}, CLASS)
    install(site, "bach-other", {"owl": "bach_other:Owl", "other": "bach_other:Owl"}, CLASS)
    connectors = Connectors()
    await connectors.discover()
    assert connectors.offered == ["other"]
    assert "so none is used: ['bach-other', 'bach-owl']" in caplog.text
    with pytest.raises(UnknownTypeError):
        await connectors.load("owl")


async def test_metadata_that_nobody_can_read_hides_no_other(site: Path) -> None:
    """A package that was removed by half would take all connectors of others with it."""
    for number, entry in enumerate((b"\xff\xfe[", b"[bach_lib.connectors]\nhalf\n", b"[[[")):
        about = site / f"half_{number}-1.0.dist-info"
        about.mkdir()
        (about / "entry_points.txt").write_bytes(entry)
    install(site, "bach-owl", {"owl": "bach_owl:Owl"}, CLASS)
    install(site, "bach-elsewhere", {"elsewhere": "bach_elsewhere:Owl"}, group="somebody.else")
    connectors = Connectors()
    await connectors.discover()
    assert connectors.offered == ["owl"]


async def test_what_is_installed_later_is_there_and_what_is_removed_is_not(site: Path) -> None:
    """A package that Home Assistant installs for another integration would be seen after the next start only."""
    connectors = Connectors()
    await connectors.discover()
    assert connectors.offered == []
    install(site, "bach-owl", {"owl": "bach_owl:Owl"}, CLASS)
    assert (await connectors.load("owl")).type_ == "owl"
    uninstall(site, "bach-owl")
    with pytest.raises(UnknownTypeError):
        await Connectors().load("owl")


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What the import of a package waits for."""
    with closed_gate() as opened:
        yield opened


async def test_an_import_that_hangs_costs_only_itself(
    site: Path, tmp_path: Path, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One package would keep BACH from opening and closing, and everybody else from changing anything."""
    both = [Connection(name="owl", type="owl"), Connection(name="kite", type="kite")]
    for name in ("owl", "kite"):
        install(site, f"bach-{name}", {name: f"bach_{name}:Owl"}, CLASS)
    async with Bach(tmp_path / "bach.db", connections=both):
        pass
    (site / "bach_owl.py").write_text(HANGS + CLASS, "utf-8")
    shutil.rmtree(site / "__pycache__", ignore_errors=True)
    sys.modules.pop("bach_owl", None)
    monkeypatch.setattr(runtimes, "_FOR_OTHERS", 0.1)
    monkeypatch.setattr(entry_points, "_PATIENCE", 3600.0)
    async with Bach(tmp_path / "bach.db") as bach:
        with pytest.raises(UnusableConnectorError, match="it is still being imported"):
            await bach.check("owl")
        assert (await bach.wait((await bach.send("kite", "ada", "Hello")).id, 30)).status == "sent"
        adding = asyncio.create_task(bach.registry.add(Connection(name="second", type="owl")))
        await bach.registry.add(Connection(name="another", type="kite"))
        assert not adding.done()
        gate.set()
        await adding
        assert (await bach.wait((await bach.send("owl", "ada", "Hello")).id, 30)).status == "sent"


async def test_an_import_has_a_limit(site: Path, gate: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever adds such a connection would wait for ever; and each who asks would leave one more thread behind."""
    install(site, "bach-owl", {"owl": "bach_owl:Owl"}, HANGS + CLASS)
    monkeypatch.setattr(entry_points, "_PATIENCE", 0.1)
    for _ in range(3):
        with pytest.raises(UnusableConnectorError, match=r"bach_owl:Owl takes more than 0\.1 seconds"):
            await Connectors().load("owl")
    assert len([one for one in threading.enumerate() if one.name == "bach-import-owl"]) == 1
    gate.set()
    monkeypatch.setattr(entry_points, "_PATIENCE", 3600.0)
    assert (await Connectors().load("owl")).type_ == "owl"


async def test_the_disk_is_read_once(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each check of credentials would look through all that is installed."""
    install(site, "bach-owl", {"owl": "bach_owl:Owl"}, CLASS)
    connectors = Connectors()
    await connectors.discover()
    monkeypatch.setattr(entry_points, "distributions", None)
    await Connectors().discover()
    with pytest.raises(UnknownTypeError, match="owl"):
        await Connectors().load("fax")


@pytest.mark.slow  # a package is installed, and a daemon begins
async def test_the_command_and_the_daemon_know_it(site: Path, tmp_path: Path) -> None:
    """Who has no program of his own could not use it, alone or in the daemon."""
    install_pigeon(site)
    install(site, "bach-broken", {"broken": "bach_broken:Owl"}, "raise ZeroDivisionError")
    environment = {
        **os.environ,
        "PYTHONPATH": f"{site}{os.pathsep}{ROOT}",
        "COLUMNS": "200",
        "BACH_DB": str(tmp_path / "bach.db"),
        "BACH_TOKEN": PigeonPlatform.secrets["token"],
    }

    async def bach(*arguments: str) -> str:
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bach_lib.cli", "connector", *arguments),
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        async with asyncio.timeout(60):
            return (await running.communicate())[0].decode()

    async with PigeonPlatform() as platform:
        types = await bach("types")
        assert "of the package bach-pigeon" in types
        assert "the token of the loft" in types
        assert "comes with the package bach-broken, and cannot be used: ZeroDivisionError" in types
        add, secret = ["add", "pigeon", "loft"], ("--secret", "token=env:BACH_TOKEN")
        assert "say this too" in await bach(*add, *secret)
        add = [*add, "--endpoint", platform.endpoint]
        assert "Did you mean" in await bach(*add, "--secret", "tokn=env:BACH_TOKEN")
        assert "It answers as Old mill" in await bach(*add, *secret)
        assert "sent" in await bach("send", "loft", "ada", "Hello", "--wait", "20")
        serving = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bach_lib.cli", "serve", "--port", "0"), env=environment, stdout=subprocess.PIPE
        )
        try:
            assert serving.stdout
            assert b"answers on" in await serving.stdout.readline()
            assert "sent" in await bach("send", "loft", "ada", "From the daemon", "--wait", "20")
        finally:
            serving.terminate()
            await serving.wait()
        assert platform.texts() == ["Hello", "From the daemon"]


async def test_the_example_is_a_package_of_its_own(site: Path, tmp_path: Path) -> None:
    """Who copies it would begin with tests that fail, or that need what only BACH's own have."""
    install_pigeon(site)
    shutil.copytree(PIGEON / "tests", tmp_path / "tests")
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{ROOT}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    async with asyncio.timeout(120):
        said = (await running.communicate())[0].decode()
    assert running.returncode == 0, said
    assert "27 passed" in said
