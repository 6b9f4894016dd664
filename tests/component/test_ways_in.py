"""Every way in is one that somebody has judged, and a new one fails until somebody does.

`test_surfaces` tries those in its tables as everybody; here is found what there is, by whose code answers.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
import voluptuous as vol
from aiohttp import web
from homeassistant.components import websocket_api
from homeassistant.components.http import HomeAssistantView
from homeassistant.components.webhook import async_register as register_webhook
from homeassistant.config_entries import HANDLERS
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import intent, service
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

import custom_components.bach as integration
from bach_lib.web.app_files import version
from custom_components.bach.condition import async_get_conditions
from custom_components.bach.const import DOMAIN
from custom_components.bach.home import permissions
from custom_components.bach.trigger import async_get_triggers
from tests.component import test_surfaces as surfaces
from tests.component import ways_in
from tests.component.conftest import ADA_ENTITY, set_up
from tests.component.test_surfaces import Who, context_of, wrong_tries

MODULES: Final = {
    "backup": "Home Assistant's own backup, which only an administrator can make",
    "binary_sensor": "states: nobody is named and nothing is quoted",
    "button": "ENTITIES",
    "condition": "CONDITIONS",
    "config_flow": "SOURCES and DIALOGS",
    "diagnostics": "ADMINISTRATION",
    "event": "states; `PRIVATE` is left out",
    "logbook": "lines without what people wrote",
    "notify": "ENTITIES",
    "repairs": "ADMINISTRATION",
    "sensor": "states: nobody is named and nothing is quoted",
    "switch": "ENTITIES",
    "system_health": "numbers; administrators ask for them",
    "trigger": "surfaces.FROM_PEOPLE and FROM_THE_HOME",
}
"""What Home Assistant loads by its name, and where it is judged who may use it."""
SOURCES: Final = {"integration_discovery", "options", "reauth", "reconfigure", "user", "zeroconf"}
"""What begins a dialog; it is shown to administrators. The last is anybody in the network: `test_discovery.py`."""
DIALOGS: Final = {"bridge", "recipient", "person"}
CONDITIONS: Final = {"is_breaker_open", "is_connected", "is_unacknowledged"}
EVENTS: Final = {
    *("automation_triggered", "core_config_updated", "homeassistant_stop", "panels_updated"),
    *("call_service", "mobile_app_notification_action", "tag_scanned"),
    *("user_added", "user_removed", "user_updated"),
}
"""Nothing is done for whoever fires one of these: a run or a user's own context is remembered, messages are counted,
users or the texts of a language are read again, all is closed."""
ENTITIES: Final = {
    "button.check_now": ("button", "press"),
    "button.retry_dead_letters": ("button", "press"),
    "button.test_message": ("button", "press"),
    "notify.recipient": ("notify", "send_message"),
    "switch.enabled": ("switch", "turn_off"),
}
_FLOWS: Final = "/api/config/config_entries"
ADMINISTRATION: Final[tuple[tuple[str, str, dict[str, object]], ...]] = (
    ("POST", f"{_FLOWS}/flow", {"handler": DOMAIN}),
    ("POST", f"{_FLOWS}/flow", {"handler": DOMAIN, "entry_id": "{entry}"}),
    ("POST", f"{_FLOWS}/options/flow", {"handler": "{entry}"}),
    ("POST", f"{_FLOWS}/subentries/flow", {"handler": ["{entry}", "recipient"]}),
    ("POST", f"{_FLOWS}/subentries/flow", {"handler": ["{entry}", "person"]}),
    ("POST", f"{_FLOWS}/subentries/flow", {"handler": ["{entry}", "recipient"], "subentry_id": "{subentry}"}),
    ("POST", "/api/repairs/issues/fix", {"handler": DOMAIN, "issue_id": "dead_letters_{entry}"}),
    ("GET", "/api/diagnostics/config_entry/{entry}", {}),
)
"""Dialogs, repairs and bug reports: Home Assistant itself lets only administrators begin one."""


@pytest.fixture
async def everything(hass: HomeAssistant, with_the_noisy_ones: None, letters: MockConfigEntry) -> MockConfigEntry:
    """The connection with dead letters, and all parts of Home Assistant that lead to it."""
    for component in ("config", "diagnostics", "repairs", "webhook", "intent"):
        assert await async_setup_component(hass, component, {})
    await hass.async_block_till_done()
    return letters


@pytest.mark.frontend
async def test_every_way_in_is_judged(hass: HomeAssistant, everything: MockConfigEntry) -> None:
    """What is registered under another name, or in another place, would be open to whoever nobody thought of."""
    assert ways_in.actions(hass) == {f"{DOMAIN}.{name}" for name in surfaces.ACTIONS}
    views = {(path.replace("{id:[0-9]{1,18}}", "{id}"), method) for path, method in surfaces.VIEWS.items()}
    path, method = surfaces.HANDED_OUT
    files = (surfaces.PANEL_FILES[0], "POST")
    assert ways_in.routes(hass) == views | {(path.format(version=version()), method), files}
    assert ways_in.commands(hass) == surfaces.COMMANDS
    assert set(await async_get_triggers(hass)) == surfaces.FROM_PEOPLE | surfaces.FROM_THE_HOME
    assert set(await async_get_conditions(hass)) == CONDITIONS
    assert ways_in.modules() == set(MODULES)
    assert ways_in.sources() == SOURCES
    assert ways_in.dialogs(everything) == DIALOGS
    assert set(ways_in.entities(hass, everything).values()) == set(ENTITIES)
    assert ways_in.events(hass) == EVENTS
    assert ways_in.intents(hass) == {DOMAIN}  # the tools of agents, judged in `test_agent_tools`
    assert (ways_in.panels(hass), ways_in.webhooks(hass)) == ({DOMAIN}, set())


async def test_only_webhooks_need_no_login(hass: HomeAssistant, everything: MockConfigEntry) -> None:
    """Their own proof is asked for; whatever else answers without a login would answer strangers."""
    hook = MockConfigEntry(domain=DOMAIN, data={"type": "webhook", "incoming_token": "x" * 20, "webhook_id": "abc"})
    hook.add_to_hass(hass)
    await set_up(hass, hook)
    assert ways_in.webhooks(hass) == {DOMAIN}
    open_ones = [
        route.resource.canonical
        for route in hass.http.app.router.routes()
        if route.resource and ways_in.is_ours(route.handler) and not _view(route.handler).requires_auth
    ]
    assert open_ones == []


def _view(handler: object) -> HomeAssistantView:
    cells = [cell.cell_contents for cell in getattr(handler, "__closure__", ())]
    [view] = [one for one in cells if isinstance(one, HomeAssistantView)]
    return view


async def _action(_: ServiceCall) -> None:
    """An action that nobody has judged."""


@websocket_api.websocket_command({vol.Required("type"): "config/oops"})
@websocket_api.require_admin
@websocket_api.async_response
async def _command(hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]) -> None:
    """A WebSocket command that nobody has judged."""


async def _hook(hass: HomeAssistant, webhook_id: str, request: web.Request) -> None:
    """A webhook that nobody has judged."""


class _Page(HomeAssistantView):
    url = "/anywhere"
    name = "anywhere"

    async def get(self, request: web.Request) -> web.Response:
        """Answer."""
        return web.Response()


class _Intent(intent.IntentHandler):
    intent_type = "Oops"


def _handed_out(hass: HomeAssistant) -> None:
    folder = Path(str(integration.__file__)).parent
    hass.http.app.router._frozen = False  # as Home Assistant's own views are added later
    hass.http.app.router.add_static("/files", folder)


NEW: Final[dict[str, tuple[Callable[[HomeAssistant], object], Callable[[HomeAssistant], set[Any]]]]] = {
    "an action elsewhere": (lambda hass: hass.services.async_register("notify", "oops", _action), ways_in.actions),
    "an administrator's action": (
        lambda hass: service.async_register_admin_service(hass, "tts", "oops", _action),
        ways_in.actions,
    ),
    "an action in a partial": (
        lambda hass: hass.services.async_register("notify", "oops", partial(_action)),
        ways_in.actions,
    ),
    "a view": (lambda hass: hass.http.register_view(_Page()), ways_in.routes),
    "a folder": (_handed_out, ways_in.routes),
    "a command": (lambda hass: websocket_api.async_register_command(hass, _command), ways_in.commands),
    "a webhook": (lambda hass: register_webhook(hass, "other", "Oops", "id", partial(_hook)), ways_in.webhooks),
    "an intent": (lambda hass: intent.async_register(hass, _Intent()), ways_in.intents),
    "an event": (lambda hass: hass.bus.async_listen("oops", _hear), ways_in.events),
}


def _hear(_: object) -> None:
    """Listen to something that nobody has judged."""


@pytest.mark.parametrize(("register", "found"), NEW.values(), ids=NEW)
async def test_a_new_way_in_is_found(
    hass: HomeAssistant,
    everything: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    register: Callable[[HomeAssistant], object],
    found: Callable[[HomeAssistant], set[Any]],
) -> None:
    """Whoever adds one under a name of its own would never be asked who may use it."""
    before = found(hass)
    for one in (_action, _command, _hook, _hear, _Page, _Page.get, _Intent):
        monkeypatch.setattr(one, "__module__", "custom_components.bach.new")
    register(hass)
    assert len(found(hass) - before) == 1


async def test_a_hole_is_noticed(
    hass: HomeAssistant,
    letters: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A check that lets everybody through would leave all tests green."""

    async def nothing(*_: object) -> None:
        """Judge nobody."""

    monkeypatch.setattr(permissions, "_require_control", nothing)
    wrong = {action for action, _, allowed in await wrong_tries(hass, letters, Who.GUEST) if allowed}
    judged = {name for name, tries in surfaces.ACTIONS.items() if any(Who.USER in one.allowed for one in tries)}
    assert wrong == judged | {"acknowledge", "all_clear", "snooze"}, (
        "a run that nobody knows is judged, and for administrators"
    )


