"""The options that every command has, so that none of them has to repeat them."""

import inspect
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated

import typer

from bach_lib.cli.exits import border
from bach_lib.cli.paths import place

_DATABASE = Annotated[
    str | None,
    typer.Option(
        "--db",
        envvar="BACH_DB",
        show_default=False,
        metavar="PATH",
        help="The database: a file, by default in your data folder, or postgresql://user@host/database.",
    ),
]
Later = Annotated[str | None, typer.Option(help="A button with which whoever gets it has it again later: 30m, 2h, 1d.")]
At = Annotated[
    str | None, typer.Option(help="When: 18:30, or 2027-01-15T18:30, by the clock here; with +01:00, that of there.")
]
_AS_JSON = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values of the options that every command has."""

    database: Path
    as_json: bool = False


_settings: ContextVar[Settings] = ContextVar("settings")


def settings() -> Settings:
    """What was said to this one."""
    return _settings.get()


def command[**P](function: Callable[P, None]) -> Callable[..., None]:
    """Give a command `--db` and `--json`."""
    signature = inspect.signature(function, eval_str=True)

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        database, as_json = kwargs.pop("db_"), kwargs.pop("json_")
        with border():
            named = database if isinstance(database, str) else None
            _settings.set(Settings(database=place(named), as_json=bool(as_json)))
            function(*args, **kwargs)

    added = [
        inspect.Parameter("db_", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_DATABASE),
        inspect.Parameter("json_", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=_AS_JSON),
    ]
    # typer reads the signature, and type checkers do not know that functions have this attribute
    run.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *added])  # type: ignore[attr-defined]
    run.__annotations__ = {**inspect.get_annotations(function, eval_str=True), "db_": _DATABASE, "json_": _AS_JSON}
    return run
