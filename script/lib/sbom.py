"""Writes what of others a release holds, as a CycloneDX document: what npm says of the packages in the app.

The Python packages that BACH needs are not in it: nothing of them is shipped; pip or Home Assistant says what came.
The same commit gives the same bytes, so it names no time and has no number of its own.

Usage: sbom.py VERSION TARGET NPM...
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

FRONTEND = Path(__file__).parents[2] / "frontend"


def write(version: str, target: Path, npm: Sequence[str]) -> None:
    """Ask npm, which wants a version for whatever it describes. Raises CalledProcessError."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "bach"  # npm names things by it
        folder.mkdir()
        shutil.copy(FRONTEND / "package-lock.json", folder)
        package = json.loads((FRONTEND / "package.json").read_text("utf-8"))
        (folder / "package.json").write_text(json.dumps({**package, "name": "bach", "version": version}), "utf-8")
        ask = ["sbom", "--sbom-format=cyclonedx", "--sbom-type=application", "--omit=dev", "--package-lock-only"]
        done = subprocess.run([*npm, *ask], cwd=folder, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    del found["serialNumber"], found["metadata"]["timestamp"]
    target.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