@pytest.mark.parametrize("who", [Who.UNKNOWN, Who.GUEST, Who.READER, Who.CHILD, Who.USER, Who.ADMIN])
async def test_entities_do_what_those_ask_who_may_control_them(
    hass: HomeAssistant, everything: MockConfigEntry, who: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guest would switch the alarm's connection off, or send the dead letters again."""
    monkeypatch.setattr("custom_components.bach.button.RETRY_SECONDS", 0.01)  # what becomes of them is told elsewhere
    context = await context_of(hass, who)
    wrong = []
    for entity_id, kind in ways_in.entities(hass, everything).items():
        domain, name = ENTITIES[kind]
        data = {ATTR_ENTITY_ID: entity_id, **({"message": "hi"} if domain == "notify" else {})}
        try:
            await hass.services.async_call(domain, name, data, blocking=True, context=context)
            done = True
        except Unauthorized:  # an unknown user is one, too
            done = False
        except HomeAssistantError:
            done = True
        users = {Who.ADMIN} if kind == "button.retry_dead_letters" else {Who.USER, Who.ADMIN}  # one is to somebody else
        allowed = who in users or (who is Who.CHILD and entity_id == ADA_ENTITY)
        if done != allowed:
            wrong.append((entity_id, done))
    assert not wrong


async def test_dialogs_repairs_and_bug_reports_are_for_administrators(
    hass: HomeAssistant,
    everything: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    hass_read_only_access_token: str,
) -> None:
    """Whoever has a login for the tablet in the hall could add themselves as an administrator of the home."""
    filled = {"{entry}": everything.entry_id, "{subentry}": next(iter(everything.subentries))}

    def fill(text: str) -> str:
        for name, one in filled.items():
            text = text.replace(name, one)
        return text

    user = await hass_client(await surfaces.user_token(hass))
    clients = {
        "nobody": await hass_client_no_auth(),
        "reader": await hass_client(hass_read_only_access_token),
        "user": user,
    }
    before = await surfaces.everything(hass)
    for method, path, data in ADMINISTRATION:
        for name, client in clients.items():
            async with client.request(method, fill(path), json=json.loads(fill(json.dumps(data)))) as response:
                assert response.status == 401, (name, path, await response.text())
    assert await surfaces.everything(hass) == before
    assert not hass.config_entries.flow.async_progress()
    assert not hass.config_entries.subentries.async_progress()


def test_there_is_no_dialog_that_is_judged_elsewhere() -> None:
    """A kind of entry with a kind of sub-entry of its own would be forgotten above."""
    for type_ in (
        "telegram",
        "discord",
        "discord_webhook",
        "homeassistant",
        "signal",
        "ntfy",
        "this_home",
        "webhook",
        "claude",
        "mcp",
        "http",
    ):
        entry = MockConfigEntry(domain=DOMAIN, data={"type": type_, "incoming_token": "x"})
        assert set(HANDLERS[DOMAIN].async_get_supported_subentry_types(entry)) <= DIALOGS | {"people"}
