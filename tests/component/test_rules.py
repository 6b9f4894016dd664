"""What hangs together in the integration: texts and code, actions and their descriptions, claims and tests.

What the validators of Home Assistant and HACS ask is in `validators/`.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import yaml
from homeassistant.core import HomeAssistant

from bach_lib import __version__
from bach_lib.connectors.declaration import Known, Knows
from bach_lib.connectors.requirements import NEEDED
from bach_lib.connectors.webhook.networks import LOCAL
from bach_lib.errors import BachError, CannotReceiveError, InvalidRecipientError
from bach_lib.models import HopName, Status
from custom_components.bach import PLATFORMS, condition, trigger
from custom_components.bach.alerts.entities import BUTTONS as ALERT_BUTTONS
from custom_components.bach.alerts.entities import STATE as ALERT_STATE
from custom_components.bach.alerts.keeper import AlertState
from custom_components.bach.binary_sensor import BINARY_SENSORS, UNACKNOWLEDGED
from custom_components.bach.button import BUTTONS, TEST_MESSAGE
from custom_components.bach.event import EVENT_TYPES, INCOMING, ROUTE, ROUTE_EVENT_TYPES
from custom_components.bach.flows.database_steps import FAILED, IN_BACKUP, REFUSALS
from custom_components.bach.flows.form_errors import FAULT_ERRORS
from custom_components.bach.flows.other_steps import REFUSED, UNUSABLE
from custom_components.bach.flows.pairing import KEEP_WAITING
from custom_components.bach.flows.take_over_steps import (
    NOT_STOPPED,
    NOT_TRIED,
    NOTHING_FOUND,
    PUT_BACK,
    TAKEN_OVER,
    TAKEN_OVER_YAML,
)
from custom_components.bach.flows.unknown_kind import DAMAGED_ENTRY, DAMAGED_RECIPIENT, UNKNOWN_KIND
from custom_components.bach.home.attribution import Role
from custom_components.bach.kinds.markdown_escape import _FOREIGN, with_escaped
from custom_components.bach.kinds.others import SECRET_TEXTS, SETTING_TEXTS, OtherKind
from custom_components.bach.kinds.partners import ALL_KINDS
from custom_components.bach.kinds.requirements import STILL_MISSING, WORDS
from custom_components.bach.kinds.webhook import FIELD_ERRORS, NOTHING, TAKES
from custom_components.bach.lifecycle.missing_connector import BROKEN, MISSING
from custom_components.bach.lifecycle.watcher import NOTICES, REPAIRS
from custom_components.bach.sensor import SENSORS
from custom_components.bach.switch import ENABLED
from custom_components.bach.taking_over.old_uses_issue import OLD_USES
from custom_components.bach.this_home.recipient_choices import Way
from tests.lib.test_sentences import declared

ROOT = Path(__file__).parents[2]
BACH = ROOT / "custom_components" / "bach"
TEXTS = json.loads((BACH / "translations" / "en.json").read_text("utf-8"))
ICONS = json.loads((BACH / "icons.json").read_text("utf-8"))
SERVICES = yaml.safe_load((BACH / "services.yaml").read_text("utf-8"))
AUTOMATION = {
    f"{kind}.{key}": (kind, key, description or {})
    for kind in ("trigger", "condition")
    for key, description in yaml.safe_load((BACH / f"{kind}s.yaml").read_text("utf-8")).items()
    if not key.startswith(".")
}
MANIFEST = json.loads((BACH / "manifest.json").read_text("utf-8"))
SOURCES = {
    str(path.relative_to(BACH)): path.read_text("utf-8") for path in BACH.rglob("*.py") if "_vendor" not in path.parts
}
PACKAGE = {"found", "package", "wanted"}

type Tree = dict[str, Tree | str]


def leaves(tree: Tree, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text with the keys that lead to it."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def errors(base: type[BachError] = BachError) -> Iterator[type[BachError]]:
    """Every error of the library."""
    yield base
    for child in base.__subclasses__():
        yield from errors(child)


def names(template: str) -> set[str]:
    """The placeholders of a text."""
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def fields(service: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Every field of an action, those in sections included."""
    for name, field in SERVICES[service].get("fields", {}).items():
        if "fields" in field:
            yield from field["fields"].items()
        else:
            yield name, field


