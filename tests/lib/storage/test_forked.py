"""A process that was forked while a database was open keeps it from nobody, and gives it back for nobody."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LIVES_ON = """
import asyncio, os, warnings
from bach_lib import Bach

warnings.simplefilter("ignore", DeprecationWarning)  # that there are threads is the point

async def main():
    bach = Bach("bach.db")
    await bach.open()
    ends, lives = os.pipe()
    child = os.fork()
    if not child:
        os.close(lives)
        os.read(ends, 1)
        os._exit(0)
    await bach.close()
    async with bach:
        print("open again")
    os.close(lives)
    os.waitpid(child, 0)

asyncio.run(main())
"""
GIVES_BACK = """
import os
from pathlib import Path
from bach_lib.storage.lock import FileLock

lock = FileLock(Path("bach.db.lock"))
assert lock.acquire()
child = os.fork()
if not child:
    lock.release()
    os._exit(0)
os.waitpid(child, 0)
file = os.open("bach.db.lock", os.O_RDWR)
import fcntl
try:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("still ours")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="nobody is forked there")
@pytest.mark.parametrize(
    ("program", "said"), [(LIVES_ON, "open again\n"), (GIVES_BACK, "still ours\n")], ids=["lives on", "gives back"]
)
def test_a_child_neither_keeps_the_file_nor_gives_it_back(program: str, said: str, tmp_path: Path) -> None:
    """A web server whose workers live longer could not open its database again, or two would work on one queue."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == (said, "")
