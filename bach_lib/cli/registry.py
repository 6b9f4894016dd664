"""The commands that change the registry; both `bach connector` and `bach connections` have them."""

from typing import TYPE_CHECKING, Annotated

import typer

from bach_lib.cli import fields, needs
from bach_lib.cli.asking import ask, run
from bach_lib.cli.console import Json, Row, as_row, say, show_one
from bach_lib.cli.faults import SentenceError, sentences
from bach_lib.cli.options import command

if TYPE_CHECKING:
    from bach_lib.cli.session import Session

NONE = "There are no connections. Add one: bach connector add telegram NAME"
COLUMNS = (
    ("name", "Name"),
    ("type", "Type"),
    ("category", "Category"),
    ("endpoint", "Endpoint"),
    ("is_active", "Active"),
    ("success_count", "Sent"),
    ("error_count", "Errors"),
    ("last_used", "Last used"),
)
DETAILS = (
    *COLUMNS,
    ("auth_type", "Authentication"),
    ("auth_config", "Secrets"),
    ("allowed", "Allowed"),
    ("settings", "Settings"),
    ("blocked_count", "Strangers"),
    ("consecutive_failures", "Failures in a row"),
    ("disabled_until", "Blocked until"),
)

Name = Annotated[str, typer.Argument(help="The name of a connection.")]
Secret = Annotated[
    list[str] | None, typer.Option(metavar="FIELD[=REFERENCE]", help="env:, file: or keyring:; without it, asked.")
]
Type = Annotated[str, typer.Argument(metavar="TYPE", help="telegram, discord, signal, webhook, claude, mcp …")]


@command
def add(
    type_: Type,
    name: Annotated[str, typer.Argument(help="What to call it: letters, digits, _ - .")],
    *,
    address: Annotated[str | None, typer.Argument(metavar="[ENDPOINT]", help="The same as --endpoint.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="Its address, if it is not the usual one.")] = None,
    secret: Secret = None,
    auth_type: Annotated[
        str, typer.Option(help="none, api_key, bearer, basic or oauth, where there is a choice.")
    ] = "token",
    allow: Annotated[list[str] | None, typer.Option(help="Whose messages are let in; repeat it.")] = None,
    setting: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="What its type can be told.")] = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="Do not let it work yet.")] = False,
    check: Annotated[bool, typer.Option(help="Ask the platform first whether all is right.")] = True,
) -> None:
    """Add a connection. Missing secrets are asked for without echo and kept in files only you can read."""
    endpoint = endpoint or address
    made: dict[str, Json] = {"name": name, "type": type_, "endpoint": endpoint, "is_active": not disabled}
    references: dict[str, str] = {}

    async def work(session: Session) -> Row:
        if check:
            _show_answer(as_row(await session.ask("try_out", fields=made)))
        return as_row(await session.ask("add", fields=made))

    is_added = False
    try:
        with sentences():
            settings = dict(fields.setting(one) for one in setting or ())
            given = [one.partition("=")[0] for one in secret or ()]
            needed = needs.required(type_, auth_type, endpoint=endpoint, given=given, settings=settings)
            references |= fields.secrets(name, needed, secret or ())
        made |= {"category": needs.category_of(type_), "auth_type": auth_type, "auth_config": references}
        made |= {"allowed": list(allow or ()), "settings": settings}  # type: ignore[dict-item] # what JSON made
        show_one(run(work, creates=True), *COLUMNS[:5])
        is_added = True
    finally:
        if not is_added:
            fields.forget(references.values())


def _show_answer(answer: Row) -> None:
    """Raises `SentenceError` if it is no good one."""
    if not answer["is_good"]:
        raise SentenceError(f"It does not work yet, so nothing was added: {answer['answer']}")
    say(f"It answers as {answer['answer']}.")
    if notice := answer["notice"]:
        say(f"But: {notice}")


@command
def remove(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Remove a connection, with its queue, its inbox and the secrets that this command keeps."""
    waiting = ask("waiting", connection=name)
    ask("connection", name=name)
    number = len(waiting) if isinstance(waiting, list) else 0
    if not yes:
        typer.confirm(f"Remove {name}, its inbox and {number} waiting messages?", abort=True, err=True)
    row = as_row(ask("remove", name=name))
    references = as_row(row["auth_config"])
    fields.forget(str(one) for one in references.values())
    show_one({"removed": name, "messages": number}, ("removed", "Removed"), ("messages", "Messages gone with it"))


@command
def enable(name: Name) -> None:
    """Let a connection work."""
    show_one(as_row(ask("change", name=name, changes={"is_active": True})), *COLUMNS[:5])


@command
def disable(name: Name) -> None:
    """Let a connection rest; what is sent waits."""
    show_one(as_row(ask("change", name=name, changes={"is_active": False})), *COLUMNS[:5])


@command
def configure(
    name: Name,
    key: Annotated[str, typer.Argument(help="endpoint, auth_type, allowed, a secret, or settings.KEY")],
    value: Annotated[str | None, typer.Argument(help="Leave it out for a secret: it is asked for.")] = None,
) -> None:
    """Change one thing about a connection. An empty value ("") takes it away."""

    async def work(session: Session) -> Row:
        old = as_row(await session.ask("connection", name=name))
        new = as_row(await session.ask("change", name=name, changes=_changes(old, key, value)))
        before, after = (as_row(row["auth_config"]).values() for row in (old, new))
        fields.forget(str(reference) for reference in before if reference not in after)
        return new

    show_one(run(work), *DETAILS)


def _changes(row: Row, key: str, value: str | None) -> dict[str, Json]:
    """What to tell the registry. Raises `SentenceError`."""
    if key in {"endpoint", "auth_type", "allowed"} and value is None:
        raise SentenceError(f"Give a value for {key}.")
    if key == "allowed":
        return {"allowed": [one.strip() for one in (value or "").split(",") if one.strip()]}
    if key in {"endpoint", "auth_type"}:
        return {key: value or None}
    if key.startswith("settings."):
        name = key.removeprefix("settings.")
        rest = {one: old for one, old in as_row(row["settings"]).items() if one != name}
        made = {name: fields.json_or_text(value)} if value else {}
        return {"settings": rest | made}  # type: ignore[dict-item] # what JSON made
    if key in row:
        raise SentenceError(f"{key} is not for people to set. Use endpoint, auth_type, allowed, a secret or settings.…")
    given = [key if value is None else f"{key}={value}"]
    return {"auth_config": dict(as_row(row["auth_config"])) | fields.secrets(str(row["name"]), (), given)}
