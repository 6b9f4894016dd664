"""The corners of the dialogs: a page that is loaded again, and what has gone or failed since it was opened.

Home Assistant says "unknown error" of whatever a dialog does not answer itself.
"""

from pathlib import Path
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.components.repairs import RepairsFlow
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib import Bach, Fault
from bach_lib.errors import InvalidEndpointError, MissingSecretError, NotCancellableError, StoreFailedError
from bach_lib.events import SenderBlocked
from bach_lib.models import Candidate
from bach_lib.registry import Registry
from bach_lib.testing.partners.ai import OllamaServer
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.const import CONF_LOGIN, DOMAIN
from custom_components.bach.flows.claimed_names_repair import ClaimedNamesFlow
from custom_components.bach.flows.connection_repair import ConnectionRepairFlow
from custom_components.bach.flows.dead_letters_repair import DeadLettersFlow
from custom_components.bach.flows.form_errors import of_endpoint, of_fault, placed
from custom_components.bach.flows.inactive_repair import InactiveFlow
from custom_components.bach.flows.naming import new_title
from custom_components.bach.flows.person import PersonFlow
from custom_components.bach.flows.webhook_page import first_line
from custom_components.bach.kinds.partners import kind_of
from custom_components.bach.kinds.webhook import WEBHOOK
from custom_components.bach.repairs import HeldFlow, RemovedRecipientFlow
from tests.component.conftest import ADA, add_entry, person, recipient, set_up, the_bach
from tests.component.dialogs import choose, close_all, go_on, set_options, submit
from tests.component.test_other_connector import OWL
from tests.component.test_recipient_flow import next_page, start, wait
from tests.packages import install, uninstall

type Json = dict[str, Any]

NO_KEY = MissingSecretError(auth_type="bearer", field="key")
DISK = StoreFailedError(path="bach.db", reason="disk is full")


async def take(hass: HomeAssistant, flow: RepairsFlow, step: str, given: dict[str, str] | None = None) -> Json:
    """Take a step of a repair, as Home Assistant does."""
    flow.hass, flow.handler, flow.issue_id, flow.flow_id = hass, DOMAIN, "any", "1"
    result: Json = await getattr(flow, f"async_step_{step}")(given)
    return result


# -- repairs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flow", "step"),
    [
        (DeadLettersFlow("gone"), "init"),
        (DeadLettersFlow("gone"), "retry"),
        (DeadLettersFlow("gone"), "discard"),
        (HeldFlow("gone"), "release"),
        (HeldFlow("gone"), "discard"),
        (RemovedRecipientFlow("gone", "1"), "discard"),
        (RemovedRecipientFlow("gone", "1"), "move"),
        (InactiveFlow("gone"), "show"),
        (InactiveFlow("gone"), "switch_on"),
        (InactiveFlow("gone"), "discard"),
        (ClaimedNamesFlow("gone"), "init"),
    ],
    ids=lambda one: one if isinstance(one, str) else type(one).__name__,
)
async def test_a_repair_of_a_connection_that_is_gone_says_so(
    hass: HomeAssistant, loaded: MockConfigEntry, flow: RepairsFlow, step: str
) -> None:
    """Whoever has left a page open over night would read "unknown error"."""
    result = await take(hass, flow, step)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "entry_not_loaded")


@pytest.mark.parametrize(
    ("flow", "step", "called"),
    [
        (DeadLettersFlow, "init", (Bach, "messages")),
        (InactiveFlow, "show", (Bach, "messages")),
        (InactiveFlow, "switch_on", (Registry, "update")),
        (HeldFlow, "release", (Bach, "release")),
    ],
    ids=lambda one: getattr(one, "__name__", str(one)),
)
async def test_a_disk_that_fails_before_anything_is_shown_is_named(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    flow: type[ConnectionRepairFlow],
    step: str,
    called: tuple[type, str],
) -> None:
    """Whoever clicks would read "unknown error", and look for the fault in BACH."""
    with patch.object(*called, side_effect=DISK):
        result = await take(hass, flow(loaded.entry_id), step)
    assert result["type"] is FlowResultType.ABORT
    assert "disk is full" in result["description_placeholders"]["reason"]


async def test_every_page_of_a_repair_leads_on(hass: HomeAssistant, letters: MockConfigEntry) -> None:
    """Whoever has read what became of the messages would stand before a page without a way out."""
    repair = DeadLettersFlow(letters.entry_id)
    for page in ("all_sent", "not_all_sent", "still_dead"):
        menu = await take(hass, repair, page, {})
        assert menu["menu_options"] == ["show", "retry", "discard"]
    assert (await take(hass, repair, "discard"))["step_id"] == "discarded"
    assert (await take(hass, repair, "discarded", {}))["type"] is FlowResultType.CREATE_ENTRY
    inactive = InactiveFlow(letters.entry_id)
    assert (await take(hass, inactive, "show"))["step_id"] == "show"
    assert (await take(hass, inactive, "show", {}))["menu_options"] == ["switch_on", "show", "discard"]


