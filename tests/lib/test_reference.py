"""The reference is what the library is, and says something of everything."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_reference_is_of_this_version_and_leaves_nothing_out() -> None:
    """A page would describe a call as it was, or a field by its name alone."""
    done = subprocess.run(
        [sys.executable, ROOT / "script" / "lib" / "reference.py", "--check"],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert (done.stderr, done.returncode) == ("", 0)