def test_library_and_integration_have_one_version() -> None:
    """A release would be built from two versions. It stands in one place; Home Assistant reads its own copy only."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["hatch"]["version"] == {"path": "bach_lib/version.py"}
    assert MANIFEST["version"] == __version__
    named = f'"{__version__}"'
    files = [ROOT / "pyproject.toml", *(ROOT / "bach_lib").rglob("*.py"), *(ROOT / "script").rglob("*.*")]
    files = [file for file in files if file.suffix != ".pyc"]
    assert [file.name for file in files if named in file.read_text("utf-8")] == ["version.py"]


@pytest.mark.parametrize("error", list(errors()), ids=lambda error: error.__name__)
def test_every_error_of_the_library_has_a_text(error: type[BachError]) -> None:
    """A person would read "Translation key not found" instead of what to do."""
    text = TEXTS["exceptions"][error.code]["message"]
    assert names(text) <= names(error.template)


def test_every_exception_text_is_used() -> None:
    """Dead texts would be translated into forty languages for nobody."""
    codes = {error.code for error in errors()}
    used = set(re.findall(r'translation_key="(\w+)"', "\n".join(SOURCES.values())))
    made = {*(f"message_{status}" for status in Status), *(f"check_failed_{hop}" for hop in HopName)}
    ends = {*made, "check_failed", BROKEN, MISSING}
    assert set(TEXTS["exceptions"]) - codes - used - ends - declared().keys() == set()
    assert declared().keys() & (codes | used | ends) == set()
    assert used - set(TEXTS["exceptions"]) - set(TEXTS["issues"]) - _entity_keys() - _selector_keys() == set()


def _entity_keys() -> set[str]:
    return {key for platform in [*TEXTS["entity"].values(), *ICONS["entity"].values()] for key in platform}


def _selector_keys() -> set[str]:
    return set(TEXTS.get("selector", {}))


@pytest.mark.parametrize(
    "section", ["config", "config_subentries.recipient", "config_subentries.person", "config_subentries.route"]
)
def test_every_described_field_exists(section: str) -> None:
    """A description would hang in the air."""
    tree = TEXTS
    for key in section.split("."):
        tree = tree[key]
    for step in tree["step"].values():
        for part in [step, *step.get("sections", {}).values()]:
            assert set(part.get("data_description", {})) == set(part.get("data", {}))
        assert set(step.get("menu_option_descriptions", {})) <= set(step.get("menu_options", {}))


def test_every_step_of_the_dialogs_has_texts() -> None:
    """A dialog would show bare keys."""
    steps = {
        module: set(re.findall(r"async def async_step_(\w+)", source))
        for module, source in SOURCES.items()
        if module == "config_flow.py" or (module.startswith("flows/") and not module.endswith("_repair.py"))
    }
    recipients = [
        steps[module]
        for module in steps
        if module.startswith(("flows/recipient", "flows/pairing", "flows/dead_letter_steps"))
    ]
    flow, subentries = TEXTS["config"], TEXTS["config_subentries"]
    recipient, person, route = (subentries[name] for name in ("recipient", "person", "route"))
    mixins = (
        "webhook_steps",
        "other_steps",
        "partner",
        "platform_steps",
        "own_home_steps",
        "database_steps",
        "take_over_steps",
    )
    connections = steps["config_flow.py"].union(*(steps[f"flows/{name}.py"] for name in mixins))
    only_lead_on = {"reauth", "database_moved", "integration_discovery", "routes"}
    assert set(flow["step"]) == connections - only_lead_on
    ends = ("dead_letters", "hello_runs")  # what is chosen there ends the dialog and shows nothing
    choices = {choice for step in ends for choice in recipient["step"][step]["menu_options"]}
    assert set(recipient["step"]) == set[str]().union(*recipients) - choices
    assert set(person["step"]) == steps["flows/person.py"]
    leads_on = {"reconfigure", "save"}  # to the plan, and to the end
    assert set(route["step"]) == steps["flows/route.py"] - leads_on
    alert = subentries["alert"]
    assert set(alert["step"]) == steps["flows/alert_flow.py"] - leads_on
    for dialog in (flow, recipient, person, route, alert):
        for step in dialog["step"].values():
            assert step["title"]
            assert set(step.get("menu_options", {})) <= set(dialog["step"]) | choices | leads_on | only_lead_on


CLOSED = (DAMAGED_ENTRY, DAMAGED_RECIPIENT, UNKNOWN_KIND)
"""Why nothing can be added to a connection."""


def test_every_way_a_dialog_can_fail_has_a_text() -> None:
    """A person would read "invalid_auth" instead of what to do, or translators would work for nobody."""
    refused = {kind.refused for kind in ALL_KINDS.values()}
    ours = {
        "cannot_connect",
        "invalid_endpoint",
        "key_but_none",
        "secret_in_endpoint",
        "invalid_value",
        "model_failed",
        "unlisted_model",
        "invalid_other",
        REFUSED,
        UNUSABLE,
        NOT_TRIED,
        *refused,
    }
    assert set(TEXTS["config"]["error"]) == {*FAULT_ERRORS.values(), *FIELD_ERRORS.values(), *ours, FAILED, *REFUSALS}
    assert set(TEXTS["config"]["abort"]) == {
        *("already_configured", "no_others", "nothing_to_change", "own_home", "shown", "unique_id_mismatch"),
        *("database_kept", "database_moved", "database_moved_in_part", IN_BACKUP),
        *(UNUSABLE, UNKNOWN_KIND),
        *(NOTHING_FOUND, NOT_STOPPED, PUT_BACK),
    }
    assert set(TEXTS["config"]["progress"]) == {"database_moving"}
    recipient = TEXTS["config_subentries"]["recipient"]
    assert set(recipient["error"]) == {
        InvalidRecipientError.code,
        "cannot_ask",
        "invalid_event_type",
        "invalid_notify_action",
        "nobody_found",
        "notify_action_taken",
        "recipient_taken",
        "secret_taken",
        "unknown_recipient",
        "user_taken",
        "weak_secret",
    }
    told = re.findall(r'"(hello_(?:sent|not_sent|waits|under_way|failed|uncertain))"', SOURCES["messages/hello.py"])
    assert set(recipient["create_entry"]) == set(told)
    assert set(TEXTS["config"]["create_entry"]) == {*told, TAKEN_OVER, TAKEN_OVER_YAML}
    aborts = {
        "already_configured",
        "cannot_look",
        "dead_letters_stay",
        "entry_not_loaded",
        "no_places_left",
        "reconfigure_successful",
        CannotReceiveError.code,
        *CLOSED,
    }
    assert set(recipient["abort"]) == aborts
    waiting_for = re.findall(r'waiting_for: ClassVar\[str\] = "(\w+)"', "\n".join(SOURCES.values()))
    assert set(recipient["progress"]) == set(waiting_for)
    assert set(TEXTS["selector"]["pick"]["options"]) == {KEEP_WAITING}
    assert set(TEXTS["selector"]["role"]["options"]) == set(Role)
    assert set(TEXTS["selector"]["way"]["options"]) == set(Way)
    assert set(TEXTS["selector"]["takes"]["options"]) == {NOTHING, *TAKES}
    assert set(TEXTS["selector"]["incoming_addresses"]["options"]) == {LOCAL}
    assert set(TEXTS["issues"]) >= {*REPAIRS, *NOTICES, *WORDS, BROKEN, MISSING, OLD_USES}
    for key in WORDS:
        assert set(TEXTS["issues"][key]["fix_flow"]["error"]) == {STILL_MISSING}
    person = TEXTS["config_subentries"]["person"]
    assert set(person["error"]) == {"invalid_sender", "person_taken"}
    assert set(person["abort"]) == {"already_configured", "no_groups", *CLOSED}


def test_the_manifest_asks_only_for_what_everybody_needs() -> None:
    """A home without Telegram would lose all connections when Telegram's package cannot be had."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    of_home_assistant = {"aiohttp", "orjson"}
    wanted = {one for one in project["dependencies"] if re.split("[<>=]", one)[0] not in of_home_assistant}
    assert set(MANIFEST["requirements"]) == wanted
    assert not wanted & {package.requirement for package in NEEDED.values()}


