"""What announces itself: another Home Assistant is offered and followed, and nobody is asked about their own."""

import re
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from aiohasupervisor.models import AddonStage, AddonState, InstalledAddon
from homeassistant.components.hassio.const import DATA_ADDONS_LIST
from homeassistant.components.zeroconf.discovery import ZEROCONF_TYPE, info_from_service
from homeassistant.config_entries import SOURCE_IGNORE, SOURCE_RECONFIGURE, SOURCE_ZEROCONF, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import instance_id
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL
from zeroconf.asyncio import AsyncServiceInfo

from bach_lib.testing.homeassistant import HomeAssistantServer
from bach_lib.testing.homeassistant.server import USER_ID
from custom_components.bach.const import DOMAIN
from custom_components.bach.home.entry import connections
from tests.component.conftest import ADA_ENTITY, send, set_up, the_bach, until, until_state
from tests.component.dialogs import choose, close_all, submit
from tests.component.homes import TOKEN, add_home
from tests.component.test_rules import SOURCES

HOME_ID = "fedcba9876543210fedcba9876543210"
ELSEWHERE = "192.168.7.20"


@pytest.fixture
async def there(socket_enabled: None) -> AsyncGenerator[HomeAssistantServer]:
    """The other home."""
    async with HomeAssistantServer(key=TOKEN) as server:
        yield server


@pytest.fixture(autouse=True)
async def no_dialog_left_open(there: HomeAssistantServer, hass: HomeAssistant) -> AsyncGenerator[None]:
    """Close what a new connection leads on to, while the server is still there."""
    yield
    await close_all(hass)


def told(address: str = ELSEWHERE, port: int | None = 8123, home_id: str = HOME_ID, **urls: str) -> ZeroconfServiceInfo:
    """What Home Assistant's own component makes of what another one announces."""
    announced = AsyncServiceInfo(
        ZEROCONF_TYPE,
        name=f"Summer house.{ZEROCONF_TYPE}",
        server=f"{home_id}.local.",
        parsed_addresses=[address],
        port=port,
        properties={
            "location_name": "Summer house",
            "uuid": home_id,
            "version": "2026.10.4",
            **{name: urls.get(name, "") for name in ("external_url", "internal_url", "base_url")},
        },
    )
    found = info_from_service(announced)
    assert found
    return found


def at(server: HomeAssistantServer) -> ZeroconfServiceInfo:
    """The same of one on this machine."""
    url = URL(server.url)
    assert url.host
    return told(url.host, url.port)


async def discover(hass: HomeAssistant, announced: ZeroconfServiceInfo) -> ConfigFlowResult:
    """Let Home Assistant hand it on."""
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_ZEROCONF}, data=announced)
    await hass.async_block_till_done()
    return result


def suggested(result: ConfigFlowResult) -> object:
    """The address that the form shows."""
    schema = result["data_schema"]
    assert schema
    return next(key.description["suggested_value"] for key in schema.schema if key == "endpoint" and key.description)


async def test_one_is_offered_with_its_address_and_is_added_with_a_token_alone(
    hass: HomeAssistant, there: HomeAssistantServer
) -> None:
    """Whoever has two homes would have to find out the address of the other one."""
    form = await discover(hass, at(there))
    assert (form["type"], form["step_id"], suggested(form)) == (FlowResultType.FORM, "homeassistant", there.url)
    [flow] = hass.config_entries.flow.async_progress()
    assert flow["context"]["title_placeholders"] == {"name": "Summer house"}
    created = await submit(hass, form, {"endpoint": there.url, "token": TOKEN})
    assert (created["type"], created["title"]) == (FlowResultType.CREATE_ENTRY, "Home Assistant Summer house")
    entry = created["result"]
    assert (entry.unique_id, entry.data["home_id"]) == (USER_ID, HOME_ID)
    assert "home_id" not in the_bach(hass).registry.list()[0].settings
    await until_state(hass, "binary_sensor.home_assistant_summer_house_sending", "on")
    assert (await discover(hass, at(there)))["reason"] == "already_configured"


