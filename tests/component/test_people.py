"""People of this home: a person is told where they are, and everybody at home means who is there now."""

from functools import partial
from types import MappingProxyType
from typing import Any

import pytest
from homeassistant.auth.models import User
from homeassistant.config_entries import (
    ConfigSubentry,
    ConfigSubentryData,
)
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import Context, CoreState, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers import label_registry as lr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from bach_lib import ConnectionState, RouteStatus
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.const import DOMAIN
from tests.component.companion import Companion
from tests.component.conftest import ADA, BOB, add_entry, incoming, recipient, set_up, the_bach, until
from tests.component.conftest import arrive as come_in
from tests.component.dialogs import close_recipient_dialogs, go_on, offered, open_dialog, suggested
from tests.component.test_panel import Socket
from tests.component.test_routes import connect as connect_routes
from tests.component.test_routes import route, rows, step
from tests.component.test_this_home import connect as this_home

HOME, AWAY = "home", "not_home"


def is_at(hass: HomeAssistant, who: str, where: str, **attributes: object) -> None:
    """A person as Home Assistant shows them."""
    before = hass.states.get(f"person.{who}")
    known = before.attributes if before else {"id": f"id_{who}", "friendly_name": who.title(), "device_trackers": []}
    hass.states.async_set(f"person.{who}", where, {**known, **attributes})


def people(recipient: str, title: str, **data: object) -> ConfigSubentryData:
    """A person, or several, as the dialog stores them."""
    whole: dict[str, Any] = {"recipient": recipient, **data}
    return ConfigSubentryData(data=whole, subentry_type="people", title=title, unique_id=f"recipient_{recipient}")


def way(**data: object) -> ConfigSubentryData:
    """Ada, by recipients that are named by their sub-entries."""
    usual = {"at_home": [], "away": [], "first_at_home": False, "first_away": False}
    return people("person:id_ada", "Ada", who="person", person="id_ada", **{**usual, **data})


def everybody(who: str, title: str, **data: object) -> ConfigSubentryData:
    """Several, as the dialog stores them."""
    return people(f"people:{title}", title, who=who, **{"but_cause": False, "if_nobody": "refuse", **data})


def ids(entry: MockConfigEntry) -> dict[str, str]:
    """The sub-entries of a connection, by title."""
    return {one.title: one.subentry_id for one in entry.subentries.values()}


async def tell(hass: HomeAssistant, *entity_ids: str, **data: object) -> list[dict[str, Any]]:
    """Send a message; the rows of the response."""
    given = {"entity_id": list(entity_ids), "message": "Dinner", **data}
    answer = await hass.services.async_call("bach", "send_message", given, blocking=True, return_response=True)
    return rows(answer, "messages")


async def told(hass: HomeAssistant) -> list[str]:
    """Whom messages went to so far, in order."""
    return [one.recipient for one in reversed(await the_bach(hass).messages(limit=50))]


@pytest.fixture
async def house(hass: HomeAssistant, telegram: TelegramServer, ada: User) -> MockConfigEntry:
    """Ada, who is at home, has two chats, and Bob, who is not, has one; the kitchen is nobody's."""
    is_at(hass, "ada", HOME, user_id=ada.id)
    is_at(hass, "bob", AWAY, user_id="user_bob")
    more = [
        recipient("Ada", str(ADA), user_id=ada.id),
        recipient("Ada at work", "500", user_id=ada.id),
        recipient("Bob", str(BOB), user_id="user_bob"),
        recipient("Kitchen", "-600", kind="group", user_id=ada.id),
    ]
    entry = add_entry(hass, telegram, recipients={}, more=more)
    await set_up(hass, entry)
    return entry


async def test_a_person_is_told_by_what_is_theirs_without_a_dialog(hass: HomeAssistant, house: MockConfigEntry) -> None:
    """Whoever chooses person.ada would be told that it is none of BACH's, though all is known."""
    found = await tell(hass, "person.ada")
    assert [(one["recipient"], one["person"], one["is_home"]) for one in found] == [
        (str(ADA), "person.ada", True),
        ("500", "person.ada", True),
    ]


