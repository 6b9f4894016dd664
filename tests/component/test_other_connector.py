"""A connector of another package, by clicking: found, filled in, at work, refused, removed and back again."""

from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResult, FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)
from test_pigeon import PigeonPlatform

from bach_lib.connecting import Known, Knows
from bach_lib.connectors import entry_points
from custom_components.bach.const import DOMAIN, EVENT_MESSAGE
from custom_components.bach.diagnostics import async_get_config_entry_diagnostics
from custom_components.bach.kinds.others import OtherKind, async_others
from tests.component.conftest import recipient, send, set_up, the_bach, until, until_state
from tests.component.dialogs import (
    choose,
    close_all,
    close_recipient_dialogs,
    go_on,
    set_options,
    start_recipient,
    submit,
)
from tests.component.test_rules import TEXTS
from tests.packages import HANGS, closed_gate, install, install_pigeon, uninstall

pytestmark = pytest.mark.usefixtures("with_the_noisy_ones")

TOKEN = PigeonPlatform.secrets["token"]
OWL = """
from bach_lib.connecting import Capabilities, Format, Known, Knows, Sent, SendOnly

class Owl(SendOnly):
    capabilities = Capabilities(receives=False, idempotent=False, formats=frozenset({Format.PLAIN}), max_text=99)
    knows = Knows(
        title="Night owls",
        settings=(
            Known(name="wood", about="where it lives", example="north"),
            Known(name="height", about="how high it flies, in metres", takes=(int,), default=20),
        ),
    )

    async def send(self, message):
        return Sent(remote_id="1")
"""


@pytest.fixture
async def loft(socket_enabled: None) -> AsyncGenerator[PigeonPlatform]:
    """A loft on this machine."""
    async with PigeonPlatform() as platform:
        yield platform


@pytest.fixture(autouse=True)
async def no_dialog_left_open(loft: PigeonPlatform, hass: HomeAssistant) -> AsyncGenerator[None]:
    """Close what a new connection leads on to, while the server is still there."""
    yield
    await close_all(hass)


def pigeon(hass: HomeAssistant, loft: PigeonPlatform) -> MockConfigEntry:
    """A connection as the dialog would have made it, with one recipient."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Loft",
        unique_id="pigeon:loft-1",
        data={
            "type": "pigeon",
            "package": "bach-pigeon",
            "platform": "Pigeon",
            "receives": True,
            "endpoint": loft.endpoint,
            "secrets": {"token": TOKEN},
            "settings": {},
            "link": None,
        },
        subentries_data=[recipient("Ada", "ada")],
    )
    entry.add_to_hass(hass)
    return entry


async def menu(hass: HomeAssistant) -> list[str]:
    """What can be connected."""
    shown = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    hass.config_entries.flow.async_abort(shown["flow_id"])
    options = shown["menu_options"]
    assert isinstance(options, list)
    return options


def boxes(form: ConfigFlowResult) -> list[str]:
    """The fields of a form."""
    schema = form["data_schema"]
    assert schema
    return [str(one) for one in schema.schema]


def words_of(form: ConfigFlowResult) -> Mapping[str, str]:
    """What fills its texts."""
    words = form["description_placeholders"]
    assert words
    return words


def nameless(section: str, form: FlowResult[Any, Any]) -> set[str]:
    """The fields of a form that a person would see by their keys."""
    schema = form["data_schema"]
    assert schema
    step = reduce(lambda tree, key: tree[key], [*section.split("."), "step", form["step_id"]], TEXTS)
    return {str(one) for one in schema.schema} - set(step["data"])


async def reauth(hass: HomeAssistant) -> ConfigFlowResult:
    """The dialog that asks for new credentials."""
    [flow] = hass.config_entries.flow.async_progress()
    return await hass.config_entries.flow.async_configure(flow["flow_id"])


async def test_it_is_offered_where_a_package_brings_it(hass: HomeAssistant, site: Path) -> None:
    """Somebody's connector would run in programs only; or the menu would lead most people nowhere."""
    assert "other" not in await menu(hass)
    install_pigeon(site)
    assert (await menu(hass))[-2:] == ["other", "database"]
    assert await async_others() == {"pigeon": "bach-pigeon"}