@pytest.mark.parametrize(
    ("urls", "offered"),
    [
        ({}, f"http://{ELSEWHERE}:8123"),
        ({"internal_url": "http://homeassistant.local:8123"}, f"http://{ELSEWHERE}:8123"),
        ({"internal_url": "https://summer.example.org"}, "https://summer.example.org"),
        ({"internal_url": "https://[half"}, f"http://{ELSEWHERE}:8123"),
        ({"external_url": "https://summer.example.org"}, f"http://{ELSEWHERE}:8123"),
    ],
)
async def test_the_address_that_is_offered_is_surely_that_home(
    hass: HomeAssistant, urls: dict[str, str], offered: str
) -> None:
    """Every home is called homeassistant.local at first: the token for one would go to another."""
    form = await discover(hass, told(ELSEWHERE, 8123, HOME_ID, **urls))
    assert suggested(form) == offered
    hass.config_entries.flow.async_abort(form["flow_id"])


async def test_an_address_of_version_6_is_written_with_brackets(hass: HomeAssistant) -> None:
    """What is offered could not be opened."""
    form = await discover(hass, told("fd00::20"))
    assert suggested(form) == "http://[fd00::20]:8123"
    hass.config_entries.flow.async_abort(form["flow_id"])


async def test_nobody_is_asked_about_their_own_home(hass: HomeAssistant) -> None:
    """Everybody who installs BACH would be offered to connect their home with itself."""
    own = await discover(hass, told(home_id=await instance_id.async_get(hass)))
    nameless = await discover(hass, told(home_id=""))
    assert {own["reason"], nameless["reason"]} == {"own_home"}
    assert hass.config_entries.flow.async_progress() == []


