"""Commands that change the registry; both `bach connector` and `bach connections` have them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from bach_lib.cli import connection_input, connection_options
from bach_lib.cli.command import ask, run
from bach_lib.cli.console import Json, Row, as_row, as_rows, confirm, say, show, show_one
from bach_lib.cli.exits import note, sentences
from bach_lib.cli.options import command, settings
from bach_lib.control.sentences import SentenceError

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

    async def work(session: Session, new: connection_input.NewSecrets) -> Row:
        if check:
            _show_answer(as_row(await session.ask("try_out", fields=made)))
        with new.offered():
            return as_row(await session.ask("add", fields=made))

    with sentences(), connection_input.NewSecrets() as new:
        told = dict(connection_input.setting(one) for one in setting or ())
        given = [one.partition("=")[0] for one in secret or ()]
        needed = connection_options.required(type_, auth_type, endpoint=endpoint, given=given, settings=told)
        _check_vacant(name)
        made |= {"category": connection_options.category_of(type_), "auth_type": auth_type}
        made |= {"allowed": list(allow or ()), "settings": told}  # type: ignore[dict-item] # what JSON made
        made |= {"auth_config": new.references(name, needed, secret or ())}
        row = run(lambda session: work(session, new), creates=True)
    show_one(row, *COLUMNS[:5])
    if not row["allowed"] and any(field.startswith("incoming_") for field in as_row(row["auth_config"])):
        note(
            f"Nobody is let in yet. `bach connector configure {name} allowed webhook` lets in whoever names no sender, "
            f"and `bach connector pair {name}` shows who posts."
        )


@command
def types(
    type_: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="Only this one.")] = None,
) -> None:
    """What a connection of each type can be told: its address, secrets and settings."""
    with sentences():
        rows = connection_options.explained(type_)
    show(rows, ("type", "Type"), ("told", "Told by"), ("about", "What it is"), ("needed", "Must be"), empty="")


def _check_vacant(name: str) -> None:
    """Refuse a name that is taken before anybody types a secret for it."""
    if settings().database.exists():
        ask("vacant", name=name)


def _show_answer(answer: Row) -> None:
    """Raises `SentenceError` if it is no good one."""
    if not answer["is_good"]:
        said = str(answer["answer"]).rstrip(".")
        raise SentenceError(
            f"It does not work yet, so nothing was added: {said}. {answer.get('advice') or ''}".rstrip()
        )
    say(f"It answers as {answer['answer']}.")
    if answer["accepted"] is None and "latency" not in answer:
        say("Whether it takes messages, only a message can show.")
    if notice := answer["notice"]:
        say(f"But: {notice}")


@command
def remove(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Remove a connection, with its queue, its inbox and the secrets that this command keeps."""
    ask("connection", name=name)
    [queue] = [row for row in as_rows(ask("queue_status")) if row["connection"] == name] or [{}]
    number = sum(count for one in ("pending", "sending", "failed") if isinstance(count := queue.get(one), int))
    if not yes and not confirm(f"Remove {name}, its inbox and {number} waiting messages?"):
        raise SentenceError("Nothing was removed.")
    run(lambda session: _removed(session, name))
    show_one({"removed": name, "messages": number}, ("removed", "Removed"), ("messages", "Messages gone with it"))


async def _removed(session: Session, name: str) -> None:
    row = as_row(await session.ask("remove", name=name))
    await _forget_unused(session, _references(row))


async def _forget_unused(session: Session, references: Iterable[str]) -> None:
    """Another connection may use the file of this one."""
    connection_input.forget(references, used=await _used(session))


async def _used(session: Session) -> list[str]:
    """The references of all connections."""
    return [one for row in as_rows(await session.ask("connections")) for one in _references(row)]


def _references(row: Row) -> list[str]:
    return [str(one) for one in as_row(row["auth_config"]).values()]


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
    with sentences(), connection_input.NewSecrets() as new:
        given: dict[str, str] = {}
        if not _is_plain(key):
            _check_secret(as_row(ask("connection", name=name)), key, value)
            if value != "":
                given = new.references(name, (), [key if value is None else f"{key}={value}"])
        row = run(lambda session: _configured(session, new, name, given, lambda old: _changes(old, key, value, given)))
    show_one(row, *DETAILS)


async def _configured(
    session: Session,
    new: connection_input.NewSecrets,
    name: str,
    given: Mapping[str, str],
    changes: Callable[[Row], dict[str, Json]],
) -> Row:
    old = as_row(await session.ask("connection", name=name))
    with new.offered():
        row = as_row(await session.ask("change", name=name, changes=changes(old)))
    kept = await _used(session)  # a key that is being changed may stay, under another name, in the file of the new one
    usual = dict(given) | {
        key: connection_input.usual_place(name, key, one)
        for key, one in given.items()
        if connection_input.usual(name, key) not in kept
    }
    if usual != dict(given):  # the old secret is of no use any more, so the new one may have its place
        config = dict(as_row(row["auth_config"])) | usual
        row = as_row(await session.ask("change", name=name, changes={"auth_config": config}))
    await _forget_unused(session, [*_references(old), *given.values()])
    return row


def _is_plain(key: str) -> bool:
    return key in {"endpoint", "auth_type", "allowed"} or key.startswith("settings.")


def _check_secret(row: Row, key: str, value: str | None) -> None:
    """Before anybody types it."""
    if key in row:
        raise SentenceError(f"{key} is not for people to set. Use endpoint, auth_type, allowed, a secret or settings.…")
    if value != "" and key not in as_row(row["auth_config"]):
        connection_options.check_names(str(row["type"]), secrets=[key], settings={})


def _changes(row: Row, key: str, value: str | None, given: Mapping[str, str]) -> dict[str, Json]:
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
        made = {name: connection_input.json_or_text(value)} if value else {}
        return {"settings": rest | made}  # type: ignore[dict-item] # what JSON made
    rest = {one: old for one, old in as_row(row["auth_config"]).items() if one != key}
    return {"auth_config": rest | dict(given)}
