"""examples/two-daemons: what it asks of BACH is there. No container is started."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import cast

import typer
import yaml

from bach_lib.cli.app import app
from bach_lib.rest.health_addresses import READY
from bach_lib.storage import Address, is_address

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "examples/two-daemons"


def test_the_example_uses_what_there_is() -> None:
    """Whoever copies it would have two daemons that end at once, or a check that never becomes green."""
    text = (FOLDER / "compose.yaml").read_text("utf-8")
    found = cast("dict[str, dict[str, dict[str, object]]]", yaml.safe_load(text))
    daemons = [service for name, service in found["services"].items() if name.startswith("bach-")]
    assert len(daemons) == 2
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for service in daemons:
        [_, _, script] = cast("list[str]", service["command"])
        [named] = re.findall(r"bach-lib\[(.*?)\]", script)
        assert {*named.split(",")} <= extras.keys()
        [line] = re.findall(r"exec bach (.*)", script)
        command = typer.main.get_command(app)
        name, *arguments = shlex.split(line)
        context = command.make_context("bach", [name, *arguments])
        serve = command.get_command(context, name)  # type: ignore[attr-defined] # it is a group
        serve.make_context(name, arguments)  # fails at an option that there is not
        environment = cast("dict[str, str]", service["environment"])
        assert is_address(environment["BACH_DB"])
        assert not Address(environment["BACH_DB"]).has_secret
        assert f":8001{READY}'" in str(cast("dict[str, object]", service["healthcheck"])["test"])
        assert {*cast("dict[str, object]", service["depends_on"])} == {"postgresql"}
        assert service["secrets"] == [{"source": "pgpass", "target": environment["PGPASSFILE"]}]
        assert [name for name in environment if "PASSWORD" in name] == []
    assert found["secrets"].keys() == {"pgpass", "postgresql-password"}
    volumes = {
        one.partition(":")[0] for each in found["services"].values() for one in cast("list[str]", each["volumes"])
    }
    assert volumes == found["volumes"].keys()


def test_units_never_hold_a_password() -> None:
    """`docker inspect` and `ps` would show it to every account of the machine."""
    text = (FOLDER / "compose.yaml").read_text("utf-8")
    assert re.findall(r"postgresql://[^@/\s]*:[^@\s]*@", text) == []
