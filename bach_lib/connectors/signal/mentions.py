"""Mentions: Signal leaves U+FFFC in the text where an app shows a name; here it is put in.

The places are counted in UTF-16 code units. signal-cli knows no names of those who are spoken of, only what they can be
written to by; that is still something a person can read and a rule can find.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bach_lib.connectors.metadata import between

_PLACEHOLDER = "\ufffc"
_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A text as people read it. `asked` is the same without being spoken to, which a command may follow."""

    text: str
    asked: str
    mentions: Sequence[tuple[str, str]] = ()


def written(text: str, found: Iterable[Mapping[str, object]], account: str) -> Written:
    """The text with names instead of the placeholders."""
    shown, asked, end, length = "", "", 0, len(text.encode("utf-16-le", errors="surrogatepass")) // 2
    named: list[tuple[str, str]] = []
    for start, width, name, is_us in sorted(_places(found, account)):
        if start < end or start + width > length:
            continue
        before = between(text, end, start - end)
        shown += f"{before}@{name}"
        asked = f"{asked}{before}" if is_us and not (asked + before).strip() else f"{asked}{before}@{name}"
        named.append((name, name))
        end = start + width
    rest = between(text, end, length - end)
    return Written(
        text=(shown + rest).replace(_PLACEHOLDER, ""),
        asked=(asked + rest).replace(_PLACEHOLDER, ""),
        mentions=named,
    )


def _places(found: Iterable[Mapping[str, object]], account: str) -> Iterator[tuple[int, int, str, bool]]:
    for number, one in enumerate(found):
        start, width = one.get("start"), one.get("length")
        names = [name for field in ("name", "number", "uuid") if isinstance(name := one.get(field), str) and name]
        if number < _MAX and type(start) is int and type(width) is int and start >= 0 and width > 0 and names:
            yield start, width, names[0][:100], account in names
