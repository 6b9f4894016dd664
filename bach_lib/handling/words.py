"""Splits what follows a command into words, as people type it on a phone: quotes of every kind keep words together."""

import re

_CLOSING = {
    '"': '"',
    "'": "'",
    "\u201c": "\u201d",
    "\u201d": "\u201d",
    "\u201e": "\u201c\u201d",
    "\u00ab": "\u00bb",
    "\u00bb": "\u00ab",
    "\u2018": "\u2019",
    "\u2019": "\u2019",
    "\u201a": "\u2018\u2019",
}
"""What ends that which begins with a quote: phones put curved ones where somebody types straight ones."""
_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"\S+")


def split_words(text: str) -> list[str]:
    r"""The words of `text`. In quotes, spaces are part of a word, and `\"` and `\\` stand for the second character.

    A quote in the middle of a word is a character like others, and so is one that nothing closes: `don't` is one word.
    """
    words, at = list[str](), 0
    while (at := _skip(text, at)) < len(text):
        word, at = _quoted(text, at) or _plain(text, at)
        words.append(word)
    return words


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _plain(text: str, at: int) -> tuple[str, int]:
    match = _WORD.match(text, at)
    return (match[0], match.end()) if match else (text[at], at + 1)


def _quoted(text: str, at: int) -> tuple[str, int] | None:
    """A word in quotes, and where it ends; None if none begins here, or if it ends nowhere."""
    closing = _CLOSING.get(text[at])
    if closing is None:
        return None
    found, now = list[str](), at + 1
    while now < len(text):
        one = text[now]
        if one == "\\" and now + 1 < len(text) and (text[now + 1] == "\\" or text[now + 1] in closing):
            found.append(text[now + 1])
            now += 2
        elif one in closing and (now + 1 == len(text) or text[now + 1].isspace()):
            return "".join(found), now + 1
        else:
            found.append(one)
            now += 1
    return None
