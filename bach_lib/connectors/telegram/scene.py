"""Where something happened on Telegram and who did it: the same in every kind of update."""

from __future__ import annotations

from collections.abc import Mapping

from bach_lib.connectors.base import Incoming
from bach_lib.connectors.telegram.json_fields import MAX_NAME, Fields, identity, name, number, part, text
from bach_lib.connectors.telegram.message_metadata import speaks_as
from bach_lib.connectors.telegram.recipients import GENERAL_TOPIC, Target
from bach_lib.connectors.telegram.sightings import of_update
from bach_lib.models.incoming import Content, Kind

_MAX_TEXT = 16_384
_MAX_TOPIC = 1 << 31


class Scene:
    """Where something happened and who did it."""

    def __init__(self, fields: Fields, chat_id: int) -> None:
        self.chat_id = chat_id
        self._chat = part(fields, "chat")
        self._sender = _sender(fields, self._chat)
        self._topic = topic_of(fields)
        self._speaks_as = speaks_as(fields)
        self._language = text(self._sender, "language_code")
        self._sightings = of_update(fields, self._sender)

    @classmethod
    def of(cls, fields: Fields) -> Scene | None:
        """None without a chat that could be answered to."""
        chat_id = number(part(fields, "chat"), "id")
        return cls(fields, chat_id) if chat_id else None

    def incoming(
        self,
        *,
        remote_id: str,
        kind: Kind,
        text: str = "",
        content: Content | None = None,
        reply_to: str | None = None,
        origin: str | None = None,
        handle: str | None = None,
        sent_at: int | None = None,
        not_before: int | None = None,
        metadata: Mapping[str, object] | None = None,
    ) -> Incoming:
        """The message, with this place and this sender."""
        return Incoming(
            remote_id=remote_id,
            recipient=str(Target(chat=str(self.chat_id), topic=self._topic)),
            recipient_title=name(self._chat),
            sender_id=identity(self._sender),
            sender_name=name(self._sender),
            kind=kind,
            text=text[:_MAX_TEXT],
            content=content or Content(),
            reply_to=reply_to,
            origin=origin,
            handle=handle,
            sent_at=sent_at,
            not_before=not_before,
            metadata={**self._about(), **(metadata or {})},
            sightings=self._sightings,
            language=self._language,
        )

    def _about(self) -> Mapping[str, object]:
        kind, username = self._chat.get("type"), self._sender.get("username")
        return filled(
            chat_type=kind[:MAX_NAME] if isinstance(kind, str) else "",
            username=username[:MAX_NAME] if isinstance(username, str) else "",
            speaks_as=self._speaks_as,
        )


def topic_of(message: Fields) -> int | None:
    """The topic to answer in. Outside of forums, the field only says which message began a chain of replies."""
    topic = number(message, "message_thread_id") if message.get("is_topic_message") is True else None
    return topic if topic and GENERAL_TOPIC < topic < _MAX_TOPIC else None


def filled(**fields: object) -> dict[str, object]:
    """Those of these fields that say something."""
    return {field: value for field, value in fields.items() if value not in (None, "")}


def _sender(fields: Fields, chat: Fields) -> Fields:
    """Who is behind a message.

    Where a chat speaks (a channel, an anonymous administrator), `from` is an account of Telegram's own that many share,
    and must not be taken for a person.
    """
    return part(fields, "sender_chat") or part(fields, "from") or chat
