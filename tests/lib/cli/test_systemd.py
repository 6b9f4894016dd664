"""The systemd unit: what is written starts what it should, whatever the paths are called."""

from pathlib import Path

import pytest

from bach_lib.cli.systemd import unit
from tests.lib.cli.conftest import Run


def test_it_is_written_once_and_said(
    bach_: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Path
) -> None:
    """Somebody would not know what now runs at every login."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    said = bach_("connector", "setup-daemon")
    path = tmp_path / "config" / "systemd" / "user" / "bach.service"
    text = path.read_text("utf-8")
    assert said.code == 0
    assert all(line in said.output for line in (str(path), text, "systemctl --user enable --now bach"))
    assert f"serve --db {database} --port 8001" in text
    assert bach_("connector", "setup-daemon", "--json").row() == {"unit": str(path), "written": False}
    other = bach_("connector", "setup-daemon", "--port", 9000)
    assert (other.code, path.read_text("utf-8")) == (1, text), "what somebody changed is not overwritten"
    assert bach_("connector", "setup-daemon", "--port", 9000, "--force").code == 0
    assert "--port 9000" in path.read_text("utf-8")


def test_odd_paths_are_quoted() -> None:
    """A space or a percent sign in a folder's name would start something else, or nothing."""
    text = unit(Path('/home/a b/100%/$x"y\\z/bach.db'), 1)
    assert '--db "/home/a b/100%%/$$x\\"y\\\\z/bach.db" --port 1' in text