def test_every_placeholder_of_a_dialog_is_filled() -> None:
    """A person would read "{reason}"."""
    known = [Known(name=f"n{number}", about="what it is") for number in range(SETTING_TEXTS)]
    knows = Knows(secrets=tuple(known[:SECRET_TEXTS]), settings=tuple(known))
    other = OtherKind(type_="owl", package="bach-owl", model="Owl", knows=knows, receives=True).placeholders
    for section, filled in (
        (
            "config",
            {
                *("count", "example", "expected", "kind", "left", "link", "name", "places", "portal", "portal_url"),
                *("chats", "found", "reason", "similar", *other),
            },
        ),
        (
            "config_subentries",
            {
                "alert",
                "alerts",
                "bridge",
                "code",
                "count",
                "curl",
                "expected",
                "field",
                "group_link",
                "kind",
                "link",
                "name",
                "now",
                "number",
                "reason",
                "recipient",
                "route",
                "sender",
                "who",
            },
        ),
        (
            "issues",
            {
                *(
                    "alert",
                    "oldest",
                    "count",
                    "dead",
                    "messages",
                    "name",
                    "person",
                    "reason",
                    "recipient",
                    "sent",
                    "shown",
                    "since",
                ),
                *("uncertain", "url", "uses", "waiting", *PACKAGE),
            },
        ),
    ):
        foreign = {f"{name}_text" for name in _FOREIGN}
        for path, text in leaves(TEXTS[section]):
            assert names(text) <= filled | foreign, path