async def test_a_person_is_told_where_they_are(hass: HomeAssistant, house: MockConfigEntry) -> None:
    """The speaker at home would speak to an empty room."""
    of = ids(house)
    await this_home(hass, way(at_home=[of["Kitchen"], of["Ada"]], away=[of["Ada at work"], of["Ada"]], first_away=True))
    await tell(hass, "person.ada")
    is_at(hass, "ada", "Office")
    await tell(hass, "notify.ada_2")
    await hass.services.async_call(
        "notify", "send_message", {"entity_id": "notify.ada_2", "message": "x"}, blocking=True
    )
    assert await told(hass) == ["-600", str(ADA), "500", "500"]


async def test_what_was_chosen_and_is_gone_leaves_nobody_untold(hass: HomeAssistant, house: MockConfigEntry) -> None:
    """A chat that was removed a year ago would cost the alarm of tonight."""
    of = ids(house)
    entry = await this_home(hass, way(at_home=["gone"], away=[of["Ada at work"]]))
    await tell(hass, "person.ada")
    [one] = entry.subentries.values()
    hass.config_entries.async_update_subentry(entry, one, data={**one.data, "away": ["gone"]})
    await tell(hass, "person.ada")
    assert await told(hass) == ["500", str(ADA), "500"]


async def test_who_cannot_be_told_is_said(hass: HomeAssistant, house: MockConfigEntry) -> None:
    """The alarm would be told to nobody, and nobody would hear why."""
    is_at(hass, "eve", HOME)
    await this_home(hass, way(at_home=[ids(house)["Ada"]]))
    hass.states.async_remove("person.ada")
    for entity_id, key in (("person.eve", "person_unreached"), ("notify.ada_2", "person_gone")):
        with pytest.raises(ServiceValidationError) as error:
            await hass.services.async_call(
                "bach", "send_message", {"entity_id": entity_id, "message": "x"}, blocking=True
            )
        assert error.value.translation_key == key
    with pytest.raises(ServiceValidationError) as error:
        await tell(hass, "person.nobody")
    assert error.value.translation_key == "not_a_recipient"
    with pytest.raises(ServiceValidationError, match="Eve"):
        await hass.services.async_call(
            "bach", "send_message", {"entity_id": ["person.eve", "person.bob"], "message": "x"}, blocking=True
        )
    assert await told(hass) == [str(BOB)]


async def test_that_a_person_is_gone_is_a_repair(
    hass: HomeAssistant, house: MockConfigEntry, issue_registry: ir.IssueRegistry
) -> None:
    """It would be noticed in the night of the alarm, which nobody hears of."""
    entry = await this_home(hass, way(at_home=[ids(house)["Ada"]]), everybody("everybody", "All"))
    issue = (DOMAIN, f"lost_person_{ids(entry)['Ada']}")
    assert issue not in issue_registry.issues
    hass.states.async_remove("person.ada")
    await hass.async_block_till_done()
    assert issue in issue_registry.issues
    is_at(hass, "ada", HOME)
    await hass.async_block_till_done()
    assert issue not in issue_registry.issues
    hass.states.async_remove("person.ada")
    await hass.async_block_till_done()
    await hass.config_entries.async_unload(entry.entry_id)
    assert issue not in issue_registry.issues
    hass.set_state(CoreState.starting)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert issue not in issue_registry.issues, "she may be there yet"
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()
    assert issue in issue_registry.issues


async def test_only_the_first_that_can_be_reached_is_told(
    hass: HomeAssistant, house: MockConfigEntry, telegram: TelegramServer, pixel: Companion
) -> None:
    """A phone that is gone or a bot that is logged out would have all wait, while another chat is there."""
    of = ids(house)
    off = add_entry(hass, telegram, token="9:off", title="Off", recipients={"Off": 700})
    out = add_entry(hass, telegram, token="8:out", title="Out", recipients={"Out": 800})
    await set_up(hass, out)
    await until(hass, lambda: out.runtime_data.data.sending.state is ConnectionState.AUTH_FAILED)
    old = recipient("Old", f"phone:{'0' * 32}", kind="phone")
    entry = await this_home(hass, recipient("Pixel", f"phone:{pixel.device_id}", kind="phone"), old)
    all_of_them = [ids(off)["Off"], ids(out)["Out"], ids(entry)["Old"], ids(entry)["Pixel"], of["Ada"]]
    chosen = way(at_home=all_of_them, first_at_home=True)
    subentry = ConfigSubentry(
        data=MappingProxyType(chosen["data"]), subentry_type="people", title="Ada", unique_id="recipient_person:id_ada"
    )
    hass.config_entries.async_add_subentry(entry, subentry)
    await hass.async_block_till_done()

    async def reached() -> str:
        [one] = await tell(hass, "person.ada")
        return str(one["recipient"])

    assert await reached() == f"phone:{pixel.device_id}"
    er.async_get(hass).async_update_entity("notify.pixel", disabled_by=er.RegistryEntryDisabler.USER)
    assert await reached() == str(ADA)


