"""Every kind of connection, tried by everybody: entities, actions, triggers and repairs, in one Home Assistant.

`test_surfaces` tries Telegram in depth. Here a kind shows that judges otherwise, or has something that no other has.
Nobody answers at the addresses: who may do what is judged before anything goes out.
"""

from collections.abc import Mapping
from typing import Any, Final

import pytest
from homeassistant.components.repairs import repairs_flow_manager
from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from bach_lib import IncomingMessage, Kind
from bach_lib.models.incoming import Content
from custom_components.bach.const import DOMAIN
from custom_components.bach.flows.claimed_names_repair import CLAIMED_NAMES
from custom_components.bach.home.entry import connection_name
from custom_components.bach.home.storage_issue import STORAGE
from custom_components.bach.kinds.partners import ALL_KINDS
from custom_components.bach.kinds.requirements import PACKAGE
from custom_components.bach.lifecycle.inactive import DISABLED, SWITCHED_OFF
from custom_components.bach.lifecycle.watcher import CONFLICT
from custom_components.bach.messages.recipient_changes import REMOVED_RECIPIENT
from custom_components.bach.messages.undelivered import HELD
from tests.component import ways_in
from tests.component.automations import automate
from tests.component.conftest import arrive, incoming, recipient, set_up
from tests.component.test_rules import TEXTS
from tests.component.test_surfaces import FROM_PEOPLE, Who, context_of, may, user_token
from tests.component.test_ways_in import ENTITIES

NOBODY: Final = "http://127.0.0.1:9"
_SECRET: Final = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def _hook() -> dict[str, str]:
    return {"webhook_id": "abc", "incoming_token": "x" * 20, "url": NOBODY, "secret": _SECRET}


def _partner(**more: str) -> dict[str, str]:
    return {"endpoint": NOBODY, "auth_type": "none", **more}


