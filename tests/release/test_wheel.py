"""What a release publishes beside the zip: a wheel and a source archive."""

import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[2]


def test_the_wheel_is_one_that_the_release_can_publish(tmp_path: Path) -> None:
    """A release would be tagged, and its wheel refused: the publishing action takes metadata up to 2.4."""
    hatchling = Path(sys.executable).with_name("hatchling")
    subprocess.run([hatchling, "build", "-d", str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    [wheel], [source] = tmp_path.glob("*.whl"), tmp_path.glob("*.tar.gz")
    with ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        told = [archive.read(name).decode()]
    with tarfile.open(source) as archive:
        [member] = [one for one in archive.getmembers() if one.name.endswith("PKG-INFO")]
        file = archive.extractfile(member)
        assert file
        told.append(file.read().decode())
    assert [text.splitlines()[0] for text in told] == ["Metadata-Version: 2.4"] * 2
