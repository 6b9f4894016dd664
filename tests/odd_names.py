"""Names as nobody is called, and what none of them may do where it is shown.

Platforms let people choose their names, and the titles of groups, the names of files and what a server calls itself are
chosen by somebody as well. Where one stands in a line, nothing in it may act, hide, or take the place of all others.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

NAMES: Final[Mapping[str, str]] = {
    "a line break": "Ada\nERROR everything is lost",
    "breaks of other kinds": "A\rd\x0ba\x0c\x1c\x1d\x1e\x85\u2028\u2029",
    "the other way round": "\u202egpj.exe\u202c \u2066x\u2069 \u200f",
    "what nobody sees": "A\u200bd\u200c\u2060a\ufeff\u00ad\u180e",
    "only what nobody sees": "\u200b\u2060\ufeff\u3164\u2800",
    "fillers": "\u3164\u115f\uffa0",
    "tags": "Ada\U000e0041\U000e0042\U000e0043",
    "variants": "Ada" + "\U000e0101" * 40,
    "Markdown": "**Ada** [here](http://evil.invalid) ![p](http://evil.invalid/p.png) `x` <http://evil.invalid>",
    "HTML": "<img src=x onerror=alert(1)><a href='//evil.invalid'>Ada</a>&lt;",
    "a terminal": "\x1b[2J\x1b]0;owned\x07\x9b31m\x1b]8;;http://evil.invalid\x1b\\Ada",
    "everybody": "@everyone @here <@123> <@&1> <#1> tg://user?id=1",
    "a template": "{{ states('lock.door') }}{% raw %} {name} %(name)s ${x} {0.__class__}",
    "ten thousand": "x" * 10_000,
    "only blanks": " \t\u00a0\u2003\u3000 ",
    "nothing": "",
    "emojis": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f",
    "a flag": "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f England",
    "Persian": "\u062e\u0627\u0646\u0647\u200c\u0647\u0627 \u0648 \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "parted elsewhere": "A\u200cda \u0645\u200c",
    "a word that means something": "unavailable",
    "an id": "42",
    "half a character": "Ada \ud83d",
    "accents": "A" + "\u0301" * 500,
    "a NUL": "A\0da",
    "columns": "Ada | Bob │ 42\t43",
    "rich": "[bold red]Ada[/] [link=http://evil.invalid]x[/link] :skull:",
}

_ACTS: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINER: Final = "\u200d"
_APART: Final = re.compile("(?<=[\u0620-\u064a\u06a9-\u06d3])\u200c(?=[\u0620-\u064a\u06a9-\u06d3])")
"""What keeps letters apart, as Persian is written."""
_UNSEEN: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
LONGEST: Final = 350
"""Characters that a name has at most where it is shown, with our own words around it."""
_FLAG: Final = re.compile("\U0001f3f4[\U000e0061-\U000e007a]{2,6}\U000e007f")
"""Of England and the like: the one thing that is made of tags and is seen."""


def acting(text: str, *, lines: bool = False) -> set[str]:
    """The characters of a shown text that do something, or hide something, instead of being read."""
    kept = {_JOINER, "\n", "\t"} if lines else {_JOINER}
    tags = range(0xE0000, 0xE1000)
    return {
        one
        for one in _APART.sub("", _FLAG.sub("", text))
        if one not in kept and (unicodedata.category(one) in _ACTS or one in _UNSEEN or ord(one) in tags)
    }


def wrong_with(name: str, longest: int = LONGEST) -> str:
    """What must not be so with a name in a line; nothing if all is well."""
    if found := acting(name):
        return f"it holds {sorted(found)!a}"
    if len(name) > longest:
        return f"it has {len(name)} characters"
    marks = 0
    for one in name:
        marks = marks + 1 if unicodedata.category(one) in {"Mn", "Me"} else 0
        if marks > 8:
            return "marks are piled upon a letter"
    return ""


def leaves(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in plain values, with where it stands."""
    match value:
        case str():
            yield path, value
        case Mapping():
            for key, one in value.items():
                yield f"{path} (key)", str(key)
                yield from leaves(one, f"{path}.{key}")
        case list() | tuple() | set() | frozenset():
            for one in value:
                yield from leaves(one, f"{path}[]")
