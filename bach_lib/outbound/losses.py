"""Describes losses: what messages go without, in a sentence for people."""

from collections.abc import Iterable

from bach_lib.models import Fault, Loss

_NAMES = {
    "buttons": "buttons that can be pressed",
    "caption": "its words below the file",
    "file": "a file",
    "kind": "its file shown as what it is",
    "markup": "its markup",
    "place": "its topic or thread",
    "reply": "the message that it answers",
    "silent": "its silence",
    "title": "a title of its own",
}


def joined(*losses: Iterable[Loss]) -> tuple[Loss, ...]:
    """All of them, each once."""
    return tuple(dict.fromkeys(loss for some in losses for loss in some))


def without(losses: Iterable[Loss]) -> Fault | None:
    """Why a message was sent degraded; None if it was not."""
    known = list(losses)
    sentences = [f"Sent without {_NAMES.get(loss.what, loss.what)}: {loss.reason}" for loss in known]
    return Fault(code=f"without_{known[0].what}", text=" ".join(sentences)) if known else None
