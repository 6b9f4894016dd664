"""The copy of the library in the release zip."""

import runpy
import shutil
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "custom_components" / "bach" / "_vendor_path.py"


@pytest.fixture(autouse=True)
def the_same_path_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave Python's search path as it was."""
    monkeypatch.setattr(sys, "path", list(sys.path))


def test_the_copy_of_the_zip_goes_first(tmp_path: Path) -> None:
    """An installation from HACS has the library nowhere else, and no other version must win."""
    shutil.copy(SOURCE, tmp_path)
    vendor = tmp_path / "_vendor"
    vendor.mkdir()
    for _ in range(2):
        runpy.run_path(str(tmp_path / SOURCE.name))
    assert sys.path[0] == str(vendor)
    assert sys.path.count(str(vendor)) == 1


def test_a_checkout_uses_what_lies_beside_it(tmp_path: Path) -> None:
    """Whoever develops must not import an old copy."""
    shutil.copy(SOURCE, tmp_path)
    before = list(sys.path)
    runpy.run_path(str(tmp_path / SOURCE.name))
    assert sys.path == before
