"""The commands that the documents name are there, and each says what it does."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "CONTRIBUTING.md")
NAMED = sorted(
    {name for document in DOCUMENTS for name in re.findall(r"\bscript/(\w+)", (ROOT / document).read_text("utf-8"))}
)


@pytest.mark.parametrize("name", NAMED)
def test_a_command_that_is_named_says_what_it_does(name: str) -> None:
    """Whoever helps for the first time would begin with an error, or with an hour of tests that they did not want."""
    done = subprocess.run(
        [ROOT / "script" / name, "--help"], check=False, capture_output=True, text=True, timeout=300, cwd="/"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.split()) > 8


def test_every_command_is_named() -> None:
    """Nobody would know of it."""
    commands = {path.name for path in (ROOT / "script").iterdir() if path.is_file()}
    in_table = set(re.findall(r"^\| `script/(\w+)", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE))
    assert commands == in_table
