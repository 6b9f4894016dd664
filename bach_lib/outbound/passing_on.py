"""Makes the draft of a message that passes another one on: in the platform's own way, or else in words.

The words are there in any case: they go where the platform takes nothing of the kind, and say in lists what it is.
"""

from dataclasses import dataclass, replace
from typing import Final

from bach_lib.common_sentences import A_MESSAGE_TO_FORWARD
from bach_lib.connectors.base import Connector
from bach_lib.errors import CannotDoError, InvalidValueError, NotSentError
from bach_lib.models import NO_EXTRAS, WORDLESS, Connection, Extras, Format, Loss, Message, Operation
from bach_lib.models.forwarding import MOST_PASSED_ON, Forwarding
from bach_lib.models.incoming import IncomingMessage, Kind
from bach_lib.outbound.draft import SendOptions, make_draft
from bach_lib.outbound.readable import has_words
from bach_lib.outbound.rows import Draft
from bach_lib.registry.sender_tag import without
from bach_lib.said import Sentence
from bach_lib.text.extra_words import in_words, with_words

_FORWARD: Final = Sentence("forward", "forward")
_WRITTEN: Final = frozenset({Kind.TEXT, Kind.COMMAND, Kind.MEDIA, Kind.LOCATION, Kind.EDITED, Kind.EXPIRED, Kind.OTHER})
"""What somebody has written; presses, reactions and who comes or goes cannot be passed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """What is passed on. `remote_ids`: all that it became at the platform; none if that cannot be passed on there."""

    connection: str
    place: str
    remote_ids: tuple[str, ...]
    text: str
    title: str | None = None
    format: Format = Format.PLAIN
    writer: str = ""
    """Who wrote it, if it came in."""
    has_files: bool = False
    extras: Extras = NO_EXTRAS


def original_sent(message: Message, remote_ids: tuple[str, ...]) -> Original:
    """A message of ours. Raises `NotSentError`, or `InvalidValueError` for one that is nobody else's business."""
    if message.remote_id is None or message.operation is not Operation.SEND:
        raise NotSentError(id=message.id, status=message.status)
    if message.confidential:
        raise _no_such(message.id, Sentence("one_that_is_not_confidential", "one that is not confidential"))
    return Original(
        connection=message.connection,
        place=message.recipient,
        remote_ids=remote_ids,
        text=message.text,
        title=message.title,
        format=message.format,
        has_files=bool(message.files),
        extras=message.extras,
    )


def original_come_in(message: IncomingMessage) -> Original:
    """One that came in. Raises `InvalidValueError` for what nobody has written."""
    if message.kind not in _WRITTEN or not message.subject:
        raise _no_such(message.id, Sentence("one_that_somebody_wrote", "one that somebody wrote"))
    return Original(
        connection=message.connection,
        place=message.recipient,
        remote_ids=(message.subject,),
        text=message.text,
        writer=message.sender_name,
        has_files=message.content.media is not None,
        extras=Extras(location=message.content.location),
    )


def _no_such(number: int, expected: str) -> InvalidValueError:
    return InvalidValueError(field=A_MESSAGE_TO_FORWARD, value=number, expected=expected)


def make_forward(
    connection: Connection,
    connector: type[Connector],
    recipient: str | int,
    original: Original,
    *,
    is_copy: bool,
    options: SendOptions,
    now: float,
    max_retries: int,
) -> Draft:
    """The checked message. Raises an `InputError`, also where only words could go and there are none."""
    able = connector.capabilities_of(connection)
    text = original.text if is_copy or not original.writer else f"{original.writer}: {original.text}".rstrip()
    said = SendOptions(**{**options, "title": original.title, "format": original.format})
    is_there = original.connection == connection.name and 0 < len(original.remote_ids) <= MOST_PASSED_ON
    if is_there and (able.copies if is_copy else able.forwards):
        plain = replace(connection, settings={})  # nobody reads these words, where it goes as it is
        for one in original.extras.given:  # which goes in words if the platform refuses to pass it on
            text = with_words(text, in_words(original.extras, one, original.format))
        has_text = has_words(original.text) or not WORDLESS.isdisjoint(original.extras.given)
        wanted = text if has_text else "-"
        draft = make_draft(plain, connector, recipient, wanted, said, now=now, max_retries=max_retries)
        passed = Forwarding(original.connection, original.place, original.remote_ids, is_copy)
        return replace(draft, text=draft.text if has_text else "", target=str(passed))
    if not has_words(original.text) and WORDLESS.isdisjoint(original.extras.given):
        raise CannotDoError(type=connection.type, operation=_FORWARD)
    if not original.writer:  # ours has the tag of its sender already, and a second one would stand before it
        text, said["title"] = without(connection, text), original.title and without(connection, original.title)
    said["extras"] = original.extras
    said["lost"] = [*options.get("lost", ()), *_lost(connection.type, original, is_there=is_there)]
    return make_draft(connection, connector, recipient, text, said, now=now, max_retries=max_retries)


def _lost(type_: str, original: Original, *, is_there: bool) -> list[Loss]:
    reason = Sentence("it_is_elsewhere_so_its_words_go", "It is elsewhere, so its words go as a new message.")
    if is_there:
        reason = Sentence(
            "type_does_not_pass_it_on_so_its_words_go",
            "{type} does not pass it on, so its words go as a new message.",
            type=type_,
        )
    stays = Sentence("only_its_words_go", "Only its words go.")
    files = [Loss(what="file", reason=stays)] if original.has_files else []
    return [Loss(what="forward", reason=reason), *files]
