"""What the tests reach is held: a part that no test runs any more ends the run of a build machine."""

import os
import subprocess
from pathlib import Path

from coverage import CoverageData

ROOT = Path(__file__).parents[2]


def held(data_file: Path, reached: dict[str, list[tuple[int, int]]]) -> tuple[int, list[str]]:
    """What the look at a run that has reached so much ends with, and its last word on each part."""
    data = CoverageData(str(data_file))
    data.add_arcs({str(ROOT / name): arcs for name, arcs in reached.items()})
    data.write()
    done = subprocess.run(
        [ROOT / "script" / "lib" / "coverage.sh"],
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


def test_a_build_machine_looks() -> None:
    """The look would be there, and nobody take it."""
    assert 'script/test" </dev/null' in (ROOT / ".ci" / "run").read_text("utf-8")
    assert "$# != 0 ]] || { covered=1" in (ROOT / "script" / "test").read_text("utf-8")
    assert "script/lib/coverage.sh || failed" in (ROOT / "script" / "test").read_text("utf-8")
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text("utf-8")
    assert "run: .ci/run" in workflow