async def test_one_is_filled_in_tried_and_at_work(hass: HomeAssistant, site: Path, loft: PigeonPlatform) -> None:
    """A connection would be kept that never worked, or its token would lie where everybody sees it."""
    install_pigeon(site)
    form = await choose(hass, "other")
    words = words_of(form)
    assert (form["step_id"], words["platform"], words["package"]) == ("other_form", "Pigeon", "bach-pigeon")
    assert (words["secret_1"], words["secret_1_about"]) == ("Token", r"The token of the loft\.")
    assert boxes(form) == ["endpoint", "secret_1"]
    assert nameless("config", form) == set()
    refused = await submit(hass, form, {"endpoint": loft.endpoint, "secret_1": "of last year"})
    assert refused["errors"] == {"base": "refused_other"}
    nowhere = await submit(hass, refused, {"endpoint": "http://127.0.0.1:1", "secret_1": TOKEN})
    assert nowhere["errors"] == {"base": "refused"}
    odd = await submit(hass, nowhere, {"endpoint": "ftp://a b", "secret_1": TOKEN})
    assert odd["errors"] == {"endpoint": "invalid_endpoint"}
    result = await submit(hass, odd, {"endpoint": loft.endpoint, "secret_1": TOKEN})
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "Pigeon Old mill")
    entry = result["result"]
    assert (entry.state, entry.unique_id) == (ConfigEntryState.LOADED, "pigeon:loft-1")
    assert TOKEN not in repr(the_bach(hass).registry.list())
    assert TOKEN not in str(await async_get_config_entry_diagnostics(hass, entry))
    [device] = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert device.model == "Pigeon"

    close_recipient_dialogs(hass)
    asked = await start_recipient(hass, entry, "manual", menu_options=["pair", "manual"])
    assert nameless("config_subentries.recipient", asked) == set()
    await go_on(hass, asked, recipient=" ada ", title="Ada", role="user", hello=False)
    heard = async_capture_events(hass, EVENT_MESSAGE)
    await send(hass, "notify.ada", "Hello")
    await until(hass, lambda: loft.texts() == ["Hello"])
    loft.write("Good evening")
    await until(hass, lambda: bool(heard))
    assert (heard[0].data["text"], heard[0].data["role"]) == ("Good evening", "user")

    again = await submit(hass, await choose(hass, "other"), {"endpoint": loft.endpoint, "secret_1": TOKEN})
    assert (again["type"], again["reason"]) == (FlowResultType.ABORT, "already_configured")


async def test_what_it_needs_and_was_left_blank_is_said_at_its_box(
    hass: HomeAssistant, site: Path, loft: PigeonPlatform
) -> None:
    """Somebody who typed a blank would read that the platform cannot be reached, or of an unknown error."""
    install_pigeon(site)
    form = await choose(hass, "other")
    blank = await submit(hass, form, {"endpoint": loft.endpoint, "secret_1": "  "})
    assert (blank["errors"], words_of(blank)["expected"]) == ({"secret_1": "invalid_value"}, "the token of the loft")
    nowhere = await submit(hass, blank, {"endpoint": " ", "secret_1": TOKEN})
    assert nowhere["errors"] == {"endpoint": "invalid_value"}
    assert words_of(nowhere)["expected"] == "an address, such as https://pigeons.example.org"
    assert "{expected}" in TEXTS["config"]["error"]["invalid_value"]
    assert loft.texts() == []
    assert hass.config_entries.async_entries(DOMAIN) == []


async def test_it_is_changed_and_asks_for_new_credentials(
    hass: HomeAssistant, site: Path, loft: PigeonPlatform
) -> None:
    """Whoever gets a new token would have to remove the connection, with all that waits."""
    install_pigeon(site)
    entry = pigeon(hass, loft)
    await set_up(hass, entry)
    form = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )
    assert form["step_id"] == "change_other"
    assert nameless("config", form) == set()
    result = await submit(hass, form, {"endpoint": loft.endpoint})
    assert result["reason"] == "reconfigure_successful"
    await set_options(hass, entry, sender_tag="Mill")
    assert entry.data["secrets"] == {"token": TOKEN}
    assert entry.options == {"sender_tag": "Mill"}
    await until_state(hass, "binary_sensor.loft_sending", "on")

    loft._server.key = "of this year"
    await send(hass, "notify.ada", "Hello")
    await until(hass, lambda: bool(hass.config_entries.flow.async_progress()))
    form = await reauth(hass)
    assert (form["step_id"], boxes(form)) == ("other_refused", ["secret_1"])
    assert nameless("config", form) == set()
    assert (await submit(hass, form, {"secret_1": "a wrong one"}))["errors"] == {"base": "refused_other"}
    result = await submit(hass, form, {"secret_1": "of this year"})
    assert result["reason"] == "reauth_successful"
    assert entry.data["secrets"] == {"token": "of this year"}
    assert entry.options == {"sender_tag": "Mill"}
    await until(hass, lambda: loft.texts() == ["[Mill] Hello"])


async def test_a_package_that_is_gone_takes_nothing_along(
    hass: HomeAssistant, site: Path, loft: PigeonPlatform
) -> None:
    """What waits would be lost with a package that an update has removed, and nobody would know what is missing."""
    install_pigeon(site)
    entry, other = pigeon(hass, loft), MockConfigEntry(domain=DOMAIN, title="Answering", data=AI)
    other.add_to_hass(hass)
    await set_up(hass, entry)
    await until_state(hass, "binary_sensor.loft_sending", "on")
    await hass.config_entries.async_unload(entry.entry_id)
    uninstall(site, "bach-pigeon")
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert (entry.state, entry.error_reason_translation_key) == (ConfigEntryState.SETUP_RETRY, "missing_connector")
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"missing_connector_{entry.entry_id}")
    assert issue
    assert issue.translation_placeholders
    assert issue.translation_placeholders["package"] == "bach-pigeon"
    assert "other" not in await menu(hass)
    await send(hass, "notify.ada", "Hello")  # into the queue of the other connection's BACH
    asked = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )
    assert (asked["type"], asked["reason"]) == (FlowResultType.ABORT, "unusable_connector")

    install_pigeon(site)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=10))
    await hass.async_block_till_done(wait_background_tasks=False)
    await until(hass, lambda: loft.texts() == ["Hello"])
    await until(hass, lambda: entry.state is ConfigEntryState.LOADED)  # a try of its own, which nobody awaits
    assert ir.async_get(hass).async_get_issue(DOMAIN, f"missing_connector_{entry.entry_id}") is None


