"""The command that strangers try first: `script/demo`."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from demo.process import ROOT

pytestmark = pytest.mark.e2e


@pytest.mark.slow  # a home begins, is killed and begins anew
def test_every_message_survives_an_outage_and_a_crash() -> None:
    """If this fails, `kill -9` of a real Home Assistant loses, repeats or reorders messages, or the demo is broken."""
    done = subprocess.run([ROOT / "script/demo", "--once"], check=False, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All arrived, in order, once each." in done.stdout


def test_an_interrupted_demo_leaves_nothing_behind(tmp_path: Path) -> None:
    """If this fails, Ctrl-C leaves a Home Assistant running in the background, or its files in the temporary folder."""
    demo = subprocess.Popen(
        # where the tests run in the background, Ctrl-C is ignored, and what they start would ignore it as well
        ["env", "--default-signal=INT", ROOT / "script/demo", "--once"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    with demo:
        assert demo.stdout
        read_until(demo.stdout.fileno(), b"Home Assistant with BACH")
        assert processes_of(tmp_path)
        demo.send_signal(signal.SIGINT)
        assert demo.wait(timeout=30) == 130
    assert not processes_of(tmp_path)
    assert not list(tmp_path.iterdir())


def read_until(stream: int, words: bytes) -> None:
    """Read what a process prints until it says this; it may be in the middle of a line."""
    seen = b""
    while words not in seen:
        chunk = os.read(stream, 4096)
        assert chunk, f"ended after {seen!r}"
        seen += chunk


def processes_of(folder: Path) -> list[str]:
    """The command lines of all processes that run in this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(folder):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:  # it has ended meanwhile, or is somebody else's
            continue
    return found