async def test_everybody_at_home_is_who_is_there_now(hass: HomeAssistant, house: MockConfigEntry) -> None:
    """Whoever has left would hear that dinner is ready."""
    is_at(hass, "guest", HOME)
    await this_home(
        hass,
        everybody("at_home", "Here"),
        everybody("away", "There"),
        everybody("everybody", "All"),
        everybody("at_home", "Else all", if_nobody="everybody"),
        everybody("at_home", "Else nobody", if_nobody="nobody"),
    )
    for entity_id in ("notify.here", "notify.there", "notify.all"):
        await tell(hass, entity_id)
    assert await told(hass) == [str(ADA), "500", str(BOB), str(ADA), "500", str(BOB)]
    is_at(hass, "ada", AWAY)
    with pytest.raises(ServiceValidationError) as error:
        await tell(hass, "notify.here")
    assert (error.value.translation_key, error.value.translation_placeholders) == ("nobody_there", {"name": "Here"})
    assert await tell(hass, "notify.else_nobody") == []
    data = {"entity_id": "notify.else_nobody", "message": "x"}
    await hass.services.async_call("notify", "send_message", data, blocking=True)
    assert [one["recipient"] for one in await tell(hass, "notify.else_all")] == [str(ADA), "500", str(BOB)]


async def test_everybody_but_who_caused_it(hass: HomeAssistant, house: MockConfigEntry, hass_admin_user: User) -> None:
    """Whoever has opened the door would be told that it is open, and switch it all off."""
    is_at(hass, "ada", HOME, user_id=None)  # her chat is known by what was chosen
    of = ids(house)
    await this_home(hass, everybody("everybody", "Others", but_cause=True), way(at_home=[of["Ada"]]))
    say = {"action": "bach.send_message", "target": {"entity_id": "notify.others"}, "data": {"message": "The door"}}
    triggers = [
        {"trigger": "event", "event_type": "door"},
        {"trigger": "event", "event_type": "bach_message"},
        {"trigger": "state", "entity_id": "person.bob", "to": "home"},
        {"trigger": "state", "entity_id": "input_boolean.door"},
    ]
    assert await async_setup_component(hass, "input_boolean", {"input_boolean": {"door": None}})
    config = {"automation": [{"alias": "Door", "mode": "queued", "triggers": triggers, "actions": [say]}]}
    assert await async_setup_component(hass, "automation", config)
    await come_in(hass, incoming(ADA, connection=f"telegram_{house.unique_id}"))
    assert await told(hass) == [str(BOB)], "who has written"
    is_at(hass, "bob", HOME)
    await hass.async_block_till_done()
    assert (await told(hass))[1:] == [str(ADA)], "who came home"
    is_at(hass, "ada", HOME, user_id=hass_admin_user.id)
    context = Context(user_id=hass_admin_user.id)
    await hass.services.async_call("input_boolean", "turn_on", {"entity_id": "input_boolean.door"}, True, context)
    await hass.async_block_till_done()
    assert (await told(hass))[2:] == [str(BOB)], "whose action it was"
    data = {"entity_id": "notify.others", "message": "x"}
    await hass.services.async_call("notify", "send_message", data, True, context)
    assert (await told(hass))[3:] == [str(BOB)], "who has called it"
    hass.bus.async_fire("door")
    await hass.async_block_till_done()
    assert (await told(hass))[4:] == [str(ADA), str(BOB)], "nobody knows who it was"
    await hass.services.async_call("notify", "send_message", data, blocking=True)
    assert len(await told(hass)) == 8


