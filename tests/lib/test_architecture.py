"""The walls of the design: who may import whom, and how large a file may grow."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "bach_lib"
COMPONENT = ROOT / "custom_components" / "bach"
MAX_LINES = 300

FOUND_BY_HOME_ASSISTANT = frozenset(
    {
        *("backup", "binary_sensor", "button", "condition", "config_flow", "diagnostics", "event", "logbook", "notify"),
        *("repairs", "sensor", "switch", "system_health", "trigger"),
    }
)
"""What lies flat in the integration because Home Assistant looks for it there, by name."""

ROLES = {
    "codec": "between a platform's words and ours",
    "connector": "what sends to a platform and receives from it",
    "errors": "what a platform's refusals say; in the integration, how ours are said",
    "finding": "whom a platform lets one look up",
    "json_fields": "reading a platform's JSON field by field",
    "receiver": "what keeps receiving, of a platform and in general",
    "recipients": "what a platform's addresses look like; in the integration, their entities",
    "rest": "the calls of a platform's HTTP interface",
    "rows": "how a thing is written to the database and read again",
    "rungs": "what a platform's message goes without",
    "settings": "what people set for a platform",
}
"""The names that several modules of a package may have, for they are the same thing of different platforms."""


def modules(package: Path) -> dict[str, Path]:
    """Every module of a package with its file."""
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
        for file in sorted(package.rglob("*.py"))
        if "_vendor" not in file.parts
    }


OURS = modules(LIBRARY)
THEIRS = modules(COMPONENT)
ALL = OURS | THEIRS


@cache
def tree_of(module: str) -> ast.Module:
    """What is written in a module; each is read once."""
    return ast.parse(ALL[module].read_text("utf-8"))


@cache
def imports(module: str) -> frozenset[str]:
    """Everything a module may import, wherever in it, for types or for good."""
    return frozenset(name for base, names in imported(module) for name in (base, *names))


@cache
def needs(module: str) -> frozenset[str]:
    """The modules of ours that a module needs; of `from a import b` that is "a.b" where there is such a module."""
    found = {
        one
        for base, names in imported(module)
        for one in (names & ALL.keys()) | ({base} if not names or names - ALL.keys() else set())
    }
    return frozenset(found & ALL.keys())


def imported(module: str) -> Iterator[tuple[str, set[str]]]:
    """Every module that is imported, with the full names of what is taken from it."""
    file = ALL[module]
    package = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, set()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*parent, *filter(None, [node.module])])
            yield base, {f"{base}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "import_module":
            yield from (
                (one.value, set()) for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
            )


def importers(*names: str, of: dict[str, Path]) -> set[str]:
    """The modules that import one of these, or something below."""
    return {
        module
        for module in of
        if any(one == name or one.startswith(f"{name}.") for one in imports(module) for name in names)
    }


def below(package: str) -> dict[str, Path]:
    """The modules of a part of the library."""
    return {module: file for module, file in OURS.items() if module == package or module.startswith(f"{package}.")}


# -- who may import whom ---------------------------------------------------------------------------------------------


def test_the_library_knows_nothing_of_home_assistant() -> None:
    """It could not be used without it."""
    assert importers("homeassistant", "voluptuous", "probatio", "custom_components", of=OURS) == set()


def test_the_two_directions_do_not_know_each_other() -> None:
    """A change to receiving could break sending."""
    assert importers("bach_lib.inbound", of=below("bach_lib.outbound")) == set()
    assert importers("bach_lib.outbound", of=below("bach_lib.inbound")) == set()


def test_one_module_speaks_to_each_database() -> None:
    """Somebody would open a second connection, in another thread, outside of all transactions."""
    assert importers("sqlite3", of=ALL) == {"bach_lib.storage.sqlite"}
    assert importers("psycopg", of=ALL) == {"bach_lib.storage.postgresql.driver"}


@pytest.mark.parametrize(
    ("library", "home"),
    [
        ("telegram", "bach_lib.connectors.telegram"),
        ("discord", "bach_lib.connectors.discord"),
        ("typer", "bach_lib.cli"),
        ("rich", "bach_lib.cli"),
        ("keyring", "bach_lib.registry.secrets"),
    ],
)
def test_extras_are_imported_in_their_own_place(library: str, home: str) -> None:
    """Everybody would need to install what one platform needs."""
    assert importers(library, of=OURS) - below(home).keys() == set()


def test_platforms_do_not_know_each_other() -> None:
    """Telegram could not be used without what Discord needs."""
    parts = {file.parent.name for file in below("bach_lib.connectors").values()} - {"connectors"}
    for part in parts:
        family = {part, "discord"} if part == "discord_webhook" else {part}
        others = [f"bach_lib.connectors.{other}" for other in parts - family]
        assert importers(*others, of=below(f"bach_lib.connectors.{part}")) == set()


def test_only_tests_and_users_import_the_doubles() -> None:
    """Test code would run in people's houses."""
    outside = {module: file for module, file in OURS.items() if module not in below("bach_lib.testing")}
    assert importers("bach_lib.testing", of=outside) == set()


