"""What Home Assistant's validator asks of the code and of every file, in our words."""

import ast
import json
import re
from collections.abc import Iterator

from homeassistant.const import Platform
from homeassistant.requirements import DISCOVERY_INTEGRATIONS

from tests.component.validators.package import HERE, MANIFEST, Package

_FOUND_BY_ITSELF = re.compile(r"async_step_(?:bluetooth|dhcp|discovery|hassio|homekit|mqtt|ssdp|usb|zeroconf)\b")
_SETS_UP = {"async_setup", "setup"}
_SCHEMAS = {"CONFIG_SCHEMA", "PLATFORM_SCHEMA", "PLATFORM_SCHEMA_BASE"}
_SIGNING = ("homeassistant.components.http.auth", ["async_sign_path"])


def imports(package: Package) -> Iterator[str]:
    """What is imported of another integration is named in the manifest, or is one whose part this is.

    Source: script/hassfest/dependencies.py of home-assistant/core, early 2026. Stricter: it knows 27 more that need not
    be named. Of those we use the one without which no other is set up.
    """
    manifest = package.data(MANIFEST)
    allowed = {*manifest.get("dependencies", ()), *manifest.get("after_dependencies", ()), *Platform, "homeassistant"}
    allowed |= {name for name, keys in DISCOVERY_INTEGRATIONS.items() if {*keys} & {*manifest}}
    for path, source in package.sources():
        for name in sorted(_imported(ast.parse(source)) - allowed):
            if f"{HERE}/{name}.py" not in package.files:
                yield f"{path} imports {name}"


def _imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return set()
    whole: list[str] = []
    match node:
        case ast.ImportFrom(module="homeassistant.components", names=found):
            whole = [f"homeassistant.components.{one.name}" for one in found]
        case ast.ImportFrom(module=str(module), names=found) if (module, [one.name for one in found]) != _SIGNING:
            whole = [module]
        case ast.Import(names=found):
            whole = [one.name for one in found]
    names = {name.split(".")[2] for name in whole if name.startswith("homeassistant.components.")}
    return names.union(*map(_imported, ast.iter_child_nodes(node)))


def dialogs(package: Package) -> Iterator[str]:
    """The dialogs are where they are looked for, and what is found by itself is told apart by an id of its own.

    Source: script/hassfest/config_flow.py of home-assistant/core, 2026. Stricter: steps in other modules count as well.
    """
    sources = "\n".join(source for _, source in package.sources())
    if package.data(MANIFEST).get("config_flow") and f"{HERE}/config_flow.py" not in package.files:
        yield "there is no config_flow.py"
    if (step := _FOUND_BY_ITSELF.search(sources)) and "self.async_set_unique_id(" not in sources:
        yield f"{step[0]} sets no unique id"


def configuration(package: Package) -> Iterator[str]:
    """Who is set up without an entry says what may stand in configuration.yaml; the schema says that nothing may.

    Source: script/hassfest/config_schema.py of home-assistant/core, early 2026.
    """
    module = ast.parse(package.text(f"{HERE}/__init__.py"))
    names = {*_given(module)}
    functions = {node.name for node in module.body if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)}
    if _SETS_UP & functions and not _SCHEMAS & names:
        yield "async_setup without a schema"


def _given(module: ast.Module) -> Iterator[str | None]:
    for node in ast.walk(module):
        match node:
            case ast.Name(ctx=ast.Store(), id=name):
                yield name
            case ast.alias(name=name, asname=other):
                yield other or name


def whole_json(package: Package) -> Iterator[str]:
    """Every file of JSON can be read, and says nothing twice.

    Source: script/hassfest/json.py of home-assistant/core, 2026. Stricter: a key that stands there twice is read once.
    """
    for path in sorted(package.files):
        if path.endswith(".json"):
            try:
                json.loads(package.files[path], object_pairs_hook=_once)
            except ValueError as error:
                yield f"{path}: {error}"


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = [key for key, _ in pairs]
    if twice := {key for key in found if found.count(key) > 1}:
        raise ValueError(f"{min(twice)} is there twice")
    return dict(pairs)


RULES = (imports, dialogs, configuration, whole_json)
