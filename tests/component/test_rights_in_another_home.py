"""What is done in another home is for administrators, whichever way somebody asks for it.

An action or an event there is done with the rights of the login that an administrator gave this home. Letters and
notify entities are words for somebody, and judged like those of every other connection.
"""

from functools import partial
from typing import Any, Final

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import label_registry as lr
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from bach_lib import Status
from custom_components.bach.const import DOMAIN
from custom_components.bach.home.entry import connection_name
from tests.component.conftest import recipient, set_up, the_bach
from tests.component.test_every_kind import NOBODY
from tests.component.test_panel import logged_in
from tests.component.test_surfaces import Who, context_of
from tests.component.test_targets import helper, old_group
from tests.holes import Hole, holes, is_missed

ACTS: Final = {"phone": "action:notify.phone", "restart": "action:homeassistant.restart", "bell": "event:doorbell"}
"""Recipients where a message does something over there."""
TELLS: Final = {"kitchen": "notify.kitchen", "letters": "bach"}
"""Recipients where it is read by somebody."""
_ADMINS: Final = {Who.ADMIN, Who.HOME}
_USERS: Final = {Who.USER, *_ADMINS}

type Call = tuple[str, str, dict[str, Any]]


@pytest.fixture
async def there(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> MockConfigEntry:
    """A connection to another home, out of reach, with recipients of each kind; nobody waits for it."""
    for wait in ("custom_components.bach.button.RETRY_SECONDS", "bach_lib.web.app_commands._SECONDS"):
        monkeypatch.setattr(wait, 0.01)
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Summer house",
        unique_id="summer",
        data={"type": "homeassistant", "endpoint": NOBODY, "token": "x" * 20, "link": None},
        subentries_data=[recipient(name, place) for name, place in {**ACTS, **TELLS}.items()],
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    return entry


async def is_done(hass: HomeAssistant, call: Call, context: Context) -> bool:
    """Whether an action was carried out for somebody, or failed for another reason than who they are."""
    domain, action, data = call
    try:
        await hass.services.async_call(domain, action, dict(data), blocking=True, context=context)
    except HomeAssistantError as error:
        return not isinstance(error, Unauthorized)
    return True


async def every_way(hass: HomeAssistant, entry: MockConfigEntry, name: str, address: str) -> list[Call]:
    """All actions by which a message gets to a recipient."""
    names, bach, connection = er.async_get(hass), the_bach(hass), connection_name(entry)
    waits = (await bach.send(connection, address, "waits")).id
    elsewhere = (await bach.send(connection, TELLS["kitchen"], "waits")).id
    found = names.async_get(f"notify.{name}")
    assert found
    label = lr.async_get(hass).async_create(name).label_id
    names.async_update_entity(found.entity_id, labels={label})
    by_id = {"config_entry_id": entry.entry_id, "recipient": address}
    groups = [await helper(hass, f"new_{name}", found.entity_id), await old_group(hass, f"old_{name}", found.entity_id)]
    targets: list[dict[str, Any]] = [
        by_id,
        {"entity_id": found.entity_id},
        *({"entity_id": group} for group in groups),
        {"device_id": found.device_id},
        {"label_id": label},
    ]
    asked = {"message": "?", "answers": [{"text": "Yes"}], "timeout": 0.01, "default": "x"}
    return [
        *((DOMAIN, "send_message", {**target, "message": "hi", "data": {"x": 1}}) for target in targets),
        *((DOMAIN, "ask", {**target, **asked}) for target in targets),
        *(("notify", "send_message", {"entity_id": one, "message": "hi"}) for one in (found.entity_id, groups[0])),
        ("button", "press", {"entity_id": f"button.{name}_send_test_message"}),
        (DOMAIN, "amend", {"message_id": elsewhere, "recipient": address, "wait": 0}),
        (DOMAIN, "amend", {"message_id": elsewhere, **by_id, "wait": 0}),
        (DOMAIN, "edit_message", {"message_id": waits, "message": "other"}),
        (DOMAIN, "delete_message", {"message_id": waits}),
        (DOMAIN, "react", {"message_id": waits, "reaction": "👍"}),
        (DOMAIN, "amend", {"message_id": waits, "message": "other", "wait": 0}),
        (DOMAIN, "retry", {"message_id": waits, "wait": 0}),
        (DOMAIN, "discard", {"message_id": waits}),
        (DOMAIN, "cancel", {"message_id": waits}),
    ]


@pytest.mark.parametrize("name", [*ACTS, *TELLS])
async def test_what_another_home_does_is_for_administrators(
    hass: HomeAssistant, there: MockConfigEntry, name: str
) -> None:
    """Somebody without rights would restart the other home by a recipient that was added for automations."""
    allowed, wrong = _ADMINS if name in ACTS else _USERS, list[tuple[object, ...]]()
    calls = await every_way(hass, there, name, {**ACTS, **TELLS}[name])
    for who in sorted(Who, key=lambda one: one in allowed):  # what is done changes what the next may do
        context, before = await context_of(hass, who), await everything(hass)
        wrong += [(who, *call) for call in calls if await is_done(hass, call, context) != (who in allowed)]
        assert who in allowed or await everything(hass) == before, who
    assert not wrong


async def everything(hass: HomeAssistant) -> list[tuple[object, ...]]:
    """All that a call could have changed, without what the line to nobody changes by itself."""
    messages = await the_bach(hass).messages(limit=500)
    return [(one.id, one.recipient, one.text, one.status is Status.CANCELLED) for one in messages]


@pytest.mark.parametrize("who", [Who.USER, Who.ADMIN])
async def test_all_of_another_home_is_for_administrators(hass: HomeAssistant, there: MockConfigEntry, who: Who) -> None:
    """What may not be sent again alone would be, with all the others."""
    context = await context_of(hass, who)
    named = {"config_entry_id": there.entry_id}
    for call in ((DOMAIN, "retry", {**named, "wait": 0}), (DOMAIN, "discard", named)):
        assert await is_done(hass, call, context) == (who is Who.ADMIN), call


@pytest.mark.parametrize("who", [Who.USER, Who.ADMIN])
async def test_the_panel_shows_and_writes_there_for_administrators(
    hass: HomeAssistant, there: MockConfigEntry, hass_ws_client: WebSocketGenerator, who: Who
) -> None:
    """The panel would be the way around."""
    bach, connection = the_bach(hass), connection_name(there)
    allowed = {**ACTS, **TELLS} if who is Who.ADMIN else TELLS
    waiting = {place: (await bach.send(connection, place, "waits")).id for place in {**ACTS, **TELLS}.values()}
    socket = await logged_in(hass, hass_ws_client, who)
    seen = {row["id"] for row in (await socket.see("bach/panel/waiting"))["rows"]}
    assert seen == {waiting[place] for place in allowed.values()}
    wrong = []
    for place, waits in waiting.items():
        at, about = {"connection": connection, "recipient": place}, {"message_id": waits}
        for command, data in (
            ("conversation", at),
            ("write", {**at, "text": "hi"}),
            ("message", about),
            ("amend", {**about, "changes": {"text": "other"}}),
            ("amend", {"message_id": waiting["bach"], "changes": {"recipient": place}}),
            ("act", {"what": "send_now", "ids": [waits]}),
            ("act", {"what": "cancel", "ids": [waits]}),
        ):
            answer = await socket.ask(f"bach/panel/{command}", **data)
            is_refused = not answer["success"] and answer["error"]["code"] == "unauthorized"
            if is_refused == (place in allowed.values()):
                wrong.append((place, command, answer))
    assert not wrong


_PERMISSIONS: Final = "custom_components.bach.home.permissions"
_JUDGING: Final = ("may_control_entity", "_only_tells")


@pytest.mark.slow  # a home for each check
@pytest.mark.parametrize("hole", holes(f"{_PERMISSIONS}:may_control_entity", f"{_PERMISSIONS}:_only_tells"), ids=str)
async def test_each_check_is_missed(hass: HomeAssistant, there: MockConfigEntry, hole: Hole | None) -> None:
    """Whoever takes one out would see all tests pass, and the other home would do what a guest says."""
    tests = [
        partial(test_what_another_home_does_is_for_administrators, hass, there, name) for name in ("bell", "letters")
    ]
    assert await is_missed(hole, *tests) == (hole is not None)
