"""Whom an action or a trigger means: groups of all kinds, any entity of a recipient, and who takes nothing and why."""

from typing import Any, override

import pytest
from homeassistant.auth.models import Group
from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.components.notify import DATA_COMPONENT as NOTIFY_COMPONENT
from homeassistant.components.notify import NotifyEntity, NotifyEntityFeature
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import label_registry as lr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.home.members import async_open_groups
from tests.component.automations import automate
from tests.component.conftest import ADA, ADA_ENTITY, BOB, BOB_ENTITY, TOKEN, arrive, incoming, set_up, the_bach

HEARD_ADA = "event.ada_incoming_message"


class Phone(NotifyEntity):
    """What another integration notifies."""

    def __init__(self, name: str, *, knows_titles: bool = False) -> None:
        self._attr_name = name
        self._attr_unique_id = name
        self._attr_supported_features = NotifyEntityFeature.TITLE if knows_titles else NotifyEntityFeature(0)
        self.got: list[tuple[str, str | None]] = []
        self.is_broken = False

    @override
    async def async_send_message(self, message: str, title: str | None = None) -> None:
        """Take it."""
        if self.is_broken:
            raise HomeAssistantError("no signal")
        self.got.append((message, title))


@pytest.fixture
async def phone(hass: HomeAssistant, loaded: MockConfigEntry) -> Phone:
    """`notify.phone`, which is none of ours."""
    found = Phone("phone")
    await hass.data[NOTIFY_COMPONENT].async_add_entities([found])
    assert hass.states.get("notify.phone")
    return found


async def helper(hass: HomeAssistant, name: str, *members: str) -> str:
    """A group made in the dialog of the helpers; its entity."""
    options = {"group_type": "notify", "name": name, "entities": list(members), "hide_members": False}
    entry = MockConfigEntry(domain="group", title=name, data={}, options=options)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return f"notify.{name.lower()}"


async def old_group(hass: HomeAssistant, name: str, *members: str) -> str:
    """A group like those that people write in YAML; its entity."""
    assert await async_setup_component(hass, "group", {})
    await hass.services.async_call("group", "set", {"object_id": name, "entities": list(members)}, blocking=True)
    return f"group.{name}"


async def send(hass: HomeAssistant, context: Context | None = None, **data: object) -> list[dict[str, Any]]:
    """Send, and read the rows of the answer."""
    answer = await hass.services.async_call(
        "bach", "send_message", {"message": "hello"} | data, True, context, return_response=True
    )
    assert answer
    rows: Any = answer["messages"]
    return sorted(rows, key=lambda row: str(row["entity_id"]))


async def everybody(telegram: TelegramServer, count: int) -> list[int]:
    """Whom the messages went to."""
    return sorted(message.chat_id for message in await telegram.wait_for(count))


@pytest.mark.parametrize("kind", ["helper", "old", "helper in old", "old in helper", "helper in helper", "label"])
async def test_members_of_a_group_get_the_message_once(
    hass: HomeAssistant,
    telegram: TelegramServer,
    loaded: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    kind: str,
) -> None:
    """The family group that works with Home Assistant's own action would be an error with ours."""
    make = old_group if kind.startswith("old") else helper
    target: dict[str, Any] = {"entity_id": await make(hass, "family", ADA_ENTITY, BOB_ENTITY)}
    if kind == "helper in old":
        target = {"entity_id": await old_group(hass, "everybody", "notify.family", ADA_ENTITY)}
    elif kind.endswith("in helper"):
        target = {"entity_id": [await helper(hass, "everybody", target["entity_id"], BOB_ENTITY), ADA_ENTITY]}
    elif kind == "label":
        label = lr.async_get(hass).async_create("Family").label_id
        entity_registry.async_update_entity("notify.family", labels={label})
        target = {"label_id": label}
    assert [row["entity_id"] for row in await send(hass, **target)] == [ADA_ENTITY, BOB_ENTITY]
    assert await everybody(telegram, 2) == [ADA, BOB]


