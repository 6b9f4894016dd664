"""Every way into the integration, tried by everybody from a stranger to an administrator.

The tables name all actions, views, commands and triggers; `test_ways_in` finds what is missing in them, so a new
one has to say who may use it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from pkgutil import iter_modules
from typing import Any, Final

import pytest
from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.auth.models import Group
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from bach_lib import IncomingMessage, Kind
from bach_lib.models.incoming import Content
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach import actions
from tests.component.automations import automate
from tests.component.conftest import (
    ADA,
    ADA_ENTITY,
    CONNECTION,
    STRANGER,
    TO_ADA,
    TO_ANYBODY,
    add_entry,
    arrive,
    incoming,
    set_up,
    the_bach,
)
from tests.holes import Hole, holes, is_missed


class Who(Enum):
    """Who makes a call. `HOME` is an automation, which has no user."""

    UNKNOWN = auto()
    GUEST = auto()
    READER = auto()
    CHILD = auto()
    USER = auto()
    ADMIN = auto()
    HOME = auto()


_ADMINS: Final = frozenset({Who.ADMIN, Who.HOME})
_USERS: Final = _ADMINS | {Who.USER}
_CHILDREN: Final = _USERS | {Who.CHILD}
"""A child may control `notify.ada` and nothing else."""

OTHER_TOKEN: Final = "987654321:AAaaBBbbCCccDDddEEeeFFffGGggHHhhIIi"
INCOMING: Final = 1
"""The message that came in, in `letters`."""


@dataclass(frozen=True, slots=True)
class Try:
    """One call of an action, and who may make it. `ENTRY` stands for the id of the entry."""

    data: Mapping[str, object]
    allowed: Collection[Who]


ENTRY: Final = "the entry"
_BY_ENTITY: Final = {"entity_id": ADA_ENTITY}
_BY_ID: Final = {"config_entry_id": ENTRY, "recipient": str(ADA)}
_BY_FOREIGN_ID: Final = {"config_entry_id": ENTRY, "recipient": "777"}
_EVERYBODY_HERE: Final = {"entity_id": "all"}


def _to_somebody(**more: object) -> list[Try]:
    """The four ways to say for whom something is."""
    return [
        Try(_BY_ENTITY | more, _CHILDREN),
        Try(_BY_ID | more, _CHILDREN),
        Try(_BY_FOREIGN_ID | more, _ADMINS),
        Try(_EVERYBODY_HERE | more, _USERS),
    ]


def _sending(**more: object) -> list[Try]:
    return _to_somebody(message="hello", **more)


def _about_a_message(**more: object) -> list[Try]:
    return [Try({"message_id": TO_ADA} | more, _CHILDREN), Try({"message_id": TO_ANYBODY} | more, _ADMINS)]


def _about_any_message(**more: object) -> list[Try]:
    return [*_about_a_message(**more), Try({"incoming_id": INCOMING} | more, _CHILDREN)]


def _at_a_place(**more: object) -> list[Try]:
    return [
        Try({"connection": CONNECTION, "recipient": recipient} | more, who)
        for recipient, who in ((str(ADA), _CHILDREN), ("777", _ADMINS))
    ]


ACTIONS: Final[Mapping[str, list[Try]]] = {
    "send_message": [
        *_sending(),
        Try({"reply_to": INCOMING, "message": "hello"}, _CHILDREN),
        Try(_BY_ENTITY | {"message": "hello", "camera": ["camera.door"]}, _USERS),  # who may see what it shows
    ],
    "ask": _sending(answers=[{"text": "Yes"}], timeout=0.01),
    "retry": [*_about_a_message(wait=0), Try({"config_entry_id": ENTRY, "wait": 0}, _ADMINS)],
    "amend": [
        *_about_a_message(message="other", wait=0),
        Try({"message_id": TO_ADA, "recipient": "777", "wait": 0}, _ADMINS),
        Try({"message_id": TO_ADA, "config_entry_id": ENTRY, "wait": 0}, _CHILDREN),
    ],
    "discard": [*_about_a_message(), Try({"config_entry_id": ENTRY}, _ADMINS)],
    "cancel": _about_a_message(),
    "send_now": _about_a_message(wait=0),
    "clear": _to_somebody(tag="leak"),
    "acknowledge": [Try({"run_id": 1}, _ADMINS)],
    "snooze": [Try({"run_id": 1}, _ADMINS)],
    "all_clear": [Try({"run_id": 1, "message": "over"}, _ADMINS)],
    "edit_message": _about_a_message(message="other"),
    "delete_message": _about_a_message(),
    "react": _about_any_message(reaction="👍"),
    "forward": [
        *_to_somebody(message_id=TO_ADA),
        Try(_BY_ENTITY | {"incoming_id": INCOMING}, _CHILDREN),
        Try(_BY_ENTITY | {"message_id": TO_ANYBODY}, _ADMINS),
    ],
    "pin": _about_any_message(),
    "unpin": _about_any_message(),
    "check": [Try({"config_entry_id": ENTRY}, _USERS)],
    "get_queue": [Try({}, _ADMINS)],
    "get_message": [Try({"message_id": TO_ADA}, _ADMINS)],
    "get_inbox": [Try({}, _ADMINS)],
    "mark": [Try({"incoming_id": INCOMING, "status": "archived"}, _ADMINS)],
    "download": [Try({"incoming_id": INCOMING, "path": "media"}, _ADMINS)],
    "get_rules": [Try({}, _ADMINS)],
    "set_rule": [Try({"name": "leak", "phrases": ["water"]}, _ADMINS)],
    "remove_rule": [Try({"name": "leak"}, _ADMINS)],
}
VIEWS: Final = {
    "/api/bach/messages/send": "POST",
    "/api/bach/messages/queue": "GET",
    "/api/bach/messages/inbox": "GET",
    "/api/bach/messages/route": "POST",
    "/api/bach/messages/{id:[0-9]{1,18}}": "GET",
    "/api/bach/messages/{id:[0-9]{1,18}}/retry": "POST",
    "/api/bach/messages/{id:[0-9]{1,18}}/amend": "POST",
    "/api/bach/messages/discard": "POST",
    "/api/bach/messages": "GET",
    **{f"/api/bach/messages/{what}": "POST" for what in ("clear", "forward", "pin", "unpin", "react")},
    **{f"/api/bach/messages/{{id:[0-9]{{1,18}}}}/{what}": "POST" for what in ("edit", "cancel", "send-now")},
    **{f"/api/bach/routes{what}": "GET" for what in ("", "/runs", "/runs/{id:[0-9]{1,18}}")},
    "/api/bach/routes/{name}/start": "POST",
    **{
        f"/api/bach/routes/runs/{{id:[0-9]{{1,18}}}}/{what}": "POST"
        for what in ("acknowledge", "snooze", "cancel", "clear")
    },
    **{f"/api/bach/bridges{what}": "GET" for what in ("", "/{name}")},
    "/api/bach/messages/held": "GET",
    "/api/bach/messages/held/release": "POST",
    "/api/bach/messages/held/discard": "POST",
}
HANDED_OUT: Final = ("/bach_panel/{version}", "GET")
"""The files of the web app. They are the same in every home and hold nothing of it."""
PANEL_FILES: Final = ("/api/bach/panel/write", _CHILDREN, _ADMINS)
"""Where the panel sends files: who may to a recipient that they control, and who to an address; `test_panel_files`."""
PANEL: Final[Mapping[str, list[Try]]] = {
    "bach/panel/watch": [Try({}, _CHILDREN), Try({"on_card": True}, _CHILDREN)],
    "bach/panel/places": [Try({}, frozenset(Who))],
    "bach/panel/waiting": [Try({}, frozenset(Who))],
    "bach/panel/counts": [Try({}, frozenset(Who))],
    "bach/panel/message": _about_a_message(),
    "bach/panel/conversations": [Try({}, frozenset(Who))],
    "bach/panel/conversation": _at_a_place(),
    "bach/panel/write": _at_a_place(text="hello"),
    "bach/panel/mark_read": [Try({"ids": [INCOMING]}, _CHILDREN)],
    "bach/panel/edit": _about_a_message(text="other"),
    "bach/panel/delete": _about_a_message(),
    "bach/panel/react": _about_any_message(emoji="👍"),
    "bach/panel/pin": _about_any_message(is_pinned=True),
    "bach/panel/forward": [
        *_about_any_message(connection=CONNECTION, recipient=str(ADA)),
        Try({"message_id": TO_ADA, "connection": CONNECTION, "recipient": "777"}, _ADMINS),
    ],
    "bach/panel/put_off": _about_a_message(until="2030-01-01T08:00:00+00:00"),
    "bach/panel/picture": [Try({"incoming_id": INCOMING}, _CHILDREN)],
    "bach/panel/connections": [Try({}, _ADMINS)],
    "bach/panel/overview": [Try({}, frozenset(Who))],
    "bach/panel/household": [Try({}, _ADMINS)],
    "bach/panel/check": [Try({"connection": CONNECTION}, _ADMINS)],
    "bach/panel/switch": [Try({"connection": CONNECTION, "is_on": True}, _ADMINS)],
    "bach/panel/amend": [
        *_about_a_message(changes={"text": "other"}),
        Try({"message_id": TO_ADA, "changes": {"recipient": "777"}}, _ADMINS),
    ],
    "bach/panel/bridges": [Try({}, _ADMINS)],
    "bach/panel/set_bridge": [
        Try({"source": {"connection": CONNECTION, "recipient": str(ADA)}, "targets": []}, _ADMINS)
    ],
    "bach/panel/switch_bridge": [Try({"name": "bridge", "is_on": True}, _ADMINS)],
    "bach/panel/remove_bridge": [Try({"name": "bridge"}, _ADMINS)],
    "bach/panel/alarms": [Try({}, frozenset(Who))],
    "bach/panel/acknowledge": [Try({"run_id": 1}, _ADMINS)],
    "bach/panel/snooze": [Try({"run_id": 1}, _ADMINS)],
    "bach/panel/call_off": [Try({"run_id": 1}, _ADMINS)],
    "bach/panel/act": [
        *(Try({"what": "discard", "ids": [one]}, who) for one, who in ((TO_ADA, _CHILDREN), (TO_ANYBODY, _ADMINS))),
        Try({"what": "cancel", "ids": [TO_ADA, TO_ANYBODY]}, _ADMINS),
        *(Try({"what": what, "ids": [TO_ANYBODY]}, _ADMINS) for what in ("retry", "send_now", "undo")),
    ],
}
"""Commands of the panel. Everybody may ask for the lists; `test_panel` looks at what is in them."""
COMMANDS: Final = {"bach/hello", "bach/deliver", *PANEL}
FROM_PEOPLE: Final = {"button_pressed", "command_received", "message_received"}
FROM_THE_HOME: Final = {
    *("connection_changed", "message_dead", "message_proven", "message_sent"),
    *("route_acknowledged", "route_exhausted"),
}


async def context_of(hass: HomeAssistant, who: Who) -> Context:
    """The context of a call by somebody."""
    if who is Who.HOME:
        return Context()
    if who is Who.UNKNOWN:
        return Context(user_id="nobody")
    groups = {Who.READER: GROUP_ID_READ_ONLY, Who.USER: GROUP_ID_USER, Who.ADMIN: GROUP_ID_ADMIN}
    if who in groups:
        group = await hass.auth.async_get_group(groups[who])
        assert group
        return Context(user_id=MockUser(groups=[group]).add_to_hass(hass).id)
    policy = {"entities": {"entity_ids": {ADA_ENTITY: {"control": True}}}} if who is Who.CHILD else {}
    user = MockUser(groups=[Group(name="made", id="made", policy={})]).add_to_hass(hass)
    user.mock_policy(policy)
    return Context(user_id=user.id)


async def everything(hass: HomeAssistant) -> object:
    """All that a call could have changed."""
    bach = the_bach(hass)
    sent = [(one.id, one.recipient, one.text, one.status) for one in await bach.messages(connection=CONNECTION)]
    return sent, [(one.id, one.text, one.status) for one in await bach.inbox()], bach.rules.list()


async def may(hass: HomeAssistant, action: str, data: Mapping[str, object], context: Context) -> bool:
    """Whether an action was done for somebody; what is wrong with the call for another reason does not matter."""
    response = action.startswith("get_")
    try:
        await hass.services.async_call(
            "bach", action, dict(data), blocking=True, return_response=response, context=context
        )
    except HomeAssistantError as error:
        return not isinstance(error, Unauthorized)  # an unknown user is one, too
    return True


@pytest.mark.parametrize("who", list(Who))
async def test_actions_are_for_those_who_may_use_what_they_concern(
    hass: HomeAssistant, letters: MockConfigEntry, who: Who
) -> None:
    """Somebody with a login for the tablet in the hall could write to anybody in the home's name."""
    assert not await wrong_tries(hass, letters, who)


