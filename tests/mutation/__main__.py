"""Tests the tests: `script/mutate` changes the code a little, and counts which changes no test notices.

mutmut works on a copy of the checkout below `.mutation/`, so that nothing here ever holds a mistake made on purpose.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from tests.mutation.targets import TARGETS, Target

_ROOT = Path(__file__).parents[2]
_WORK = _ROOT / ".mutation"
_COPIED = ("bach_lib", "tests/lib", "tests/contracts", "tests/conftest.py")
_WITHOUT = ("randomly", "cacheprovider", "homeassistant", "unraisableexception")
"""Plugins of pytest; the last two gather garbage around every test or run, which takes several times as long as it."""
_UNNOTICED = ("survived", "no tests", "suspicious")
_RESULT = re.compile(r"^\s*(\S+__mutmut_\d+): (.+)$", re.MULTILINE)


def main() -> int:
    """Change, test, and say what was not noticed; 1 if that is more than the share that is allowed."""
    parser = argparse.ArgumentParser(prog="script/mutate", description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS), help="what is changed")
    parser.add_argument("--only", help="only files whose name matches this pattern, such as lanes.py")
    parser.add_argument("--again", action="store_true", help="go on with what the last run began")
    parser.add_argument("--wanted", type=float, default=95, help="percent that must be noticed (95)")
    options = parser.parse_args()
    target = TARGETS[options.target]
    folder = _WORK / (f"{options.target}-{options.only}" if options.only else options.target)
    if not options.again:
        _prepare(folder, target, options.only)
    started = time.monotonic()
    command = [sys.executable, "-m", "mutmut"]
    log = folder / "mutmut.log"
    with log.open("w") as file:
        subprocess.run([*command, "run", "--max-children", "1"], cwd=folder, check=False, stdout=file, stderr=file)
    listed = subprocess.run(
        [*command, "results", "--all", "true"], cwd=folder, check=True, capture_output=True, text=True
    )
    return _report(_RESULT.findall(listed.stdout), options.wanted, time.monotonic() - started, log)


def _prepare(folder: Path, target: Target, only: str | None) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name in _COPIED:
        source, copy = _ROOT / name, folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, copy)
    patterns = [f"{pattern.removesuffix('*')}{only}" if only else pattern for pattern in target.files]
    settings = {
        "source_paths": ["bach_lib"],
        "only_mutate": patterns,
        "pytest_add_cli_args_test_selection": list(target.tests),
        "pytest_add_cli_args": [argument for plugin in _WITHOUT for argument in ("-p", f"no:{plugin}")],
        "use_git_change_detection": False,
        "use_setproctitle": False,
        "process_isolation": "forkserver",  # tests that share an object do not bear to run twice in one process
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    original = (_ROOT / "pyproject.toml").read_text("utf-8")
    (folder / "pyproject.toml").write_text("\n".join([original, "[tool.mutmut]", *lines, ""]), "utf-8")


def _report(results: list[tuple[str, str]], wanted: float, seconds: float, log: Path) -> int:
    counted = Counter(status for _, status in results)
    unnoticed = [(name, status) for name, status in results if status in _UNNOTICED]
    if not results or counted["not checked"]:
        sys.stdout.write(f"the run did not come to its end; see {log}\n")
        return 1
    tried = len(results) - counted["skipped"]
    score = 100 * (tried - len(unnoticed)) / tried if tried else 0.0
    for name, status in unnoticed:
        sys.stdout.write(f"{status}: {name}\n")
    told = ", ".join(f"{number} {status}" for status, number in sorted(counted.items()))
    sys.stdout.write(f"{score:.1f} % of {tried} changes were noticed ({told}; {seconds:.0f} s)\n")
    return 0 if score >= wanted else 1


if __name__ == "__main__":
    sys.exit(main())
