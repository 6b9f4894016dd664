"""Builds the zip that HACS installs: the integration with a copy of the library inside.

HACS delivers only `custom_components/bach/`, so the library travels in its `_vendor/` folder (adr/0002), without what
only other programs use. The same commit gives the same bytes: files are sorted and carry one fixed time and mode.

Usage: build_zip.py VERSION TARGET. Refuses, when the manifest or the library names another version.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ROOT = Path(__file__).parents[2]
INTEGRATION = ROOT / "custom_components" / "bach"
LIBRARY = ROOT / "bach_lib"
_LEFT_OUT = {"__pycache__", "_vendor"}
_NOT_FOR_HOMES = ("cli", "legacy", "testing", "web/page")
"""What nothing in a home imports: the command and what only it does (old data, the page), and the doubles."""
BUILT = "panel.js"
FIXED_TIME = (2020, 2, 2, 0, 0, 0)  # the one hatchling gives to the files of a wheel


# who unpacks by hand is not always who runs Home Assistant
_FILE_MODE = 0o100644
_FOLDER_MODE = 0o40755


def members() -> Iterator[tuple[str, Path]]:
    """Every file of the zip, as its name inside and its place in the checkout."""
    yield "LICENSE", ROOT / "LICENSE"
    for folder, prefix in ((INTEGRATION, ""), (LIBRARY, "_vendor/bach_lib/")):
        for path in folder.rglob("*"):
            inside = path.relative_to(folder)
            if path.is_file() and not any(part.startswith(".") or part in _LEFT_OUT for part in inside.parts):
                if folder == LIBRARY and any(inside.is_relative_to(one) for one in _NOT_FOR_HOMES):
                    continue
                yield prefix + inside.as_posix(), path


def build(version: str, target: Path) -> None:
    """Write the zip of `version` to `target`. Raises SystemExit when the manifest or the library names another."""
    named = {
        "the manifest": json.loads((INTEGRATION / "manifest.json").read_text("utf-8"))["version"],
        "bach_lib": _version_of_library(),
    }
    for who, found in named.items():
        if found != version:
            raise SystemExit(f"release: error: {who} says version {found}, the release is of {version}")
    files = dict(members())
    if f"_vendor/bach_lib/web/static/{BUILT}" not in files:
        raise SystemExit("release: error: the web app was not built; script/setup says why")
    folders = {f"{parent}/" for name in files for parent in PurePosixPath(name).parents if parent.name}
    target.parent.mkdir(exist_ok=True)
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for name in sorted({*files, *folders}):
            member = ZipInfo(name, FIXED_TIME)
            member.create_system = 3  # Unix, on whatever machine it is built: else nobody reads the mode
            member.external_attr = (_FOLDER_MODE if name in folders else _FILE_MODE) << 16
            archive.writestr(member, files[name].read_bytes() if name in files else b"", ZIP_DEFLATED)


def _version_of_library() -> str | None:
    """What it says of itself, read and not imported: building needs none of its packages."""
    found = re.search(r'^VERSION = "(.+)"$', (LIBRARY / "version.py").read_text("utf-8"), re.MULTILINE)
    return found[1] if found else None


if __name__ == "__main__":
    build(sys.argv[1], Path(sys.argv[2]))
