"""Words that no well-meaning command line has, some for every argument and option of every command.

Made from the commands themselves: whoever adds one gets its probes without doing anything but naming what is right.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import typer

from bach_lib.cli.app import app

_NUMBERS = ("64 bit", "400 digits", "5000 digits", "below 0", "NaN", "endless", "a half", "foreign digits", "nobody")
_FILES = ("a pipe", "a folder", "an empty file", "a full device", "below a file", "a path upwards")
_LONG = ("very long", "brackets", "half a character", "a key with a broken value", "a secret that is nowhere")
_ALL = ("empty", "a blank", "lines", "no UTF-8", "a NUL", "controls", "an option that paints")
"""Which words are for which parameters: some are for all, the others for numbers, for files, or for texts."""
TOKEN_VARIABLE = "BACH_TOKEN_OF_THE_TESTS"
GOOD: Mapping[str, str] = {
    **dict.fromkeys(("connector", "connection", "name"), "w"),
    **dict.fromkeys(("message", "messages", "value"), "1"),
    **dict.fromkeys(("file", "old", "paths", "source", "target"), "/nowhere/file"),
    "recipient": "default",
    "tag": "t",
    "text": "hi",
    "question": "Pizza?",
    "options": "Yes",
    "by": "Ada",
    "emoji": "👍",
    "run_": "1",
    "type_": "telegram",
    "key": "settings.x",
    "targets": "w:other",
}
"""What is right for an argument that has to be given."""
_ENOUGH: Mapping[str, tuple[str, ...]] = {
    "add": ("--no-check", "--disabled", "--secret", f"token=env:{TOKEN_VARIABLE}"),
    "remove": ("--yes",),
    "rules set": ("--phrase", "leak"),
    "route add": ("--step", "w:default"),
    "bridge add": (),
}
"""What else has to be said, so that something is written if the odd word is taken."""


_EACH = 3
"""Words that each parameter gets, in turn of those that are for it: all words for all took a minute."""


@dataclass(frozen=True)
class Line:
    """A command line, and where in it which odd word stands."""

    command: str
    parameter: str
    what: str
    words: tuple[str, ...]

    @property
    def name(self) -> str:
        """What it is called when something is wrong with it."""
        return f"{self.command} {self.parameter}, {self.what}"


def odd_words(folder: Path) -> dict[str, str]:
    """All of them. `folder` gets a pipe, a folder and a file that nobody may take for another one."""
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    (folder / "empty").touch()
    return {
        "empty": "",
        "a blank": " ",
        "lines": "a\nb",
        "very long": "x" * 10_000,
        "no UTF-8": "caf\udce9",
        "half a character": "\ud800",
        "a NUL": "a\0b",
        "controls": "\x1b]0;x\x07\x9b31m\u202e",
        "64 bit": str(2**63),
        "400 digits": "9" * 400,
        "5000 digits": "9" * 5000,
        "below 0": "-1",
        "NaN": "nan",
        "endless": "inf",
        "a half": "0.5",
        "foreign digits": "٣",
        "an option that paints": "--\x1b[31mred",
        "nobody": "nobody",
        "a path upwards": "../../etc/passwd",
        "brackets": "[" * 3000,
        "a secret that is nowhere": "token=env:NO_SUCH_VARIABLE",
        "a key with a broken value": "key=\ud800",
        "a pipe": str(folder / "pipe"),
        "a folder": str(folder / "folder"),
        "an empty file": str(folder / "empty"),
        "a full device": "/dev/full",
        "below a file": str(folder / "empty" / "x"),
    }


def lines(words: Mapping[str, str]) -> Iterator[Line]:
    """Some words at each place of each command."""
    place = 0
    for command, parameters in commands():
        for parameter in parameters:
            if not getattr(parameter, "is_flag", False) and parameter.name != "db_":
                fit = list(_of(parameter))
                for number in range(_EACH):
                    what = fit[(place + number) % len(fit)]
                    yield Line(command, str(parameter.name), what, _line(command, parameters, parameter, words[what]))
                place += _EACH


def _of(parameter: typer.core.TyperArgument | typer.core.TyperOption) -> Iterator[str]:
    kind = str(parameter.type_descriptor.annotation)
    is_number = "int" in kind or "float" in kind or parameter.name in ("message", "messages", "value")
    yield from _ALL
    if parameter.name == "time_to_live":  # what is right would end some time later, in another line
        yield from (what for what in _NUMBERS if what not in ("a half", "foreign digits"))
    else:
        yield from _FILES if "Path" in kind else _NUMBERS if is_number else _LONG


def commands() -> Iterator[tuple[str, list[typer.core.TyperArgument | typer.core.TyperOption]]]:
    """Every command with its parameters."""
    left = [("", typer.main.get_command(app))]
    while left:
        name, command = left.pop()
        if isinstance(command, typer.core.TyperGroup):
            left += [(f"{name} {inner}".strip(), one) for inner, one in command.commands.items()]
        else:
            kinds = (typer.core.TyperArgument, typer.core.TyperOption)
            yield name, [one for one in command.params if isinstance(one, kinds)]


def _line(
    command: str,
    parameters: list[typer.core.TyperArgument | typer.core.TyperOption],
    odd: typer.core.TyperArgument | typer.core.TyperOption,
    word: str,
) -> tuple[str, ...]:
    options = [odd.opts[0], word] if isinstance(odd, typer.core.TyperOption) else []
    enough = _ENOUGH.get(command, _ENOUGH.get(command.rpartition(" ")[2], ()))
    arguments = [one for one in parameters if isinstance(one, typer.core.TyperArgument)]
    last = arguments.index(odd) if isinstance(odd, typer.core.TyperArgument) else -1
    good = {**GOOD, "name": "new"} if command.endswith(" add") else GOOD
    good = {**good, "source": "w:default"} if command == "bridge add" else good
    given = [word if one is odd else good[str(one.name)] for one in arguments[: last + 1]]
    given += [good[str(one.name)] for one in arguments[last + 1 :] if one.required]
    return (*command.split(), *options, *enough, *given)
