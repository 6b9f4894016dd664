"""Describes losses: what messages go without, in a sentence for people."""

from collections.abc import Iterable
from typing import Final

from bach_lib.models import Fault, Loss
from bach_lib.said import Sentence, together

_SENT_WITHOUT: Final = {
    "album": Sentence("sent_without_album", "Sent without its album, each file by itself: {reason}"),
    "buttons": Sentence("sent_without_buttons", "Sent without buttons that can be pressed: {reason}"),
    "caption": Sentence("sent_without_caption", "Sent without its words below the file: {reason}"),
    "effect": Sentence("sent_without_effect", "Sent without its effect: {reason}"),
    "embed": Sentence("sent_with_embed_in_words", "Sent with its frame in words: {reason}"),
    "file": Sentence("sent_without_file", "Sent without a file: {reason}"),
    "kind": Sentence("sent_without_kind", "Sent without its file shown as what it is: {reason}"),
    "link_preview": Sentence("sent_with_preview", "Sent with the preview of its link, perhaps: {reason}"),
    "links": Sentence("sent_with_links_in_words", "Sent with its links in the text: {reason}"),
    "location": Sentence("sent_with_place_in_words", "Sent with the place in words: {reason}"),
    "markup": Sentence("sent_without_markup", "Sent without its markup: {reason}"),
    "place": Sentence("sent_without_place", "Sent without its topic or thread: {reason}"),
    "poll": Sentence("sent_with_poll_in_words", "Sent with the poll in words: {reason}"),
    "protected": Sentence("sent_unprotected", "Sent without its protection: {reason}"),
    "reply": Sentence("sent_without_reply", "Sent without the message that it answers: {reason}"),
    "silent": Sentence("sent_without_silence", "Sent without its silence: {reason}"),
    "size": Sentence("sent_without_size", "Sent with a file made smaller: {reason}"),
    "title": Sentence("sent_without_title", "Sent without a title of its own: {reason}"),
    "view_once": Sentence("sent_to_be_seen_again", "Sent so that it can be looked at again: {reason}"),
}
_SENT_WITHOUT_OTHER: Final = Sentence("sent_without_what", "Sent without {what}: {reason}")


def joined(*losses: Iterable[Loss]) -> tuple[Loss, ...]:
    """All of them, each once."""
    return tuple(dict.fromkeys(loss for some in losses for loss in some))


def without(losses: Iterable[Loss]) -> Fault | None:
    """Why a message was sent degraded; None if it was not."""
    known = list(losses)
    return Fault(code=f"without_{known[0].what}", text=together(map(_sentence, known))) if known else None


def _sentence(loss: Loss) -> str:
    if loss.what in _SENT_WITHOUT:
        return _SENT_WITHOUT[loss.what](reason=loss.reason)
    return _SENT_WITHOUT_OTHER(what=loss.what, reason=loss.reason)