async def test_a_group_is_opened_while_all_of_its_members_are_away(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """A helper shows its members to nobody then, and would be called a stranger."""
    family = await helper(hass, "family", ADA_ENTITY)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await hass.async_block_till_done()
    state = hass.states.get(family)
    assert state
    assert "entity_id" not in state.attributes
    with pytest.raises(ServiceValidationError) as raised:
        await send(hass, entity_id=family)
    assert raised.value.translation_key == "connection_not_loaded"
    assert "Ada" in str(raised.value)


async def test_groups_that_hold_each_other_end(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A slip in two groups, and every call would run for ever."""
    hass.states.async_set("group.a", "on", {"entity_id": ["group.b", "group.a", ADA_ENTITY]})
    hass.states.async_set("group.b", "on", {"entity_id": ["group.a", BOB_ENTITY]})
    assert [row["entity_id"] for row in await send(hass, entity_id="group.a")] == [ADA_ENTITY, BOB_ENTITY]
    assert async_open_groups(hass, [ADA_ENTITY, "group.a"]) == {ADA_ENTITY: False, BOB_ENTITY: True}


async def test_a_question_goes_to_a_group(
    hass: HomeAssistant, telegram: TelegramServer, phone: Phone, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever asks the family asks everybody, and hears who could not be asked."""
    family = await helper(hass, "family", ADA_ENTITY, BOB_ENTITY, "notify.phone")
    data = {"entity_id": family, "message": "Open?", "answers": ["yes", "no"]}
    for with_answer in (True, False):
        asking = hass.async_create_task(
            hass.services.async_call("bach", "ask", data, blocking=True, return_response=with_answer)
        )
        message = (await telegram.wait_for(2 if with_answer else 4))[-1]
        telegram.presses(message, "yes", bot=telegram.bots[TOKEN])
        answer = await asking
        if with_answer:
            assert answer
            assert answer["answer"] == "yes"
            assert answer["not_asked"] == [
                {"entity_id": "notify.phone", "error": "notify.phone is not a recipient of BACH"}
            ]
            assert "Not everybody was asked" not in caplog.text
    assert "Not everybody was asked: notify.phone is not a recipient" in caplog.text
    assert not phone.got


async def test_others_in_a_group_get_the_words(hass: HomeAssistant, telegram: TelegramServer, phone: Phone) -> None:
    """The phone in the family group would stay silent while the others are told of the fire."""
    family = await helper(hass, "family", ADA_ENTITY, "notify.phone")
    cellar = {"latitude": 1, "longitude": 2}
    ada, other = await send(
        hass, entity_id=family, title="Fire", buttons=["On my way"], location=cellar, protected=True
    )
    assert ada["status"] != "refused"
    reason = "It went through notify.send_message, which takes words only."
    assert other == {
        "entity_id": "notify.phone",
        "status": "passed_on",
        "degraded": True,
        "lost": [{"what": what, "reason": reason} for what in ("buttons", "location", "protected")],
    }
    assert phone.got == [("Fire\nhello", None)]
    await hass.services.async_call("bach", "send_message", {"entity_id": family, "message": "hello"}, blocking=True)
    assert phone.got[1:] == [("hello", None)]
    await telegram.wait_for(2)


@pytest.mark.parametrize("how", ["gone", "broken", "silent", "wordless", "a lamp"])
async def test_others_who_get_nothing_are_named(
    hass: HomeAssistant, telegram: TelegramServer, phone: Phone, how: str
) -> None:
    """Somebody in a group would be left out, and nobody would know."""
    phone.is_broken = how == "broken"
    member = {"gone": "notify.gone", "a lamp": "light.hall"}.get(how, "notify.phone")
    if how == "silent":
        hass.states.async_set("notify.phone", "unavailable")
    if how == "a lamp":
        hass.states.async_set("light.hall", "on")
    family = await old_group(hass, "family", ADA_ENTITY, member)
    if how == "wordless":
        with pytest.raises(HomeAssistantError, match=r"notify\.phone .* takes words only"):
            await send(hass, entity_id=family, message=" ")
        return
    rows = {row["entity_id"]: row for row in await send(hass, entity_id=family)}
    assert rows[member]["status"] == "refused"
    assert ("no signal" if how == "broken" else member) in rows[member]["error"]
    assert rows[ADA_ENTITY]["status"] != "refused"
    with pytest.raises(HomeAssistantError) as raised:
        await hass.services.async_call("bach", "send_message", {"entity_id": family, "message": "hello"}, blocking=True)
    assert str(raised.value) == rows[member]["error"]
    assert await everybody(telegram, 2) == [ADA, ADA]


async def test_others_alone_are_no_target(hass: HomeAssistant, phone: Phone) -> None:
    """BACH would promise to keep a message that it hands to somebody who may lose it."""
    for entity_id in ("notify.phone", await helper(hass, "phones", "notify.phone")):
        with pytest.raises(ServiceValidationError) as raised:
            await send(hass, entity_id=entity_id)
        assert raised.value.translation_key == "not_a_recipient"
    rows = await send(hass, entity_id=[ADA_ENTITY, "notify.phone"])
    assert [row["status"] == "refused" for row in rows] == [False, True]
    assert not phone.got


async def test_control_of_every_member_is_needed(hass: HomeAssistant, phone: Phone) -> None:
    """A child's account would reach everybody through a group."""
    child = MockUser(groups=[Group(name="children", id="children", policy={})]).add_to_hass(hass)
    family = await helper(hass, "family", ADA_ENTITY, BOB_ENTITY)
    mixed = await helper(hass, "mixed", ADA_ENTITY, "notify.phone")
    only = await helper(hass, "only", ADA_ENTITY)
    context = Context(user_id=child.id)
    child.mock_policy(
        {"entities": {"entity_ids": {one: {POLICY_CONTROL: True} for one in (ADA_ENTITY, family, mixed)}}}
    )
    for entity_id in (family, mixed, BOB_ENTITY, "event.bob_incoming_message"):
        with pytest.raises(Unauthorized):
            await send(hass, context, entity_id=entity_id)
    child.mock_policy({"entities": {"entity_ids": {HEARD_ADA: {POLICY_CONTROL: True}}}})
    for entity_id in (only, HEARD_ADA):
        with pytest.raises(Unauthorized):
            await send(hass, context, entity_id=entity_id)
    assert not await the_bach(hass).messages()
    child.mock_policy({"entities": {"entity_ids": {ADA_ENTITY: {POLICY_CONTROL: True}}}})
    for entity_id in (only, HEARD_ADA):
        await send(hass, context, entity_id=entity_id)
    assert not phone.got


async def test_who_wrote_can_be_answered(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The first automation that people build replies to whoever wrote, and the trigger names an event entity."""
    answer = {"action": "bach.send_message", "data": {"entity_id": "{{ trigger.entity_id }}", "message": "heard"}}
    assert await async_setup_component(
        hass, "automation", {"automation": {"triggers": {"trigger": "bach.message_received"}, "actions": answer}}
    )
    await hass.async_block_till_done()
    await arrive(hass, incoming(BOB))
    assert await everybody(telegram, 1) == [BOB]


@pytest.mark.parametrize("how", ["event", "both", "device", "helper on the device", "hidden"])
async def test_any_entity_of_a_recipient_means_them(
    hass: HomeAssistant,
    telegram: TelegramServer,
    loaded: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    how: str,
) -> None:
    """People pick what stands below Ada's name, and are told that it is not Ada."""
    ada = entity_registry.async_get(ADA_ENTITY)
    assert ada
    other = entity_registry.async_get_or_create("sensor", "template", "battery", device_id=ada.device_id)
    targets: dict[str, dict[str, Any]] = {
        "event": {"entity_id": HEARD_ADA},
        "both": {"entity_id": [HEARD_ADA, ADA_ENTITY], "device_id": ada.device_id},
        "device": {"device_id": ada.device_id},
        "helper on the device": {"entity_id": other.entity_id},
        "hidden": {"device_id": ada.device_id},
    }
    if how == "hidden":  # as a group helper does with its members if told so
        entity_registry.async_update_entity(ADA_ENTITY, hidden_by=er.RegistryEntryHider.INTEGRATION)
    [row] = await send(hass, **targets[how])
    assert row["entity_id"] == ADA_ENTITY
    assert await everybody(telegram, 1) == [ADA]


async def test_hidden_ones_are_in_no_area(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    area_registry: ar.AreaRegistry,
    device_registry: dr.DeviceRegistry,
) -> None:
    """Hiding takes an entity out of areas everywhere in Home Assistant; here it would not."""
    area = area_registry.async_create("Hall").id
    for device in dr.async_entries_for_config_entry(device_registry, loaded.entry_id):
        device_registry.async_update_device(device.id, area_id=area)
    entity_registry.async_update_entity(BOB_ENTITY, hidden_by=er.RegistryEntryHider.USER)
    assert [row["entity_id"] for row in await send(hass, area_id=area)] == [ADA_ENTITY]


@pytest.mark.parametrize("how", ["recipient_disabled", "recipient_device_disabled", "connection_disabled"])
@pytest.mark.parametrize("by", ["entity", "event", "device", "group"])
async def test_who_is_disabled_is_named(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    how: str,
    by: str,
) -> None:
    """Whoever disabled Ada a year ago would be told that she is no recipient."""
    ada = entity_registry.async_get(ADA_ENTITY)
    assert ada
    assert ada.device_id
    group = await helper(hass, "only", ADA_ENTITY)
    if how == "recipient_disabled":
        entity_registry.async_update_entity(ADA_ENTITY, disabled_by=er.RegistryEntryDisabler.USER)
    elif how == "recipient_device_disabled":
        dr.async_get(hass).async_update_device(ada.device_id, disabled_by=dr.DeviceEntryDisabler.USER)
    else:
        await hass.config_entries.async_set_disabled_by(loaded.entry_id, ConfigEntryDisabler.USER)
    await hass.async_block_till_done()
    named = {"entity": ADA_ENTITY, "event": HEARD_ADA, "group": group}.get(by)
    target: dict[str, Any] = {"entity_id": named} if named else {"device_id": ada.device_id}
    with pytest.raises(ServiceValidationError) as raised:
        await send(hass, **target)
    assert raised.value.translation_key == how
    assert "Enable it" in str(raised.value)
    assert "Ada" in str(raised.value)


async def test_who_is_disabled_stops_nobody(
    hass: HomeAssistant,
    telegram: TelegramServer,
    loaded: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    label_registry: lr.LabelRegistry,
) -> None:
    """In a list the others get their message and she is named; a label leaves her out, as everywhere."""
    label = label_registry.async_create("Family").label_id
    for entity_id in (ADA_ENTITY, BOB_ENTITY):
        entity_registry.async_update_entity(entity_id, labels={label})
    entity_registry.async_update_entity(ADA_ENTITY, disabled_by=er.RegistryEntryDisabler.USER)
    rows = await send(hass, entity_id=[ADA_ENTITY, BOB_ENTITY])
    assert [row["status"] == "refused" for row in rows] == [True, False]
    assert [row["entity_id"] for row in await send(hass, label_id=label)] == [BOB_ENTITY]
    assert [row["entity_id"] for row in await send(hass, entity_id="all")] == [BOB_ENTITY]
    entity_registry.async_update_entity(BOB_ENTITY, disabled_by=er.RegistryEntryDisabler.USER)
    with pytest.raises(HomeAssistantError) as raised:
        await send(hass, label_id=label)
    assert raised.value.translation_key == "several_errors"


async def test_an_id_of_a_connection_that_rests_is_explained(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """That it is not loaded tells nobody what to do."""
    target: dict[str, Any] = {"config_entry_id": loaded.entry_id, "recipient": "42"}
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await hass.async_block_till_done()  # until then it could be a reload
    with pytest.raises(ServiceValidationError) as raised:
        await send(hass, **target)
    assert raised.value.translation_key == "connection_not_loaded"
    await hass.config_entries.async_set_disabled_by(loaded.entry_id, ConfigEntryDisabler.USER)
    with pytest.raises(ServiceValidationError) as raised:
        await send(hass, **target)
    assert raised.value.translation_key == "connection_disabled"


@pytest.mark.parametrize("kind", ["helper", "old", "notify entity", "device"])
async def test_triggers_take_the_same_targets(
    hass: HomeAssistant, loaded: MockConfigEntry, entity_registry: er.EntityRegistry, kind: str
) -> None:
    """An automation for what the family writes would be refused, or never run."""
    ada = entity_registry.async_get(ADA_ENTITY)
    assert ada
    target: dict[str, Any] = {"entity_id": ADA_ENTITY}
    if kind == "device":
        target = {"device_id": ada.device_id}
    elif kind != "notify entity":
        target = {"entity_id": await (helper if kind == "helper" else old_group)(hass, "family", ADA_ENTITY)}
    automation = await automate(hass, {"trigger": "bach.message_received", "target": target})
    await arrive(hass, incoming(BOB))
    await arrive(hass, incoming(ADA))
    await hass.async_block_till_done()
    assert len(automation.runs) == 1
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await set_up(hass, loaded)


async def test_who_is_not_of_bach_gets_nothing_later(hass: HomeAssistant, phone: Phone) -> None:
    """A reminder for the evening would ring at once on the phone of a household's group."""
    group = await helper(hass, "Family", ADA_ENTITY, "notify.phone")
    rows = await send(hass, entity_id=group, at="07:00:00")
    assert sorted(row["status"] for row in rows) == ["pending", "refused"]
    assert phone.got == []
