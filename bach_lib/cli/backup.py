"""`bach backup`: a complete copy of the database, at any moment."""

from pathlib import Path
from typing import Annotated

import typer

from bach_lib.cli.command import ask
from bach_lib.cli.console import show_one
from bach_lib.cli.options import command


@command
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy. There must be nothing of that name yet.")],
) -> None:
    """Write a complete copy of the database, also while the daemon works. Tokens in files of their own stay out."""
    written = ask("backup", path=str(file.expanduser().absolute()))
    show_one({"backup": written}, ("backup", "Written to"))