def test_foreign_names_are_escaped_where_they_are_markdown_and_only_there() -> None:
    """A name could put a picture or a link into a repair, or be shown with backslashes in its title."""
    foreign, seen = set(_FOREIGN), set[str]()
    for section in ("config", "config_subentries", "issues"):
        for path, text in leaves(TEXTS[section]):
            if "create_entry" in path:
                continue  # Markdown only: escaped under its own name
            is_markdown = path[-1] == "description" or {"data_description", "progress", "abort"} & set(path)
            wrong = foreign if is_markdown else {f"{name}_text" for name in foreign}
            assert not names(text) & wrong, (section, *path)
            seen |= names(text)
    assert seen & {f"{name}_text" for name in foreign}
    plain = {"name": "[x](http://y) <b>", "count": "1"}
    assert with_escaped(plain) == {**plain, "name_text": r"\[x\]\(http\:\/\/y\) \<b\>"}


def test_titles_of_repair_pages_take_one_line_on_a_phone() -> None:
    """The title of a form would be drawn across the line below it, and that of a menu be cut."""
    steps = (step for one in TEXTS["issues"].values() for step in one.get("fix_flow", {}).get("step", {}).values())
    titles = [step["title"] for step in steps]
    assert "Dead letters" in titles
    assert [title for title in titles if "{" in title or len(title) > 24] == []


def test_titles_of_menus_name_nothing() -> None:
    """Home Assistant fills places in the titles of forms only; above a menu it would show an error of its own."""
    dialogs = [TEXTS["config"], *TEXTS["config_subentries"].values()]
    steps = {key: step for dialog in dialogs for key, step in dialog["step"].items() if "menu_options" in step}
    assert {"manage_webhook", "user"} <= set(steps)
    assert [key for key, step in steps.items() if "{" in step["title"]] == []


def test_texts_about_automations_are_no_markdown() -> None:
    """The editor would show asterisks around the name of a button."""
    sections = ("services", "triggers", "conditions", "entity", "selector")
    texts = {".".join((section, *path)): text for section in sections for path, text in leaves(TEXTS[section])}
    assert [path for path, text in texts.items() if re.search(r"\*\S|`\w|\]\(", text)] == []