async def test_people_are_chosen_by_groups_labels_and_devices(hass: HomeAssistant, house: MockConfigEntry) -> None:
    """A label with the whole family would mean nobody."""
    await this_home(hass, everybody("everybody", "All"))
    registry = er.async_get(hass)
    label = lr.async_get(hass).async_create("Family").label_id
    hass.states.async_remove("person.bob")
    registry.async_get_or_create("person", "person", "id_bob", suggested_object_id="bob")
    is_at(hass, "bob", AWAY, user_id="user_bob")
    registry.async_update_entity("person.bob", labels={label})
    hass.states.async_set("group.parents", "home", {"entity_id": ["person.ada", "person.bob"]})
    assert [one["recipient"] for one in await tell(hass, "group.parents")] == [str(ADA), "500", str(BOB)]
    call = hass.services.async_call
    found = await call("bach", "send_message", {"label_id": label, "message": "x"}, blocking=True, return_response=True)
    assert [one["recipient"] for one in rows(found, "messages")] == [str(BOB)]
    all_of_them = registry.async_get("notify.all")
    assert all_of_them
    by_device = {"device_id": all_of_them.device_id, "message": "x"}
    found = await call("bach", "send_message", by_device, blocking=True, return_response=True)
    assert len(rows(found, "messages")) == 3
    registry.async_update_entity("notify.all", labels={label})
    found = await call("bach", "send_message", {"label_id": label, "message": "x"}, blocking=True, return_response=True)
    assert len(rows(found, "messages")) == 3


async def test_whoever_may_not_tell_a_recipient_tells_no_person(
    hass: HomeAssistant, house: MockConfigEntry, hass_read_only_user: User
) -> None:
    """A guest would write to whoever is at home under another name."""
    await this_home(hass, everybody("everybody", "All"), everybody("at_home", "Else nobody", if_nobody="nobody"))
    is_at(hass, "ada", AWAY)
    half = MockUser(name="Guest").add_to_hass(hass)
    half.mock_policy({"entities": {"entity_ids": {"notify.all": True, "person.ada": True}}})
    tries = [("bach", "notify.all"), ("bach", "person.ada"), ("bach", "notify.else_nobody"), ("notify", "notify.all")]
    for user in (hass_read_only_user, half):
        for domain, entity_id in tries:
            data = {"entity_id": entity_id, "message": "x"}
            with pytest.raises(Unauthorized):
                await hass.services.async_call(domain, "send_message", data, True, Context(user_id=user.id))
    assert await told(hass) == []


async def test_one_that_takes_nothing_costs_the_others_nothing(hass: HomeAssistant, house: MockConfigEntry) -> None:
    """One connection that is gone would keep a family from hearing of the alarm."""
    await this_home(hass, everybody("everybody", "All"))
    long = {"entity_id": "notify.all", "message": "x" * 300_000}
    with pytest.raises(HomeAssistantError):
        await hass.services.async_call("notify", "send_message", long, blocking=True)


async def test_a_question_to_a_person_is_put_where_they_are(hass: HomeAssistant, house: MockConfigEntry) -> None:
    """It would be asked in the kitchen of an empty house."""
    of = ids(house)
    entry = await this_home(hass, way(at_home=[of["Kitchen"]], away=[of["Ada"]]), everybody("everybody", "All"))
    await connect_routes(hass, route(entry, {"recipients": ["Ada", "All"], "wait": 300}))
    is_at(hass, "ada", AWAY)
    for entity_id in ("person.ada", "notify.water"):
        data = {"entity_id": entity_id, "message": "Close it?", "answers": ["Yes"], "timeout": 0.05, "default": "No"}
        answer = await hass.services.async_call(DOMAIN, "ask", data, blocking=True, return_response=True)
        assert answer
        assert answer["answer"] == "No"
    asked = [one.recipient for one in reversed(await the_bach(hass).messages(limit=50)) if one.text == "Close it?"]
    assert asked == [str(ADA), str(ADA), str(BOB)]


async def test_a_route_tells_people_where_they_are_when_their_step_begins(
    hass: HomeAssistant, house: MockConfigEntry
) -> None:
    """An alarm would go to the kitchen, though everybody has left since it was made."""
    of = ids(house)
    entry = await this_home(hass, way(at_home=[of["Kitchen"]], away=[of["Ada at work"]]), everybody("at_home", "Here"))
    await connect_routes(
        hass, route(entry, {"recipients": ["Here"], "wait": 300}, {"recipients": ["Ada"], "wait": 300})
    )
    is_at(hass, "ada", AWAY)
    await hass.services.async_call(
        "bach", "send_message", {"entity_id": "notify.water", "message": "Water", "wait": 10}, blocking=True
    )
    [run] = await the_bach(hass).route_runs("water")
    assert (run.status, [one.place.recipient for one in run.tried]) == (RouteStatus.UNDER_WAY, ["500"])


