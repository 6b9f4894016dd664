"""A plugin of pytest that tries one change after the other, each in a process forked off the collected tests.

mutmut itself begins a whole session of pytest for each change, with the tests in any order. Here a session collects
once, measures which tests come by which functions and how long they take, and then a change costs no more than the
quickest test that notices it. A test that takes much longer than it did, or waits for ever, has noticed; so has one in
which a thread dies, for which it would otherwise wait that long.
"""

import contextlib
import gc
import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Never

import pytest
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state

from tests.mutation.asleep import falls_asleep

_KILLED, _SURVIVED, _NO_TESTS, _TIMEOUT = 1, 0, 33, 36
"""What mutmut writes down."""
_PATIENCE = 20.0, 40.0
"""Seconds that a test may take in any case, and how many times as long as it did before."""
_SLEEP = 3.0, 2.0
"""The same of a time in which it does nothing at all."""
type _Measured = dict[str, tuple[float, list[str]]]
"""By test: its seconds, and the functions it comes by."""


class _Watch:
    """Ends this process with the first failure of a test."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test's outcome; the log of the run names those that failed."""
        if report.failed:
            os.write(2, f"{report.nodeid}\n".encode())
            os._exit(_KILLED)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--sample`: how many changes are tried."""
    parser.addoption("--sample", type=int, help="try only so many changes, at random")


def pytest_runtestloop(session: pytest.Session) -> bool:
    """Try all changes that no test has noticed yet, instead of running the tests once."""
    metas = [path for path in Path("bach_lib").rglob("*.meta") if _unnoticed(path)]
    if not metas:
        return True
    changes = _chosen([(meta, name) for meta in metas for name in _unnoticed(meta)], session.config)
    measured = _measure(session)
    session.config.hook.pytest_runtest_protocol(item=session.items[0], nextitem=None)  # what is imported late is now
    gc.freeze()
    for meta, name in changes:
        function = name.rpartition("__mutmut_")[0]
        items = [item for item in session.items if function in measured[item.nodeid][1]]
        items.sort(key=lambda item: measured[item.nodeid][0])
        began = time.monotonic()
        result = _try(name, items, {test: seconds for test, (seconds, _) in measured.items()})
        _write_down(meta, name, result, time.monotonic() - began)
    return True


def _chosen(changes: list[tuple[Path, str]], config: pytest.Config) -> list[tuple[Path, str]]:
    """All of them, or the same few of them each time."""
    sample: int | None = config.getoption("--sample")
    if sample is None or sample >= len(changes):
        return changes
    return random.Random(len(changes)).sample(changes, sample)


def _unnoticed(meta: Path) -> list[str]:
    tried: dict[str, int | None] = json.loads(meta.read_text("utf-8"))["exit_code_by_key"]
    return [name for name, result in tried.items() if result in {None, _SURVIVED, _NO_TESTS}]


def _write_down(meta: Path, name: str, result: int, seconds: float) -> None:
    content = json.loads(meta.read_text("utf-8"))
    content["exit_code_by_key"][name] = result
    content["durations_by_key"][name] = seconds
    meta.write_text(json.dumps(content), "utf-8")


def _measure(session: pytest.Session) -> _Measured:
    """Run all tests once, unchanged."""
    path = Path("measured.json")
    path.unlink(missing_ok=True)
    if (child := os.fork()) == 0:
        set_mutant_under_test("stats")
        measured: _Measured = {}
        for item, seconds in _run(session.items):
            measured[item.nodeid] = (seconds, sorted(state()._stats))
            state()._stats.clear()
        path.write_text(json.dumps(measured), "utf-8")
        os._exit(0)
    os.waitpid(child, 0)
    if not path.exists():
        pytest.exit("the tests fail although nothing is changed", returncode=1)
    content: _Measured = json.loads(path.read_text("utf-8"))
    return content


def _run(items: Sequence[pytest.Item]) -> Iterator[tuple[pytest.Item, float]]:
    """Run these tests in this process, which ends with the first failure; each one that went well, and its seconds."""
    sys.stdout.flush()
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    items[0].config.pluginmanager.register(_Watch())
    for item, following in zip(items, [*items[1:], None], strict=True):
        began = time.monotonic()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        yield item, time.monotonic() - began


def _try(name: str, items: Sequence[pytest.Item], seconds: dict[str, float]) -> int:
    """What becomes of the tests with this change."""
    if not items:
        return _NO_TESTS
    if (child := os.fork()) == 0:
        os.setpgid(0, 0)
        _try_here(name, items, seconds)
    with contextlib.suppress(ProcessLookupError):
        os.setpgid(child, child)  # as it does itself, whoever is first
    least, times = _SLEEP
    is_asleep = falls_asleep(child, max(least, times * max(seconds[item.nodeid] for item in items)))
    if is_asleep:
        os.kill(child, signal.SIGALRM)
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what its tests started
    code = os.waitstatus_to_exitcode(status)
    return _TIMEOUT if code == -signal.SIGALRM else _SURVIVED if code == _SURVIVED else _KILLED


def _try_here(name: str, items: Sequence[pytest.Item], seconds: dict[str, float]) -> Never:
    set_mutant_under_test(name)
    threading.excepthook = lambda _: os._exit(_KILLED)  # a failure of the test anyway, as a warning that is an error
    least, times = _PATIENCE
    done = _run(items)
    for item in items:
        signal.setitimer(signal.ITIMER_REAL, max(least, times * seconds[item.nodeid]))
        next(done)
    os._exit(_SURVIVED)
