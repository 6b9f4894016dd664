"""The copy of the library in the release zip, and every other that might be taken for it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BACH = Path(__file__).parents[2] / "custom_components" / "bach"
VERSION = json.loads((BACH / "manifest.json").read_text("utf-8"))["version"]

ASK = """
import runpy, sys
for path in {path!r}:
    sys.path.insert(0, path)
{before}
try:
    for _ in range(2):
        runpy.run_path({script!r})
except ImportError as error:
    sys.exit(str(error))
import bach_lib
print(bach_lib.__file__)
print(sys.path.count({vendor!r}))
"""


def library(folder: Path, version: str | None = VERSION) -> Path:
    """Something that calls itself bach_lib."""
    package = folder / "bach_lib"
    package.mkdir(parents=True)
    package.joinpath("__init__.py").write_text(f"__version__ = {version!r}" if version else "", "utf-8")
    return folder


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The integration's folder in a configuration folder, without a library."""
    folder = tmp_path / "config" / "custom_components" / "bach"
    folder.mkdir(parents=True)
    for name in ("_vendor_path.py", "manifest.json"):
        shutil.copy(BACH / name, folder)
    return folder


def ask(installed: Path, *path: Path, before: str = "") -> subprocess.CompletedProcess[str]:
    """What a fresh Python says, in which `path` can be imported from and `before` has run."""
    program = ASK.format(
        path=[str(one) for one in path],
        before=before,
        script=str(installed / "_vendor_path.py"),
        vendor=str(installed / "_vendor"),
    )
    command = [sys.executable, "-I", "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_copy_of_the_zip_goes_first(installed: Path, tmp_path: Path) -> None:
    """Somebody's `pip install bach-lib` of another version would win over what was tested together."""
    library(installed / "_vendor")
    found = ask(installed, library(tmp_path / "site-packages", "9.9.9"), installed / "_vendor", tmp_path)
    assert found.stdout.split() == [str(installed / "_vendor" / "bach_lib" / "__init__.py"), "1"], found.stderr


def test_a_checkout_uses_what_lies_beside_it(installed: Path) -> None:
    """Whoever develops must not import an old copy."""
    beside = library(installed.parents[1])
    found = ask(installed, beside)
    assert found.stdout.split() == [str(beside / "bach_lib" / "__init__.py"), "0"], found.stderr


@pytest.mark.parametrize("version", ["9.9.9", VERSION, None], ids=["other", "same", "none"])
def test_a_foreign_copy_that_came_first_is_refused(installed: Path, tmp_path: Path, version: str | None) -> None:
    """Half of two libraries would run, and fail somewhere in the middle of a message."""
    library(installed / "_vendor")
    foreign = library(tmp_path / "somewhere", version)
    found = ask(installed, foreign, before="import bach_lib")
    assert found.returncode == 1
    assert f"version {version or 'unknown'}, in {foreign / 'bach_lib'}" in found.stderr
    assert "Remove it" in found.stderr


def test_a_checkout_refuses_an_installed_one_as_well(installed: Path, tmp_path: Path) -> None:
    """Whoever develops would test what is installed instead of what was changed."""
    library(installed.parents[1])
    found = ask(installed, library(tmp_path / "site-packages"))
    assert found.returncode == 1
    assert str(tmp_path / "site-packages" / "bach_lib") in found.stderr


@pytest.mark.parametrize(("version", "code"), [(VERSION, 0), ("9.9.9", 1)])
def test_the_folder_alone_takes_an_installed_one_of_its_version(
    installed: Path, tmp_path: Path, version: str, code: int
) -> None:
    """A copy of the folder from the repository would run with whatever is installed."""
    found = ask(installed, library(tmp_path / "site-packages", version))
    assert found.returncode == code, found.stderr