async def test_an_alarm_while_home_assistant_starts_tells_people(hass: HomeAssistant, house: MockConfigEntry) -> None:
    """After a power cut the leak would be told to nobody: routes go on only when all is started."""
    entry = await this_home(hass, way(at_home=[ids(house)["Ada"]]))
    hass.set_state(CoreState.starting)
    await connect_routes(hass, route(entry, {"recipients": ["Ada"], "wait": 300}))
    await tell(hass, "notify.water", wait=10)
    [run] = await the_bach(hass).route_runs("water")
    assert [one.place.recipient for one in run.tried] == [str(ADA)]
    hass.set_state(CoreState.running)


async def test_what_is_over_is_taken_away_wherever_it_was_said(hass: HomeAssistant, house: MockConfigEntry) -> None:
    """Whoever has come home since would keep the old news on the other screen."""
    of = ids(house)
    await this_home(hass, way(at_home=[of["Ada"]], away=[of["Ada at work"]]))
    await tell(hass, "person.ada", tag="washing", at="00:00:00")
    is_at(hass, "ada", AWAY)
    data = {"entity_id": "person.ada", "tag": "washing"}
    cleared = await hass.services.async_call("bach", "clear", data, blocking=True, return_response=True)
    assert cleared
    assert cleared["cancelled"] == 1


