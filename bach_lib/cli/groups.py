"""typer groups whose help is not cut, and which know the names that the original's commands had."""

from __future__ import annotations

import re
from shutil import get_terminal_size
from typing import TYPE_CHECKING, override

import typer
from typer.core import TyperGroup

from bach_lib.cli.exits import note
from bach_lib.cli.successors import successor

if TYPE_CHECKING:
    from typer._click.core import Context
    from typer._click.formatting import HelpFormatter

_WIDEST, _NARROWEST = 80, 30
_USAGE = 2
_PASSWORD = re.compile(r"(\w+://[^\s:/@]*):[^\s/]*@")
"""What an address has before its server."""


class Group(TyperGroup):
    """Command group whose help shows each command's whole sentence, however narrow the terminal is."""

    @override
    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        found = [(name, command) for name in self.list_commands(ctx) if (command := self.get_command(ctx, name))]
        rows = [(name, _sentence(command.help or "")) for name, command in found if not command.hidden]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class Bach(Group):
    """Root command group. Who types what the original understood is told what it is called now."""

    @override
    def invoke(self, ctx: Context) -> object:
        """Run a command. What a wrong usage repeats of an address is said without its password."""
        try:
            return super().invoke(ctx)
        except Exception as error:  # typer has no public name for what all wrong usages are
            if isinstance(said := getattr(error, "message", None), str):
                vars(error)["message"] = _PASSWORD.sub(r"\1:***@", said)
            raise

    @override
    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        words = args[: args.index("--")] if "--" in args else args
        if not ctx.resilient_parsing and (sentence := successor(words)):
            note(sentence)
            raise typer.Exit(_USAGE)
        ctx.terminal_width = max(min(get_terminal_size().columns - 1, _WIDEST), _NARROWEST)
        return super().parse_args(ctx, args)


def _sentence(help_: str) -> str:
    """The first paragraph, in one line."""
    return " ".join(help_.partition("\n\n")[0].split())