def test_dialogs_that_ask_for_new_credentials_name_their_connection() -> None:
    """With five connections, nobody would know of which of them the password is asked."""
    steps = TEXTS["config"]["step"]
    titles = [steps[step]["title"] for step in ("reauth_confirm", "webhook_refused", "other_refused")]
    assert [title for title in titles if "{name}" not in title] == []


def test_the_breaker_says_what_it_means_for_messages() -> None:
    """A breaker that is "Open" while nothing goes, and "Closed" while all is well, is taken for the opposite."""
    states = TEXTS["entity"]["sensor"]["breaker"]["state"]
    assert states == {"closed": "Delivering", "half_open": "Trying", "open": "Paused after failures"}


def test_every_entity_has_a_name_and_every_name_an_entity() -> None:
    """An entity would be called like its device, or a text would describe nothing."""
    described = {
        "binary_sensor": (*BINARY_SENSORS, UNACKNOWLEDGED),
        "button": (*BUTTONS, TEST_MESSAGE, *ALERT_BUTTONS),
        "event": (INCOMING, ROUTE),
        "sensor": (*SENSORS, ALERT_STATE),
        "switch": (ENABLED,),
    }
    assert set(TEXTS["entity"]) == set(described)
    for platform, descriptions in described.items():
        assert set(TEXTS["entity"][platform]) == {description.translation_key for description in descriptions}


def test_every_event_type_and_attribute_has_a_name_and_every_type_an_icon() -> None:
    """A person would read "membership" where a word of their language should stand."""
    attributes = TEXTS["entity"]["event"]["incoming"]["state_attributes"]
    icons = ICONS["entity"]["event"]["incoming"]["state_attributes"]["event_type"]["state"]
    assert set(attributes["event_type"]["state"]) == set(icons) == set(EVENT_TYPES.values())
    keys = set(
        re.findall(
            r'^        "(\w+)": ', SOURCES["messages/incoming_payload.py"].partition("def iso_time")[0], re.MULTILINE
        )
    )
    assert set(attributes) == {"event_type"} | keys - {"kind", "entity_id", "device_id"}
    assert set(attributes["role"]["state"]) == set(Role)
    of_alerts = TEXTS["entity"]["sensor"]["alert"]
    assert set(of_alerts["state"]) == set(AlertState)
    said = SOURCES["alerts/entities.py"].partition("def extra_state_attributes")[2].partition("def _moment")[0]
    assert set(of_alerts["state_attributes"]) == set(re.findall(r'^            "(\w+)": ', said, re.MULTILINE))
    of_routes = TEXTS["entity"]["event"]["route"]["state_attributes"]
    icons = ICONS["entity"]["event"]["route"]["state_attributes"]["event_type"]["state"]
    assert set(of_routes["event_type"]["state"]) == set(icons) == set(ROUTE_EVENT_TYPES.values())
    payload = SOURCES["messages/run_payload.py"].partition('"tried": [')[0]
    keys = {*re.findall(r'^        "(\w+)": ', payload, re.MULTILINE), "tried"}
    assert set(of_routes) == {"event_type"} | keys - {"entity_id", "text", "title"}


@pytest.mark.parametrize("service", list(SERVICES))
def test_every_action_and_field_is_described(service: str) -> None:
    """The visual editor would show bare keys, or a field that it cannot draw."""
    texts = TEXTS["services"][service]
    assert set(texts) >= {"name", "description"}
    assert {name for name, _ in fields(service)} == set(texts.get("fields", {}))
    assert set(ICONS["services"]) == set(SERVICES)
    assert all(set(field) >= {"name", "description"} for field in texts.get("fields", {}).values())


def test_every_action_in_the_code_is_in_the_yaml() -> None:
    """An action would exist that nobody can find."""
    registered = set(re.findall(r'register\(DOMAIN, "(\w+)"', SOURCES["actions/services.py"]))
    registered |= set(re.findall(r'register_admin_service\(hass, DOMAIN, "(\w+)"', SOURCES["actions/services.py"]))
    assert registered == set(SERVICES) == set(TEXTS["services"])