AI = {"type": "ollama", "endpoint": "http://127.0.0.1:9", "auth_type": "none"}


async def test_one_of_several_is_chosen_and_one_that_only_sends_hears_nobody(hass: HomeAssistant, site: Path) -> None:
    """A setting would have no box, and recipients would be asked who may do what in messages that never come."""
    install_pigeon(site)
    install(site, "bach-owl", {"owl": "bach_owl:Owl"}, OWL)
    form = await choose(hass, "other")
    assert form["step_id"] == "other"
    form = await submit(hass, form, {"type": "owl"})
    assert boxes(form) == ["endpoint", "setting_1", "setting_2"]
    result = await submit(hass, form, {"setting_1": " north ", "setting_2": 30.0})
    assert result["title"].startswith("Night owls")
    entry = result["result"]
    assert entry.data["settings"] == {"wood": "north", "height": 30}
    assert entry.unique_id is None
    _, flow_id = result["next_flow"]
    asked = hass.config_entries.subentries.async_get(flow_id)
    assert asked["step_id"] == "manual"
    await hass.config_entries.subentries.async_configure(flow_id, {"recipient": "ada", "hello": False})
    await hass.async_block_till_done()
    await send(hass, "notify.ada", "Hello")
    assert hass.states.async_entity_ids("event") == []
    form = await submit(hass, await choose(hass, "other"), {"type": "owl"})
    again = await submit(hass, form, {"setting_1": "north"})
    assert (again["type"], again["reason"]) == (FlowResultType.ABORT, "already_configured")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise ZeroDivisionError('half a key')", "ZeroDivisionError"),
        ("class Owl: pass", "Owl lacks"),
        (HANGS, "takes more than"),
    ],
    ids=["import", "class", "hangs"],
)
async def test_one_that_does_not_work_says_so(
    hass: HomeAssistant, site: Path, source: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dialog would end with "unknown error", or never."""
    install(site, "bach-owl", {"owl": "bach_owl:Owl"}, source)
    if source == HANGS:  # the others have the time that a busy machine takes
        monkeypatch.setattr(entry_points, "_PATIENCE", 0.2)
    with closed_gate():
        result = await choose(hass, "other")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "unusable_connector")
    assert said in words_of(result)["reason"]


def test_each_kind_of_setting_has_its_box_and_comes_back_as_it_is_taken() -> None:
    """A number would arrive as text, a usual value would be kept for ever, or a name would draw a picture."""
    kinds: list[tuple[tuple[type, ...], object, object]] = [
        ((str,), " a ", "a"),
        ((str,), "", None),
        ((int,), 3.0, 3),
        ((int, float), 2.5, 2.5),
        ((bool,), False, False),
        ((list,), ["a"], ["a"]),
        ((dict,), {"a": 1}, {"a": 1}),
        ((), "anything", "anything"),
        ((str, int), 5, 5),
    ]
    known = [Known(name=f"n{number}", about="[x](y)", takes=takes) for number, (takes, _, _) in enumerate(kinds)]
    usual = Known(name="usual", about="what is usual", takes=(bool,), default=True)
    many = Known(name="of:", about="several", is_prefix=True)
    secrets = tuple(Known(name=f"s{number}", about="a secret") for number in range(8))
    knows = Knows(secrets=secrets, settings=(*known, usual, many), needs=("s0",))
    kind = OtherKind(type_="owl", package="bach-owl", model="Owl", knows=knows, receives=True)
    given = {f"setting_{number}": value for number, (_, value, _) in enumerate(kinds, 1)}
    data = kind.merge(
        {}, {**given, "setting_10": True, "secret_1": " x ", "secret: s7": "y", "endpoint": "a.example.org"}
    )
    wanted = {f"n{number}": value for number, (_, _, value) in enumerate(kinds) if value is not None}
    assert data["settings"] == wanted
    assert (data["secrets"], data["endpoint"]) == ({"s0": "x", "s7": "y"}, "https://a.example.org")
    assert kind.suggest(data)["setting_10"] is True
    assert [one.key for one in kind.secrets][-2:] == ["secret: s6", "secret: s7"]
    assert kind.placeholders["setting_1_about"] == r"\[x\]\(y\)\."
    assert {str(one) for one in kind.reauth_schema.schema} == {one.key for one in kind.secrets}