async def test_what_is_ignored_is_no_connection_and_asks_no_more(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Home Assistant keeps what is ignored as an entry: every list of connections would have one without a type."""
    await discover(hass, told())
    await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_IGNORE}, data={"unique_id": HOME_ID, "title": "Summer house"}
    )
    assert hass.config_entries.flow.async_progress() == []
    assert (await discover(hass, told()))["reason"] == "already_configured"
    assert connections(hass) == [loaded]
    await send(hass, ADA_ENTITY, "hello")
    listed = await hass.services.async_call(DOMAIN, "get_queue", {}, blocking=True, return_response=True)
    assert listed is not None
    assert "ummer" not in str(listed)


def test_connections_are_asked_for_in_one_place() -> None:
    """The next list of connections would have one without a type, in the home of whoever has ignored something."""
    asks = re.compile(r"async_entries\(\s*DOMAIN")
    assert [name for name, source in SOURCES.items() if asks.search(source)] == ["home/entry.py"]


async def test_one_that_was_connected_by_hand_is_recognised_and_goes_on(
    hass: HomeAssistant, there: HomeAssistantServer
) -> None:
    """Whoever typed the address would be offered the same home; or the connection break off to learn its name."""
    entry = add_home(hass, there)
    await set_up(hass, entry)
    await until_state(hass, "binary_sensor.summer_house_sending", "on")
    coordinator = entry.runtime_data
    assert (await discover(hass, at(there)))["reason"] == "already_configured"
    assert entry.data["home_id"] == HOME_ID
    assert entry.runtime_data is coordinator
    other = await discover(hass, told(home_id="f" * 32))
    assert other["type"] is FlowResultType.FORM, "another one is another one"
    hass.config_entries.flow.async_abort(other["flow_id"])


def kept(hass: HomeAssistant, endpoint: str) -> MockConfigEntry:
    """A connection to a home that is known by its id, at an address where nobody is."""
    data = {"type": "homeassistant", "endpoint": endpoint, "token": TOKEN, "link": endpoint, "home_id": HOME_ID}
    entry = MockConfigEntry(domain=DOMAIN, title="Summer house", unique_id=USER_ID, data=data)
    entry.add_to_hass(hass)
    return entry


async def test_one_that_has_moved_is_followed(hass: HomeAssistant, there: HomeAssistantServer) -> None:
    """After a new lease of the router, messages would wait until somebody looks up the address."""
    entry = kept(hass, "http://127.0.0.1:1")
    await set_up(hass, entry)
    assert (await discover(hass, at(there)))["reason"] == "already_configured"
    assert (entry.data["endpoint"], entry.data["link"]) == (there.url, there.url)
    await until(hass, lambda: hass.config_entries.flow.async_progress() == [])
    await until_state(hass, "binary_sensor.summer_house_sending", "on")


@pytest.mark.parametrize(
    ("endpoint", "announced"),
    [
        ("https://127.0.0.1:1", told()),
        ("http://summer.example.org:8123", told()),
        ("http://127.0.0.1:1", told("8.8.8.8")),
        (f"http://{ELSEWHERE}:8123", told()),
        ("http://[half", told()),
    ],
    ids=["TLS", "a name", "from the internet", "still there", "damaged"],
)
async def test_a_token_follows_no_announcement_to_where_it_was_safer_before(
    hass: HomeAssistant, endpoint: str, announced: ZeroconfServiceInfo
) -> None:
    """Whoever is in the network could have the token sent to them, by one packet."""
    entry = kept(hass, endpoint)
    assert (await discover(hass, announced))["reason"] == "already_configured"
    assert entry.data["endpoint"] == endpoint


async def test_one_that_answers_is_not_moved(hass: HomeAssistant, there: HomeAssistantServer) -> None:
    """The token would go to whoever announces the loudest."""
    entry = kept(hass, there.url)
    await set_up(hass, entry)
    await until_state(hass, "binary_sensor.summer_house_sending", "on")
    await hass.async_block_till_done()
    assert (await discover(hass, told()))["reason"] == "already_configured"
    assert entry.data["endpoint"] == there.url


async def test_another_address_by_hand_is_no_longer_that_home(hass: HomeAssistant, there: HomeAssistantServer) -> None:
    """The next announcement would undo what a person has typed."""
    entry = kept(hass, "http://127.0.0.1:1")
    form = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )
    result = await submit(hass, form, {"endpoint": there.url, "token": TOKEN})
    assert result["reason"] == "reconfigure_successful"
    assert "home_id" not in entry.data


def app(slug: str) -> InstalledAddon:
    """An app as the Supervisor lists it."""
    return InstalledAddon(
        advanced=False,
        available=True,
        build=False,
        description="",
        detached=False,
        homeassistant=None,
        icon=False,
        logo=False,
        name="Signal Messenger",
        repository="1315902c",
        slug=slug,
        stage=AddonStage.STABLE,
        update_available=False,
        url=None,
        version_latest="0.81.0",
        version="0.81.0",
        state=AddonState.STARTED,
    )


@pytest.mark.parametrize(
    ("apps", "address"),
    [
        ([app("core_mosquitto"), app("1315902c_signal_messenger")], "http://1315902c-signal-messenger:8080"),
        ([app("core_mosquitto")], None),
        (None, None),
    ],
    ids=["installed", "not installed", "not asked yet"],
)
async def test_the_address_of_signals_app_is_filled_in(
    hass: HomeAssistant, apps: list[InstalledAddon] | None, address: str | None
) -> None:
    """Nobody knows under which name Home Assistant reaches an app."""
    hass.config.components.add("hassio")
    if apps is not None:
        hass.data[DATA_ADDONS_LIST] = apps
    form = await choose(hass, "signal")
    schema: Any = form["data_schema"]
    [field] = [key for key in schema.schema if key == "endpoint"]
    assert (field.description or {}).get("suggested_value") == address
    hass.config.components.remove("hassio")
    hass.config_entries.flow.async_abort(form["flow_id"])


async def test_without_a_supervisor_no_address_is_made_up(hass: HomeAssistant) -> None:
    """A form would show an address that there is not."""
    form = await choose(hass, "signal")
    schema: Any = form["data_schema"]
    [field] = [key for key in schema.schema if key == "endpoint"]
    assert (field.description or {}).get("suggested_value") is None
    hass.config_entries.flow.async_abort(form["flow_id"])
