"""Finding phrases: the same as looking for each of them, only faster."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bach_lib.inbound.phrases import Phrases, fold

WORDS = st.text(alphabet="ab ", min_size=1, max_size=6).filter(lambda phrase: phrase.strip())


def find(text: str, *phrases: str) -> set[str]:
    """Which of the phrases stand in the text."""
    return Phrases((phrase, phrase) for phrase in phrases).find(text)


@given(phrases=st.lists(WORDS, max_size=12), text=st.text(alphabet="ab ", max_size=60))
def test_it_finds_what_looking_for_each_finds(phrases: list[str], text: str) -> None:
    """A phrase inside another, or behind the beginning of another, would be missed."""
    expected = {phrase for phrase in phrases if re.search(rf"\b{re.escape(fold(phrase))}\b", fold(text))}
    assert find(text, *phrases) == expected


@given(text=st.text(max_size=200), phrase=st.text(min_size=1, max_size=20))
def test_any_text_can_be_searched(text: str, phrase: str) -> None:
    """One odd character would stop the router."""
    folded = fold(phrase)
    assert find(text, phrase) <= {phrase}
    if folded:
        assert find(f"{text} {phrase} {text}", phrase) == {phrase}
        assert find(phrase, phrase) == {phrase}


def test_words_are_whole() -> None:
    """A "ja" would be heard in "Jacke", and a "clamp" would switch the lamp."""
    assert find("Jacke und clamp", "ja", "lamp") == set()
    assert find("Ja, the LAMP!", "ja", "lamp") == {"ja", "lamp"}
    assert find("room 12", "room 1") == set()


def test_scripts_without_spaces_are_searched_everywhere() -> None:
    """In Chinese, Japanese or Thai nothing would ever be found inside a sentence."""
    assert find("请打开灯吧", "打开灯") == {"打开灯"}
    assert find("今電気をつけて", "電気") == {"電気"}


def test_a_phrase_that_breaks_off_is_no_beginning_of_another() -> None:
    """The end of one word and the end of another would together be taken for a third."""
    assert find("電地気", "天気", "電地") == {"電地"}


def test_capitals_accents_and_spaces_make_no_difference() -> None:
    """A phone that writes a capital or another form of "é" would not be understood."""
    assert find("TÜR   AUF", "Tür auf") == {"Tür auf"}
    assert find("Cafe\u0301", "café") == {"café"}
    assert find("STRASSE", "Straße") == {"Straße"}
    assert find("turn\n the\tlight on", "the light") == {"the light"}


def test_one_phrase_may_mean_several_things() -> None:
    """Of two rules with the same word only one would be noticed."""
    assert Phrases([("light", 1), ("light", 2), ("the light", 3)]).find("the light") == {1, 2, 3}


def test_an_empty_phrase_matches_nothing() -> None:
    """A rule with an empty line would match every message."""
    assert find("hello", "", "  ") == set()
