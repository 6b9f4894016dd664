"""A home that keeps its messages in a PostgreSQL database: how it gets there, what it does, and how it comes back."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.components.system_health import DOMAIN as SYSTEM_HEALTH
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.requirements import RequirementsNotFound
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_system_health_info
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from bach_lib import Bach, Connection
from bach_lib.connectors.requirements import POSTGRESQL
from bach_lib.errors import StoreAwayError, StoreFailedError, StoreInUseError
from bach_lib.storage import Address
from bach_lib.storage.moving import Ended, Move
from bach_lib.storage.postgresql import layout, outage, reconnecting
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.backup import DOUBTFUL, async_post_backup, async_pre_backup
from custom_components.bach.const import DOMAIN
from custom_components.bach.home import storage_place
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.storage_issue import STORAGE
from tests.component.conftest import ADA_ENTITY, BOB_ENTITY, TOKEN, add_entry, send, set_up, the_bach, until_state
from tests.component.dialogs import choose
from tests.servers import Server

PASSWORD = "s3cret p4ss:w/ord%"
type Kept = Callable[[], dict[str, Any] | None]
FLAT = {"reason", "errors", "step_id", "type"}


@pytest.fixture
def file(hass: HomeAssistant) -> Path:
    """Where messages are without a server."""
    return Path(hass.config.path(".storage", "bach", "bach.db"))


@pytest.fixture
def kept(hass_storage: dict[str, Any]) -> Kept:
    """What is kept of where messages are."""
    return lambda: hass_storage.get("bach.database", {}).get("data")


@pytest.fixture(autouse=True)
async def all_closed(hass: HomeAssistant, request: pytest.FixtureRequest) -> AsyncGenerator[None]:
    """Let go of the database, before the next test drops it."""
    yield
    for entry in hass.config_entries.async_entries(DOMAIN):
        await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def named(hass: HomeAssistant, address: str, password: str = PASSWORD) -> ConfigFlowResult:
    """Name a database in the dialog, and wait until it has ended or asks again."""
    form = await choose(hass, "database")
    if form["type"] is FlowResultType.MENU:
        form = await go_on(hass, form, {"next_step_id": "database_address"})
    return await go_on(hass, form, {"address": address, **({"password": password} if password else {})})


async def back(hass: HomeAssistant, **choice: object) -> ConfigFlowResult:
    """Choose the file in the dialog."""
    menu = await choose(hass, "database")
    assert menu["type"] is FlowResultType.MENU
    form = await go_on(hass, menu, {"next_step_id": "database_file"})
    return await go_on(hass, form, choice)


async def go_on(hass: HomeAssistant, result: ConfigFlowResult, data: Mapping[str, object]) -> ConfigFlowResult:
    """Submit a step, and wait for what it begins, as the frontend does."""
    manager = hass.config_entries.flow
    answer = await manager.async_configure(result["flow_id"], dict(data))
    while answer["type"] is FlowResultType.SHOW_PROGRESS:
        task = manager._progress[answer["flow_id"]].async_get_progress_task()
        if task:
            await asyncio.wait([task])
        answer = await manager.async_configure(answer["flow_id"])
    await hass.async_block_till_done()
    return answer


def told(result: ConfigFlowResult) -> dict[str, Any]:
    """What a person sees of it."""
    return {key: value for key, value in result.items() if key in FLAT and value}


def words(result: ConfigFlowResult) -> Mapping[str, str]:
    """What fills its texts."""
    return result["description_placeholders"] or {}


def repair(hass: HomeAssistant) -> ir.IssueEntry | None:
    """The one about the database."""
    return ir.async_get(hass).async_get_issue(DOMAIN, STORAGE)


async def loaded_again(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Wait until it is connected again."""
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED, entry.reason
    await until_state(hass, "binary_sensor.home_bot_sending", "on")


@contextmanager
def away(postgresql: Server) -> Iterator[None]:
    """The server takes nobody, and has cut everybody off; nobody waits long for it."""
    postgresql.ask("ALTER DATABASE empty ALLOW_CONNECTIONS false")
    postgresql.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'empty'")
    try:
        with patch.object(outage, "PATIENCE", 0.1), patch.multiple(reconnecting, DOUBT=0.1, _LONGEST=0.1):
            yield
    finally:
        postgresql.ask("ALTER DATABASE empty ALLOW_CONNECTIONS true")