async def wrong_tries(
    hass: HomeAssistant, letters: MockConfigEntry, who: Who
) -> list[tuple[str, Mapping[str, object], bool]]:
    """The calls of the table that end otherwise than it says, and whether they were done."""
    context = await context_of(hass, who)
    tries = [(action, one) for action, tries in ACTIONS.items() for one in tries]
    wrong = []
    before = await everything(hass)
    for action, one in sorted(tries, key=lambda found: who in found[1].allowed):  # what is allowed comes last
        data = {key: letters.entry_id if value == ENTRY else value for key, value in one.data.items()}
        allowed = await may(hass, action, data, context)
        changed = not allowed and await everything(hass) != before
        if allowed != (who in one.allowed) or changed:
            wrong.append((action, one.data, allowed))
    return wrong


@pytest.mark.parametrize("who", [Who.CHILD, Who.USER, Who.ADMIN])
async def test_all_are_sent_again_by_who_may_send_each_again(
    hass: HomeAssistant, letters: MockConfigEntry, who: Who
) -> None:
    """What an administrator sent to somebody who is no recipient would go out at the word of a user, with the rest."""
    context = await context_of(hass, who)
    for is_allowed in (who is Who.ADMIN, who is not Who.CHILD):
        for action, more in (("retry", {"wait": 0}), ("discard", {})):
            done = await may(hass, action, {"config_entry_id": letters.entry_id, **more}, context)
            assert done == is_allowed, action
        assert await is_pressed(hass, "button.home_bot_retry_dead_letters", context) == is_allowed
        await the_bach(hass).discard_all(CONNECTION, recipient="777")


