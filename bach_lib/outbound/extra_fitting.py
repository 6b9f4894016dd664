"""Fits what a message has beside words, files and buttons: what a platform has not is said in words, and is a loss.

It is decided here once for all platforms, so no connector has to know what it cannot do.
"""

from collections.abc import Mapping
from typing import Final

from bach_lib.connectors.capabilities import Capabilities
from bach_lib.models import Extra, Extras, Format, Loss
from bach_lib.said import Sentence
from bach_lib.text.extra_words import in_words, with_words

_CANNOT: Final[Mapping[Extra, Sentence]] = {
    Extra.LINK_PREVIEW: Sentence(
        "type_cannot_leave_out_previews", "{type} cannot be asked to leave out the preview of a link."
    ),
    Extra.PROTECTED: Sentence(
        "type_cannot_protect", "Whoever gets a message through {type} can pass it on and save it."
    ),
    Extra.VIEW_ONCE: Sentence("type_shows_files_again", "What came through {type} can be looked at again."),
    Extra.EFFECT: Sentence("type_has_no_effects", "{type} has no effects."),
    Extra.EMBED: Sentence("type_has_no_embeds", "{type} has no frames with fields and pictures."),
    Extra.LOCATION: Sentence("type_shows_no_map", "{type} shows no place on a map."),
    Extra.POLL: Sentence("type_has_no_polls", "{type} has no polls."),
}
_LARGE_POLL: Final = Sentence(
    "type_takes_smaller_polls",
    "A poll of {type} has at most {options} answers of {option} characters, and a question of {question}.",
)
_LINKS: Final = ("://", "www.")
IN_AN_EDIT: Final = frozenset({Extra.LINK_PREVIEW})
"""What a message that is there already can still be given."""


def fit_extras(
    type_: str, able: Capabilities, extras: Extras, text: str, form: Format, *, has_files: bool = False
) -> tuple[Extras, str, tuple[Loss, ...]]:
    """What of the extras a platform shows, the text with what it does not, and what the message goes without."""
    if not has_files:
        extras = extras.without([Extra.VIEW_ONCE])
    shown = able.extras
    if extras.poll is not None and not able.poll.hold(extras.poll):
        shown -= {Extra.POLL}
    missing = [one for one in extras.given if one not in shown and _matters(one, text)]
    lost = tuple(Loss(what=one.value, reason=_reason(type_, able, one)) for one in missing)
    for one in missing:
        text = with_words(text, in_words(extras, one, form))
    return extras.without([one for one in Extra if one not in shown]), text, lost


def _reason(type_: str, able: Capabilities, extra: Extra) -> Sentence:
    """Why an extra is not shown."""
    if extra is Extra.POLL and extra in able.extras:
        most = able.poll
        return _LARGE_POLL(type=type_, options=most.options, question=most.question, option=most.option)
    return _CANNOT[extra](type=type_)


def _matters(extra: Extra, text: str) -> bool:
    """Whether anybody would see that it is not there: where there is no link, there is no preview of one."""
    return extra is not Extra.LINK_PREVIEW or any(mark in text for mark in _LINKS)
