"""Small changes of our files, each of which one rule has to find: they show that a rule can fail."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.component.validators import hacs, hassfest_automation, hassfest_code, hassfest_icons, hassfest_manifest
from tests.component.validators import hassfest_texts as texts
from tests.component.validators.hassfest_automation import CONDITIONS, SERVICES, TRIGGERS
from tests.component.validators.package import ENGLISH, HACS, HERE, ICONS, MANIFEST, Package, Rule

type Change = Callable[[Package], Package]

INIT = f"{HERE}/__init__.py"
GERMAN = f"{HERE}/translations/de.json"


class Broken(NamedTuple):
    """A change, the rule that finds it, and what it says."""

    rule: Rule
    says: str
    change: Change


def put(path: str, keys: str, value: object) -> Change:
    """Put this at these keys (with blanks between them), whatever was there."""

    def change(data: dict[str, Any]) -> None:
        *above, last = keys.split()
        for key in above:
            data = data.setdefault(key, {})
        data[last] = value

    return lambda package: package.changed(path, change)


def drop(path: str, keys: str) -> Change:
    """Take out what is at these keys."""

    def change(data: dict[str, Any]) -> None:
        *above, last = keys.split()
        for key in above:
            data = data[key]
        del data[last]

    return lambda package: package.changed(path, change)


def lack(path: str) -> Change:
    """Take out a file."""
    return lambda package: package.without(path)


def write(path: str, text: str) -> Change:
    """Put a file there."""
    return lambda package: package.with_file(path, text.encode())


def add(path: str, text: str) -> Change:
    """Put a line at the end of a file."""
    return lambda package: package.with_file(path, f"{package.text(path)}\n{text}\n".encode())


def rename(path: str, old: str, new: str) -> Change:
    """Call something else in a file by another name."""
    return lambda package: package.with_file(path, package.text(path).replace(old, new).encode())


def shuffled(package: Package) -> Package:
    """The manifest from its end to its beginning."""
    return package.with_file(MANIFEST, f"{{{', '.join(reversed(package.text(MANIFEST)[1:-2].split(',\n')))}}}".encode())


_TITLE = "config step user title"
_SEND = "send_message fields"
_EVENT = "entity event incoming"
_CONTEXT = {"selector": {"state": {}}, "context": {"filter_entity": "target"}}

MANIFESTS = [
    Broken(hassfest_manifest.keys, "colour: ", put(MANIFEST, "colour", "red")),
    Broken(hassfest_manifest.keys, "version: ", drop(MANIFEST, "version")),
    Broken(hassfest_manifest.keys, "version: ", put(MANIFEST, "version", "newest")),
    Broken(hassfest_manifest.keys, "iot_class: ", drop(MANIFEST, "iot_class")),
    Broken(hassfest_manifest.keys, "iot_class: ", put(MANIFEST, "iot_class", "fast")),
    Broken(hassfest_manifest.keys, "integration_type: ", put(MANIFEST, "integration_type", "virtual")),
    Broken(hassfest_manifest.keys, "codeowners.0: ", put(MANIFEST, "codeowners", ["bach-project"])),
    Broken(hassfest_manifest.keys, "config_flow: ", put(MANIFEST, "config_flow", "yes")),
    Broken(hassfest_manifest.keys, "documentation: ", put(MANIFEST, "documentation", "http://bach.example")),
    Broken(
        hassfest_manifest.keys,
        "documentation: ",
        put(MANIFEST, "documentation", "https://www.home-assistant.io/integrations/bach"),
    ),
    Broken(hassfest_manifest.keys, "issue_tracker: ", put(MANIFEST, "issue_tracker", "on our page")),
    Broken(hassfest_manifest.keys, "zeroconf.0", put(MANIFEST, "zeroconf", [{"type": "_a._tcp", "name": "Home*"}])),
    Broken(hassfest_manifest.order, "stands where", shuffled),
    Broken(hassfest_manifest.domain, "not the folder's name", put(MANIFEST, "domain", "handel")),
    Broken(hassfest_manifest.domain, "Home Assistant has", put(MANIFEST, "domain", "telegram_bot")),
    Broken(hassfest_manifest.dependencies, "there is no organ", put(MANIFEST, "dependencies", ["organ"])),
    Broken(hassfest_manifest.dependencies, "trace is needed", put(MANIFEST, "dependencies", ["trace"])),
    Broken(hassfest_manifest.requirements, "regex >=2", put(MANIFEST, "requirements", ["regex >=2"])),
    Broken(hassfest_manifest.requirements, "@ file", put(MANIFEST, "requirements", ["@ file"])),
]
TEXTS = [
    Broken(texts.texts, "en: colour", put(ENGLISH, "colour", {})),
    Broken(texts.texts, "en: config.step.user.hint", put(ENGLISH, "config step user hint", "Hm")),
    Broken(texts.texts, "en: config.step: ", drop(ENGLISH, "config step")),
    Broken(texts.texts, "an address", put(ENGLISH, _TITLE, "See https://bach.example")),
    Broken(texts.texts, "an address", put(ENGLISH, _TITLE, "See www.bach.example")),
    Broken(texts.texts, "markup", put(ENGLISH, _TITLE, "A <b>bold</b> word")),
    Broken(texts.texts, "a stray blank", put(ENGLISH, _TITLE, "A word ")),
    Broken(texts.texts, "a name in single quotes", put(ENGLISH, _TITLE, "Is '{name}' there?")),
    Broken(texts.texts, "a text within another", put(ENGLISH, _TITLE, "Or [%key:common::one%]")),
    Broken(texts.texts, "'the name' is no name", put(ENGLISH, _TITLE, "Hello {the name}")),
    Broken(texts.texts, "'' is no name", put(ENGLISH, _TITLE, "Hello {}")),
    Broken(texts.texts, "a brace too many", put(ENGLISH, _TITLE, "Hello {name")),
    Broken(texts.texts, "en: config.step.user.title: ", put(ENGLISH, _TITLE, 7)),
    Broken(texts.texts, "en: common.Odd", put(ENGLISH, "common Odd", "word")),
    Broken(texts.texts, "en: exceptions.odd-key", put(ENGLISH, "exceptions odd-key message", "word")),
    Broken(texts.texts, "en: config_panel.page.odd__key", put(ENGLISH, "config_panel page odd__key", "word")),
    Broken(texts.texts, "nothing fills", put(ENGLISH, "entity sensor breaker state open", "Open for {name}")),
    Broken(texts.texts, "is described and no", put(ENGLISH, "config step user data_description x", "word")),
    Broken(texts.texts, "entry_type", drop(ENGLISH, "config_subentries person entry_type")),
    Broken(texts.texts, "initiate_flow", drop(ENGLISH, "config_subentries person initiate_flow user")),
    Broken(texts.texts, "either a description", put(ENGLISH, "issues x", {"title": "word"})),
    Broken(
        texts.texts,
        "either a description",
        put(ENGLISH, "issues x", {"title": "", "description": "", "fix_flow": {"step": {}}}),
    ),
    Broken(texts.texts, "en: services.send_message.description: ", drop(ENGLISH, "services send_message description")),
    Broken(
        texts.texts, "en: services.send_message.fields.x.name: ", put(ENGLISH, "services send_message fields x", {})
    ),
    Broken(texts.texts, "de: config_panel.page.title: markup", put(GERMAN, "config_panel page title", "<i>Post</i>")),
    Broken(texts.texts, "de: config.step.user.title: an address", put(GERMAN, _TITLE, "Siehe http://bach.example")),
    Broken(texts.texts, "de: colour", put(GERMAN, "colour", {"red": "rot"})),
    Broken(texts.languages, "there is no language bavarian", write(f"{HERE}/translations/bavarian.json", "{}")),
    Broken(texts.keys, "de: config_panel.page.odd is no text", put(GERMAN, "config_panel page odd", "Wort")),
    Broken(texts.keys, "de: config_panel.page.odd_few is no", put(GERMAN, "config_panel page odd_few", "Wort")),
    Broken(texts.same_names, "waiting.need_one has other", put(GERMAN, "config_panel waiting need_one", "Eine")),
    Broken(texts.same_names, "waiting.need_few has other", put(GERMAN, "config_panel waiting need_few", "{zahl}")),
    Broken(texts.same_names, "need_one cannot be filled", put(GERMAN, "config_panel waiting need_one", "{count")),
]
LOOKS = [
    Broken(hassfest_icons.icons, "colours", put(ICONS, "colours", {})),
    Broken(hassfest_icons.icons, "no icon of Material", put(ICONS, f"{_EVENT} default", "fas:envelope")),
    Broken(hassfest_icons.icons, "default: expected", put(ICONS, f"{_EVENT} default", 7)),
    Broken(
        hassfest_icons.icons, "icon that it would have", put(ICONS, "entity switch enabled state on", "mdi:power-plug")
    ),
    Broken(
        hassfest_icons.icons,
        "icon that it would have",
        put(ICONS, f"{_EVENT} state_attributes kind", {"default": "mdi:map", "state": {"a": "mdi:map"}}),
    ),
    Broken(hassfest_icons.icons, "begins with a number", put(ICONS, f"{_EVENT} range", {"low": "mdi:map"})),
    Broken(
        hassfest_icons.icons,
        "go upwards",
        put(ICONS, f"{_EVENT} range", {"9": "mdi:map", "10": "mdi:map", "0": "mdi:map"}),
    ),
    Broken(hassfest_icons.icons, "triggers.message_dead", put(ICONS, "triggers message_dead", "mdi:map")),
    Broken(hassfest_icons.icons_exist, "there is no mdi:organ-pipe", put(ICONS, f"{_EVENT} default", "mdi:organ-pipe")),
    Broken(hacs.of_hacs, "colour", put(HACS, "colour", "red")),
    Broken(hacs.of_hacs, "name: ", drop(HACS, "name")),
    Broken(hacs.of_hacs, "a zip without a name", drop(HACS, "filename")),
    Broken(hacs.of_hacs, "homeassistant: ", put(HACS, "homeassistant", "2099.1.0")),
    Broken(hacs.of_hacs, "homeassistant: ", put(HACS, "homeassistant", "newest")),
    Broken(hacs.of_hacs, "country", put(HACS, "country", "Austria")),
    Broken(hacs.of_hacs, "name: ", lack(HACS)),
    Broken(hacs.of_manifest, "issue_tracker: ", drop(MANIFEST, "issue_tracker")),
    Broken(hacs.of_manifest, "documentation: ", put(MANIFEST, "documentation", "README.md")),
    Broken(hacs.place, "'handel'", write("custom_components/handel/__init__.py", "")),
    Broken(hacs.information, "no README", lack("README.md")),
    Broken(hacs.brand, "no picture", lack(f"{HERE}/brand/icon.png")),
    Broken(hacs.brand, "no picture", write(f"{HERE}/brand/icon.png", "<svg/>")),
]
AUTOMATIONS = [
    Broken(hassfest_automation.actions, "send_message", put(SERVICES, "send_message colour", "red")),
    Broken(hassfest_automation.actions, "Odd-Name", put(SERVICES, "Odd-Name", None)),
    Broken(hassfest_automation.actions, "send_message", put(SERVICES, f"{_SEND} title selector", {"texts": {}})),
    Broken(hassfest_automation.actions, "send_message", put(SERVICES, f"{_SEND} title example", None)),
    Broken(hassfest_automation.actions, "send_message", put(SERVICES, f"{_SEND} title required", "yes")),
    Broken(hassfest_automation.actions, "send_message", put(SERVICES, f"{_SEND} wait selector number mode", "wheel")),
    Broken(hassfest_automation.actions, "title is there twice", put(SERVICES, f"{_SEND} options fields title", {})),
    Broken(hassfest_automation.actions, "cancel", put(SERVICES, "cancel fields x", {"filter": {"attribute": {}}})),
    Broken(hassfest_automation.actions_described, "registers actions", lack(SERVICES)),
    Broken(hassfest_automation.triggers, "trigger.py offers", lack(TRIGGERS)),
    Broken(hassfest_automation.triggers, "message_dead", put(TRIGGERS, "message_dead colour", "red")),
    Broken(hassfest_automation.triggers, "message_dead", put(TRIGGERS, "message_dead target", {"entities": {}})),
    Broken(hassfest_automation.triggers, "x cannot take", put(TRIGGERS, "message_dead fields x", _CONTEXT)),
    Broken(hassfest_automation.conditions, "condition.py offers", lack(CONDITIONS)),
    Broken(
        hassfest_automation.conditions, "is_connected", put(CONDITIONS, "is_connected fields x", {"advanced": True})
    ),
    Broken(hassfest_automation.choices, "format has other", drop(ENGLISH, "selector format options plain")),
    Broken(hassfest_automation.choices, "role has other", drop(ENGLISH, "selector needed_role")),
]
CODE = [
    Broken(hassfest_code.imports, "imports cloud", add(INIT, "from homeassistant.components.cloud import x")),
    Broken(hassfest_code.imports, "imports cloud", add(INIT, "from homeassistant.components import cloud")),
    Broken(hassfest_code.imports, "imports cloud", add(INIT, "def f():\n    import homeassistant.components.cloud")),
    Broken(hassfest_code.imports, "imports webhook", put(MANIFEST, "dependencies", [])),
    Broken(hassfest_code.dialogs, "no config_flow.py", lack(f"{HERE}/config_flow.py")),
    Broken(
        hassfest_code.dialogs,
        "async_step_zeroconf sets",
        lambda package: Package(
            {MANIFEST: b"{}", f"{HERE}/flows/found.py": b"async def async_step_zeroconf(self, info): ..."}
        ),
    ),
    Broken(hassfest_code.configuration, "without a schema", rename(INIT, "CONFIG_SCHEMA", "SCHEMA")),
    Broken(hassfest_code.whole_json, "hacs.json: ", write(HACS, "{,}")),
    Broken(hassfest_code.whole_json, "name is there twice", write(HACS, '{"name": "BACH", "name": "Bach"}')),
]
BROKEN = [*MANIFESTS, *TEXTS, *LOOKS, *AUTOMATIONS, *CODE]
