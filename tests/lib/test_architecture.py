"""The walls of the design: who may import whom, and how large a file may grow."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "bach_lib"
COMPONENT = ROOT / "custom_components" / "bach"
MAX_LINES = 320


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
def imports(module: str) -> frozenset[str]:
    """Everything a module may import, wherever in it, for types or for good."""
    return frozenset(name for base, names in imported(module) for name in (base, *names))


def needs(module: str) -> set[str]:
    """The modules of ours that a module needs; of `from a import b` that is "a.b" where there is such a module."""
    found = {
        one
        for base, names in imported(module)
        for one in (names & ALL.keys()) | ({base} if not names or names - ALL.keys() else set())
    }
    return found & ALL.keys()


def imported(module: str) -> Iterator[tuple[str, set[str]]]:
    """Every module that is imported, with the full names of what is taken from it."""
    file = ALL[module]
    package = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
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


def test_one_module_speaks_to_sqlite() -> None:
    """Somebody would open a second connection, in another thread, outside of all transactions."""
    assert importers("sqlite3", of=ALL) == {"bach_lib.storage.sqlite"}


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
    parts = {module.split(".")[2] for module in below("bach_lib.connectors") if module.count(".") >= 2}
    parts -= {"backlog", "base", "bounds", "commands", "elements", "forms", "ladder", "network"}  # shared by all
    parts -= {"notes", "platform_time", "progress", "seen"}
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
    passing_on = {"custom_components.bach.web.hooks", "custom_components.bach.web.views"}
    assert importers("aiohttp.web", of=THEIRS) <= passing_on


def test_nothing_is_imported_in_circles() -> None:
    """Whether it works would depend on which module somebody imports first. Imports for types count too."""
    graph = {module: needs(module) for module in ALL}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


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
    assert loaded & {"telegram", "discord", "typer", "rich", "keyring", "httpx", "homeassistant"} == set()


def test_importing_bach_loads_no_test_double_and_no_server() -> None:
    """Every start would pay for what only tests and the REST interface need."""
    assert {"bach_lib.testing", "bach_lib.rest", "bach_lib.cli"} & loaded_by("import bach_lib") == set()


# -- how it is written -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", sorted(ALL))
def test_every_module_says_why_it_exists(module: str) -> None:
    """Who looks for something would have to read all of it."""
    docstring = ast.get_docstring(ast.parse(ALL[module].read_text("utf-8")))
    assert docstring
    assert docstring.splitlines()[0].endswith((".", ":", "!", "?"))


@pytest.mark.parametrize("module", sorted(ALL))
def test_no_file_grows_without_end(module: str) -> None:
    """Nobody could hold it in their head any more."""
    assert len(ALL[module].read_text("utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("module", sorted(ALL))
def test_no_function_grows_without_end(module: str) -> None:
    """Nobody could see at once what it does."""
    functions = (
        node
        for node in ast.walk(ast.parse(ALL[module].read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    long = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions}
    assert {name: lines for name, lines in long.items() if lines > 40} == {}


def test_no_future_import_and_no_debugging_is_left() -> None:
    """Python 3.14 needs none of the first, and nobody needs the second in their house."""
    assert importers("__future__", "pdb", "breakpoint", of=ALL) == set()
