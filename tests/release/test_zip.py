"""The zip that HACS installs is built and imported as Home Assistant would, without the checkout beside it."""

import json
import runpy
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]

PROBE = """
import sys
sys.path[:] = [path for path in sys.path if path.rstrip("/") != {checkout!r}]
sys.path.insert(0, {config!r})
import homeassistant.core
import custom_components.bach, custom_components.bach.config_flow, custom_components.bach.diagnostics
import bach_lib.storage.schema
from bach_lib.connectors.telegram import TelegramConnector
assert bach_lib.storage.schema.load_queries()
print(bach_lib.__file__)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration folder into which the zip was unpacked."""
    folder = tmp_path_factory.mktemp("config")
    version = json.loads((ROOT / "custom_components/bach/manifest.json").read_text("utf-8"))["version"]
    build = runpy.run_path(str(ROOT / "script/lib/build_zip.py"))["build"]
    build(version, folder / "bach.zip")
    with ZipFile(folder / "bach.zip") as archive:
        archive.extractall(folder / "custom_components" / "bach")
    (folder / "custom_components" / "__init__.py").touch()
    return folder


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
        assert there - {Path("LICENSE")} == wanted