async def test_what_ended_while_all_was_discarded_is_not_counted(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A message that was sent at that moment would end the dialog, or be called discarded."""
    await the_bach(hass).registry.update(the_bach(hass).registry.list()[0].name, is_active=False)
    await the_bach(hass).send(the_bach(hass).registry.list()[0].name, str(ADA), "hello")
    repair = InactiveFlow(loaded.entry_id)
    with patch.object(Bach, "cancel", side_effect=NotCancellableError(id=1, status="sent")):
        result = await take(hass, repair, "discard")
    assert result["description_placeholders"] == {"count": "0"}
    with patch.object(Bach, "cancel", side_effect=DISK):
        result = await take(hass, repair, "discard")
    assert "disk is full" in result["description_placeholders"]["reason"]


# -- a connection ----------------------------------------------------------------------------------------------------


def test_an_error_stands_where_the_form_can_show_it() -> None:
    """An error at a field that a form has not is shown nowhere: the dialog would come back without a word."""
    refused = of_fault(Fault(code="auth_failed", text="no"), WEBHOOK, {"url": "http://x"})
    assert refused == ("url", WEBHOOK.refused)
    assert of_endpoint(InvalidEndpointError(endpoint="x"), {"url": "http://x"}) == ("url", "invalid_endpoint")
    login = kind_of("ntfy", {CONF_LOGIN: "ada"})
    assert placed(login.reauth_schema, {CONF_LOGIN: "invalid_value"}) == {"password": "invalid_value"}


def test_a_third_bot_of_a_name_is_told_from_the_others() -> None:
    """Two connections of one name could not be told apart in any list."""
    others: Any = [MockConfigEntry(title="Signal +49"), MockConfigEntry(title="Signal +49 (mill)")]
    data = {"type": "signal", "endpoint": "http://mill:8080"}
    assert new_title(data, "+49", others) == "Signal +49 (2)"
    assert new_title(data, "+49", others[:1]) == "Signal +49 (mill)"


async def test_settings_of_a_kind_from_another_version_are_left_alone(hass: HomeAssistant) -> None:
    """After a way back, an empty form would be shown, and what is set be overwritten by it."""
    entry = MockConfigEntry(domain=DOMAIN, title="Later", data={"type": "of_next_year"})
    entry.add_to_hass(hass)
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "unknown_kind")


async def test_settings_of_an_entry_from_before_are_moved_when_they_are_changed(
    hass: HomeAssistant, telegram: TelegramServer
) -> None:
    """The old value in the data would win over the new one, whatever was typed."""
    entry = add_entry(hass, telegram)
    hass.config_entries.async_update_entry(entry, data={**entry.data, "sender_tag": "Old"})
    await set_options(hass, entry, sender_tag="New", receiving=True, retries={}, amounts={}, network={})
    assert "sender_tag" not in entry.data
    assert entry.options["sender_tag"] == "New"


async def test_a_setting_that_cannot_be_tried_without_a_credential_says_so(hass: HomeAssistant) -> None:
    """The dialog would end with "unknown error", and the other settings typed into it be lost."""
    async with OllamaServer(models=["small"]) as server:
        data = {"type": "ollama", "endpoint": server.url, "auth_type": "none", "model": "small"}
        entry = MockConfigEntry(domain=DOMAIN, title="Answering", data=data, options={})
        entry.add_to_hass(hass)
        await set_up(hass, entry)
        with patch("custom_components.bach.flows.options_flow.async_try", side_effect=NO_KEY):
            form = await set_options(hass, entry, model="large", limits={}, network={})
        assert (form["type"], form["errors"]) == (FlowResultType.FORM, {"base": "invalid_value"})
        await close_all(hass)


async def test_a_model_whose_name_cannot_be_one_is_said_at_its_field(hass: HomeAssistant) -> None:
    """The dialog would end with "unknown error", and the key have to be pasted again."""
    async with OllamaServer(models=["small"]) as server:
        menu = await choose(hass, "ai")
        form = await submit(hass, menu, {"next_step_id": "ollama"})
        given = {"endpoint": server.url, "auth_type": "none", "details": {}}
        form = await submit(hass, form, given)
        assert form["step_id"] == "model"
        with patch("custom_components.bach.config_flow.async_try", side_effect=NO_KEY):
            form = await submit(hass, form, {"model": "small", "limits": {}})
        assert form["errors"] == {"model": "model_failed"}
        hass.config_entries.flow.async_abort(form["flow_id"])


# -- a connector of another package ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("with_the_noisy_ones")
async def test_a_package_that_went_while_the_menu_was_open_is_not_asked_for(hass: HomeAssistant, site: Path) -> None:
    """A list without anything to choose would be shown."""
    install(site, "bach-owl", {"owl": "bach_owl:Owl"}, OWL)
    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    uninstall(site, "bach-owl")
    result = await submit(hass, menu, {"next_step_id": "other"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "no_others")


@pytest.mark.usefixtures("with_the_noisy_ones")
async def test_one_without_an_account_is_changed_and_takes_no_recipient_while_it_rests(
    hass: HomeAssistant, site: Path
) -> None:
    """It could be added and never be changed; a recipient would be kept whose address nobody has looked at."""
    source = OWL + "\n    @classmethod\n    def normalize_recipient(cls, recipient):\n        return recipient\n"
    install(site, "bach-owl", {"owl": "bach_owl:Owl"}, source)
    created = await submit(hass, await choose(hass, "other"), {"setting_1": "north"})
    entry = created["result"]
    form = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )
    changed = await submit(hass, form, {"setting_1": "south"})
    assert (changed["reason"], entry.data["settings"]) == ("reconfigure_successful", {"wood": "south"})
    form = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )
    with patch("custom_components.bach.config_flow.async_try", side_effect=NO_KEY):
        form = await submit(hass, form, {"setting_1": "west"})
    assert form["errors"] == {"base": "invalid_other"}
    hass.config_entries.flow.async_abort(form["flow_id"])
    _, flow_id = created["next_flow"]
    bob = ConfigSubentry(
        data=MappingProxyType({"recipient": "bob"}), subentry_type="recipient", title="Bob", unique_id="recipient_bob"
    )
    hass.config_entries.async_add_subentry(entry, bob)
    await hass.config_entries.async_unload(entry.entry_id)
    result = await hass.config_entries.subentries.async_configure(flow_id, {"recipient": "ada", "hello": False})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "entry_not_loaded")
    changed_recipient = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "recipient"), context={"source": SOURCE_RECONFIGURE, "subentry_id": bob.subentry_id}
    )
    assert (changed_recipient["type"], changed_recipient["reason"]) == (FlowResultType.ABORT, "entry_not_loaded")


def test_a_person_is_meant_however_they_were_copied() -> None:
    """Whoever pastes a mention or a number with blanks would be told that this is nobody."""
    for type_, typed, meant in (
        ("discord", " <@!123456789012345678> ", "123456789012345678"),
        ("signal", "+49 (170) 000-0001", "+491700000001"),
        ("telegram", " 47 ", "47"),
    ):
        flow, entry = PersonFlow(), MockConfigEntry(data={"type": type_})
        with patch.object(PersonFlow, "_get_entry", return_value=entry):
            assert flow._meant(typed) == meant


# -- recipients and people -------------------------------------------------------------------------------------------


async def test_a_page_that_waits_can_be_loaded_again(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Whoever turns the phone would lose the page; another connection's stranger would appear in it."""
    result = await wait(hass, loaded)
    again = await hass.config_entries.subentries.async_configure(result["flow_id"])
    assert again["type"] is FlowResultType.SHOW_PROGRESS
    stranger = Candidate(recipient="7", title="Eve", kind="private")
    the_bach(hass)._base.bus.publish(SenderBlocked(connection="another", candidate=stranger))
    await hass.async_block_till_done()
    assert hass.config_entries.subentries.async_get(result["flow_id"])["step_id"] == "pair"
    hass.config_entries.subentries.async_abort(result["flow_id"])


async def test_an_address_that_cannot_be_looked_up_is_said_and_then_taken(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """A database that is away would end the dialog with "unknown error"."""
    page = await start(hass, loaded, "manual")
    with patch.object(Bach, "find", side_effect=DISK):
        asked = await go_on(hass, page, recipient="@somebody", title="Somebody", role="user", hello=False)
    assert asked["errors"] == {"recipient": "cannot_ask"}
    hass.config_entries.subentries.async_abort(asked["flow_id"])


async def test_a_group_is_not_among_those_who_write_in_it(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """A group would be offered as a person of another group."""
    groups = [recipient("Family", "-1001", kind="supergroup"), recipient("Board", "-1002", kind="supergroup")]
    entry = add_entry(hass, telegram, recipients={"Ada": ADA}, more=[*groups, person("Carl", "-1001", "47")])
    await set_up(hass, entry)
    page = await hass.config_entries.subentries.async_init((entry.entry_id, "person"), context={"source": SOURCE_USER})
    page = await go_on(hass, page, recipient="-1001")
    schema = page["data_schema"]
    assert schema
    assert [one["value"] for one in schema.schema["sender_id"].config["options"]] == [str(ADA)]
    hass.config_entries.subentries.async_abort(page["flow_id"])


async def test_when_nobody_posts_a_name_can_be_typed(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has no program that posts yet would look at a page that spins."""
    monkeypatch.setattr("custom_components.bach.flows.pairing.PAIRING_SECONDS", 0)
    data = {"type": "webhook", "incoming_token": "a-token-that-nobody-guesses-at-all", "webhook_id": "abc"}
    entry = MockConfigEntry(
        domain=DOMAIN, title="Hook", data=data, subentries_data=[recipient("Wall", "wall", role="notify_only")]
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    hass.config.internal_url = "http://127.0.0.1:8123"
    assert "wall" not in first_line(hass, entry), "who is only told is no sender"
    menu = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "recipient"), context={"source": SOURCE_USER}
    )
    result = await next_page(hass, await go_on(hass, menu, next_step_id="pair"))
    assert (result["type"], result["menu_options"]) == (FlowResultType.MENU, ["pair", "hook"])
    hass.config_entries.subentries.async_abort(result["flow_id"])
