"""What one kind of connection needs, fetched by Home Assistant's own manager from an index on this machine."""

import asyncio
import importlib.metadata
import sys
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from types import ModuleType
from zipfile import ZipFile

import pytest
from homeassistant import requirements as manager
from homeassistant.config_entries import SOURCE_USER, ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util import package as pkg_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from bach_lib import connectors
from bach_lib.connectors.requirements import NEEDED, Package
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.const import DOMAIN
from custom_components.bach.kinds import requirements
from tests.component.dialogs import close_recipient_dialogs

from .conftest import TOKEN, add_entry

TEST = Package(name="bach-test-kind", requirement="bach-test-kind>=1,<2", extra="telegram")
ANOTHER = "987654321:AAaaBBbbCCccDDddEEeeFFffGGggHHhhIIi"


class Index:
    """A folder with wheels, and what Home Assistant has asked of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []

    def publish(self) -> None:
        """Let the package be had."""
        info = "bach_test_kind-1.0.dist-info"
        with ZipFile(self.folder / "bach_test_kind-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr("bach_test_kind.py", "")
            wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: bach-test-kind\nVersion: 1.0\n")
            wheel.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture(autouse=True)
async def no_dialog_left_open(hass: HomeAssistant) -> AsyncGenerator[None]:
    """Close what a new connection leads on to."""
    yield
    close_recipient_dialogs(hass)


@pytest.fixture
def asked(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Home Assistant, which may install here, has tried to install."""
    asked: list[str] = []
    install = pkg_util.install_package

    def count(package: str, **options: object) -> bool:
        asked.append(package)
        return install(package, **options)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(pkg_util, "install_package", count)
    hass.config.skip_pip = False
    return asked


@pytest.fixture
def index(asked: list[str], hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    """An index on this machine; Telegram needs a package that is on none yet."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name, value in {
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        "UV_FIND_LINKS": str(wheels),
        "UV_NO_INDEX": "1",
        "UV_OFFLINE": "1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(manager.pkg_util, "is_virtual_env", lambda: False)  # then it installs into the configuration
    monkeypatch.setattr(manager.pkg_util, "is_docker_env", lambda: False)
    deps = Path(hass.config.path("deps"))
    monkeypatch.setattr(sys, "path", [*sys.path, str(deps)])
    monkeypatch.setattr(requirements, "NEEDED", {"telegram": TEST})
    monkeypatch.setattr(connectors, "import_module", only_if_installed)
    found = Index(wheels)
    found.asked = asked
    return found


def only_if_installed(name: str) -> ModuleType:
    """Stands for the import of a connector that needs the package."""
    if name.endswith(".telegram"):
        try:
            importlib.metadata.version(TEST.name)
        except importlib.metadata.PackageNotFoundError:
            raise ModuleNotFoundError("No module named 'telegram'", name="telegram") from None
    return import_module(name)


def webhook(hass: HomeAssistant) -> MockConfigEntry:
    """A connection that needs nothing."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Answering",
        data={"type": "ollama", "endpoint": "http://127.0.0.1:9", "auth_type": "none", "model": "small"},
    )
    entry.add_to_hass(hass)
    return entry


def issue(hass: HomeAssistant, package: str = TEST.name) -> ir.IssueEntry | None:
    """The repair about a package."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"package_{package}")


async def set_up_all(hass: HomeAssistant) -> None:
    """Start the integration, all connections at once, as Home Assistant does."""
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done()


async def later(hass: HomeAssistant, seconds: float) -> None:
    """Let Home Assistant try again what did not work."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    entries = hass.config_entries.async_entries(DOMAIN)
    async with asyncio.timeout(60):
        while any(entry.state is not ConfigEntryState.LOADED for entry in entries):
            await hass.async_add_executor_job(lambda: None)