async def is_pressed(hass: HomeAssistant, button: str, context: Context) -> bool:
    """Whether a button did something for somebody."""
    try:
        await hass.services.async_call("button", "press", {"entity_id": button}, blocking=True, context=context)
    except HomeAssistantError as error:  # also if what was sent again has failed again, which takes its time
        return not isinstance(error, Unauthorized)
    return True


async def test_an_address_is_one_of_its_connection(
    hass: HomeAssistant, letters: MockConfigEntry, telegram: TelegramServer
) -> None:
    """A child who may write to Ada through one bot could write to her through the alarm's as well."""
    telegram.add_bot(OTHER_TOKEN, username="alarm_bot")
    other = add_entry(hass, telegram, token=OTHER_TOKEN, title="@alarm_bot")
    await set_up(hass, other)
    data = {"config_entry_id": other.entry_id, "recipient": str(ADA), "message": "hello"}
    assert not await may(hass, "send_message", data, await context_of(hass, Who.CHILD))


_PERMISSIONS: Final = "custom_components.bach.home.permissions"


def _checks_of_actions() -> list[Hole | None]:
    """Each call of a function that asks who may, and what those functions ask."""
    modules = [one.name for one in iter_modules(actions.__path__, f"{actions.__name__}.")]
    calls = [one for one in holes(*modules) if one and one.check.removeprefix("await ").startswith("require_")]
    judged_elsewhere = {"may_control", "require_recipient_control", "may_control_entity", "_only_tells"}
    calls = [one for one in calls if one.function != "_clear"]  # of the old actions, in `test_legacy_notify`
    return [None, *calls, *(one for one in holes(_PERMISSIONS) if one and one.function not in judged_elsewhere)]


