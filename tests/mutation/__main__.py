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
_COPIED = (
    *("bach_lib", "tests/lib", "tests/contracts", "tests/described", "tests/mutation", "tests/conftest.py"),
    "docs",  # against which some tests hold the code
)
_WITHOUT = ("randomly", "cacheprovider", "homeassistant", "unraisableexception")
"""Plugins of pytest; the last two gather garbage around every test or run, which takes several times as long as it."""
_ARGUMENTS = (
    *(argument for plugin in _WITHOUT for argument in ("-p", f"no:{plugin}")),
    *("-q", "--tb=no", "-p", "tests.mutation.rounds", "--hypothesis-profile=mutation"),
)
_UNNOTICED = ("survived", "no tests", "suspicious")
_RESULT = re.compile(r"^\s*(\S+__mutmut_\d+): (.+)$", re.MULTILINE)


def main() -> int:
    """Change, test, and say what was not noticed; 1 if that is more than the share that is allowed."""
    parser = argparse.ArgumentParser(prog="script/mutate", description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS), help="what is changed")
    parser.add_argument("--only", help="only the file of this name, such as lanes.py")
    parser.add_argument("--again", action="store_true", help="only what the last run left, or no test noticed in it")
    parser.add_argument("--sample", type=int, help="only so many changes of each file, at random, as an estimate")
    parser.add_argument("--wanted", type=float, default=95, help="percent that must be noticed (95)")
    options = parser.parse_args()
    target = TARGETS[options.target]
    started = time.monotonic()
    results: list[tuple[str, str]] = []
    for folder, files, tests in _runs(options.target, target, options.only):
        if not options.again:
            shutil.rmtree(folder, ignore_errors=True)
        _prepare(folder, files)
        results += _run(folder, tests, options.sample)
    return _report(results, options.wanted, time.monotonic() - started, is_sample=options.sample is not None)


def _runs(name: str, target: Target, only: str | None) -> list[tuple[Path, list[str], tuple[str, ...]]]:
    """The folders to work in, each with the patterns of its files and with its tests."""
    if only:
        files = [pattern.replace("*", only) for pattern in target.files if pattern.endswith(("*", f"/{only}"))]
        if not any((_ROOT / file).is_file() for file in files):
            sys.exit(f"script/mutate: {name} has no file {only}")
        return [(_WORK / f"{name}-{only}", files, target.close.get(only, target.tests))]
    if not target.close:
        return [(_WORK / name, list(target.files), target.tests)]
    found = sorted(file for pattern in target.files for file in _ROOT.glob(pattern) if file.suffix == ".py")
    return [run for file in found for run in _runs(name, target, file.name)]


def _run(folder: Path, tests: tuple[str, ...], sample: int | None) -> list[tuple[str, str]]:
    """Every change that was to be tried, and what became of it."""
    log = folder / "mutmut.log"
    with log.open("w") as file:
        write = [sys.executable, "-m", "tests.mutation.changes"]
        subprocess.run(write, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        few = [] if sample is None else [f"--sample={sample}"]
        attempt = [sys.executable, "-m", "pytest", *_ARGUMENTS, *few, *tests]
        done = subprocess.run(attempt, cwd=folder / "mutants", check=False, stdout=file, stderr=file)
    show = [sys.executable, "-m", "mutmut", "results", "--all", "true"]
    listed = subprocess.run(show, cwd=folder, check=True, capture_output=True, text=True)
    results: list[tuple[str, str]] = _RESULT.findall(listed.stdout)
    if sample is not None:
        results = [(name, status) for name, status in results if status != "not checked"]
    if done.returncode or any(status == "not checked" for _, status in results):
        sys.stdout.write(f"the run did not come to its end; see {log}\n")
        results.append((folder.name, "not checked"))  # what an earlier run has found is no result of this one
    return results


def _prepare(folder: Path, files: list[str]) -> None:
    """Copy what is needed as it is now; mutmut keeps what is known of functions that have not changed."""
    shutil.rmtree(folder / "mutants" / "tests", ignore_errors=True)
    for old in (folder / "mutants" / "bach_lib").rglob("*.*"):  # such as queries; mutmut copies what is not there
        if old.is_file() and old.suffix not in {".py", ".meta"}:
            old.unlink()
    for name in _COPIED:
        source, copy = _ROOT / name, folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, copy)
    settings = {
        "source_paths": ["bach_lib"],
        "only_mutate": files,
        "use_git_change_detection": False,
        "use_setproctitle": False,
        "also_copy": ["docs"],
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    original = (_ROOT / "pyproject.toml").read_text("utf-8")
    (folder / "pyproject.toml").write_text("\n".join([original, "[tool.mutmut]", *lines, ""]), "utf-8")


def _report(results: list[tuple[str, str]], wanted: float, seconds: float, *, is_sample: bool) -> int:
    counted = Counter(status for _, status in results)
    unnoticed = [(name, status) for name, status in results if status in _UNNOTICED]
    if not results or counted["not checked"]:
        return 1
    tried = len(results) - counted["skipped"]
    score = 100 * (tried - len(unnoticed)) / tried if tried else 0.0
    for name, status in unnoticed:
        sys.stdout.write(f"{status}: {name}\n")
    told = ", ".join(f"{number} {status}" for status, number in sorted(counted.items()))
    error = 1.96 * (score * (100 - score) / tried) ** 0.5 if is_sample and tried else 0.0  # 19 of 20 times
    shown = f"{score:.1f} (+/- {error:.1f})" if is_sample else f"{score:.1f}"
    sys.stdout.write(f"{shown} % of {tried} changes were noticed ({told}; {seconds:.0f} s)\n")
    return 0 if score >= wanted else 1


if __name__ == "__main__":
    sys.exit(main())
