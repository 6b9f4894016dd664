"""What happens on GitHub when something is released, or when what BACH is built on has changed."""

import re
import runpy
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS: Final = {path.stem: path.read_text("utf-8") for path in (ROOT / ".github/workflows").glob("*.yml")}

type Jobs = Mapping[str, Mapping[str, Any]]


def jobs(workflow: str) -> Jobs:
    """The jobs of a workflow."""
    found: Jobs = yaml.safe_load(WORKFLOWS[workflow])["jobs"]
    return found


def before(all_jobs: Jobs, name: str) -> set[str]:
    """What has to have gone well before a job begins."""
    needs = all_jobs[name].get("needs", [])
    return {one for need in ([needs] if isinstance(needs, str) else needs) for one in (need, *before(all_jobs, need))}


def test_actions_are_those_that_were_looked_at() -> None:
    """Whoever takes over an action would write into releases, or learn what only the index may know."""
    used = [line for text in WORKFLOWS.values() for line in re.findall(r"uses: (.+)", text)]
    assert [
        line for line in used if not re.fullmatch(r"[\w/.-]+@[0-9a-f]{40} # (v\d+\.\d+\.\d+|main|master)", line)
    ] == []
    commits = {(line.split("@")[0], line.split("@")[1]) for line in used}
    assert len(commits) == len({name for name, _ in commits}), "one action in two versions"


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_job_may_only_what_it_says(workflow: str) -> None:
    """Each job could write into the repository, also one that runs what strangers have written."""
    assert yaml.safe_load(WORKFLOWS[workflow])["permissions"] == {}
    assert all("permissions" in job for job in jobs(workflow).values())


def test_nothing_is_public_before_it_was_built_and_tried() -> None:
    """HACS would offer a zip that does not start, or one that is not there yet."""
    release = jobs("release")
    writing = [name for name, job in release.items() if {"write"} & {*job["permissions"].values()}]
    assert writing == ["draft", "index", "public"]
    assert before(release, "draft") == {"build", "try"}
    assert before(release, "index") == {"build", "try", "draft"}
    assert before(release, "public") == {"build", "try", "draft", "index"}
    assert [name for name, job in release.items() if "script/release" in str(job)] == ["build"], "built once"
    assert "--draft " in str(release["draft"])
    assert "--draft=false" in str(release["public"])


def test_the_site_tells_of_what_was_released() -> None:
    """It would describe what nobody has yet, or a release that did not come about."""
    begins = yaml.safe_load(WORKFLOWS["pages"])[True]["workflow_run"]  # YAML reads `on` as a truth
    assert begins == {"workflows": [yaml.safe_load(WORKFLOWS["release"])["name"]], "types": ["completed"]}
    pages = jobs("pages")
    assert "workflow_run.conclusion == 'success'" in pages["build"]["if"]
    assert "workflow_run.head_sha" in str(pages["build"]["steps"][0])
    assert "write" not in pages["build"]["permissions"].values()
    assert before(pages, "publish") == {"build"}


def test_what_is_tried_is_what_the_script_can_try() -> None:
    """The first release would end in the middle, over a word that was misspelt."""
    names = [*jobs("release")["try"]["strategy"]["matrix"]["what"]]
    assert names == ["oldest", "newest", "wheel"]
    script = (ROOT / "script/try").read_text("utf-8")
    assert all(re.search(rf"\b{name}\b\)|== {name} ", script) for name in names)


def test_the_oldest_home_assistant_is_one() -> None:
    """The tests would run on another one than HACS lets in."""
    oldest = orjson.loads((ROOT / "hacs.json").read_bytes())["homeassistant"]
    [named] = re.findall(r"# (\S+), as in hacs\.json", WORKFLOWS["test"])
    assert named == oldest


def test_whatever_fails_in_the_weekly_run_is_told() -> None:
    """It would be red for weeks, in a list that nobody opens."""
    test = jobs("test")
    assert before(test, "tell") == {*test} - {"tell"}
    assert "gh issue create" in str(test["tell"])


def test_pictures_that_are_out_of_date_are_found() -> None:
    """The documents would go on showing a dialog that is there no more."""
    assert "script/screenshots --compare" in str(jobs("test")["pictures"])


def builds_with() -> Iterator[str]:
    """The packages that a release is built with."""
    for line in (ROOT / "requirements/build.txt").read_text("utf-8").splitlines():
        if line and not line.startswith(("#", " ")):
            yield line


def test_a_release_is_built_with_what_is_known_by_its_hashes() -> None:
    """A package that somebody has changed on the index would be in what everybody installs."""
    assert {line.partition("==")[0] for line in builds_with()} > {"hatchling", "hatch-fancy-pypi-readme"}
    assert [line for line in builds_with() if not re.fullmatch(r"[\w.-]+==[\w.]+( ; .+)? \\", line)] == []
    assert "--require-hashes" in (ROOT / "script/release").read_text("utf-8")
    packages = orjson.loads((ROOT / "frontend/package-lock.json").read_bytes())["packages"]
    assert [name for name, one in packages.items() if name and not str(one["integrity"]).startswith("sha512-")] == []


@pytest.mark.frontend
def test_what_others_have_made_is_named(tmp_path: Path) -> None:
    """Who learns that a package has a hole could not know whether BACH brings it."""
    if (npm := shutil.which("npm")) is None:
        pytest.skip("there is no npm on PATH")
    write = runpy.run_path(str(ROOT / "script/lib/sbom.py"))["write"]
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    for target in (first, second):
        write("1.2.3", target, [npm])
    assert first.read_bytes() == second.read_bytes(), "the same commit gives the same bytes"
    found = orjson.loads(first.read_bytes())
    assert (found["bomFormat"], found["metadata"]["component"]["name"]) == ("CycloneDX", "bach")
    assert found["metadata"]["component"]["version"] == "1.2.3"
    licences = (ROOT / "bach_lib/web/static/LICENSES.txt").read_text("utf-8")
    shipped = {name for name in ("lit", "lit-html", "lit-element", "@lit/reactive-element") if f"{name}\n" in licences}
    assert len(shipped) == 4
    assert {one["name"] for one in found["components"]} > shipped
    assert "esbuild" not in str(found["components"])