@pytest.mark.slow  # a home for each check
@pytest.mark.parametrize("hole", _checks_of_actions(), ids=str)
async def test_each_check_is_missed(
    hass: HomeAssistant, letters: MockConfigEntry, telegram: TelegramServer, hole: Hole | None
) -> None:
    """Whoever takes one out would see all tests pass, and a child would use an action for others."""

    async def nothing_is_wrong(who: Who) -> None:
        assert not await wrong_tries(hass, letters, who)

    of_all, other = test_all_are_sent_again_by_who_may_send_each_again, test_an_address_is_one_of_its_connection
    # who may do nothing comes first: what others have done goes on for a while, and changes what is looked at
    tests = [
        *(partial(nothing_is_wrong, who) for who in (Who.GUEST, Who.UNKNOWN, Who.CHILD)),
        *(partial(of_all, hass, letters, who) for who in (Who.USER, Who.CHILD)),
        *(partial(nothing_is_wrong, who) for who in (Who.HOME, Who.ADMIN)),
        partial(other, hass, letters, telegram),
    ]
    assert await is_missed(hole, *tests) == (hole is not None)


@pytest.mark.parametrize("who", list(Who))
async def test_without_recipients_there_is_nothing_to_judge_by(
    hass: HomeAssistant, letters: MockConfigEntry, who: Who
) -> None:
    """A check of all entities of none lets everybody through."""
    for subentry_id in list(letters.subentries):
        hass.config_entries.async_remove_subentry(letters, subentry_id)
    await hass.async_block_till_done()
    context = await context_of(hass, who)
    named: dict[str, object] = {"config_entry_id": letters.entry_id}
    tries: list[tuple[str, dict[str, object]]] = [
        ("send_message", {**named, "recipient": str(ADA), "message": "hello"}),
        ("retry", {**named, "wait": 0}),
        ("retry", {"message_id": TO_ADA, "wait": 0}),
        ("amend", {"message_id": TO_ADA, "message": "other", "wait": 0}),
        ("cancel", {"message_id": TO_ADA}),
        ("edit_message", {"message_id": TO_ADA, "message": "other"}),
        ("delete_message", {"message_id": TO_ADA}),
        ("react", {"message_id": TO_ADA, "reaction": "👍"}),
        ("discard", named),
    ]
    assert [action for action, data in tries if await may(hass, action, data, context) != (who in _ADMINS)] == []