KINDS: Final[Mapping[str, tuple[dict[str, str], str | None, str]]] = {
    "telegram": ({"bot_token": "1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "endpoint": NOBODY}, "4242", "777"),
    "discord": ({"bot_token": "abc.def.ghi", "endpoint": NOBODY}, "@111111111111111111", "222222222222222222"),
    "discord_webhook": ({"url": "https://discord.com/api/webhooks/1/abc", "endpoint": NOBODY}, "webhook", "777"),
    "signal": ({"endpoint": NOBODY, "number": "+491700000001"}, "+491700000002", "+491700000777"),
    "ntfy": ({"endpoint": NOBODY}, "our_doorbell", "somebody_elses"),
    "this_home": ({}, "persistent_notification", "action:notify.everybody"),
    "routes": ({}, "water", "fire"),
    "homeassistant": ({"endpoint": NOBODY, "token": "x" * 20}, "bach", "action:homeassistant.restart"),
    "webhook": (_hook(), "phone", "somebody"),
    "claude": (_partner(auth_type="api_key", secret="sk-x"), None, "x"),
    "gemini": (_partner(auth_type="api_key", secret="sk-x"), None, "x"),
    "ollama": (_partner(), None, "x"),
    "openai-compatible": (_partner(), None, "x"),
    "mcp": (_partner(), None, "x"),
    "http": (_partner(), None, "x"),
}
"""What a connection of each kind is told, a recipient of it, and an address there that is no recipient."""
_USERS: Final = {Who.USER, Who.ADMIN, Who.HOME}
_ADMINS: Final = {Who.ADMIN, Who.HOME}


def _entry(kind: str, *recipients: ConfigSubentryData) -> MockConfigEntry:
    return MockConfigEntry(
        domain=DOMAIN,
        title=kind,
        unique_id=f"{kind}_id",
        data={"type": kind, **KINDS[kind][0]},
        subentries_data=recipients,
    )


@pytest.fixture
async def home(hass: HomeAssistant, with_the_noisy_ones: None) -> dict[str, MockConfigEntry]:
    """A connection of every kind, with a recipient where there are any, out of reach."""
    entries = {}
    for kind, (_, place, _) in KINDS.items():
        entries[kind] = _entry(kind, *([recipient(f"R {kind}", place)] if place else []))
        entries[kind].add_to_hass(hass)
    await set_up(hass, entries["telegram"])
    for kind, entry in entries.items():
        if entry.state is not ConfigEntryState.LOADED:
            await hass.config_entries.async_setup(entry.entry_id)
        assert entry.state is ConfigEntryState.LOADED, (kind, entry.reason)
    await hass.async_block_till_done()
    return entries


def test_no_kind_is_forgotten() -> None:
    """A new kind would be tried by nobody."""
    assert KINDS.keys() == ALL_KINDS.keys()


async def test_entities_and_actions_are_for_those_who_may(
    hass: HomeAssistant, home: dict[str, MockConfigEntry]
) -> None:
    """A kind with a way of its own would be open to a guest, or closed to the people of the home."""
    wrong: list[tuple[object, ...]] = []
    for who in Who:
        context = await context_of(hass, who)
        for kind, entry in home.items():
            for entity_id, what in ways_in.entities(hass, entry).items():
                if who not in _USERS and await _used(hass, entity_id, what, context):
                    wrong.append((who, kind, entity_id))
            for action, data, allowed in _tries(kind, entry):
                if action == "check" and who in allowed:  # would wait for nobody
                    continue
                done = await may(hass, action, data, context)
                if done != (who in allowed):
                    wrong.append((who, kind, action, data, done))
    assert not wrong


async def _used(hass: HomeAssistant, entity_id: str, what: str, context: Context) -> bool:
    domain, name = ENTITIES[what]
    data = {ATTR_ENTITY_ID: entity_id, **({"message": "hi"} if domain == "notify" else {})}
    try:
        await hass.services.async_call(domain, name, data, blocking=True, context=context)
    except Unauthorized:  # an unknown user is one, too
        return False
    except HomeAssistantError:
        return True
    return True


def _tries(kind: str, entry: MockConfigEntry) -> list[tuple[str, dict[str, Any], set[Who]]]:
    """Actions that name a connection, and who may call them."""
    _, place, other = KINDS[kind]
    named = {"config_entry_id": entry.entry_id}
    theirs = _USERS if place else _ADMINS
    return [
        ("check", dict(named), _USERS),
        ("send_message", {**named, "recipient": place or other, "message": "hi"}, theirs),
        ("send_message", {**named, "recipient": other, "message": "hi"}, _ADMINS),
        ("ask", {**named, "recipient": other, "message": "?", "answers": [{"text": "Y"}], "timeout": 0.01}, _ADMINS),
        ("retry", {**named, "wait": 0}, theirs),
        ("discard", dict(named), theirs),
    ]


@pytest.mark.parametrize("trigger", sorted(FROM_PEOPLE))
async def test_triggers_hear_whom_they_may(hass: HomeAssistant, home: dict[str, MockConfigEntry], trigger: str) -> None:
    """A platform would open the door for a stranger, or for whoever may only be told."""
    options = {"command": ["open"]} if trigger == "command_received" else {}
    automation = await automate(hass, {"trigger": f"bach.{trigger}", "options": options})
    heard = set()
    for role in (None, "notify_only", "user", "admin"):
        for kind, entry in home.items():
            _, place, other = KINDS[kind]
            if place is None:
                continue
            if role:
                found = next(iter(entry.subentries.values()))
                hass.config_entries.async_update_subentry(entry, found, data={**found.data, "role": role})
            before = len(automation.runs)
            await arrive(hass, _said(trigger, entry, place if role else other))
            if len(automation.runs) > before:
                heard.add((kind, role))
    assert heard == {(kind, role) for kind in KINDS if KINDS[kind][1] for role in ("user", "admin")}


def _said(trigger: str, entry: MockConfigEntry, place: str) -> IncomingMessage:
    says: dict[str, tuple[Kind, Content]] = {
        "message_received": (Kind.TEXT, Content()),
        "command_received": (Kind.COMMAND, Content(command="open")),
        "button_pressed": (Kind.BUTTON, Content(value="open")),
    }
    kind, content = says[trigger]
    return incoming(place, connection=connection_name(entry), kind=kind, content=content)


FIXED: Final[Mapping[str, tuple[str, dict[str, str]]]] = {
    "storage_lost": (STORAGE, {"path": "/nowhere"}),
    "held": (f"{HELD}{{entry}}", {"entry_id": "{entry}"}),
    "switched_off": (f"{SWITCHED_OFF}_{{entry}}", {"entry_id": "{entry}"}),
    "disabled": (f"{DISABLED}_{{entry}}", {"entry_id": "{entry}"}),
    "dead_letters": ("dead_letters_{entry}", {"entry_id": "{entry}"}),
    "removed_recipient": (f"{REMOVED_RECIPIENT}{{entry}}_7", {"entry_id": "{entry}", "recipient": "7"}),
    "claimed_names": (f"{CLAIMED_NAMES}{{entry}}", {"entry_id": "{entry}"}),
    "conflict_at_home": (f"{CONFLICT}_{{telegram}}", {"entry_id": "{telegram}"}),
    "missing_library": (f"{PACKAGE}missing", {"package": "python-telegram-bot"}),
    "missing_library_by_hand": (f"{PACKAGE}by_hand", {"package": "python-telegram-bot"}),
    "unusable_library": (f"{PACKAGE}unusable", {"package": "python-telegram-bot"}),
}
"""Every repair with a fix flow: the id of its issue, and what the issue holds."""


async def test_fix_flows_are_for_administrators_one_by_one(
    hass: HomeAssistant,
    home: dict[str, MockConfigEntry],
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    hass_read_only_access_token: str,
) -> None:
    """Whoever has a login for the tablet in the hall could throw the dead letters away, or begin a new database."""
    assert FIXED.keys() == {key for key, texts in TEXTS["issues"].items() if "fix_flow" in texts}
    assert await async_setup_component(hass, "repairs", {})
    user = await hass_client(await user_token(hass))
    others = [await hass_client_no_auth(), await hass_client(hass_read_only_access_token), user]
    administrator = await hass_client()
    MockConfigEntry(domain="telegram_bot", data={"api_key": home["telegram"].data["bot_token"]}).add_to_hass(hass)
    ids = {"entry": home["webhook"].entry_id, "telegram": home["telegram"].entry_id}
    for key, (pattern, data) in FIXED.items():
        issue_id = pattern.format_map(ids)
        ir.async_create_issue(
            hass,
            DOMAIN,
            issue_id,
            data={name: one.format_map(ids) for name, one in data.items()},
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key=key,
        )
        asked = {"handler": DOMAIN, "issue_id": issue_id}
        for who in others:
            async with who.post("/api/repairs/issues/fix", json=asked) as response:
                assert response.status == 401, key
        flows = repairs_flow_manager(hass)
        assert flows
        assert not flows.async_progress(), key
        async with administrator.post("/api/repairs/issues/fix", json=asked) as response:
            assert response.status == 200, key
            shown = await response.json()
        for who in others:
            async with who.post(f"/api/repairs/issues/fix/{shown['flow_id']}", json={}) as response:
                assert response.status == 401, key
        texts = TEXTS["issues"][key]["fix_flow"]
        for one in flows.async_progress():
            flows.async_abort(one["flow_id"])
        if key == "dead_letters":  # of which there are none here
            assert shown["type"] == "create_entry"
        else:
            assert shown["type"] in ("form", "menu"), f"{key}: to open it must do nothing yet"
            assert shown["step_id"] in texts["step"], (key, shown)