def test_the_component_speaks_no_protocol() -> None:
    """What a platform says would be read in two places, and in one of them wrongly."""
    protocols = ("sqlite3", "telegram", "discord")
    insides = ("bach_lib.outbound", "bach_lib.inbound", "bach_lib.storage")
    assert importers(*protocols, *insides, of=THEIRS) == set()
    passing_on = {f"custom_components.bach.web.{name}" for name in ("hooks", "panel_files", "views")}
    assert importers("aiohttp.web", of=THEIRS) <= passing_on


def test_nothing_is_imported_in_circles() -> None:
    """Whether it works would depend on which module somebody imports first. Imports for types count too."""
    graph = {module: needs(module) for module in ALL}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


# -- how the house is built ------------------------------------------------------------------------------------------


def rooms_of(folder: str) -> dict[str, set[str]]:
    """The modules and folders right inside a folder, each with the modules that are in it."""
    rooms: dict[str, set[str]] = {}
    for module in ALL:
        if module.startswith(f"{folder}."):
            room = module.removeprefix(f"{folder}.").partition(".")[0]
            rooms.setdefault(f"{folder}.{room}", set()).add(module)
    return rooms


def arrows_of(folder: str) -> dict[tuple[str, str], str]:
    """Which rooms of a folder import which, each with one import that does it."""
    home = {module: room for room, inside in rooms_of(folder).items() for module in inside}
    return {
        (home[module], home[needed]): f"{ALL[module].relative_to(ROOT)} imports {needed}"
        for module in home
        for needed in needs(module)
        if needed in home and home[needed] != home[module]
    }


FOLDERS = sorted({module.rpartition(".")[0] for module in ALL if "." in module} - {"custom_components"})


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_room_stands_on_those_below(folder: str) -> None:
    """Who wants to understand one of two rooms that import each other would have to understand both."""
    arrows = arrows_of(folder)
    both = sorted(f"{arrow}\nand {arrows[b, a]}" for (a, b), arrow in arrows.items() if a < b and (b, a) in arrows)
    assert both == [], "these import each other: let one be handed what it looks up in the other"
    floors: dict[str, set[str]] = {}
    for above, under in arrows:
        floors.setdefault(above, set()).add(under)
    try:
        TopologicalSorter(floors).prepare()
    except CycleError as error:
        circle = error.args[1]
        pytest.fail("\n".join(arrows[above, under] for under, above in pairwise(circle)))


def test_nothing_lies_flat_that_one_room_alone_needs() -> None:
    """The entrance would be full of what belongs into a room."""
    for package, known in ((LIBRARY, OURS), (COMPONENT, THEIRS)):
        root = ".".join(package.relative_to(ROOT).parts)
        flat = {module for module in known if module.rpartition(".")[0] == root and known[module].name != "__init__.py"}
        for module in sorted(flat - {f"{root}.{name}" for name in FOUND_BY_HOME_ASSISTANT | {"_vendor_path"}}):
            users = sorted(user for user in ALL if module in needs(user))
            assert len(users) > 1, f"{known[module].relative_to(ROOT)} is for {users} alone: put it there"