def _address(path: str) -> str:
    """Where a view is of one message, route or bridge."""
    return path.replace("{id:[0-9]{1,18}}", str(TO_ADA)).replace("{name}", "water")


async def test_views_are_for_administrators(
    hass: HomeAssistant,
    letters: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    hass_read_only_access_token: str,
) -> None:
    """Whoever has a login for the tablet in the hall could read what everybody wrote."""
    user = await user_token(hass)
    before = await everything(hass)
    others = [await hass_client_no_auth(), await hass_client(hass_read_only_access_token), await hass_client(user)]
    for path, method in VIEWS.items():
        for who in others:
            async with who.request(method, _address(path), json={}) as response:
                assert response.status == 401, (path, await response.text())
    assert await everything(hass) == before
    administrator = await hass_client()
    for path, method in VIEWS.items():
        async with administrator.request(method, _address(path), json={}) as response:
            assert response.status not in {401, 403}


@pytest.mark.slow  # a home for each check
@pytest.mark.parametrize("hole", holes("custom_components.bach.web.views"), ids=str)
async def test_each_check_of_views_is_missed(
    hass: HomeAssistant, letters: MockConfigEntry, hass_client: ClientSessionGenerator, hole: Hole | None
) -> None:
    """Whoever takes one out would see all tests pass, and every login would read what everybody wrote."""

    async def look() -> None:
        reader, administrator = await hass_client(await user_token(hass)), await hass_client()
        async with reader.get("/api/bach/messages/inbox") as response:
            assert response.status == 401
        async with administrator.post("/api/bach/messages/send", json={"content": "x" * 70_000}) as response:
            assert response.status == 413

    assert await is_missed(hole, look) == (hole is not None)


async def user_token(hass: HomeAssistant) -> str:
    """The token of a user who is no administrator."""
    group = await hass.auth.async_get_group(GROUP_ID_USER)
    assert group
    user = MockUser(groups=[group]).add_to_hass(hass)
    refresh = await hass.auth.async_create_refresh_token(user, "https://example.com/app")
    return hass.auth.async_create_access_token(refresh)


async def test_letters_are_taken_from_homes_that_were_named(
    hass: HomeAssistant, letters: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    """Any login here, an administrator's as well, could write as another home."""
    before = await everything(hass)
    for token in (await user_token(hass), None):
        client = await hass_ws_client(hass, *([token] if token else []))
        await client.send_json_auto_id({"type": "bach/hello"})
        assert (await client.receive_json())["result"]["accepts"] is False
        await client.send_json_auto_id({"type": "bach/deliver", "letter": {"id": "1", "text": "/open"}})
        assert not (await client.receive_json())["success"]
    assert await everything(hass) == before


@pytest.mark.parametrize(
    ("role", "needed"),
    [(None, "user"), ("notify_only", "user"), ("user", "user"), ("user", "admin"), ("admin", "admin")],
)
@pytest.mark.parametrize("trigger", sorted(FROM_PEOPLE))
async def test_triggers_hear_those_whose_role_allows_it(
    hass: HomeAssistant, entry: MockConfigEntry, trigger: str, role: str | None, needed: str
) -> None:
    """A door would open for a stranger, or for somebody who may only be told."""
    if role:
        found = next(one for one in entry.subentries.values() if one.data["recipient"] == str(ADA))
        hass.config_entries.async_update_subentry(entry, found, data={**found.data, "role": role})
    await set_up(hass, entry)
    options: dict[str, Any] = {"command": ["open"]} if trigger == "command_received" else {}
    options |= {"role": needed} if trigger != "message_received" else {}
    automation = await automate(hass, {"trigger": f"bach.{trigger}", "options": options})
    await arrive(hass, _from_people(trigger, ADA if role else STRANGER))
    is_heard = role in {"user", "admin"} and (trigger == "message_received" or role == needed)
    assert len(automation.runs) == int(is_heard)


def _from_people(trigger: str, place: int) -> IncomingMessage:
    if trigger == "message_received":
        return incoming(place)
    if trigger == "command_received":
        return incoming(place, kind=Kind.COMMAND, content=Content(command="open"))
    return incoming(place, kind=Kind.BUTTON, content=Content(value="open"))
