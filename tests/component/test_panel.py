"""The panel: when it is there, and what its commands show and do, for whom."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import pytest
from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL, async_panel_exists
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from bach_lib import Status
from bach_lib.testing.telegram_server import TelegramServer
from bach_lib.web import app_files
from bach_lib.web.change_signal import PAUSE
from custom_components.bach.const import DOMAIN
from custom_components.bach.web import panel
from tests.component.conftest import (
    ADA,
    ADA_ENTITY,
    CONNECTION,
    TO_ADA,
    TO_ANYBODY,
    add_entry,
    arrive,
    incoming,
    set_up,
    the_bach,
)
from tests.component.test_surfaces import PANEL, Who, context_of, everything
from tests.holes import Hole, holes, is_missed

LOGINS: Final = (Who.GUEST, Who.READER, Who.CHILD, Who.USER, Who.ADMIN)


class Socket:
    """A logged-in browser, as far as commands go."""

    def __init__(self, client: MockHAClientWebSocket) -> None:
        self._client = client

    async def ask(self, type_: str, **data: object) -> dict[str, Any]:
        """Whether it was done, with the result or the error. Events that come in between are left out."""
        await self._client.send_json_auto_id({"type": type_, **data})
        while (answer := await self._client.receive_json())["type"] != "result":
            pass
        return dict(answer)

    async def see(self, type_: str, **data: object) -> dict[str, Any]:
        """The result."""
        answer = await self.ask(type_, **data)
        assert answer["success"], answer
        return dict(answer["result"] or {})

    async def hear(self) -> Mapping[str, Any]:
        """The next that is told without a question."""
        return dict(await self._client.receive_json())


@pytest.fixture
async def admin(hass: HomeAssistant, letters: MockConfigEntry, hass_ws_client: WebSocketGenerator) -> Socket:
    """An administrator who looks at two dead letters."""
    return Socket(await hass_ws_client(hass))


async def logged_in(hass: HomeAssistant, hass_ws_client: WebSocketGenerator, who: Who) -> Socket:
    """Somebody who has opened the panel, or writes commands of their own."""
    user = await hass.auth.async_get_user((await context_of(hass, who)).user_id or "")
    assert user
    refresh = await hass.auth.async_create_refresh_token(user, "https://example.com/app")
    return Socket(await hass_ws_client(hass, hass.auth.async_create_access_token(refresh)))


@pytest.mark.frontend
async def test_the_panel_is_there_while_there_is_a_connection(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Without it nobody finds what waits; an item in the sidebar that leads nowhere would be left of what is gone."""
    assert async_panel_exists(hass, DOMAIN)
    seen = list[bool]()
    hass.bus.async_listen("panels_updated", lambda _: seen.append(async_panel_exists(hass, DOMAIN)))
    await hass.config_entries.async_reload(loaded.entry_id)
    assert seen == []  # whoever looks at it would be sent to another page
    await hass.config_entries.async_set_disabled_by(loaded.entry_id, ConfigEntryDisabler.USER)
    assert not async_panel_exists(hass, DOMAIN)
    await hass.config_entries.async_set_disabled_by(loaded.entry_id, None)
    assert async_panel_exists(hass, DOMAIN)
    await hass.config_entries.async_remove(loaded.entry_id)
    assert not async_panel_exists(hass, DOMAIN)


