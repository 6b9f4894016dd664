"""Sets the witness over all tests, fails the test in which something was wrong, and says at the end what it saw.

Without the descriptions nothing is held against anything, which is said in the summary of every run.
"""

from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest

from bach_lib.testing.loopback import Loopback
from tests.described.witness import VARIABLE, DescribedPlatforms, folder, read

_ROOT = Path(__file__).parent.parent.parent
_KEY = "described"
_WITNESS: pytest.StashKey[DescribedPlatforms] = pytest.StashKey()
_OF_WORKERS: pytest.StashKey[Counter[str]] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Read the descriptions, if there are any."""
    config.addinivalue_line("markers", "broken_requests(why): what this test asks is wrong on purpose")
    config.addinivalue_line("markers", "broken_answers(why): what the doubles answer or tell here is, on purpose")
    config.stash[_OF_WORKERS] = Counter()
    if place := folder(_ROOT):
        Loopback.witness = config.stash[_WITNESS] = DescribedPlatforms(read(place))


def pytest_unconfigure() -> None:
    """Nobody looks any more."""
    Loopback.witness = None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """What is marked as broken on purpose is not looked at."""
    if witness := item.config.stash.get(_WITNESS, None):
        witness.are_requests_broken = item.get_closest_marker("broken_requests") is not None
        witness.are_answers_broken = item.get_closest_marker("broken_answers") is not None
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail the test that said something wrong."""
    result = yield
    _judge(item)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Also for what was said while its fixtures ended."""
    result = yield
    _judge(item)
    return result


def _judge(item: pytest.Item) -> None:
    witness = item.config.stash.get(_WITNESS, None)
    if witness is not None and (faults := witness.take()):
        raise AssertionError("not as the platform describes itself:\n  " + "\n  ".join(dict.fromkeys(faults)))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands its counts in."""
    witness, output = session.config.stash.get(_WITNESS, None), getattr(session.config, "workeroutput", None)
    if witness is not None and output is not None:
        output[_KEY] = dict(witness.counts)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Add what a worker hands in."""
    config, output = getattr(node, "config", None), getattr(node, "workeroutput", {})
    if isinstance(config, pytest.Config):
        config.stash[_OF_WORKERS].update(output.get(_KEY, {}))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> Generator[None]:
    """Say at the very end what was looked at, or that nothing was."""
    yield
    witness = config.stash.get(_WITNESS, None)
    if witness is None:
        words = f"NOT CHECKED: what the doubles say. Set {VARIABLE} to the folder of the platforms' own descriptions."
        terminalreporter.write_line(words, red=True, bold=True)
        return
    counts = witness.counts + config.stash[_OF_WORKERS]
    words = ", ".join(f"{counts[what]} {what}" for what in ("requests", "answers", "updates"))
    terminalreporter.write_line(
        f"checked against the platforms' own descriptions: {words}; mismatches {counts['mismatches']}",
        red=counts["mismatches"] > 0,
        green=not counts["mismatches"],
    )
