"""Types are as strict as Home Assistant's platinum rule asks: mypy can then say what no test has thought of."""

import ast
import re
import tomllib
from importlib.metadata import PackageNotFoundError, files

import pytest

from tests.component.test_rules import BACH, MANIFEST, ROOT, SOURCES


def _untyped(source: str) -> list[int]:
    """The lines where a plain `ConfigEntry` is spoken of, except of entries that may be any integration's."""
    tree = ast.parse(source)
    anybodys = {
        node
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and "ConfigEntryChange" in ast.unparse(function.args)
        for node in ast.walk(function.args)
    }
    plain = (node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "ConfigEntry")
    return [node.lineno for node in plain if node not in anybodys]


def _is_typed(distribution: str) -> bool:
    """Whether a package says that its types can be read, or another one has them, as hassfest judges it."""
    if any(file.name == "py.typed" for file in files(distribution) or ()):
        return True
    try:
        return bool(files(f"types-{distribution}"))
    except PackageNotFoundError:
        return False


def test_an_entry_of_ours_is_known_by_its_type_everywhere() -> None:
    """A module could read what an entry does not hold, unnoticed by mypy: AttributeError at whoever meets it first."""
    found = {name: lines for name, source in SOURCES.items() if (lines := _untyped(source))}
    [alias] = found.pop("coordinator.py")
    assert SOURCES["coordinator.py"].splitlines()[alias - 1] == "type BachConfigEntry = ConfigEntry[BachCoordinator]"
    assert found.keys() == {"taking_over/core_entries.py"}, "the one that reads what others keep"


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("def f(entry: ConfigEntry) -> None: ...", [1]),
        ("type A = tuple[ConfigEntry, int]", [1]),
        ("a: list[ConfigEntry] = []", [1]),
        ("def f(entry: BachConfigEntry) -> None: ...", []),
        ("def f(_: ConfigEntryChange, entry: ConfigEntry) -> None: ...", []),
    ],
)
def test_a_plain_entry_is_seen(source: str, lines: list[int]) -> None:
    """The test above would find nothing, whatever was written."""
    assert _untyped(source) == lines


def test_what_bach_is_built_on_is_typed() -> None:
    """Mypy would take whatever an untyped package returns for right; so would people who build on `bach_lib`."""
    assert [one for one in MANIFEST["requirements"] if not _is_typed(re.split("[<>=]", one)[0])] == []
    assert not _is_typed("PyTurboJPEG")
    assert all((place / "py.typed").is_file() for place in (BACH, ROOT / "bach_lib"))


def test_mypy_is_strict_about_the_integration() -> None:
    """Whoever relaxes it for a part would have to find another word than strict."""
    mypy = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]
    assert mypy["strict"] is True
    assert {"bach_lib", "custom_components"} <= set(mypy["files"])
    assert [one for one in mypy["overrides"] if "bach" in str(one["module"])] == []
