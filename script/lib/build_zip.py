"""Builds the zip that HACS installs: the integration with a copy of the library inside.

HACS delivers only `custom_components/bach/`, so the library travels in its `_vendor/` folder (adr/0002). The same
commit gives the same bytes: files are sorted and carry one fixed time.

Usage: build_zip.py VERSION TARGET. Refuses, when the manifest names another version.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ROOT = Path(__file__).parents[2]
INTEGRATION = ROOT / "custom_components" / "bach"
LIBRARY = ROOT / "bach_lib"
_LEFT_OUT = {"__pycache__", "_vendor"}
FIXED_TIME = (2020, 2, 2, 0, 0, 0)  # the one hatchling gives to the files of a wheel


def members() -> Iterator[tuple[str, Path]]:
    """Every file of the zip, as its name inside and its place in the checkout."""
    yield "LICENSE", ROOT / "LICENSE"
    for folder, prefix in ((INTEGRATION, ""), (LIBRARY, "_vendor/bach_lib/")):
        for path in folder.rglob("*"):
            inside = path.relative_to(folder)
            if path.is_file() and not any(part.startswith(".") or part in _LEFT_OUT for part in inside.parts):
                yield prefix + inside.as_posix(), path


def build(version: str, target: Path) -> None:
    """Write the zip of `version` to `target`. Raises SystemExit when the manifest names another version."""
    found = json.loads((INTEGRATION / "manifest.json").read_text("utf-8"))["version"]
    if found != version:
        raise SystemExit(f"release: error: the manifest says version {found}, pyproject.toml says {version}")
    target.parent.mkdir(exist_ok=True)
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for name, path in sorted(members()):
            archive.writestr(ZipInfo(name, FIXED_TIME), path.read_bytes(), ZIP_DEFLATED)


if __name__ == "__main__":
    build(sys.argv[1], Path(sys.argv[2]))
