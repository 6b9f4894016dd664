"""Operations for programs beside the owner, as `bach_lib.connect` asks them: exact models, not rows for people."""

from collections.abc import Mapping, Sequence
from typing import cast

from bach_lib.bach import Bach
from bach_lib.control.operations.given import extras_in
from bach_lib.control.operations.given_files import files_in, losses_given
from bach_lib.control.operations.queue_operations import snooze_wish
from bach_lib.errors import InvalidValueError
from bach_lib.models import Buttons, Status
from bach_lib.outbound.draft import SendOptions
from bach_lib.rest.answers import Json
from bach_lib.rest.exact import buttons_of, exact


async def program_send(
    bach: Bach,
    connection: str,
    recipient: str,
    text: str,
    *,
    options: SendOptions,
    files: Sequence[Mapping[str, object]] = (),
) -> Json:
    """Queue a message with the files whose contents came along."""
    return exact(await bach.send(connection, recipient, text, **_options(options, files)))


async def program_edit(
    bach: Bach, message_id: int, text: str, *, options: SendOptions, files: Sequence[Mapping[str, object]] = ()
) -> Json:
    """Give a sent message another text."""
    return exact(await bach.edit(message_id, text, **_options(options, files)))


async def program_pin(
    bach: Bach,
    message_id: int | None = None,
    incoming_id: int | None = None,
    *,
    is_pinned: bool = True,
    options: SendOptions,
) -> Json:
    """Keep a message that was sent, or one that came in, in sight, or no longer."""
    change = bach.pin if is_pinned else bach.unpin
    return exact(await change(message_id, incoming_id=incoming_id, **_options(options, ())))


async def program_forward(
    bach: Bach,
    connection: str,
    recipient: str,
    message_id: int | None = None,
    incoming_id: int | None = None,
    *,
    copy: bool = False,
    options: SendOptions,
) -> Json:
    """Pass a message on that was sent, or one that came in."""
    passed = _options(options, ())
    return exact(await bach.forward(connection, recipient, message_id, incoming_id=incoming_id, copy=copy, **passed))


async def program_get(bach: Bach, message_id: int) -> Json:
    """One message."""
    return exact(await bach.get(message_id))


async def program_wait(bach: Bach, message_id: int, seconds: float) -> Json:
    """The message when it has ended, or as it stands then."""
    return exact(await bach.wait(message_id, seconds))


async def program_messages(
    bach: Bach,
    *,
    connection: str | None = None,
    recipient: str | None = None,
    status: Sequence[Status] | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Json:
    """A page of messages, newest first."""
    page = await bach.messages(connection=connection, recipient=recipient, status=status, before=before, limit=limit)
    return exact(page)


async def program_cancel(bach: Bach, message_id: int) -> Json:
    """Take a waiting message out of the queue."""
    return exact(await bach.cancel(message_id))


async def program_send_now(bach: Bach, message_id: int) -> Json:
    """Send a scheduled message without waiting for its time."""
    return exact(await bach.send_now(message_id))


def _options(options: SendOptions, files: Sequence[Mapping[str, object]]) -> SendOptions:
    """As `Bach.send` has them; what is no file or button is left to it to refuse."""
    made_of = dict[str, object](options)
    if "buttons" in options:
        made_of["buttons"] = _buttons(options["buttons"])
    if options.get("snooze") is not None:
        made_of["snooze"] = snooze_wish(options["snooze"])
    if "extras" in options:
        made_of["extras"] = extras_in(options["extras"])
    if "lost" in options:
        made_of["lost"] = losses_given(options["lost"])
    if files:
        made_of["files"] = files_in(files)
    return cast("SendOptions", made_of)


def _buttons(rows: object) -> Buttons:
    try:
        return buttons_of(rows)
    except ValueError:
        expected = "rows of buttons with text, and value or url"
        raise InvalidValueError(field="buttons", value=type(rows).__name__, expected=expected) from None
