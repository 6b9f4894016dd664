"""Whoever has the original's commands in their fingers is told what they are called now."""

import re

import pytest

from bach_lib.cli.app import app
from bach_lib.cli.successors import _SUCCESSORS, successor
from tests.lib.cli.conftest import Run


@pytest.mark.parametrize(
    ("words", "now"),
    [
        ("--connections list", "bach connections list"),
        ("--connections db --type telegram", "bach connections list"),
        ("--connections show telegram", "bach connections show"),
        ("--connections actors", "bach connections list --category ai"),
        ("--connector status", "bach connector status"),
        ("--messages unread", "bach msg unread"),
        ("connector setup-scheduler", "bach connector setup-daemon"),
        ("connector setup-wizard", "bach connector add TYPE NAME"),
        ("connector smart-route home hello", "bach msg watch --json"),
        ("connector help", "bach connector --help"),
        ("msg send user hello", "bach connector send NAME RECIPIENT TEXT"),
        ("msg list --inbox", "bach msg inbox"),
        ("msg list --limit 5 --outbox", "bach msg outbox"),
        ("msg ping", "bach connections check"),
        ("msg watch --from=claude", "bach msg watch --connection NAME"),
        ("notify send discord hello", "bach connector send NAME RECIPIENT TEXT"),
        ("--notify setup discord", "bach connector add TYPE NAME"),
        ("notify history", "bach msg outbox"),
        ("notify", "bach connector send"),
        ("daemon start --bg", "bach serve"),
        ("--daemon jobs", "bach connector status"),
        ("scheduler logs 50", "bach daemon logs"),
        ("scheduler status --json", "bach daemon status"),
        ("--inject toggle", "bach rules enable NAME"),
        ("partner list", "bach connections list --category ai"),
        ("connector send home 42 hello --dry-run", "bach connections check NAME"),
        ("import-legacy old.db --dry-run", "bach connections check NAME"),
    ],
)
def test_it_names_its_successor(bach_: Run, words: str, now: str) -> None:
    """Somebody would read "No such command" and think that it cannot be done any more."""
    said = bach_(*words.split())
    assert (said.code, said.output) == (2, "")
    assert now in said.errors
    assert said.errors.count("\n") == 1


def test_what_it_names_is_there() -> None:
    """People would be sent from one dead end to the next."""
    groups = {group.name: group.typer_instance for group in app.registered_groups if group.typer_instance}
    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    for sentence in [*_SUCCESSORS.values(), successor(["--dry-run"]) or ""]:
        for first, second in re.findall(r"bach ([a-z-]+)(?: (-*[a-z-]+))?", sentence):
            assert first in known | groups.keys(), sentence
            if first in groups and second != "--help":
                found = {
                    command.name or (command.callback.__name__ if command.callback else "")
                    for command in groups[first].registered_commands
                }
                assert second in found, sentence


@pytest.mark.parametrize("words", [(), ("connector", "send", "home", "42", "notify"), ("msg", "list")])
def test_what_is_ours_goes_on_working(words: tuple[str, ...]) -> None:
    """A command of ours would be refused because the original had one like it."""
    assert successor(words) is None


@pytest.mark.parametrize("words", [(), ("connector",), ("msg",), ("connections",), ("rules",)])
def test_help_is_not_cut(bach_: Run, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command does would end in three dots, in 40 columns with every one of them."""
    for columns in (80, 40):
        monkeypatch.setenv("COLUMNS", str(columns))
        said = bach_(*words, "--help").output
        assert "..." not in said.replace("[ARGS]...", "")
        assert max(map(len, said.splitlines())) <= columns
