"""Views of messages, as the web app shows them: plain JSON, with the titles that people gave, and what can be done."""

from collections.abc import Mapping

from bach_lib.errors import BachError, UnknownConnectionError
from bach_lib.models import Attempt, ConnectionState, Direction, Format, Message, PersonProof, Status
from bach_lib.outbound.going_together import TOLD
from bach_lib.registry.sender_tag import without
from bach_lib.rest.answers import Json
from bach_lib.said import Boxed, Sentence, boxed
from bach_lib.text.extra_words import in_words
from bach_lib.web.viewer import Visit

type View = dict[str, Json]

_BEGINNING = 300
"""Characters of a text that a list shows."""
_DEEDS: Mapping[Status, tuple[str, ...]] = {
    Status.PENDING: ("amend", "move", "cancel"),
    Status.FAILED: ("send_now", "amend", "move", "cancel"),
    Status.DEAD: ("retry", "amend", "discard"),
    Status.UNCERTAIN: ("retry", "amend", "discard"),
    Status.EXPIRED: ("retry", "amend"),
    Status.CANCELLED: ("retry", "amend"),
}
_NOW_AS_WELL = ("send_now", "amend", "move", "cancel")
"""Of what was held back or is scheduled, and of what goes through a connection that does not work, as far as known."""

_WITHOUT_WORDS = frozenset({"send_now", "cancel", "discard"})
_CONFIDENTIAL = Sentence("confidential_words", "Confidential: its words are for its recipient only.")


class Views:
    """Makes the views of one visit; what it looked up once, it knows."""

    def __init__(self, visit: Visit) -> None:
        self._bach, self._viewer = visit.bach, visit.viewer
        places = visit.viewer.places()
        self._connections = {place.id: place.title for place in places}
        self._recipients = {(place.id, one.id): one.title for place in places for one in place.recipients}
        self._troubles: dict[str, Boxed | None] = {}

    def row(self, message: Message) -> View:
        """A line of a list, with the beginning of a long text."""
        words = self._words(message)
        return {**self._message(message), "text": words[:_BEGINNING] if isinstance(words, str) else words}

    def said(self, message: Message) -> View:
        """As it stands in a conversation: all its words, without what was tried."""
        return {**self._message(message), "text": self._words(message)}

    def whole(self, message: Message, attempts: list[Attempt], proofs: list[PersonProof]) -> View:
        """All that is known of a message."""
        return {
            **self._message(message),
            "text": self._words(message),
            "attempts": [self._attempt(message, one) for one in attempts],
            "proofs": [self._proof(message, one) for one in proofs],
            "lost": [boxed(loss.reason) for loss in message.lost],
            "priority": message.priority,
            "tag": message.tag,
        }

    def titles(self, connection: str, recipient: str) -> View:
        """What a place is called here."""
        title = self._connections.get(connection, connection)
        return {"connection_title": title, "recipient_title": self._recipient(connection, recipient)}

    def _message(self, message: Message) -> View:
        is_later = message.scheduled_for is not None  # which no trouble of its connection concerns now
        trouble = None if message.status.is_final or is_later else self.trouble(message.connection)
        is_stuck = message.held or is_later or (message.status is Status.PENDING and trouble is not None)
        return {
            "id": message.id,
            "connection": message.connection,
            "recipient": message.recipient,
            **self.titles(message.connection, message.recipient),
            "operation": message.operation,
            "title": message.title,
            "files": len(message.files),
            "status": message.status,
            "held": message.held,
            "created_at": message.created_at,
            "next_retry_at": message.next_retry_at,
            "scheduled_for": message.scheduled_for,
            "expires_at": message.expires_at,
            "finished_at": message.finished_at,
            "retry_count": message.retry_count,
            "max_retries": message.max_retries,
            "error": boxed(message.error.text) if message.error else None,
            "trouble": trouble,
            "upload": self._upload(message),
            "proven": [{"kind": one.kind, "people": one.people} for one in message.proven],
            "can": self._deeds(message, is_stuck=is_stuck),
        }

    def _upload(self, message: Message) -> Json:
        """How far its files are, while they go."""
        if message.status is not Status.SENDING or not message.files:
            return None
        try:
            upload = self._bach.upload(message.connection, message.id)
        except BachError:  # removed meanwhile, or nothing goes through it here
            return None
        return {"sent": upload.sent, "size": upload.size} if upload else None

    def _deeds(self, message: Message, *, is_stuck: bool) -> list[Json]:
        """What can be done with it. Nobody corrects words that nobody reads, nor sends again what is not kept."""
        deeds = _NOW_AS_WELL if is_stuck else _DEEDS.get(message.status, ())
        if message.error is not None and message.error.code == TOLD:  # a list has said it
            deeds = tuple(one for one in deeds if one != "amend")
        return [one for one in deeds if not message.confidential or one in _WITHOUT_WORDS]

    def _proof(self, message: Message, proof: PersonProof) -> View:
        """Under the name that somebody gave this person here, if they did; an address is none."""
        title = self._recipient(message.connection, proof.person)
        return {"kind": proof.kind, "name": proof.name if title == proof.person else title, "at": proof.at}

    def _attempt(self, message: Message, attempt: Attempt) -> View:
        return {
            "number": attempt.number,
            "recipient_title": self._recipient(message.connection, attempt.recipient),
            "outcome": attempt.outcome,
            "started_at": attempt.started_at,
            "seconds": attempt.seconds,
            "error": boxed(attempt.error.text) if attempt.error else None,
        }

    def _recipient(self, connection: str, recipient: str) -> str:
        return self._recipients.get((connection, recipient), recipient)

    def _words(self, message: Message) -> Boxed:
        """Without the name of the sender that its connection puts before it: whoever changes it gets that anew."""
        if message.confidential:
            return boxed(_CONFIDENTIAL)
        try:
            text = without(self._bach.registry.get(message.connection), message.text)
        except UnknownConnectionError:  # removed meanwhile
            text = message.text
        return text or "\n\n".join(in_words(message.extras, one, Format.PLAIN) for one in message.extras.given).strip()

    def trouble(self, connection: str) -> Boxed | None:
        """Why nothing goes through a connection now."""
        if connection not in self._troubles:
            self._troubles[connection] = self._look(connection)
        return self._troubles[connection]

    def _look(self, connection: str) -> Boxed | None:
        try:
            health = self._bach.health(connection, Direction.SENDING)
        except UnknownConnectionError:  # removed meanwhile
            return None
        except BachError as error:  # its library is missing: its messages wait, and those of others are shown
            return boxed(self._viewer.sentence(error))
        return boxed(health.fault.text) if health.fault and health.state is not ConnectionState.CONNECTED else None
