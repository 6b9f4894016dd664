"""Mentions: Signal leaves U+FFFC in the text where an app shows a name; here it is put in.

The places are counted in UTF-16 code units. signal-cli knows no names of those who are spoken of, only what they can be
written to by; that is still something a person can read and a rule can find.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bach_lib.connectors.metadata import between, line
from bach_lib.connectors.signal.recipients import person

_PLACEHOLDER = "\ufffc"
_MAX = 100
_MAX_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A text as people read it. `asked` is the same without being spoken to, which a command may follow.

    `mentions`: names, and what each can be written to by; who can not is only named in the text.
    """

    text: str
    asked: str
    mentions: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Place:
    """Where somebody is spoken of, and who."""

    start: int
    end: int
    name: str
    id: str
    is_us: bool


def written(text: str, found: Iterable[Mapping[str, object]], account: str) -> Written:
    """The text with names instead of the placeholders. Where none of those stands, nobody is spoken of."""
    shown, asked, end, length = "", "", 0, len(text.encode("utf-16-le", errors="surrogatepass")) // 2
    named: list[tuple[str, str]] = []
    for place in sorted(_places(found, account)):
        if place.start < end or place.end > length or set(_within(text, place.start, place.end)) != {_PLACEHOLDER}:
            continue
        before = _within(text, end, place.start)
        shown += f"{before}@{place.name}"
        is_spoken_to = place.is_us and not (asked + before).strip()
        asked = f"{asked}{before}" if is_spoken_to else f"{asked}{before}@{place.name}"
        named.append((place.name, place.id))
        end = place.end
    rest = _within(text, end, length)
    return Written(
        text=(shown + rest).replace(_PLACEHOLDER, ""),
        asked=(asked + rest).replace(_PLACEHOLDER, ""),
        mentions=named,
    )


def _within(text: str, start: int, end: int) -> str:
    return between(text, start, end - start)


def _places(found: Iterable[Mapping[str, object]], account: str) -> Iterator[_Place]:
    for number, one in enumerate(found):
        start, width = one.get("start"), one.get("length")
        calls = [call for field in ("name", "number", "uuid") if isinstance(call := one.get(field), str)]
        name = next((shown for call in calls if (shown := line(call, _MAX_NAME))), "")
        if number < _MAX and type(start) is int and type(width) is int and start >= 0 and width > 0 and name:
            id_ = person(*reversed(calls)) or ""  # by Signal's id, which is theirs for good
            yield _Place(start=start, end=start + width, name=name, id=id_, is_us=account in calls)
