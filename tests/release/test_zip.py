"""The zip that HACS installs is built and imported as Home Assistant would, without the checkout beside it."""

import ast
import json
import runpy
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

pytestmark = pytest.mark.frontend

ROOT = Path(__file__).parents[2]
VERSION = json.loads((ROOT / "custom_components/bach/manifest.json").read_text("utf-8"))["version"]

PROBE = """
import sys
sys.path[:] = [path for path in sys.path if path.rstrip("/") != {checkout!r}]
sys.path.insert(0, {config!r})
import homeassistant.core
import custom_components.bach, custom_components.bach.config_flow, custom_components.bach.diagnostics
import bach_lib, bach_lib.storage.schema
import importlib, pkgutil
for module in pkgutil.walk_packages(bach_lib.__path__, "bach_lib."):
    importlib.import_module(module.name)
from bach_lib.connectors.telegram import TelegramConnector
assert bach_lib.storage.schema.load_queries()
print(bach_lib.__file__)
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip that a release publishes."""
    built = tmp_path_factory.mktemp("dist") / "bach.zip"
    runpy.run_path(str(ROOT / "script/lib/build_zip.py"))["build"](VERSION, built)
    return built


@pytest.fixture(scope="module")
def installed(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration folder into which the zip was unpacked."""
    folder = tmp_path_factory.mktemp("config")
    with ZipFile(archive) as opened:
        opened.extractall(folder / "custom_components" / "bach")
    (folder / "custom_components" / "__init__.py").touch()
    return folder


@pytest.mark.slow  # an environment of its own
def test_the_installed_integration_brings_its_own_library(installed: Path) -> None:
    """Whoever installs through HACS would get an import error at the next start of Home Assistant."""
    program = PROBE.format(checkout=str(ROOT), config=str(installed))
    command = [sys.executable, "-P", "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert run.returncode == 0, run.stderr
    assert Path(run.stdout.strip()).is_relative_to(installed / "custom_components/bach/_vendor")


def test_nothing_is_missing_or_left_over(installed: Path) -> None:
    """A file of the integration or the library would not reach the user, or a stray one would."""
    target = installed / "custom_components" / "bach"
    for source, copy in ((ROOT / "custom_components/bach", target), (ROOT / "bach_lib", target / "_vendor/bach_lib")):
        wanted = {
            path.relative_to(source) for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts
        }
        there = {path.relative_to(copy) for path in copy.rglob("*") if path.is_file()}
        there = {path for path in there if path.parts[0] != "_vendor" and "__pycache__" not in path.parts}
        if source.name == "bach_lib":
            wanted = {path for path in wanted if path.suffix != ".py" or module(path) in needed()}
            wanted = {path for path in wanted if path.suffix == ".py" or path.parts[0] not in {"cli", "testing"}}
        assert there - {Path("LICENSE")} == wanted


def test_everybody_may_read_what_was_unpacked(archive: Path) -> None:
    """Who unpacks by hand would get files that another user's Home Assistant cannot open."""
    with ZipFile(archive) as opened:
        modes = {one.filename: one.external_attr >> 16 for one in opened.infolist()}
    assert {mode for name, mode in modes.items() if name.endswith("/")} == {stat.S_IFDIR | 0o755}
    assert {mode for name, mode in modes.items() if not name.endswith("/")} == {stat.S_IFREG | 0o644}
    parents = {f"{parent}/" for name in modes for parent in PurePosixPath(name).parents if parent.name}
    assert parents <= modes.keys()


RELEASED = (
    *("custom_components/bach/manifest.json", "bach_lib/version.py", "bach_lib/web/static/panel.js"),
    *("LICENSE", "script/lib/build_zip.py"),
)
"""What is looked at before anything is packed."""


@pytest.mark.parametrize("place", RELEASED[:2])
def test_versions_that_differ_are_not_released(place: str, tmp_path: Path) -> None:
    """The integration would refuse the library that it brings along."""
    for name in RELEASED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    build = runpy.run_path(str(tmp_path / "script/lib/build_zip.py"))["build"]
    build(VERSION, tmp_path / "good.zip")
    changed = (tmp_path / place).read_text("utf-8").replace(f'"{VERSION}"', '"9.9.9"')
    (tmp_path / place).write_text(changed, "utf-8")
    with pytest.raises(SystemExit, match=r"9\.9\.9"):
        build(VERSION, tmp_path / "bad.zip")


def test_nothing_is_released_without_the_app(tmp_path: Path) -> None:
    """Whoever installs it would have no panel."""
    for name in set(RELEASED) - {"bach_lib/web/static/panel.js"}:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    build = runpy.run_path(str(tmp_path / "script/lib/build_zip.py"))["build"]
    with pytest.raises(SystemExit, match="was not built"):
        build(VERSION, tmp_path / "bad.zip")


def module(path: Path) -> str:
    """What a file of the library is called in an import."""
    return ".".join(("bach_lib", *path.with_suffix("").parts)).removesuffix(".__init__")


OF_OTHERS = ("bach_lib.connecting",)
"""What only connectors of other packages import."""


@cache
def needed() -> frozenset[str]:
    """Every module of the library that the integration leads to, by imports and by names in texts."""
    places = {module(path.relative_to(ROOT / "bach_lib")): path for path in (ROOT / "bach_lib").rglob("*.py")}
    found = set(OF_OTHERS)
    waiting = [*(ROOT / "custom_components/bach").rglob("*.py"), *(places[one] for one in OF_OTHERS)]
    while waiting:
        for name in named(waiting.pop()):
            parents = {".".join(name.split(".")[:depth]) for depth in range(1, name.count(".") + 2)}
            fresh = (parents & places.keys()) - found
            found |= fresh
            waiting += [places[one] for one in fresh]
    return frozenset(found)


def named(path: Path) -> Iterator[str]:
    """What a file imports, or says that it will."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{one.name}" for one in node.names)
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("bach_lib."):
            yield node.value
