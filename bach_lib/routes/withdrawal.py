"""Withdraws what a run has told, once it is over or quiet: what waits is cancelled, what was sent says who has it.

Each message is changed once, under a key of its own, however often this begins anew after a crash. Where a platform
cannot change messages, nothing is sent: somebody has it, and nobody is to be woken for that. What a newer run has
overtaken only loses its button: what is true now stands below it.
"""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from bach_lib.errors import InputError, NotCancellableError, TextTooLongError
from bach_lib.field_logger import FieldLogger
from bach_lib.models import Message, Operation, Status
from bach_lib.models.route import RouteRun
from bach_lib.outbound.draft import SendOptions
from bach_lib.outbound.sender import Sender
from bach_lib.text.buttons import as_it_is

_LOGGER = FieldLogger(__name__)


class Withdrawal:
    """Withdraws messages. `cancel` takes a waiting one back."""

    def __init__(self, sender: Sender, cancel: Callable[[int], Awaitable[Message]]) -> None:
        self._sender, self._cancel = sender, cancel

    async def is_done(self, run: RouteRun, message: Message) -> bool:
        """Withdraw a message; False: it is on its way just now. Raises a `StorageError` or `QueueFullError`."""
        if message.status is Status.SENT:
            await self._show_the_end(run, message)
        elif not message.status.is_final:
            try:
                await self._cancel(message.id)
            except NotCancellableError:
                return False
        return True

    async def _show_the_end(self, run: RouteRun, message: Message) -> None:
        line = as_it_is(last_line(run), message.format)
        options = options_of(run)
        options["format"] = message.format  # in which its text is; a platform may have none other
        is_quiet = run.snoozed_for is not None
        options["idempotency_key"] = f"route {run.id} {message.id}{f' {run.snoozed_at}' if is_quiet else ''}"
        text = message.text if run.superseded_by is not None else f"{message.text}\n\n{line}"
        try:
            try:
                await self._sender.change(message.id, Operation.EDIT, text, options)
            except TextTooLongError:
                await self._sender.change(message.id, Operation.EDIT, line, options)
        except InputError as error:  # nothing can be changed there, or only by the account that was there before
            _LOGGER.debug("Message %s stays as it is: %s", message.id, error, message_id=message.id)


def options_of(run: RouteRun) -> SendOptions:
    """What the messages of a run and their changes have in common."""
    said = run.said
    return SendOptions(title=said.title, format=said.format, silent=said.silent, priority=said.priority)


def last_line(run: RouteRun) -> str:
    """What stands below a message of a run that is over, or quiet: who has it since when, by this machine's clock."""
    if run.snoozed_for is not None:
        return _filled(run.words.snoozed, run.snoozed_by, run.due_at)
    if run.by is None or run.ended_at is None:
        return run.words.over
    return _filled(run.words.acknowledged, run.by, run.ended_at)


def _filled(words: str, name: str | None, at: float | None) -> str:
    said = {"name": name or "", "time": f"{datetime.fromtimestamp(at or 0.0, UTC).astimezone():%H:%M}"}
    return re.sub(r"\{(name|time)\}", lambda match: said[match[1]], words)