async def test_the_panel_says_for_whom_a_message_was(
    hass: HomeAssistant, house: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    """Nobody would know why it went to the office."""
    [first, _] = await tell(hass, "person.ada")
    panel = Socket(await hass_ws_client(hass))
    shown = await panel.see("bach/panel/message", message_id=first["id"])
    assert shown["aim"] == {"name": "Ada", "is_home": True}
    await tell(hass, "notify.bob")
    [newest] = await the_bach(hass).messages(limit=1)
    assert (await panel.see("bach/panel/message", message_id=newest.id))["aim"] is None
    hass.states.async_remove("person.ada")
    assert (await panel.see("bach/panel/message", message_id=first["id"]))["aim"] is None


dialog = partial(open_dialog, kind="people")


async def test_a_person_is_added_by_two_clicks(hass: HomeAssistant, house: MockConfigEntry, pixel: Companion) -> None:
    """Everybody would have to look up what Home Assistant knows already."""
    phone = recipient("Pixel", f"phone:{pixel.device_id}", kind="phone")
    entry = await this_home(hass, phone)
    asked = await dialog(hass, entry)
    assert list(offered(asked, "who").values()) == [
        "Ada",
        "Bob",
        "Everybody at home",
        "Everybody",
        "Everybody who is away",
    ]
    form = await go_on(hass, asked, who="person:id_ada")
    hers = ["notify.pixel", "notify.ada", "notify.ada_at_work"]
    usual = {"first_at_home": False, "first_away": False}
    assert suggested(form) == {"at_home": hers, "away": hers, **usual}
    words = form["description_placeholders"]
    assert words
    assert words["now"] == (
        r"Ada is at home now. Recipients: **Pixel** (This home), **Ada** (\@home\_bot), **Ada at work** (\@home\_bot)"
    )
    wrong = await go_on(hass, form, at_home=[], away=[], **usual)
    assert wrong["errors"] == {"at_home": "nobody_told"}
    wrong = await go_on(hass, form, at_home=["notify.somebody"], away=[], **usual)
    assert wrong["errors"] == {"at_home": "invalid_told"}
    done = await go_on(
        hass, form, at_home=["notify.kitchen", "notify.pixel"], away=hers, **{**usual, "first_away": True}
    )
    assert (done["type"], done["title"]) == (FlowResultType.CREATE_ENTRY, "Ada")
    added = next(one for one in entry.subentries.values() if one.title == "Ada")
    of = {**ids(house), **ids(entry)}
    assert added.data == {
        "recipient": "person:id_ada",
        "who": "person",
        "person": "id_ada",
        "at_home": [of["Kitchen"], of["Pixel"]],
        "first_at_home": False,
        "away": [of["Pixel"], ids(house)["Ada"], of["Ada at work"]],
        "first_away": True,
        "notify_action": "ada",
    }
    asked = await dialog(hass, entry)
    assert next(iter(offered(asked, "who").values())) == "Bob"
    form = await dialog(hass, entry, added.subentry_id)
    assert suggested(form)["at_home"] == ["notify.kitchen", "notify.pixel"]
    assert suggested(form)["notify_action"] == "ada"
    wrong = await go_on(hass, form, at_home=[], away=["notify.ada"], **usual, notify_action="Ä")
    assert wrong["errors"] == {"notify_action": "invalid_notify_action"}
    done = await go_on(hass, form, at_home=[], away=["notify.ada"], **usual, notify_action="tell_ada")
    assert done["reason"] == "reconfigure_successful"
    assert entry.subentries[added.subentry_id].data["away"] == [ids(house)["Ada"]]
    is_at(hass, "ada", AWAY)
    await hass.services.async_call(
        "notify", "tell_ada", {"message": "Dinner", "data": {"tag": "dinner"}}, blocking=True
    )
    assert await told(hass) == [str(ADA)]
    clear = {"message": "clear_notification", "data": {"tag": "dinner"}}
    await hass.services.async_call("notify", "tell_ada", clear, blocking=True)
    hass.states.async_remove("person.ada")
    assert (await dialog(hass, entry, added.subentry_id))["reason"] == "person_gone"
    close_recipient_dialogs(hass)


async def test_a_chat_that_is_called_like_a_person_is_offered_and_not_assumed(
    hass: HomeAssistant, telegram: TelegramServer
) -> None:
    """Whoever calls themselves Ada would get what is for Ada."""
    is_at(hass, "ada", AWAY)
    house = add_entry(hass, telegram, recipients={"ada": ADA})
    await set_up(hass, house)
    entry = await this_home(hass)
    with pytest.raises(ServiceValidationError, match="Ada"):
        await tell(hass, "person.ada")
    form = await go_on(hass, await dialog(hass, entry), who="person:id_ada")
    assert suggested(form)["away"] == ["notify.ada"]
    close_recipient_dialogs(hass)


async def test_everybody_is_added_as_often_as_there_are_ways_to_mean_it(
    hass: HomeAssistant, house: MockConfigEntry
) -> None:
    """What is for the evening and what is for an alarm would be one."""
    entry = await this_home(hass)
    form = await go_on(hass, await dialog(hass, entry), who="at_home")
    words = form["description_placeholders"]
    assert words
    assert (words["who"], words["now"].splitlines()) == (
        "Everybody at home",
        [
            r"- Ada is at home now. Recipients: **Ada** (\@home\_bot), **Ada at work** (\@home\_bot)",
            r"- Bob is away now. Recipients: **Bob** (\@home\_bot)",
        ],
    )
    done = await go_on(hass, form, but_cause=True, if_nobody="nobody")
    assert done["title"] == "Everybody at home, but who caused it"
    for _ in range(2):
        form = await go_on(hass, await dialog(hass, entry), who="everybody")
        await go_on(hass, form, but_cause=False, if_nobody="refuse")
    assert [(one.title, one.data["recipient"]) for one in entry.subentries.values()] == [
        ("Everybody at home, but who caused it", "people:everybody_at_home_but_who_caused_it"),
        ("Everybody", "people:everybody"),
        ("Everybody", "people:everybody_2"),
    ]
    first = next(iter(entry.subentries))
    form = await dialog(hass, entry, first)
    assert suggested(form) == {
        "title": "Everybody at home, but who caused it",
        "but_cause": True,
        "if_nobody": "nobody",
        "notify_action": "everybody_at_home_but_who_caused_it",
    }
    form = await go_on(hass, form, title="Dinner", but_cause=False, if_nobody="everybody", notify_action="everybody")
    assert form["errors"] == {"notify_action": "notify_action_taken"}
    await go_on(hass, form, title="Dinner", but_cause=False, if_nobody="everybody")
    assert (entry.subentries[first].title, dict(entry.subentries[first].data)) == (
        "Dinner",
        {
            "recipient": "people:everybody_at_home_but_who_caused_it",
            "who": "at_home",
            "but_cause": False,
            "if_nobody": "everybody",
        },
    )
    hass.states.async_remove("person.ada")
    hass.states.async_remove("person.bob")
    form = await dialog(hass, entry, first)
    assert (form["description_placeholders"] or {})["now"] == "There is no person in Home Assistant yet."
    close_recipient_dialogs(hass)


async def test_a_step_that_leaves_out_who_caused_it_is_clicked(hass: HomeAssistant, house: MockConfigEntry) -> None:
    """Whoever opens the door would be woken by their own alarm, or the drawing not say that somebody is left out."""
    of, home = ids(house), await this_home(hass, everybody("everybody", "Others", but_cause=True))
    entry = await connect_routes(hass)
    asked = await go_on(hass, await open_dialog(hass, entry, kind="route"), title="Fire")
    plan = await go_on(hass, asked, **step("notify.ada", "notify.bob", but_cause=True))
    asked = await go_on(hass, plan, next_step_id="add_step")
    plan = await go_on(hass, asked, **step("notify.others"))
    asked = await go_on(hass, plan, next_step_id="add_step")
    plan = await go_on(hass, asked, **step("notify.ada"))
    first, second, third = (plan["description_placeholders"] or {})["route"].splitlines()[:3]
    said = "; but who caused it, unless nobody else can be told"
    assert (first, second) == (f"1. At once: **Ada**, **Bob**{said}", f"2. After 2 min: **Others**{said}")
    assert third == "3. After 4 min: **Ada**"
    await go_on(hass, plan, next_step_id="save")
    [made] = entry.subentries.values()
    assert [one.get("but_cause") for one in made.data["steps"]] == [True, None, None]
    assert made.data["steps"][1]["recipients"] == [ids(home)["Others"]]
    assert made.data["steps"][2]["recipients"] == [of["Ada"]]


async def test_a_route_leaves_out_who_caused_it(
    hass: HomeAssistant, house: MockConfigEntry, hass_admin_user: User
) -> None:
    """Whoever has opened the door would be told of it with the others, and have it before anybody else looks."""
    home = await this_home(
        hass,
        way(at_home=[ids(house)["Ada"]]),
        everybody("at_home", "Here"),
        everybody("everybody", "All", but_cause=True),
    )
    await connect_routes(
        hass,
        route(home, {"recipients": ["Here"], "wait": 300, "but_cause": True}, {"recipients": ["All"], "wait": 300}),
    )
    is_at(hass, "bob", HOME)
    is_at(hass, "ada", HOME, user_id=hass_admin_user.id)

    async def caused(user_id: str | None = None) -> tuple[list[str], list[str]]:
        before = len(await the_bach(hass).route_runs("water"))
        say = {"entity_id": "notify.water", "message": "The door", "wait": 10}
        await hass.services.async_call("bach", "send_message", say, True, Context(user_id=user_id))
        run, *others = await the_bach(hass).route_runs("water")
        assert len(others) == before
        return [one.place.recipient for one in run.tried], [one.recipient for one in run.caused_by]

    assert await caused(user_id=hass_admin_user.id) == ([str(BOB)], ["id_ada"])
    assert await caused() == ([str(ADA), str(BOB)], []), "nobody knows who it was"
    say = {"action": "bach.send_message", "target": {"entity_id": "notify.water"}, "data": {"message": "x", "wait": 10}}
    triggers = [{"trigger": "event", "event_type": "bach_message"}]
    config = {"automation": [{"alias": "Door", "triggers": triggers, "actions": [say]}]}
    assert await async_setup_component(hass, "automation", config)
    await come_in(hass, incoming(ADA, connection=f"telegram_{house.unique_id}"))
    await hass.async_block_till_done()
    run = (await the_bach(hass).route_runs("water"))[0]
    assert [one.place.recipient for one in run.tried] == [str(BOB)], "who wrote, though an automation has told it"
    assert [one.recipient for one in run.caused_by] == ["id_ada", str(ADA)]
    [kept] = [one.context for one in await the_bach(hass).messages() if "by:" in (one.context or "")]
    assert kept is not None
    assert kept.endswith(f"automation.door by:person:id_ada by:telegram_{house.unique_id}:{ADA}"), (
        "it outlives a restart"
    )
    is_at(hass, "bob", AWAY)
    assert (await caused(user_id=hass_admin_user.id))[0] == [str(BOB)], "the next step means somebody else"
    is_at(hass, "bob", AWAY, user_id=None)
    assert (await caused(user_id=hass_admin_user.id))[0] == [str(ADA)], (
        "there is nobody else, and an alarm reaches somebody"
    )