async def test_all_connections_that_start_together_wait_for_one_installation(
    hass: HomeAssistant, telegram: TelegramServer, index: Index
) -> None:
    """In a new container every Telegram connection would be gone, or they would install over each other."""
    index.publish()
    telegram.add_bot(ANOTHER, username="another_bot")
    entries = [add_entry(hass, telegram), add_entry(hass, telegram, token=ANOTHER, title="@another_bot")]
    await set_up_all(hass)
    assert [entry.state for entry in entries] == [ConfigEntryState.LOADED] * 2
    assert index.asked == [TEST.requirement]
    assert issue(hass) is None
    assert (Path(hass.config.path("deps")) / "bach_test_kind.py").exists()


async def test_what_is_installed_needs_no_network(
    hass: HomeAssistant, telegram: TelegramServer, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home without internet would lose its connections at the next start."""
    entry = add_entry(hass, telegram)
    await set_up_all(hass)
    assert entry.state is ConfigEntryState.LOADED
    assert asked == []
    assert all(pkg_util.is_installed(package.requirement) for package in NEEDED.values())


async def test_what_cannot_be_had_stops_its_connections_alone(
    hass: HomeAssistant, telegram: TelegramServer, index: Index
) -> None:
    """One package that cannot be had would take all of BACH with it, or nobody would be told."""
    telegram.add_bot(ANOTHER, username="another_bot")
    entries = [add_entry(hass, telegram), add_entry(hass, telegram, token=ANOTHER, title="@another_bot")]
    other = webhook(hass)
    await set_up_all(hass)
    assert other.state is ConfigEntryState.LOADED
    assert [entry.state for entry in entries] == [ConfigEntryState.SETUP_RETRY] * 2
    assert entries[0].error_reason_translation_key == "missing_library"
    assert len(index.asked) == manager.MAX_INSTALL_FAILURES  # once for both, as often as Home Assistant tries
    assert (found := issue(hass))
    assert found.translation_key == "missing_library"
    assert found.translation_placeholders
    assert found.translation_placeholders["name"] == "@another_bot, @home_bot"
    assert found.translation_placeholders["wanted"] == TEST.requirement

    index.publish()
    await later(hass, 30)
    assert [entry.state for entry in entries] == [ConfigEntryState.LOADED] * 2
    assert issue(hass) is None


@pytest.mark.parametrize("way", ["remove", "disable"])
async def test_the_repair_goes_with_the_connection(
    hass: HomeAssistant, telegram: TelegramServer, index: Index, way: str
) -> None:
    """A person would be asked to mend what nobody needs."""
    entry = add_entry(hass, telegram)
    await set_up_all(hass)
    assert issue(hass)
    if way == "remove":
        await hass.config_entries.async_remove(entry.entry_id)
    else:
        await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await hass.async_block_till_done()
    assert issue(hass) is None


async def test_the_repair_tries_at_once(
    hass: HomeAssistant, telegram: TelegramServer, index: Index, hass_client: ClientSessionGenerator
) -> None:
    """Whoever has mended the network would have to wait, and not know for how long."""
    entry = add_entry(hass, telegram)
    assert await async_setup_component(hass, "repairs", {})
    await set_up_all(hass)
    client = await hass_client()

    async def ask(path: str, **body: str) -> dict[str, object]:
        answer = await client.post(f"/api/repairs/issues/fix{path}", json=body)
        assert answer.status == HTTPStatus.OK
        told: dict[str, object] = await answer.json()
        return told

    form = await ask("", handler=DOMAIN, issue_id=f"package_{TEST.name}")
    assert form["step_id"] == "confirm"
    placeholders = form["description_placeholders"]
    assert isinstance(placeholders, dict)
    assert placeholders["package"] == TEST.name
    again = await ask(f"/{form['flow_id']}")
    assert again["errors"] == {"base": "still_missing"}
    assert entry.state.value == "setup_retry"
    index.publish()
    assert (await ask(f"/{form['flow_id']}"))["type"] == "create_entry"
    assert entry.state is ConfigEntryState.LOADED
    assert issue(hass) is None


async def test_the_dialog_installs_it_or_says_why_not(
    hass: HomeAssistant, telegram: TelegramServer, index: Index
) -> None:
    """The dialog would end with "Unknown error", or ask for a restart."""
    flows = hass.config_entries.flow
    menu = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    form = await flows.async_configure(menu["flow_id"], {"next_step_id": "telegram"})
    assert index.asked == []
    given = {"bot_token": TOKEN, "server": {"endpoint": telegram.url}}
    refused = await flows.async_configure(form["flow_id"], given)
    assert refused["errors"] == {"base": "missing_library"}
    assert refused["description_placeholders"]
    assert refused["description_placeholders"]["reason"] == TEST.requirement
    index.publish()
    result = await flows.async_configure(form["flow_id"], given)
    assert result["type"] == "create_entry"
    await hass.async_block_till_done()
    assert result["result"].state is ConfigEntryState.LOADED


async def test_a_home_that_installs_nothing_is_told_what_to_install(
    hass: HomeAssistant, telegram: TelegramServer, index: Index
) -> None:
    """With --skip-pip people would wait for something that never comes."""
    hass.config.skip_pip = True
    entry = add_entry(hass, telegram)
    await set_up_all(hass)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert index.asked == []
    assert (found := issue(hass, NEEDED["telegram"].name))
    assert found.translation_key == "missing_library_by_hand"
    flows = hass.config_entries.flow
    menu = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    form = await flows.async_configure(menu["flow_id"], {"next_step_id": "telegram"})
    refused = await flows.async_configure(form["flow_id"], {"bot_token": ANOTHER, "server": {}})
    assert refused["errors"] == {"base": "missing_library_by_hand"}
    flows.async_abort(form["flow_id"])


@pytest.mark.parametrize("skip_pip", [False, True])
async def test_what_does_not_fit_is_not_called_missing(
    hass: HomeAssistant,
    telegram: TelegramServer,
    index: Index,
    skip_pip: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another integration has brought a version that lacks something; installing it again would change nothing."""

    def lacks(name: str) -> ModuleType:
        if name.endswith(".telegram"):
            raise ImportError("cannot import name 'Bot' from 'telegram'", name="telegram")
        return import_module(name)

    index.publish()
    hass.config.skip_pip = skip_pip
    monkeypatch.setattr(connectors, "import_module", lacks)
    entry = add_entry(hass, telegram)
    await set_up_all(hass)
    assert entry.error_reason_translation_key == "unusable_library"
    assert (found := issue(hass, NEEDED["telegram"].name))
    assert found.translation_key == "unusable_library"
    assert found.translation_placeholders
    assert "cannot import name" in found.translation_placeholders["reason"]


async def test_a_package_that_comes_while_others_work_is_used(
    hass: HomeAssistant, telegram: TelegramServer, index: Index, hide: Callable[[], None]
) -> None:
    """After a new container, the connection would stay away until the next restart although all is there."""
    index.publish()
    entry, other = add_entry(hass, telegram), webhook(hass)
    await set_up_all(hass)
    assert entry.state is ConfigEntryState.LOADED
    for one in (entry, other):
        await hass.config_entries.async_unload(one.entry_id)
    hide()
    await hass.config_entries.async_setup(other.entry_id)  # opens the database, where the row of Telegram is
    await hass.config_entries.async_setup(entry.entry_id)
    assert (other.state, entry.state) == (ConfigEntryState.LOADED, ConfigEntryState.SETUP_RETRY)
    assert issue(hass)
    index.publish()
    await later(hass, 30)
    assert entry.state is ConfigEntryState.LOADED


@pytest.fixture
def hide(hass: HomeAssistant, index: Index) -> Callable[[], None]:
    """Take away what was installed, and the index with it, as a new container does."""

    def take_away() -> None:
        for path in sorted(Path(hass.config.path("deps")).rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        for wheel in index.folder.iterdir():
            wheel.unlink()
        manager._async_get_manager(hass).is_installed_cache.clear()

    return take_away
