"""What the tests reach is held: a part that no test runs any more ends the run of a build machine."""

import os
import subprocess
from pathlib import Path

from coverage import CoverageData

ROOT = Path(__file__).parents[2]


def held(data_file: Path, reached: dict[str, list[tuple[int, int]]], *options: str) -> tuple[int, list[str]]:
    """What the look at a run that has reached so much ends with, and its last word on each part."""
    data = CoverageData(str(data_file))
    data.add_arcs({str(ROOT / name): arcs for name, arcs in reached.items()})
    data.write()
    done = subprocess.run(
        [ROOT / "script" / "lib" / "coverage.sh", *options],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "COVERAGE_FILE": str(data_file)},
    )
    return done.returncode, [
        line for line in done.stdout.splitlines() if line.lower().startswith(("covered", "not cov"))
    ]


def test_what_is_not_reached_ends_the_run(tmp_path: Path) -> None:
    """A dialog that nobody tries could go out, and its first user find out."""
    missed = {"custom_components/bach/flows/naming.py": [(-1, 1)]}
    code, said = held(tmp_path / "data", missed)
    assert code != 0
    assert [line.split(" ")[:3] for line in said] == [["NOT", "COVERED:", "the"]] * 2
    assert said[0].endswith("and should be at least 100 %")


def test_what_is_reached_lets_it_pass(tmp_path: Path) -> None:
    """Every run would fail, and the look be taken out again."""
    package = {"custom_components/bach/flows/__init__.py": [(-1, 1), (1, -1)]}
    code, said = held(tmp_path / "data", package)
    assert (code, [line.split(":")[0] for line in said]) == (0, ["covered"] * 2)


def test_the_library_is_held_where_it_is_measured(tmp_path: Path) -> None:
    """A connector that nobody tries could go out; and the quick run, which does not measure the library, would fail."""
    reached = {
        "custom_components/bach/flows/__init__.py": [(-1, 1), (1, -1)],
        "bach_lib/clock.py": [(-1, 1)],
    }
    code, said = held(tmp_path / "data", reached, "--library")
    assert code != 0
    assert said[-1].startswith("NOT COVERED: bach_lib")
    assert said[-1].endswith("and should be at least 95 %")
    assert held(tmp_path / "quick", reached)[0] == 0


def test_a_build_machine_looks() -> None:
    """The look would be there, and nobody take it."""
    assert 'script/test" </dev/null' in (ROOT / ".ci" / "run").read_text("utf-8")
    script = (ROOT / "script" / "test").read_text("utf-8")
    assert "'') covered=(script/lib/coverage.sh)" in script
    assert "--all) covered=(script/lib/coverage.sh --library)" in script
    assert '"${covered[@]}" || failed' in script
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text("utf-8")
    assert "run: .ci/run" in workflow
    assert "run: script/test --all" in workflow
