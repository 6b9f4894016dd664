"""Names in what is posted: heard as events, and nobody, unless a secret of their own proves who it is."""

import pytest
from homeassistant.components.repairs import repairs_flow_manager
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from bach_lib.errors import PushRefusedError
from custom_components.bach.const import DOMAIN
from custom_components.bach.home.attribution import Received, Role
from tests.component.automations import Json, automate
from tests.component.conftest import recipient, set_up, the_bach, until

ALL, OWN = "0123456789abcdef0123456789abcdef", "a-secret-of-the-phone-alone"


def an_entry(hass: HomeAssistant, *recipients: ConfigSubentryData) -> MockConfigEntry:
    """A webhook that takes posts with one token."""
    data = {"type": "webhook", "incoming_token": ALL, "webhook_id": "abc"}
    entry = MockConfigEntry(domain=DOMAIN, title="Hook", data=data, subentries_data=recipients)
    entry.add_to_hass(hass)
    return entry


async def post(hass: HomeAssistant, entry: MockConfigEntry, token: str, body: str) -> None:
    """Post something with a token."""
    headers = {"Authorization": f"Bearer {token}"}
    await the_bach(hass).push(f"webhook_{entry.entry_id}", headers, body.encode())
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    "body", ['{"text": "/unlock", "sender": "phone"}', '{"text": "/unlock", "recipient": "phone"}']
)
async def test_a_name_is_heard_and_is_nobody(hass: HomeAssistant, heard: list[Received], body: str) -> None:
    """Whoever has the token of the NAS would act as the owner."""
    owner = MockUser(name="Owner", is_owner=True).add_to_hass(hass)
    phone = recipient("Owner's phone", "phone", role="admin", user_id=owner.id)
    entry = an_entry(hass, recipient("NAS", "nas", role="user"), phone)
    await set_up(hass, entry)
    await post(hass, entry, ALL, body)
    [found] = heard
    assert (found.role, found.person, found.context.user_id) == (Role.NOTIFY_ONLY, "", None)
    assert (found.recipient_name, found.message.content.command) == ("Owner's phone", None)


async def test_a_place_that_is_made_up_looks_like_none_that_is_known(
    hass: HomeAssistant, heard: list[Received]
) -> None:
    """Whoever posts would write "in Kitchen" into the Activity, as if Home Assistant had said so."""
    entry = an_entry(hass, recipient("NAS", "nas", role="user"), recipient("Kitchen", "k1"))
    await set_up(hass, entry)
    await post(hass, entry, ALL, '{"text": "hi", "sender": "nas", "recipient": "Kitchen"}')
    assert [(found.recipient_name, found.who) for found in heard] == [('"Kitchen"', '"nas"')]


@pytest.mark.parametrize(
    ("trigger", "runs"),
    [
        ({"trigger": "bach.message_received"}, 2),
        ({"trigger": "bach.command_received", "options": {"command": "unlock"}}, 0),
    ],
)
async def test_a_doorbell_still_rings_and_commands_nothing(hass: HomeAssistant, trigger: Json, runs: int) -> None:
    """What is posted without a proof of its own would start nothing at all, or too much."""
    entry = an_entry(hass, recipient("Bell", "default"), recipient("Muted", "muted", role="notify_only"))
    await set_up(hass, entry)
    automation = await automate(hass, trigger)
    await post(hass, entry, ALL, '{"text": "ding"}')
    await post(hass, entry, ALL, '{"text": "/unlock"}')
    await post(hass, entry, ALL, '{"text": "psst", "sender": "muted"}')
    assert len(automation.runs) == runs


async def test_a_secret_of_its_own_makes_it_somebody(hass: HomeAssistant, heard: list[Received]) -> None:
    """Nothing that programs post could be trusted, or anybody could take the name."""
    owner = MockUser(name="Owner", is_owner=True).add_to_hass(hass)
    phone = recipient("Owner's phone", "phone", role="admin", user_id=owner.id, own_secret=OWN)
    entry = an_entry(hass, recipient("NAS", "nas"), phone)
    await set_up(hass, entry)
    await post(hass, entry, OWN, '{"text": "/unlock", "sender": "nas"}')
    [found] = heard
    assert (found.role, found.person, found.context.user_id) == (Role.ADMIN, "Owner's phone", owner.id)
    assert found.message.content.command == "unlock"
    with pytest.raises(PushRefusedError):
        await post(hass, entry, ALL, '{"text": "/unlock", "sender": "phone"}')


