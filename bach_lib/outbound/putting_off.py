"""A message that people can put off: below it stands a button, and whoever presses that gets it again later.

For how long stands in the value of the button, or, where the platform has none, in what the message says it goes
without. So both are on disk with the message, and nothing else has to be kept for a press that comes hours later.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Final

from bach_lib.common_sentences import MORE_THAN_0_SECONDS_AT_MOST_7_DAYS
from bach_lib.connectors.capabilities import Capabilities
from bach_lib.errors import InvalidValueError
from bach_lib.models import Button, Buttons, Format, Loss, Message, Snooze
from bach_lib.outbound.button_fitting import fit_buttons, rows_of
from bach_lib.outbound.fitting import Content, bounded, text_of
from bach_lib.outbound.readable import has_words
from bach_lib.outbound.rows import Draft
from bach_lib.said import Sentence

PUT_OFF: Final = "put_off"
"""The code of the reason why it waits."""
A_SNOOZE: Final = Sentence("a_snooze_with_seconds_and_a_button", "a Snooze, with seconds and the words of its button")
_WHAT: Final = "snooze"
_BY_WORD = Sentence(
    "whoever_writes_words_gets_it_again_after_seconds",
    'Whoever writes "{words}" or {number} gets it again after {seconds} seconds.',
)
_UNHEARD = Sentence("type_brings_no_answer_back", "{type} brings no answer back, so nobody can put it off.")
_NOT_KEPT = Sentence("what_is_confidential_is_not_kept", "What is confidential is not kept, so nobody can put it off.")
_VALUE: Final = re.compile(r"bach:later:([1-9][0-9]{0,5})")
_LONGEST: Final = 7 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class ByWord:
    """What somebody has to write where there is no button: the words, or their number in the list of choices."""

    words: str
    number: int
    seconds: float


def seconds_of(value: str | None) -> float | None:
    """For how long the button with this value puts a message off; None: it is another button."""
    found = _VALUE.fullmatch(value or "")
    return min(float(found[1]), _LONGEST) if found else None


def offered(type_: str, able: Capabilities, wish: Mapping[str, object]) -> tuple[Buttons, list[Loss]]:
    """The buttons with the one that puts it off, or why it has none. `wish`: its options. Raises an `InputError`."""
    rows, snooze = rows_of(wish.get("buttons", ())), wish.get("snooze")
    if snooze is not None:
        rows = (*rows, (_button(snooze),))
    without = tuple(kept for row in rows if (kept := tuple(one for one in row if seconds_of(one.value) is None)))
    if without == rows:
        return rows, []
    if able.receives and wish.get("format") != Format.JSON and not wish.get("confidential"):
        pressed, _, missing = fit_buttons(type_, able, rows, Format.PLAIN)
        if pressed or not able.max_buttons:
            return rows, []
        # nobody listens for words where people press, and for one button too many all others would be words
        return without, [Loss(what=_WHAT, reason=missing[0].reason)]
    if wish.get("confidential"):
        return without, [Loss(what=_WHAT, reason=_NOT_KEPT)]
    return without, [Loss(what=_WHAT, reason=_UNHEARD(type=type_))]


def with_words(content: Content, rows: Buttons) -> Content:
    """The same, with what is to be written where the buttons became words."""
    if content.buttons:
        return content
    said = [
        Loss(what=_WHAT, reason=_BY_WORD(words=one.text, number=number, seconds=f"{seconds:.0f}"))
        for number, one in enumerate((one for row in rows for one in row if one.url is None), 1)
        if (seconds := seconds_of(one.value)) is not None
    ]
    return replace(content, lost=(*content.lost, *said)) if said else content


def by_word(lost: Iterable[Loss]) -> ByWord | None:
    """What puts a message off that has no button, if anything does."""
    for loss in lost:
        said = loss.reason
        if loss.what == _WHAT and isinstance(said, Sentence) and said.key == _BY_WORD.key:
            number, seconds = (said.placeholders.get(name, "") for name in ("number", "seconds"))
            if number.isdecimal() and len(number) < 4 and (found := seconds_of(f"bach:later:{seconds}")):
                return ByWord(words=str(said.placeholders.get("words", "")), number=int(number), seconds=found)
    return None


def with_tag(draft: Draft) -> Draft:
    """With a tag of its own, if people can put it off: when it comes again, it takes the place of itself."""
    return replace(draft, tag=f"later {token_hex(4)}") if draft.tag is None and can_be_put_off(draft) else draft


def can_be_put_off(message: Draft | Message) -> bool:
    """Whether people can want it again, with all that was in it."""
    return any(seconds_of(one.value) for row in message.buttons for one in row) or by_word(message.lost) is not None


def words_lost(message: Message) -> Sequence[Loss]:
    """What a message that comes again goes without as before: its choices stand in its words already.

    That it has no buttons is a part of it: else its words would not be listened for.
    """
    return [loss for loss in message.lost if loss.what == "buttons" or (loss.what == _WHAT and by_word([loss]))]


def _button(snooze: object) -> Button:
    if not isinstance(snooze, Snooze):
        raise InvalidValueError(
            field=_WHAT,
            value=type(snooze).__name__,
            expected=A_SNOOZE,
        )
    seconds: object = snooze.seconds
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 1 <= seconds <= _LONGEST:
        raise InvalidValueError(field=_WHAT, value=str(seconds)[:20], expected=MORE_THAN_0_SECONDS_AT_MOST_7_DAYS)
    words = bounded(_WHAT, text_of(_WHAT, snooze.button))
    if not has_words(words):
        raise InvalidValueError(
            field=_WHAT, value="", expected=Sentence("words_for_its_button", "words for its button")
        )
    return Button(text=words, value=f"bach:later:{seconds:.0f}")
