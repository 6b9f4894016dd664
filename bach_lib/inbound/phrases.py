"""Multi-pattern string search (Aho-Corasick): many phrases in one text at once.

Aho and Corasick (1975), "Efficient string matching: an aid to bibliographic search": one walk over the text through a
tree of all phrases; where a phrase breaks off, a link leads to the longest one that its end begins.
"""

import unicodedata
from collections import deque
from collections.abc import Iterable


def fold(text: str) -> str:
    """The form in which texts are compared: without capitals, accents composed, one space where there were many."""
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()).split())


class Phrases[T]:
    """Phrases, each with what it stands for. They match as whole words, in any case.

    "Whole words" asks for an end of a word where a phrase ends in a letter of an alphabet with capitals or in a digit;
    other scripts are often written without spaces.
    """

    def __init__(self, phrases: Iterable[tuple[str, T]]) -> None:
        self._next: list[dict[str, int]] = [{}]
        self._link: list[int] = [0]
        self._ends: list[tuple[tuple[int, T], ...]] = [()]
        for phrase, meaning in phrases:
            if folded := fold(phrase):
                self._add(folded, meaning)
        self._make_links()

    def find(self, text: str) -> set[T]:
        """What is meant by the phrases that stand in the text."""
        found: set[T] = set()
        folded = fold(text)
        step, link, ends = self._next, self._link, self._ends
        node = 0
        for position, character in enumerate(folded):
            while character not in step[node] and node:
                node = link[node]
            node = step[node].get(character, 0)
            for length, meaning in ends[node]:
                if meaning not in found and _is_whole(folded, position + 1 - length, position + 1):
                    found.add(meaning)
        return found

    def _add(self, phrase: str, meaning: T) -> None:
        node = 0
        for character in phrase:
            following = self._next[node].get(character)
            if following is None:
                following = self._next[node][character] = len(self._next)
                self._next.append({})
                self._link.append(0)
                self._ends.append(())
            node = following
        self._ends[node] += ((len(phrase), meaning),)

    def _make_links(self) -> None:
        """Level by level: the link of a node leads one step further than a link of its parent."""
        waiting = deque(self._next[0].values())
        while waiting:
            node = waiting.popleft()
            for character, child in self._next[node].items():
                link = self._link[node]
                while character not in self._next[link] and link:
                    link = self._link[link]
                self._link[child] = self._next[link].get(character, 0)
                self._ends[child] += self._ends[self._link[child]]
                waiting.append(child)


def _is_whole(text: str, start: int, end: int) -> bool:
    return not (
        (start > 0 and _holds_together(text[start - 1], text[start]))
        or (end < len(text) and _holds_together(text[end - 1], text[end]))
    )


def _holds_together(left: str, right: str) -> bool:
    """Whether two characters are of one word."""
    return _is_of_word(left) and _is_of_word(right)


def _is_of_word(character: str) -> bool:
    return character.isnumeric() or character.upper() != character.lower()
