"""Declared limits of a platform: what it can do, and how often it may be asked.

Numbers with which nothing would ever go out, and what contradicts itself, are refused where they are written, not when
the first message dies of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bach_lib.arguments import above_zero, some_of
from bach_lib.errors import InvalidValueError
from bach_lib.models import Extra, Format, Operation
from bach_lib.models.poll import LARGEST_POLL, PollLimits
from bach_lib.text.html_markdown import MarkdownMarks


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """At most `count` per `per` seconds, and `burst` at once (default: `count`)."""

    count: int
    per: float
    burst: int | None = None

    def __post_init__(self) -> None:
        """Raises `InvalidValueError` for what would let nothing through, ever."""
        above_zero("Rate.per", self.per)
        for name, value in (("count", self.count), ("burst", 1 if self.burst is None else self.burst)):
            above_zero(f"Rate.{name}", value, whole=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a platform can do.

    `idempotent`: it recognises a repeated nonce, so repeating is always safe. `max_text`: in UTF-16 code units if
    `counts_utf16`, else in characters. `send_timeout`: seconds after which an attempt is given up from outside, as a
    last net above the connector's own time-outs. `poll_timeout`: the same for one call of `receive`. `operations`: what
    can be done to messages. `max_buttons`: how many a message may have; `button_value`: the longest value that one may
    bring back, in bytes of UTF-8. `button_url`: the longest address that one may open instead, in characters; 0: none
    does. `fetch_bytes`: the largest file that can be fetched. `finds_recipients`: it can be asked whom it could write
    to. `takes_pushes`: others bring it messages in requests. `max_files`: how many files a message may have that leaves
    the connector as one; more go in several; 0: none. `file_bytes`: how large each may be at most; larger ones are left
    out. `picture_bytes`: what is shown as a picture; larger ones go as documents; 0: as `file_bytes`. `fits_pictures`:
    it makes larger ones smaller itself, as a `Ladder` with `limits` does. `max_caption`: characters that fit below a
    file; more go apart. `own_ids`: to another account, the same id of a message is another message. `adds_reactions`:
    an emoji joins those of the same sender instead of taking their place. `shared_lanes`: several processes may send
    through one connection at once, as nothing is counted, held open or remembered from one message to the next.
    `replaces_by_tag`: it shows a newer message of a tag in place of the older one by itself. `html_as`: how its
    Markdown is written, if HTML is to come to it as that. `forwards`, `copies`: it passes messages on itself, with
    whose words they were or without (`Message.forwarding`). `extras`: what it shows beside words, files and buttons;
    what is not named here never comes to it. `poll`: how much of a poll it takes.
    """

    receives: bool
    """Things come in."""
    idempotent: bool
    formats: frozenset[Format]
    """How a text may be marked up."""
    max_text: int
    counts_utf16: bool = False
    send_timeout: float = 30.0
    poll_timeout: float = 60.0
    operations: frozenset[Operation] = frozenset({Operation.SEND})
    max_buttons: int = 0
    button_value: int = 0
    button_url: int = 0
    fetch_bytes: int = 0
    finds_recipients: bool = False
    takes_pushes: bool = False
    max_files: int = 0
    file_bytes: int = 0
    picture_bytes: int = 0
    fits_pictures: bool = False
    max_caption: int | None = None
    own_ids: bool = False
    adds_reactions: bool = False
    shared_lanes: bool = False
    replaces_by_tag: bool = False
    html_as: MarkdownMarks | None = None
    forwards: bool = False
    copies: bool = False
    extras: frozenset[Extra] = frozenset()
    poll: PollLimits = LARGEST_POLL

    def __post_init__(self) -> None:
        """Raises `InvalidValueError`, which names the field."""
        for name in _SWITCHES:
            if not isinstance(value := getattr(self, name), bool):
                raise _wrong(name, value, "True or False")
        for name in ("send_timeout", "poll_timeout"):
            above_zero(f"Capabilities.{name}", getattr(self, name))
        above_zero("Capabilities.max_text", self.max_text, whole=True)
        for name in _NUMBERS:
            value = getattr(self, name)
            if not _is_whole(value) and not (value is None and name == "max_caption"):
                raise _wrong(name, value, "a whole number, 0 or more")
        self._check_words()
        self._check_pairs()

    def shows(self, form: str) -> bool:
        """Whether it shows a text of this format as it is meant; not one that nobody knows."""
        return form in self.formats or (form == Format.HTML and self.html_as is not None)

    def _check_words(self) -> None:
        for name, kind, least in _WORDS:
            given: object = getattr(self, name)
            words = some_of(kind, f"Capabilities.{name}", given)
            if least is not None and least not in words:
                expected = f"a frozenset with {kind.__name__}.{least.name} in it"
                raise _wrong(name, ", ".join(sorted(words)), expected)
            object.__setattr__(self, name, words)  # what was given may be changed later, by whoever has it

    def _check_pairs(self) -> None:
        """What says that something can be done, and that it cannot."""
        for name, other in _PAIRS.items():
            mine, others = getattr(self, name), getattr(self, other)
            if bool(mine) is not bool(others):
                kind = f"{'a number above 0' if others else '0'}, as {other} is {others}"
                raise _wrong(name, mine, kind)
        if self.html_as is not None and Format.MARKDOWN not in self.formats:
            raise _wrong("html_as", self.html_as, "None, as markdown is not among formats")
        if self.picture_bytes > self.file_bytes:
            raise _wrong("picture_bytes", self.picture_bytes, f"at most file_bytes, which is {self.file_bytes}")
        if self.max_caption is not None and not self.max_files:
            raise _wrong("max_caption", self.max_caption, "None, as max_files is 0")


_SWITCHES = (
    *("receives", "idempotent", "counts_utf16", "finds_recipients", "takes_pushes", "own_ids", "adds_reactions"),
    *("shared_lanes", "replaces_by_tag", "fits_pictures", "forwards", "copies"),
)
_WORDS: Final[tuple[tuple[str, type[StrEnum], StrEnum | None], ...]] = (
    ("formats", Format, Format.PLAIN),
    ("operations", Operation, Operation.SEND),
    ("extras", Extra, None),
)
"""What holds words, and the one that must be among them."""
_NUMBERS = (
    *("max_buttons", "button_value", "button_url", "max_files", "file_bytes", "picture_bytes"),
    *("fetch_bytes", "max_caption"),
)
_PAIRS: Final[Mapping[str, str]] = {"button_value": "max_buttons", "file_bytes": "max_files"}
"""What is of no use without the other: buttons that may bring nothing back, files without a byte."""


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _wrong(name: str, value: object, expected: str) -> InvalidValueError:
    return InvalidValueError(field=f"Capabilities.{name}", value=repr(value)[:50], expected=expected)
