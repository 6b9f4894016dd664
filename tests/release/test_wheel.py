"""What a release publishes beside the zip: a wheel and a source archive."""

import re
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

from bach_lib import __version__
from bach_lib.web.app_files import STATIC

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both."""
    folder = tmp_path_factory.mktemp("dist")
    hatchling = Path(sys.executable).with_name("hatchling")
    subprocess.run([hatchling, "build", "-d", str(folder)], cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def members(dist: Path) -> list[set[str]]:
    """The files in the wheel and in the source archive."""
    [wheel], [source] = dist.glob("*.whl"), dist.glob("*.tar.gz")
    with ZipFile(wheel) as archive, tarfile.open(source) as tar:
        return [set(archive.namelist()), {one.name.partition("/")[2] for one in tar.getmembers()}]


@pytest.fixture(scope="module")
def told(dist: Path) -> list[str]:
    """What the wheel and the source archive say of themselves."""
    [wheel], [source] = dist.glob("*.whl"), dist.glob("*.tar.gz")
    with ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        told = [archive.read(name).decode()]
    with tarfile.open(source) as archive:
        [member] = [one for one in archive.getmembers() if one.name.endswith("PKG-INFO")]
        file = archive.extractfile(member)
        assert file
        told.append(file.read().decode())
    return told


def test_the_wheel_is_one_that_the_release_can_publish(told: list[str]) -> None:
    """A release would be tagged, and its wheel refused: the publishing action takes metadata up to 2.4."""
    assert [text.splitlines()[0] for text in told] == ["Metadata-Version: 2.4"] * 2
    assert all(f"\nVersion: {__version__}\n" in text for text in told)


@pytest.mark.frontend
def test_both_bring_the_web_app_and_the_licence_of_what_is_in_it(members: list[set[str]]) -> None:
    """The daemon's own page would be empty, or Lit's makers would not be named."""
    for names in members:
        built = {file.name for file in STATIC.iterdir()}
        assert {"LICENSES.txt", "page.css", "page.js", "panel.js", "version.txt"} < built
        assert {one for one in names if one.startswith("bach_lib/web/static/")} == {
            f"bach_lib/web/static/{name}" for name in built
        }


def test_every_link_of_the_page_on_the_index_leads_somewhere(told: list[str]) -> None:
    """Whoever finds BACH on the package index would click on files that are not there."""
    here, page = (ROOT / "README.md").read_text("utf-8"), f"bach-project/bach/blob/v{__version__}/"
    picture = f"https://raw.githubusercontent.com/bach-project/bach/v{__version__}/"
    for text in told:
        links = re.findall(r"\]\(([^)\s]+)", text)
        assert len(links) == len(re.findall(r"\]\(", here)) > 20
        assert [link for link in links if not link.startswith(("https://", "#"))] == []
        ours = [link for link in links if "bach-project/bach/" in link]
        lost = [one for one in ours if not (ROOT / one.partition(f"/v{__version__}/")[2].partition("#")[0]).exists()]
        assert lost == []
        assert all((link.startswith(picture)) == link.endswith((".png", ".webp")) for link in ours)
        assert any(page in link for link in ours)