@contextmanager
def turned_off(postgresql: Server, setting: str) -> Iterator[None]:
    """A setting of the server that it reads again without a restart."""
    postgresql.ask(f"ALTER SYSTEM SET {setting} TO off")
    postgresql.ask("SELECT pg_reload_conf()")
    while postgresql.ask(f"SHOW {setting}") != [("off",)]:
        pass  # each question is a new connection, and goes to the server and back
    try:
        yield
    finally:
        postgresql.ask(f"ALTER SYSTEM RESET {setting}")
        postgresql.ask("SELECT pg_reload_conf()")


def texts(postgresql: Server) -> list[object]:
    """The messages in the database."""
    return [row[0] for row in postgresql.ask("SELECT text FROM bach.messages ORDER BY id", "empty")]


def log(caplog: pytest.LogCaptureFixture) -> str:
    """What Home Assistant has logged, without what its test plugin notes of files."""
    records = [one for one in caplog.records if not one.name.startswith("pytest_homeassistant")]
    return "\n".join(f"{one.getMessage()} {one.exc_text or ''}" for one in records)


async def test_everything_moves_there_and_back_and_is_sent_once(
    hass: HomeAssistant,
    *,
    telegram: TelegramServer,
    loaded: MockConfigEntry,
    postgresql: Server,
    database_address: str,
    file: Path,
    kept: Kept,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What waits would be lost on the way, or be sent from both places."""
    caplog.set_level(logging.DEBUG)
    await send(hass, ADA_ENTITY, "before")
    await the_bach(hass).wait(1, 60)
    await telegram.pause()
    await send(hass, ADA_ENTITY, "waits")

    result = await named(hass, database_address)
    assert told(result) == {"type": FlowResultType.ABORT, "reason": "database_moved"}
    assert words(result)["count"] == "2"
    await hass.async_block_till_done()
    assert loaded.state is ConfigEntryState.LOADED
    assert "Error fetching" not in log(caplog)
    assert texts(postgresql) == ["before", "waits"]
    assert not [*file.parent.glob("*")]
    await send(hass, BOB_ENTITY, "waits there")
    await telegram.resume()
    for message_id in (2, 3):
        await the_bach(hass).wait(message_id, 60)
    await telegram.pause()
    await send(hass, ADA_ENTITY, "waits again")

    assert Address((kept() or {})["address"]).has_secret
    assert hass.data[HUB].place._store._private
    for everything in (log(caplog), repr(loaded.as_dict()), repr(vars(hass.data[HUB].place)), repr(result)):
        assert "p4ss" not in everything

    assert told(await back(hass)) == {"type": FlowResultType.ABORT, "reason": "database_moved"}
    assert texts(postgresql) == []
    assert file.exists()
    assert "p4ss" not in str(kept())
    await telegram.resume()
    await the_bach(hass).wait(4, 60)
    assert sorted(message.text for message in telegram.sent) == ["before", "waits", "waits again", "waits there"]

    assert told(await named(hass, database_address))["reason"] == "database_moved"  # it was left empty
    await loaded_again(hass, loaded)


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("bach.db", "store_address"),
        ("postgresql://bach@127.0.0.1:port/empty", "store_address"),
        pytest.param("postgresql://bach@127.0.0.1/" + "x" * 3000, "store_address", id="endless"),
        ("postgresql://bach@127.0.0.1:1/empty", "store_unreachable"),
        ("{server}/missing", "store_unsuitable"),
        ("{server}/others", "store_foreign"),
        ("{server}/used", "store_occupied"),
        ("{server}/newer", "store_too_new"),
    ],
)
async def test_what_cannot_be_used_is_refused_at_the_field(
    hass: HomeAssistant,
    *,
    loaded: MockConfigEntry,
    postgresql: Server,
    database_address: str,
    address: str,
    error: str,
) -> None:
    """A person would be left with a home that takes no messages, or without a word about what to type."""
    server = database_address.rpartition("/")[0]
    await make(postgresql, address.rpartition("/")[2])
    result = await named(hass, address.format(server=server))
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"address": error}
    assert "p4ss" not in repr(result["description_placeholders"])
    assert loaded.state is ConfigEntryState.LOADED
    await send(hass, ADA_ENTITY, "still here")


async def make(postgresql: Server, name: str) -> None:
    """A database that cannot be used."""
    if name not in {"others", "used", "newer"}:
        return
    postgresql.empty_database(name)
    if name == "others":
        postgresql.ask("CREATE SCHEMA bach; CREATE TABLE bach.owls (id int)", name)
        return
    async with Bach(postgresql.address(name), autostart=False, secrets={"test": lambda _: TOKEN}) as bach:
        await bach.registry.add(Connection(name="theirs", type="telegram", auth_config={"bot_token": "test:it"}))
    if name == "newer":
        postgresql.ask("UPDATE bach.meta SET value = '999' WHERE key = 'layout'", name)


async def test_a_first_dialog_names_it_before_there_is_a_connection(
    hass: HomeAssistant, telegram: TelegramServer, postgresql: Server, database_address: str, file: Path
) -> None:
    """Who begins with a server would first have to fill a file."""
    assert told(await named(hass, database_address))["reason"] == "database_kept"
    entry = add_entry(hass, telegram)
    await set_up(hass, entry)
    await send(hass, ADA_ENTITY, "hello")
    assert texts(postgresql) == ["hello"]
    assert not file.exists()


@pytest.mark.slow  # homes begin and end
async def test_another_password_for_the_same_database_moves_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, postgresql: Server, database_address: str, kept: Kept
) -> None:
    """A password that the server's owner has changed would cost the messages, or could not be told."""
    await named(hass, database_address + "?connect_timeout=3")
    await send(hass, ADA_ENTITY, "hello")
    before = postgresql.ask("SELECT value FROM bach.meta WHERE key = 'instance'", "empty")
    shown = str(Address(database_address))
    assert told(await named(hass, shown, "changed")) == {"type": FlowResultType.ABORT, "reason": "database_kept"}
    await loaded_again(hass, loaded)
    now = (kept() or {})["address"]
    assert "connect_timeout=3" in now  # what is not shown stays
    assert now.endswith("password=changed")
    assert postgresql.ask("SELECT value FROM bach.meta WHERE key = 'instance'", "empty") == before
    assert texts(postgresql) == ["hello"]


async def test_a_second_home_or_a_daemon_is_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, database_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two homes would both poll the same bot, and send each other's messages."""
    await named(hass, database_address)
    await loaded_again(hass, loaded)
    with monkeypatch.context() as impatient:
        impatient.setattr(layout, "_LETS_GO", 0.0)
        for other in (Bach(database_address, alone=True), Bach(database_address)):
            with pytest.raises(StoreInUseError, match="in use by another BACH"):
                await other.open()
    await hass.config_entries.async_unload(loaded.entry_id)
    await hass.async_block_till_done()
    async with Bach(database_address, autostart=False):
        assert not await hass.config_entries.async_setup(loaded.entry_id)
        assert loaded.state is ConfigEntryState.SETUP_RETRY
        assert "in use by another" in str(loaded.reason)
    await hass.config_entries.async_reload(loaded.entry_id)
    await loaded_again(hass, loaded)


async def test_a_server_that_does_not_wait_for_its_disk_is_told_of_before_anything_moves(
    hass: HomeAssistant, loaded: MockConfigEntry, kept: Kept, postgresql: Server, database_address: str
) -> None:
    """Somebody would believe what a power cut proves wrong; who knows it may want it all the same."""
    with turned_off(postgresql, "fsync"):
        result = await named(hass, database_address)
        assert result["errors"] == {"address": "store_unsafe"}
        assert kept() is None
        result = await go_on(hass, result, {"address": database_address})
    assert told(result) == {"type": FlowResultType.ABORT, "reason": "database_moved"}
    await loaded_again(hass, loaded)


async def test_one_who_came_between_look_and_move_is_told(
    hass: HomeAssistant, loaded: MockConfigEntry, database_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A move that fails would leave the home without its connections."""
    monkeypatch.setattr(layout, "_LETS_GO", 0.0)
    async with Bach(database_address):
        result = await named(hass, database_address)
    assert result["errors"] == {"address": "store_in_use"}
    await loaded_again(hass, loaded)
    await send(hass, ADA_ENTITY, "still here")


async def test_a_server_that_is_away_at_the_start_is_told_of(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    postgresql: Server,
    database_address: str,
    telegram: TelegramServer,
) -> None:
    """Messages would vanish without a word while the home waits for its server."""
    await named(hass, database_address)
    await loaded_again(hass, loaded)
    await hass.config_entries.async_unload(loaded.entry_id)
    await hass.async_block_till_done()
    with away(postgresql):
        assert not await hass.config_entries.async_setup(loaded.entry_id)
        assert loaded.state is ConfigEntryState.SETUP_RETRY
        assert (issue := repair(hass))
        assert issue.translation_key == "storage_unopened"
        assert "does not answer" in (issue.translation_placeholders or {})["reason"]
        await hass.async_block_till_done()
        with pytest.raises(HomeAssistantError, match="does not answer"):
            await send(hass, ADA_ENTITY, "refused")
        assert await hass.config_entries.async_unload(loaded.entry_id)
    await set_up(hass, loaded)
    await loaded_again(hass, loaded)
    assert repair(hass) is None
    await send(hass, ADA_ENTITY, "taken")
    assert texts(postgresql) == ["taken"]


async def test_a_server_that_goes_away_is_told_of_until_it_is_back(
    hass: HomeAssistant, loaded: MockConfigEntry, postgresql: Server, database_address: str
) -> None:
    """A home would stand still after a restart of its database."""
    await named(hass, database_address)
    await loaded_again(hass, loaded)
    with away(postgresql):
        with pytest.raises(HomeAssistantError, match=r"does not answer|has not answered"):
            await send(hass, ADA_ENTITY, "refused")
        await hass.async_block_till_done()
        assert (issue := repair(hass))
        assert issue.translation_key == "storage_failed"
    async with asyncio.timeout(60):
        while True:
            try:
                await send(hass, ADA_ENTITY, "taken")
            except HomeAssistantError:
                await hass.async_add_executor_job(lambda: None)
            else:
                break
    await hass.async_block_till_done()
    assert repair(hass) is None
    assert texts(postgresql) == ["taken"]


async def test_the_connections_of_a_home_ask_an_absent_server_once(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start with twenty connections would wait twenty times for a server that is away."""
    hub, tried = hass.data[HUB], 0
    await hass.config_entries.async_unload(loaded.entry_id)
    await hass.async_block_till_done()

    async def fail() -> Bach:
        nonlocal tried
        tried += 1
        for _ in range(5):
            await asyncio.sleep(0)
        raise StoreAwayError(path="there", reason="it is away")

    monkeypatch.setattr(hub, "_open", fail)
    results = await asyncio.gather(*(hub.acquire() for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in results] == [StoreAwayError] * 3
    assert tried == 1
    with pytest.raises(StoreAwayError):
        await hub.acquire()
    assert tried == 2


async def test_nothing_is_taken_while_it_moves_and_closing_the_dialog_ends_it(
    hass: HomeAssistant,
    *,
    loaded: MockConfigEntry,
    postgresql: Server,
    database_address: str,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is sent in the middle of a move would be left behind; a dialog that was closed would leave half a home."""
    begun = asyncio.Event()

    async def hang(self: Move) -> Ended:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    with monkeypatch.context() as patching:
        patching.setattr(Move, "run", hang)
        form = await choose(hass, "database")
        flow_id = form["flow_id"]
        result = await hass.config_entries.flow.async_configure(flow_id, {"address": database_address})
        assert result["type"] is FlowResultType.SHOW_PROGRESS
        await begun.wait()
        with pytest.raises(HomeAssistantError, match="are being moved to postgresql"):
            await send(hass, ADA_ENTITY, "refused")
        hass.config_entries.flow.async_abort(flow_id)
        await hass.async_block_till_done(wait_background_tasks=False)
        async with asyncio.timeout(60):
            while loaded.state is not ConfigEntryState.LOADED or not hass.data[HUB]._bach:
                await hass.async_block_till_done()
    await loaded_again(hass, loaded)
    await send(hass, ADA_ENTITY, "taken")
    assert [one.text for one in await the_bach(hass).messages()] == ["taken"]
    assert file.exists()
    assert told(await named(hass, database_address))["reason"] == "database_moved"
    assert texts(postgresql) == ["taken"]


async def test_a_move_that_was_cut_off_at_its_end_is_ended_by_the_next_start(
    hass: HomeAssistant,
    *,
    loaded: MockConfigEntry,
    postgresql: Server,
    database_address: str,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A power cut would leave a home whose messages are in a database of which it does not know."""
    await send(hass, ADA_ENTITY, "hello")

    async def die(*_: object) -> None:
        raise StoreFailedError(path="here", reason="the lights went out")

    with monkeypatch.context() as patching:
        patching.setattr(storage_place.StoragePlace, "_arrive", die)
        result = await named(hass, database_address)
        assert result["errors"] == {"address": "database_failed"}
        assert "the lights went out" in words(result)["reason"]
        await hass.async_block_till_done()
        assert loaded.state is ConfigEntryState.SETUP_RETRY
    hass.data[HUB].place._known = None  # as after a restart
    await hass.config_entries.async_reload(loaded.entry_id)
    await loaded_again(hass, loaded)
    assert (await the_bach(hass).messages())[0].text == "hello"
    assert str(await hass.data[HUB].place.address()) == database_address
    assert not file.exists()


async def test_a_move_that_was_cut_off_before_is_given_up(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    database_address: str,
    kept: Kept,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A home would wait for a database that somebody only once wanted."""

    async def fail(self: Move) -> Ended:
        raise StoreFailedError(path="there", reason="its disk is full")

    with monkeypatch.context() as patching:
        patching.setattr(Move, "run", fail)
        result = await named(hass, database_address)
    assert result["errors"] == {"address": "database_failed"}
    await loaded_again(hass, loaded)
    assert kept() == {"address": "", "instance": "", "moving_to": None}


async def test_a_server_that_never_comes_back_can_be_left(
    hass: HomeAssistant, loaded: MockConfigEntry, postgresql: Server, database_address: str, kept: Kept
) -> None:
    """A home could send nothing any more, and only somebody with a shell could help."""
    await named(hass, database_address)
    await send(hass, ADA_ENTITY, "stays there")
    with away(postgresql):
        form = await back(hass)
        assert form["errors"] == {"base": "store_unreachable"}
        assert told(await go_on(hass, form, {"leave": True}))["reason"] == "database_kept"
        await loaded_again(hass, loaded)
        assert await the_bach(hass).messages() == []
    assert texts(postgresql) == ["stays there"]
    assert "p4ss" not in str(kept())


async def test_no_move_begins_in_the_middle_of_a_backup(
    hass: HomeAssistant, loaded: MockConfigEntry, database_address: str
) -> None:
    """The backup would have half of the messages, or fail."""
    await async_pre_backup(hass)
    assert told(await named(hass, database_address))["reason"] == "database_in_backup"
    await async_post_backup(hass)


async def test_a_backup_of_the_home_goes_on_without_it(
    hass: HomeAssistant, loaded: MockConfigEntry, postgresql: Server, database_address: str, file: Path
) -> None:
    """The home's backup would fail or wait because a server is away that is not in it."""
    await named(hass, database_address)
    await loaded_again(hass, loaded)
    await async_pre_backup(hass)
    await send(hass, ADA_ENTITY, "meanwhile")
    await async_post_backup(hass)
    await hass.config_entries.async_unload(loaded.entry_id)
    await hass.async_block_till_done()
    with away(postgresql):
        await async_pre_backup(hass)
        await async_post_backup(hass)
    assert ir.async_get(hass).async_get_issue(DOMAIN, DOUBTFUL) is None
    assert not file.exists()
    assert texts(postgresql) == ["meanwhile"]


async def test_a_bug_report_says_which_database_it_is(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    postgresql: Server,
    database_address: str,
) -> None:
    """Who helps would look for a fault in the wrong database; and the password would be public."""
    assert await async_setup_component(hass, SYSTEM_HEALTH, {})
    client_of = (hass, hass_client, loaded)
    assert (await get_diagnostics_for_config_entry(*client_of))["database"] == "SQLite"
    await named(hass, database_address)
    await loaded_again(hass, loaded)
    [(version,)] = postgresql.ask("SELECT current_setting('server_version_num')::int / 10000")
    diagnostics = await get_diagnostics_for_config_entry(*client_of)
    assert diagnostics["database"] == f"PostgreSQL {version} at 127.0.0.1:{postgresql.port}, empty"
    assert "p4ss" not in json.dumps(diagnostics)
    assert (await get_system_health_info(hass, DOMAIN))["database"] == f"PostgreSQL {version}"
    async with hass.data[HUB].closed(None):
        assert (await get_system_health_info(hass, DOMAIN))["database"] == "-"


async def test_the_last_connection_takes_messages_and_address_along(
    hass: HomeAssistant, loaded: MockConfigEntry, postgresql: Server, database_address: str, kept: Kept
) -> None:
    """A password and the messages of a home would stay behind when BACH is removed."""
    await named(hass, database_address)
    await send(hass, ADA_ENTITY, "hello")
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    assert kept() is None
    assert texts(postgresql) == []
    assert postgresql.ask("SELECT name FROM bach.connections", "empty") == []


async def test_the_last_connection_can_be_removed_while_the_server_is_away(
    hass: HomeAssistant,
    *,
    loaded: MockConfigEntry,
    postgresql: Server,
    database_address: str,
    kept: Kept,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody could remove BACH any more."""
    await named(hass, database_address)
    await loaded_again(hass, loaded)
    with away(postgresql):
        await hass.config_entries.async_remove(loaded.entry_id)
        await hass.async_block_till_done()
    assert kept() is None
    assert repair(hass) is None
    assert "is still there: postgresql://" in log(caplog)
    assert "p4ss" not in log(caplog)


async def test_without_the_driver_nothing_changes(
    hass: HomeAssistant, loaded: MockConfigEntry, database_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home without internet would lose its messages to a package that it cannot have."""

    async def refuse(_: HomeAssistant, name: str, wanted: list[str], *, is_built_in: bool) -> None:
        if wanted == [POSTGRESQL.requirement]:
            raise RequirementsNotFound(name, wanted)

    with monkeypatch.context() as patching:
        patching.setattr("custom_components.bach.kinds.requirements.async_process_requirements", refuse)
        patching.setattr(hass.config, "skip_pip", False)
        result = await named(hass, database_address)
        assert result["errors"] == {"base": "missing_library"}
        assert "psycopg" in words(result)["reason"]
    assert told(await named(hass, database_address))["reason"] == "database_moved"
    await loaded_again(hass, loaded)
    with monkeypatch.context() as patching:  # an update of the container has taken it away
        patching.setattr("custom_components.bach.kinds.requirements.async_process_requirements", refuse)
        patching.setattr(hass.config, "skip_pip", False)
        await hass.config_entries.async_reload(loaded.entry_id)
        await hass.config_entries.async_unload(loaded.entry_id)
        await hass.async_block_till_done()
        assert not await hass.config_entries.async_setup(loaded.entry_id)
        assert loaded.state is ConfigEntryState.SETUP_RETRY
        issue = ir.async_get(hass).async_get_issue(DOMAIN, "package_psycopg")
        assert issue
        assert (issue.translation_placeholders or {})["wanted"].startswith("psycopg")
    await hass.config_entries.async_reload(loaded.entry_id)
    await loaded_again(hass, loaded)


async def test_rows_that_cannot_be_read_stay_in_the_file(
    hass: HomeAssistant, loaded: MockConfigEntry, database_address: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another program has broken would be deleted with the file, without a word."""
    run = Move.run

    async def leave_one(self: Move) -> Ended:
        return Ended(rows=(await run(self)).rows, left={"messages": 1})

    monkeypatch.setattr(Move, "run", leave_one)
    result = await named(hass, database_address)
    assert (result["reason"], words(result)["left"]) == ("database_moved_in_part", "1")
    assert file.exists()
    assert told(await back(hass))["reason"] == "database_moved_in_part"  # the old file has made room
    await loaded_again(hass, loaded)


async def test_an_address_that_cannot_be_written_is_not_used(
    hass: HomeAssistant, loaded: MockConfigEntry, database_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the next start the messages would be nowhere."""

    async def write_nothing(*_: object) -> None:
        pass

    monkeypatch.setattr("homeassistant.helpers.storage.Store.async_save", write_nothing)
    result = await named(hass, database_address)
    assert result["errors"] == {"address": "database_failed"}
    await loaded_again(hass, loaded)


async def test_what_cannot_be_emptied_is_said_and_stops_nothing(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    database_address: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who has moved everything would read that it failed."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(storage_place.StoragePlace, "_remove_files", refuse)
    assert told(await named(hass, database_address))["reason"] == "database_moved"
    assert "could not be emptied" in caplog.text
    monkeypatch.undo()
    await loaded_again(hass, loaded)
