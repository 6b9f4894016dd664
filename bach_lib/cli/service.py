"""`bach serve` and `bach demo`."""

from importlib import import_module
from typing import Annotated

import typer

from bach_lib.cli.exits import sentences
from bach_lib.cli.options import command, settings


@command
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8001,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A host name that requests may use; repeat it.")
    ] = None,
    metrics_for_all: Annotated[
        bool, typer.Option("--metrics-for-all", help="Whoever collects /metrics needs no token.")
    ] = False,
    log_format: Annotated[
        str, typer.Option(metavar="FORMAT", help="text: for people; json: a line of JSON for each record.")
    ] = "text",
) -> None:
    """Deliver, receive, and answer programs on this machine, until SIGTERM or Ctrl-C."""
    if log_format not in {"text", "json"}:
        raise typer.BadParameter("Use text or json.", param_hint="--log-format")
    errors, daemon = import_module("bach_lib.errors"), import_module("bach_lib.cli.daemon")
    options = daemon.Options(
        host=host,
        port=port,
        hosts=allow_host or (),
        metrics_for_all=metrics_for_all,
        logs_json=log_format == "json",
    )
    with sentences(errors.BachError):
        daemon.run(settings().database, options)


def demo() -> None:
    """Show a message, an outage and a power cut on this machine: nothing leaves it, and nothing is lost."""
    errors, story = import_module("bach_lib.errors"), import_module("bach_lib.cli.demo")
    with sentences(errors.BachError):
        story.tell()