def test_one_name_means_one_thing() -> None:
    """Who has opened one of them would believe to know the other."""
    for package in (OURS, THEIRS):
        named: dict[str, list[str]] = {}
        for module, file in package.items():
            if "testing" not in module and file.name != "__init__.py":
                named.setdefault(file.stem, []).append(str(file.relative_to(ROOT)))
        twice = {name: files for name, files in named.items() if len(files) > 1 and name not in ROLES}
        assert twice == {}, "give each a name that says what it does, or name the role that they share"


def test_no_room_is_for_whatever_is_left() -> None:
    """Everything would end in it."""
    assert {part for module in ALL for part in module.split(".")} & {"lib", "utils", "util", "helpers", "misc"} == set()


@pytest.mark.parametrize("folder", [module for module, file in ALL.items() if file.name == "__init__.py"])
def test_every_folder_says_what_lives_there(folder: str) -> None:
    """Nobody would know what belongs into it, and what never may."""
    docstring = ast.get_docstring(tree_of(folder)) or ""
    sentences = [one for one in re.split(r"(?<=[.!?:])\s+", docstring) if one]
    assert len(sentences) >= 3


# -- what importing costs --------------------------------------------------------------------------------------------


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh Python has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*sys.modules, sep='\\n')"
    return set(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
        ).stdout.split()
    )


def test_importing_bach_loads_no_platform_and_no_command_line() -> None:
    """Home Assistant would load them all in its event loop, and fail where one is not installed."""
    loaded = {name.partition(".")[0] for name in loaded_by("import bach_lib")}
    assert "bach_lib" in loaded
    assert loaded & {"telegram", "discord", "typer", "rich", "keyring", "httpx", "homeassistant", "psycopg"} == set()


def test_importing_bach_loads_no_test_double_and_no_server() -> None:
    """Every start would pay for what only tests and the REST interface need."""
    assert {"bach_lib.testing", "bach_lib.rest", "bach_lib.cli"} & loaded_by("import bach_lib") == set()


def test_importing_bach_loads_no_protocol_of_a_partner() -> None:
    """Every home would have in memory how to speak with AI and MCP servers; most have none."""
    partners = {f"bach_lib.partners.{name}" for name in ("partner", "oauth", "mcp", "claude", "gemini", "ollama")}
    assert partners & loaded_by("import bach_lib, bach_lib.connectors.telegram") == set()


# -- how it is written -----------------------------------------------------------------------------------------------


def test_every_module_says_why_it_exists() -> None:
    """Who looks for something would have to read all of it."""
    docstrings = {module: ast.get_docstring(tree_of(module)) or "" for module in ALL}
    assert [
        module
        for module, docstring in docstrings.items()
        if not docstring or not docstring.splitlines()[0].endswith((".", ":", "!", "?"))
    ] == []


def test_no_file_grows_without_end() -> None:
    """Nobody could hold it in their head any more."""
    lines = {module: len(file.read_text("utf-8").splitlines()) for module, file in ALL.items()}
    assert {module: length for module, length in lines.items() if length > MAX_LINES} == {}


def test_no_function_grows_without_end() -> None:
    """Nobody could see at once what it does."""
    long = {
        f"{module}.{node.name}": lines
        for module in sorted(ALL)
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > 40
    }
    assert long == {}


def test_no_debugging_is_left() -> None:
    """Nobody needs it in their house."""
    assert importers("pdb", "breakpoint", of=ALL) == set()


def test_annotations_wait_where_they_have_to() -> None:
    """On Python 3.12 the library would not start, or end in a NameError; the integration has a newer one."""
    assert importers("__future__", of=THEIRS) == set()
    imported_for_types = {name for name, file in OURS.items() if "if TYPE_CHECKING:" in file.read_text("utf-8")}
    assert imported_for_types <= importers("__future__", of=OURS)