@pytest.mark.parametrize("name", list(AUTOMATION))
def test_every_trigger_and_condition_is_described(name: str) -> None:
    """The visual editor would show bare keys, or a field that it cannot draw."""
    kind, key, description = AUTOMATION[name]
    texts = TEXTS[f"{kind}s"][key]
    fields = texts.get("fields", {})
    assert set(texts) - {"fields"} == {"name", "description"}
    assert set(description.get("fields", {})) == set(fields)
    assert set(ICONS[f"{kind}s"][key]) == {kind}
    assert texts["description"].startswith({"trigger": "Triggers when ", "condition": "Tests if "}[kind])
    assert (kind == "condition") == key.startswith("is_")
    assert all(set(field) == {"name", "description"} for field in fields.values())


async def test_every_trigger_and_condition_is_where_home_assistant_looks(hass: HomeAssistant) -> None:
    """One of them would work in files only, or be offered and not exist."""
    triggers, conditions = await trigger.async_get_triggers(hass), await condition.async_get_conditions(hass)
    assert {f"trigger.{key}" for key in triggers} | {f"condition.{key}" for key in conditions} == set(AUTOMATION)
    for kind, known in (("triggers", triggers), ("conditions", conditions)):
        assert set(TEXTS[kind]) == set(ICONS[kind]) == set(known)


def test_every_icon_belongs_to_an_entity() -> None:
    """An icon would be kept up to date that nothing shows."""
    for platform, entities in ICONS["entity"].items():
        assert platform == "notify" or set(entities) <= set(TEXTS["entity"][platform])


def _checklist() -> dict[str, Any]:
    rules: dict[str, Any] = yaml.safe_load((BACH / "quality_scale.yaml").read_text("utf-8"))["rules"]
    return rules


def test_the_checklist_names_every_rule_once() -> None:
    """A rule of the quality scale would be forgotten, or one that is not kept be left without a word about it."""
    rules = _checklist()
    assert len(rules) == 54
    for rule in rules.values():
        assert rule == "done" or (rule["status"] in {"exempt", "todo"} and rule["comment"])


def test_every_rule_that_is_kept_names_what_shows_it() -> None:
    """The list would promise what nobody has looked at, or what a change has taken away since."""
    evidence = yaml.safe_load((ROOT / "tests" / "component" / "quality_evidence.yaml").read_text("utf-8"))
    assert set(evidence) == {name for name, rule in _checklist().items() if rule == "done"}
    named = [(rule, one) for rule, found in evidence.items() for one in ([found] if isinstance(found, str) else found)]
    assert [(rule, one) for rule, one in named if not _is_there(one)] == []


def _is_there(evidence: str) -> bool:
    """Whether a test, a heading of a page or a file is where the list says."""
    test_file, _, test = evidence.partition("::")
    page, _, heading = evidence.partition("#")
    place = ROOT / (test_file if test else page)
    if not place.is_file():
        return False
    text = place.read_text("utf-8")
    if test:
        return re.search(rf"^(?:async )?def {test}\(", text, re.MULTILINE) is not None
    return not heading or re.search(rf"^#+ {re.escape(heading)}$", text, re.MULTILINE) is not None


@pytest.mark.parametrize(
    "evidence",
    [
        "tests/component/test_rules.py::test_nothing",
        "README.md#Nothing",
        "README.md#nstall",
        "nowhere.md",
        "a.py::test",
    ],
)
def test_what_is_not_there_shows_nothing(evidence: str) -> None:
    """A name that was mistyped would pass for evidence."""
    assert not _is_there(evidence)


def test_every_platform_says_how_many_updates_run_at_once() -> None:
    """Home Assistant would let all entities of a platform ask at the same moment."""
    platforms = [BACH / f"{platform}.py" for platform in PLATFORMS]
    assert [one.name for one in platforms if "\nPARALLEL_UPDATES = " not in one.read_text("utf-8")] == []


def test_the_pictures_are_there() -> None:
    """HACS would refuse the repository, and lists would show a hole."""
    for name in (
        "icon.png",
        "icon@2x.png",
        *(f"{mode}logo{size}.png" for mode in ("", "dark_") for size in ("", "@2x")),
    ):
        assert (BACH / "brand" / name).read_bytes().startswith(b"\x89PNG")