async def test_a_secret_is_chosen_in_the_dialog(
    hass: HomeAssistant, heard: list[Received], hass_client: ClientSessionGenerator
) -> None:
    """A role could be given to a name that anybody can write, or the secret could not be copied."""
    entry = an_entry(hass)
    await set_up(hass, entry)
    flows = hass.config_entries.subentries
    page = await flows.async_init((entry.entry_id, "recipient"), context={"source": SOURCE_USER})
    menu = await flows.async_configure(page["flow_id"], {})
    asked = await flows.async_configure(menu["flow_id"], {"next_step_id": "hook"})
    fields = [str(key) for key in asked["data_schema"].schema]  # type: ignore[union-attr]
    assert not {"role", "user_id"} & set(fields)
    own = await flows.async_configure(menu["flow_id"], {"recipient": "phone", "title": "Phone", "trust": "own"})
    assert (own["type"], own["step_id"]) == (FlowResultType.FORM, "own")
    [made] = [key.description["suggested_value"] for key in own["data_schema"].schema if key == "own_secret"]  # type: ignore[union-attr]
    for wrong, why in (("short", "weak_secret"), (ALL, "secret_taken"), ("whsec_%", "weak_secret")):
        again = await flows.async_configure(menu["flow_id"], {"own_secret": wrong, "role": "admin"})
        assert again["errors"] == {"own_secret": why}
    done = await flows.async_configure(menu["flow_id"], {"own_secret": made, "role": "admin"})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    await post(hass, entry, made, '{"text": "hello"}')
    await until(hass, lambda: bool(heard))
    assert (heard[0].person, heard[0].role) == ("Phone", Role.ADMIN)
    told = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert made not in str(told)

    [subentry] = entry.subentries.values()
    change = await flows.async_init(
        (entry.entry_id, "recipient"), context={"source": SOURCE_RECONFIGURE, "subentry_id": subentry.subentry_id}
    )
    own = await flows.async_configure(change["flow_id"], {"recipient": "phone", "title": "Phone", "trust": "own"})
    assert made not in str(own)
    await flows.async_configure(change["flow_id"], {"role": "user"})
    [subentry] = entry.subentries.values()
    assert (subentry.data["own_secret"], subentry.data["role"]) == (made, "user")

    change = await flows.async_init(
        (entry.entry_id, "recipient"), context={"source": SOURCE_RECONFIGURE, "subentry_id": subentry.subentry_id}
    )
    await flows.async_configure(change["flow_id"], {"recipient": "phone", "title": "Phone", "trust": "claimed"})
    [subentry] = entry.subentries.values()
    assert not {"own_secret", "role", "user_id"} & subentry.data.keys()


async def test_a_role_that_counts_no_more_is_told_of(hass: HomeAssistant) -> None:
    """Commands of a program would stop, and nobody would know why."""
    entry = an_entry(hass, recipient("NAS", "nas", role="admin"), recipient("Bell", "bell"))
    await set_up(hass, entry)
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"claimed_names_{entry.entry_id}")
    assert issue is not None
    assert (issue.translation_placeholders or {}).items() >= {"name": "Hook", "recipient": "NAS"}.items()
    assert await async_setup_component(hass, "repairs", {})
    flows = repairs_flow_manager(hass)
    assert flows
    page = await flows.async_init(DOMAIN, data={"issue_id": issue.issue_id})
    assert page["step_id"] == "confirm"
    assert any("role" in one.data for one in entry.subentries.values()), "whoever only looks has agreed to nothing"
    assert (await flows.async_configure(page["flow_id"], {}))["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert all("role" not in one.data for one in entry.subentries.values())
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue.issue_id) is None
