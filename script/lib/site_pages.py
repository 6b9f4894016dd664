"""Lays the pages of the documentation site into build/site-pages/, as Zensical builds a site of one folder only.

They are the files of docs/ and adr/ as GitHub shows them, and nothing is written twice: what is changed on the way are
links. One to another page of the site leads there, one to anything else of the repository to the file of this version.

Usage: site_pages.py (once), site_pages.py --follow COMMAND … (again whenever a file is saved, until the command ends).
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from os.path import normpath, relpath
from pathlib import Path
from time import sleep

from bach_lib.version import VERSION

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "build" / "site-pages"
REPOSITORY = f"https://github.com/bach-project/bach/blob/v{VERSION}"
PACKAGES = "frontend/node_modules"
FENCE = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s#]+)")


class DeadLinkError(Exception):
    """A page has a link that leads to nothing."""

    def __init__(self, page: str, link: str) -> None:
        super().__init__(f"{page} has a link to {link}, and there is no such file")


def pages() -> dict[str, str]:
    """Every file that the site shows, and its place there."""
    found = {
        "CHANGELOG.md": "changelog.md",
        "CONTRIBUTING.md": "contributing.md",
        "custom_components/bach/brand/icon.png": "images/icon.png",
        f"{PACKAGES}/@mermaid-js/tiny/dist/mermaid.tiny.js": "javascripts/mermaid.js",
        f"{PACKAGES}/iframe-worker/shim/index.js": "javascripts/iframe-worker.js",
    }
    for folder in ("docs", "adr"):
        for file in sorted((ROOT / folder).rglob("*.*")):
            path = file.relative_to(ROOT).as_posix()
            found[path] = re.sub(r"(^|/)README\.md$", r"\1index.md", path.removeprefix("docs/"))
    return found


def with_links(text: str, source: str, places: dict[str, str]) -> str:
    """A page as it stands on the site. What stands in blocks of code is left alone.

    Raises:
        DeadLinkError: A link leads to nothing.
    """

    def turned(found: re.Match[str]) -> str:
        path = normpath(f"{Path(source).parent}/{found[0]}")
        if path in places:
            return relpath(places[path], Path(places[source]).parent)
        if not (ROOT / path).exists():
            raise DeadLinkError(source, found[0])
        return f"{REPOSITORY}/{path}"

    def in_order() -> Iterator[str]:
        end = 0
        for block in FENCE.finditer(text):
            yield LINK.sub(turned, text[end : block.start()])
            yield block[0]
            end = block.end()
        yield LINK.sub(turned, text[end:])

    return "".join(in_order())


def lay_down(target: Path = TARGET) -> None:
    """Write what has changed, and take away what is gone."""
    places = pages()
    for source, place in places.items():
        content = (ROOT / source).read_bytes()
        if place.endswith(".md"):
            content = with_links(content.decode(), source, places).encode()
        file = target / place
        if not file.exists() or file.read_bytes() != content:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    for file in [*target.rglob("*.*")]:
        if file.relative_to(target).as_posix() not in places.values():
            file.unlink()


def follow(command: list[str]) -> None:
    """Lay the pages down as often as they change, while the command runs. What cannot be read now comes next time."""
    with subprocess.Popen(command) as running:
        while running.poll() is None:
            sleep(0.5)
            try:
                lay_down()
            except (DeadLinkError, OSError, UnicodeError) as error:
                sys.stderr.write(f"docs: {error}\n")


def main() -> int:
    """Lay the pages down; with a command, go on doing so."""
    try:
        lay_down()
    except DeadLinkError as error:
        sys.stderr.write(f"docs: error: {error}\n")
        return 1
    if sys.argv[1:2] == ["--follow"]:
        with suppress(KeyboardInterrupt):
            follow(sys.argv[2:])
    return 0


if __name__ == "__main__":
    sys.exit(main())
