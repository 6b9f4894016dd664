"""The map of the code, as `docs/architecture.md` and the glossary draw it, is what is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lib.test_architecture import ROLES, ROOT, arrows_of, rooms_of

PACKAGES = {"`custom_components/bach`": "custom_components.bach", "`bach_lib`": "bach_lib"}
ROOTS = (ROOT, ROOT / "bach_lib", ROOT / "custom_components" / "bach")


def floors(package: str) -> dict[int, set[str]]:
    """The rooms of each floor: one above the highest that they import from."""
    below: dict[str, set[str]] = {}
    for above, under in arrows_of(package):
        below.setdefault(above, set()).add(under)

    def floor(room: str) -> int:
        return 1 + max(map(floor, below.get(room, ())), default=-1)

    found: dict[int, set[str]] = {}
    for room in rooms_of(package):
        found.setdefault(floor(room), set()).add(room.removeprefix(f"{package}."))
    return found


@pytest.mark.parametrize(("name", "package"), PACKAGES.items())
def test_every_room_stands_on_the_floor_where_it_is_drawn(name: str, package: str) -> None:
    """Who plans a change by the page would import what stands above, and find out at the end."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    [picture] = re.findall(rf"^{name}[^\n]*:\n\n```\n(.*?)```", page, re.DOTALL | re.MULTILINE)
    lines = [re.match(r"(\d+) +(\S+(?:  \S+)*)(?: {3,}.*)?$", line) for line in picture.splitlines()]
    drawn = {int(line[1]): set(line[2].split()) for line in lines if line}
    assert drawn == floors(package)


def named_files(document: str) -> Iterator[str]:
    """The files and folders that a page names and that are not there."""
    beside = ROOT
    for name in re.findall(r"`([\w./-]+(?:\.py|/))`", (ROOT / document).read_text("utf-8")):
        if Path(name).name.removesuffix(".py") in ROLES and "/" not in name:
            continue  # a file that each platform has
        found = next((root / name for root in (*ROOTS, beside) if (root / name).exists()), None)
        if found is None:
            yield name
        else:
            beside = found if name.endswith("/") else found.parent


@pytest.mark.parametrize("document", ["architecture", "glossary", "states"])
def test_the_files_that_the_pages_name_are_there(document: str) -> None:
    """A newcomer would look for the code of a word where it was a month ago."""
    assert list(named_files(f"docs/{document}.md")) == []
