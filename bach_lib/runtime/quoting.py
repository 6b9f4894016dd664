"""Resolves which message an answer quotes, where the caller names one that came in by its number here.

The words always go: what cannot be quoted where they go is left out, and the message says so.
"""

from bach_lib.arguments import recipient_text
from bach_lib.common_sentences import A_WHOLE_NUMBER_FROM_LOW_TO_HIGH
from bach_lib.connectors import Connectors
from bach_lib.errors import InvalidValueError, UnknownMessageError
from bach_lib.inbound.inbox import Inbox
from bach_lib.models import Connection, Loss
from bach_lib.outbound.draft import SendOptions
from bach_lib.outbound.fitting import text_of
from bach_lib.registry.directory import Directory
from bach_lib.said import Sentence

_LAST = 2**63 - 1
"""The highest number that a message can have in a database."""


class Quoting:
    """Finder of what is answered, for all connections."""

    def __init__(self, inbox: Inbox, directory: Directory, connectors: Connectors) -> None:
        self._inbox = inbox
        self._directory = directory
        self._connectors = connectors

    async def named(self, connection: Connection, recipient: str | int, options: SendOptions) -> SendOptions:
        """The options with the platform's id in place of ours. Raises `InvalidRecipientError` or a `StorageError`."""
        number = options.get("reply_to")
        if not isinstance(number, int) or isinstance(number, bool):
            return options
        if number < 1:
            raise InvalidValueError(
                field="reply_to", value=number, expected=A_WHOLE_NUMBER_FROM_LOW_TO_HIGH(low=1, high=_LAST)
            )
        try:
            message = await self._inbox.get(number)
        except UnknownMessageError:
            reason = Sentence(
                "message_number_is_not_in_the_inbox_any_more",
                "Message {number}, which it answers, is not in the inbox (any more).",
                number=number,
            )
            return _without(options, reason)
        wanted = text_of("recipient", recipient_text(recipient))
        place = self._connectors.get(connection.type).normalize_recipient(wanted)
        here = self._directory.normal(connection.name, place)
        if message.connection == connection.name and self._directory.normal(connection.name, message.recipient) == here:
            return SendOptions(**{**options, "reply_to": message.quotable or None})
        reason = Sentence(
            "message_number_came_in_elsewhere",
            "Message {number}, which it answers, came in elsewhere; it can be answered only where it was written.",
            number=number,
        )
        return _without(options, reason)


def _without(options: SendOptions, reason: Sentence) -> SendOptions:
    lost = [*options.get("lost", ()), Loss(what="reply", reason=reason)]
    return SendOptions(**{**options, "reply_to": None, "lost": lost})