async def test_a_checkout_without_the_app_says_so_and_works(
    hass: HomeAssistant, entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever cloned the repository would look for the panel, or have no connections for want of it."""
    monkeypatch.setattr(panel, "version", lambda: None)
    await set_up(hass, entry)
    assert app_files.NOT_BUILT in caplog.text
    assert not async_panel_exists(hass, DOMAIN)


@pytest.mark.frontend
async def test_the_card_is_offered_while_there_is_a_connection(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """It would be in no picker; or every page would load what belongs to nothing any more, and say that it failed."""
    assert await async_setup_component(hass, "frontend", {})

    def offered() -> set[str]:
        return {url for url in hass.data[DATA_EXTRA_MODULE_URL].urls if "bach" in url}

    loader = f"{panel.FILES}/{app_files.version()}/card-loader.js"
    await set_up(hass, entry)
    assert offered() == {loader}
    await hass.config_entries.async_reload(entry.entry_id)
    assert offered() == {loader}
    await hass.config_entries.async_remove(entry.entry_id)
    assert offered() == set()


@pytest.mark.frontend
async def test_its_files_are_kept_by_browsers_until_they_change(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """An update would not arrive for a month, or each look at the panel would load it again."""
    client = await hass_client_no_auth()
    async with client.get(f"{panel.FILES}/{app_files.version()}/panel.js") as response:
        assert response.status == 200
        assert response.content_type == "text/javascript"
        assert "max-age" in response.headers["Cache-Control"]
        assert await response.text() == (app_files.STATIC / "panel.js").read_text("utf-8")


@pytest.mark.parametrize("who", LOGINS)
async def test_commands_are_for_those_who_may_control_what_they_concern(
    hass: HomeAssistant,
    letters: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
    who: Who,
) -> None:
    """The login of the tablet in the hall could read what somebody wrote, or send it to somebody else."""
    socket = await logged_in(hass, hass_ws_client, who)
    before = await everything(hass)
    tries = [(command, one) for command, tries in PANEL.items() for one in tries]
    for command, one in sorted(tries, key=lambda found: who in found[1].allowed):  # what is allowed comes last
        answer = await socket.ask(command, **one.data)
        is_allowed = answer["success"] or answer["error"]["code"] != "unauthorized"
        assert is_allowed == (who in one.allowed), (command, one.data, answer)
        if not is_allowed:
            assert await everything(hass) == before


@pytest.mark.parametrize(
    ("who", "seen"), [(Who.GUEST, []), (Who.READER, []), (Who.CHILD, [TO_ADA]), (Who.ADMIN, [TO_ANYBODY, TO_ADA])]
)
async def test_lists_hold_what_may_be_seen(
    hass: HomeAssistant,
    letters: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
    who: Who,
    seen: list[int],
) -> None:
    """A child would read what its parents could not be told."""
    socket = await logged_in(hass, hass_ws_client, who)
    view = await socket.see("bach/panel/waiting")
    assert [row["id"] for row in view["rows"]] == seen
    assert (view["counts"] is None) == (who is not Who.ADMIN)
    places = {
        place["title"]: [one["title"] for one in place["recipients"]]
        for place in (await socket.see("bach/panel/places"))["places"]
    }
    assert places == ({} if not seen else {"@home_bot": ["Ada"] if who is Who.CHILD else ["Ada", "Bob"]})
    stands = (await socket.see("bach/panel/overview"))["rows"]
    assert [(row["title"], row["queue"]["needs_person"]) for row in stands] == [("@home_bot", len(seen))][: len(seen)]
    talks = (await socket.see("bach/panel/conversations"))["places"]
    known = {} if not seen else {"Ada": ADA_ENTITY} if who is Who.CHILD else {"Ada": ADA_ENTITY, "Bob": "notify.bob"}
    assert {talk["title"]: talk["entity"] for talk in talks} == known


_APP: Final = "bach_lib.web"
_JUDGING: Final = (
    *(f"{_APP}.app_commands:{name}" for name in ("message", "act", "amend", "counts", "_known", "_require_message")),
    *(f"{_APP}.change_commands:{name}" for name in ("_require", "react")),
    *(f"{_APP}.connection_commands:{name}" for name in ("overview", "_queue_seen")),
    f"{_APP}.writing:write",
    *(f"{_APP}.viewer:Visit.{name}" for name in ("require", "require_all")),
    *(f"custom_components.bach.web.panel_commands:{name}" for name in ("_watch", "HomeViewer.sees_all")),
    "custom_components.bach.home.permissions:may_control",
)
_CHECKS: Final = [one for one in holes(*_JUDGING) if one is None or "_CARDS" not in one.check]
"""But for the choice of the bell, which lets nobody in."""
_ASKING: Final = [one for one in holes(f"{_APP}.connection_commands") if one and "require_all" in one.check]


@pytest.mark.slow  # a home for each check
@pytest.mark.parametrize("hole", [*_CHECKS, *_ASKING], ids=str)
async def test_each_check_is_missed(
    hass: HomeAssistant, letters: MockConfigEntry, hass_ws_client: WebSocketGenerator, hole: Hole | None
) -> None:
    """Whoever takes one out would see all tests pass, and the tablet in the hall would show what somebody wrote."""
    lists = [
        partial(test_lists_hold_what_may_be_seen, hass, letters, hass_ws_client, who, seen)
        for who, seen in ((Who.GUEST, []), (Who.CHILD, [TO_ADA]), (Who.ADMIN, [TO_ANYBODY, TO_ADA]))
    ]
    commands = [
        partial(test_commands_are_for_those_who_may_control_what_they_concern, hass, letters, hass_ws_client, who)
        for who in (
            Who.GUEST,
            Who.CHILD,
            Who.ADMIN,
        )  # who may all comes after who changes things for a while
    ]

    async def nothing_to_do() -> None:
        socket = await logged_in(hass, hass_ws_client, Who.ADMIN)
        assert not (await socket.ask("bach/panel/act", what="retry", ids=[]))["success"]

    assert await is_missed(hole, *lists, *commands, nothing_to_do) == (hole is not None)


async def test_a_row_says_why_and_what_can_be_done(admin: Socket) -> None:
    """A person would see that something failed, and be left alone with it."""
    ada = next(row for row in (await admin.see("bach/panel/waiting"))["rows"] if row["id"] == TO_ADA)
    assert (ada["connection_title"], ada["recipient_title"], ada["text"]) == ("@home_bot", "Ada", "old")
    assert (ada["status"], ada["can"]) == (Status.DEAD, ["retry", "amend", "discard"])
    assert ada["error"]["key"] == "telegram_says"
    assert "blocked" in ada["error"]["placeholders"]["words"]


async def test_a_dead_letter_is_sent_elsewhere(admin: Socket, telegram: TelegramServer) -> None:
    """The commonest cause, a wrong recipient, could not be mended where it is seen."""
    changes = {"recipient": str(ADA), "text": "new"}
    done = await admin.see("bach/panel/amend", message_id=TO_ANYBODY, changes=changes)
    assert done == {"sent": 1, "waiting": 0, "failed": 0, "ended": 0, "refused": []}
    view = await admin.see("bach/panel/message", message_id=TO_ANYBODY)
    assert (view["status"], view["recipient_title"]) == ("sent", "Ada")
    assert [attempt["outcome"] for attempt in view["attempts"]] == ["dead", "sent"]
    assert [attempt["recipient_title"] for attempt in view["attempts"]] == ["777", "Ada"]


async def test_one_that_cannot_be_done_stops_no_other(admin: Socket) -> None:
    """Of twenty that are chosen, one that was sent meanwhile would spoil all."""
    await admin.see("bach/panel/act", what="discard", ids=[TO_ANYBODY])
    done = await admin.see("bach/panel/act", what="discard", ids=[TO_ADA, TO_ANYBODY])
    assert (done["ended"], [one["id"] for one in done["refused"]]) == (1, [TO_ANYBODY])
    assert (await admin.see("bach/panel/waiting"))["rows"] == []


async def test_who_watches_hears_of_many_changes_once(hass: HomeAssistant, admin: Socket) -> None:
    """A burst of a thousand messages would be a thousand events for each open page."""
    await admin.see("bach/panel/watch")
    bach = the_bach(hass)
    begun = hass.loop.time()
    for _ in range(20):
        await bach.send(CONNECTION, str(ADA), "hello")
    heard = await admin.hear()
    assert heard["type"] == "event"
    assert heard["event"] is None
    answered = await admin.see("bach/panel/places")
    assert answered["places"]
    assert hass.loop.time() - begun >= PAUSE


async def test_who_watches_hears_of_what_came_in(hass: HomeAssistant, admin: Socket) -> None:
    """Whoever has a conversation open would wait for an answer that is there already."""
    await admin.see("bach/panel/watch")
    await arrive(hass, incoming(ADA))
    assert (await admin.hear())["type"] == "event"


@pytest.mark.parametrize(
    ("command", "data", "said"),
    [
        ("waiting", {"limit": "x"}, "limit"),
        ("waiting", {"limit": 5000}, "limit"),
        ("waiting", {"state": "odd"}, "state"),
        ("waiting", {"nothing": 1}, "nothing"),
        ("message", {}, "message_id"),
        ("message", {"message_id": 10**30}, ""),
        ("act", {"what": "retry", "ids": []}, "ids"),
        ("act", {"what": "retry", "ids": list(range(1, 102))}, "ids"),
        ("act", {"what": "explode", "ids": [1]}, "what"),
        ("amend", {"message_id": 1, "changes": {"odd": 1}}, "odd"),
    ],
)
async def test_what_is_asked_wrongly_is_answered_with_a_sentence(
    admin: Socket, command: str, data: dict[str, object], said: str
) -> None:
    """A mistake in the app would be "unknown error" for whoever sees it."""
    error = (await admin.ask(f"bach/panel/{command}", **data))["error"]
    assert error["code"] not in {"unknown_error", "unknown_command"}
    assert said in error["message"]


async def test_while_nothing_is_loaded_the_panel_says_so(hass: HomeAssistant, admin: Socket) -> None:
    """A panel that was left open would end in an error nobody understands."""
    [entry] = hass.config_entries.async_entries(DOMAIN)
    await hass.config_entries.async_unload(entry.entry_id)
    error = (await admin.ask("bach/panel/waiting"))["error"]
    assert error["code"] == "home_assistant_error"
    assert error["message"]


async def test_a_second_connection_is_told_apart(hass: HomeAssistant, admin: Socket, telegram: TelegramServer) -> None:
    """Somebody would retry what is for another account."""
    telegram.add_bot("987654321:AAaaBBbbCCccDDddEEeeFFffGGggHHhhIIi", username="other_bot")
    await set_up(hass, add_entry(hass, telegram, token="987654321:AAaaBBbbCCccDDddEEeeFFffGGggHHhhIIi", title="@other"))
    assert [place["title"] for place in (await admin.see("bach/panel/places"))["places"]] == ["@home_bot", "@other"]
    assert len((await admin.see("bach/panel/waiting", connection=CONNECTION))["rows"]) == 2
    assert (await admin.see("bach/panel/waiting", connection="telegram_987654321"))["rows"] == []


async def test_what_was_discarded_is_put_back_and_not_sent(
    hass: HomeAssistant, admin: Socket, telegram: TelegramServer
) -> None:
    """Somebody slips at night: the alarm would be gone, or go out a second time."""
    ends = list[str]()
    for kind in ("bach_undelivered", "bach_ended"):
        hass.bus.async_listen(kind, lambda event: ends.append(event.data["status"]))
    await admin.see("bach/panel/act", what="discard", ids=[TO_ADA])
    done = await admin.see("bach/panel/act", what="undo", ids=[TO_ADA])
    assert (done["failed"], done["refused"]) == (1, [])
    assert (await the_bach(hass).get(TO_ADA)).status is Status.DEAD
    counts = {"waiting": 0, "scheduled": 0, "needs_person": 2, "alarms": 0}
    assert (await admin.see("bach/panel/counts"))["counts"] == counts
    again = await admin.see("bach/panel/act", what="undo", ids=[TO_ADA])
    assert "put back" in again["refused"][0]["reason"]["text"]
    await hass.async_block_till_done()
    assert ends == ["cancelled"]  # nothing tells of its death once more
    assert [message.text for message in telegram.sent] == []
