"""What BACH itself says: English for programs, logs and terminals, and ready for any other language.

A `Sentence` is a text and is used as one. Beside its English words it carries its `key`, under which translations have
it, and what fills its places. Whoever shows it to a person says it in their language; whoever does not know of it has
a plain text. Words of others, as a platform's, are no sentences of ours: they stay as they are, in a place of one.

    Fault(code="timeout", text=Sentence("not_in_time", "{host} did not answer in time.", host=host))

What several modules say is declared once, without values, and filled by a call: `NOT_IN_TIME(host=host)`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from string import Formatter
from typing import Self, final, override

from bach_lib.redact import Composed, readable

type Boxed = Mapping[str, Boxed] | str
"""A sentence, or words of others."""

_LONGEST = 500
"""Characters of what is repeated in a sentence: whoever gave a book for a name knows which one."""
_DEEPEST = 4
"""Sentences within sentences; what lies deeper is a plain text."""
_MOST_PLACES = 20
TOGETHER = ""
"""The key of several sentences in a row, which no language needs a text for."""


@final
class Sentence(Composed):
    """One sentence, or a part that fills a place of another. Raises TypeError where a place is left, or unknown."""

    __slots__ = ("key", "placeholders", "template")

    key: str
    """The name of the sentence, for translations."""
    placeholders: Mapping[str, str]
    """What fills its places; some of it may be sentences, too."""
    template: str
    """The English words with names in braces; nothing where the sentence came from another process or the disk."""

    def __new__(cls, key: str, template: str, /, **values: object) -> Self:
        """Without values it is a template with places, which a call fills, or a sentence without any."""
        if values and values.keys() != _places(template):
            raise TypeError(f"{key} is made from {sorted(_places(template))}, not from {sorted(values)}")
        placeholders = fitted(template, {name: said(value) for name, value in values.items()})
        return cls.made(template.format(**placeholders) if values else template, key, placeholders, template)

    @classmethod
    def made(cls, text: str, key: str, placeholders: Mapping[str, str], template: str = "") -> Self:
        """A sentence that has been said already."""
        sentence = str.__new__(cls, text)
        sentence.key, sentence.placeholders, sentence.template = key, placeholders, template
        return sentence

    @property
    def places(self) -> frozenset[str]:
        """The names of what it is to be filled with."""
        return frozenset(_places(self.template))

    def __call__(self, **values: object) -> Sentence:
        """The sentence that this is the template of."""
        return Sentence(self.key, self.template, **values)

    @override
    def changed(self, change: Callable[[str], str]) -> str:
        """The same with changed words in its places. One that was read has no template, and is changed as a whole."""
        placeholders = {name: change(value) for name, value in self.placeholders.items()}
        if placeholders == self.placeholders:
            return self
        text = self.template.format(**fitted(self.template, placeholders)) if self.template else change(str(self))
        return Sentence.made(text, self.key, placeholders, self.template)

    @override
    def __reduce__(self) -> tuple[object, ...]:
        """Without this a copy would be made from the text alone."""
        return Sentence.made, (str(self), self.key, dict(self.placeholders), self.template)


def together(sentences: Iterable[str]) -> str:
    """Several sentences, one after the other."""
    texts = list(sentences)
    if len(texts) == 1 or not any(isinstance(one, Sentence) for one in texts):
        return " ".join(texts)
    placeholders = {f"part{number}": one for number, one in enumerate(texts[:_MOST_PLACES])}
    return Sentence.made(" ".join(texts), TOGETHER, placeholders, " ".join(f"{{{name}}}" for name in placeholders))


def said(value: object) -> str:
    """What fills a place: in one line that can only be read, and not longer than a person reads."""
    value = getattr(value, "sentence", value)  # of an error of ours
    if isinstance(value, Sentence) and len(value) <= _LONGEST and _depth(value) < _DEEPEST:
        return value
    try:
        text = str(value)
    except ValueError:  # a number of more digits than Python writes
        text = "so large a number"
    text = readable(" ".join(text[: _LONGEST + 1].splitlines()))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def fitted(template: str, placeholders: Mapping[str, str]) -> dict[str, str]:
    """What fills the places of a template, without a full stop where the template goes on with one."""
    return {name: _unstopped(value) if f"{{{name}}}." in template else value for name, value in placeholders.items()}


def _unstopped(text: str) -> str:
    if isinstance(text, Sentence):
        return Sentence.made(text.rstrip("."), text.key, text.placeholders, text.template)
    return text.rstrip(".")


def packed(text: str) -> dict[str, Boxed] | None:
    """What goes beside the text through JSON, so that it is a sentence on the other side; None for words of others."""
    if not isinstance(text, Sentence):
        return None
    return {"key": text.key, "placeholders": {name: boxed(value) for name, value in text.placeholders.items()}}


def boxed(text: str) -> Boxed:
    """The same with the text in it, for JSON that says either in the place of a text."""
    beside = packed(text)
    return {"text": str(text), **beside} if beside else str(text)


def unpacked(text: str, beside: object, depth: int = 1) -> str:
    """The sentence again; the text alone where what lies beside it is none, as what others wrote may be anything."""
    match beside:
        case {"key": str(key), "placeholders": dict(given)} if depth <= _DEEPEST and len(given) <= _MOST_PLACES:
            return Sentence.made(text, key, {str(name): _inner(value, depth + 1) for name, value in given.items()})
    return text


def written(text: str) -> str | None:
    """The same for a column beside that of the text."""
    beside = packed(text)
    return json.dumps(beside, ensure_ascii=False) if beside else None


def read(text: str, beside: str | None) -> str:
    """What `written` wrote; the text alone where that is damaged, or there is none."""
    if beside is None:
        return text
    try:
        return unpacked(text, json.loads(beside))
    except (ValueError, RecursionError):
        return text


def _inner(value: object, depth: int) -> str:
    if isinstance(value, dict):
        return unpacked(said(value.get("text", "")), value, depth)
    return said(value)


def _depth(sentence: Sentence) -> int:
    return 1 + max((_depth(one) for one in sentence.placeholders.values() if isinstance(one, Sentence)), default=0)


def _places(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}
