"""The typer application of the command: all groups, and its options and help."""

from typing import Annotated

import typer

from bach_lib.cli import (
    backup,
    bridge_commands,
    cluster_commands,
    connections_commands,
    connector_commands,
    daemon_commands,
    legacy,
    messages,
    move_commands,
    route_commands,
    rule_commands,
    service,
)
from bach_lib.cli.groups import Bach
from bach_lib.version import VERSION

app: typer.Typer = typer.Typer(
    cls=Bach,
    name="bach",
    help="Carries messages between a home and its people, and loses none.",
    epilog="Exit codes: 0 done, 1 not done (a sentence on stderr says why), 2 wrong usage, 130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(connector_commands.app, name="connector")
app.add_typer(connections_commands.app, name="connections")
app.add_typer(messages.app, name="msg")
app.add_typer(route_commands.app, name="route")
app.add_typer(bridge_commands.app, name="bridge")
app.add_typer(rule_commands.app, name="rules")
app.add_typer(daemon_commands.app, name="daemon")
app.add_typer(cluster_commands.app, name="cluster")
app.command("serve")(service.serve)
app.command("open")(daemon_commands.open_page)
app.command("demo")(service.demo)
app.command("backup")(backup.backup)
app.command("migrate-storage")(move_commands.migrate_storage)
app.command("import-legacy")(legacy.import_legacy)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"bach {VERSION}")
        raise typer.Exit


@app.callback()
def main(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Carries messages between a home and its people, and loses none."""
    del show_version
