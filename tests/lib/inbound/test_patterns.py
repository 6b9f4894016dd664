"""Patterns of people: they match, and they end."""

import threading
import time

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from bach_lib.inbound import patterns
from bach_lib.inbound.patterns import BadPatternError, Found, Patterns, compile_pattern

ENDLESS = r"(a|aa|aaa)+$"
TEXT = "a" * 60 + "!"


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """More time for each, since a busy machine may look away for longer than a pattern is given."""
    monkeypatch.setattr(patterns, "_EACH", 1.0)
    monkeypatch.setattr(patterns, "_ALL", 60.0)


@pytest.mark.usefixtures("patient")
def test_they_match_anywhere_in_any_case() -> None:
    """A pattern would work only for whoever writes exactly as its author."""
    both = Patterns([(r"\blights? (on|off)\b", "light"), (r"^\d+$", "number")])
    assert both.find("Please, LIGHTS ON now").hits == {"light"}
    assert both.find("12").hits == {"number"}
    assert both.find("12 lights").hits == set()


@pytest.mark.usefixtures("patient")
def test_a_pattern_that_never_ends_is_cut_off_and_the_others_still_match() -> None:
    """One careless pattern would hold up every message of the house for ever."""
    begin = time.monotonic()
    found = Patterns([(ENDLESS, "endless"), ("a!", "other")]).find(TEXT)
    assert found == Found(frozenset({"other"}), frozenset({"endless"}))
    assert time.monotonic() - begin < 60, "seconds, where the search alone would take years"


def test_many_endless_patterns_end_together() -> None:
    """A hundred of them would take a hundred times as long."""
    many = Patterns((ENDLESS, number) for number in range(100))
    begin = time.monotonic()
    found = many.find(TEXT)
    assert found.cut_off == frozenset(range(100))
    assert time.monotonic() - begin < 20, "seconds, where each after the other would take 25"


def test_the_house_goes_on_while_a_pattern_is_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """One careless pattern would stop everything else for a second with each message."""
    monkeypatch.setattr(patterns, "_EACH", 0.5)
    searching = threading.Thread(target=Patterns([(ENDLESS, "endless")]).find, args=(TEXT,))
    searching.start()
    turns = 0
    while searching.is_alive():
        searching.join(0.001)
        turns += 1
    assert turns > 5, "of some hundred; none while the search keeps everybody else waiting"


@pytest.mark.usefixtures("patient")
def test_what_matched_already_does_not_end_the_search() -> None:
    """Behind a rule with two patterns that both match, no rule would be found any more."""
    assert Patterns([("a", "first"), ("b", "first"), ("c", "second")]).find("abc").hits == {"first", "second"}


@pytest.mark.usefixtures("patient")
def test_a_rule_that_matched_is_not_cut_off() -> None:
    """A rule would count as matched and as unknown at once."""
    found = Patterns([(ENDLESS, "rule"), ("a!", "rule")]).find(TEXT)
    assert found == Found(frozenset({"rule"}), frozenset())


@pytest.mark.parametrize("pattern", ["(", "*", "[z-a]", "(?P<n>a)(?P<n>", r"\p{Nonsense}", "a{2,1}", "(?<=a*)("])
def test_a_broken_pattern_is_refused_in_words(pattern: str) -> None:
    """A typing error would be found when the first message comes."""
    with pytest.raises(BadPatternError, match=r"\w"):
        compile_pattern(pattern)


def test_what_is_wrong_with_a_pattern_is_said() -> None:
    """A person would be told that something is wrong, and neither what nor where."""
    with pytest.raises(BadPatternError, match=r"missing \) at position 1"):
        compile_pattern("(")


def test_an_error_without_words_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever wrote a pattern that no memory can hold would be told nothing at all."""

    def too_large(pattern: str, flags: int) -> None:
        raise MemoryError

    monkeypatch.setattr(regex, "compile", too_large)
    with pytest.raises(BadPatternError, match="MemoryError"):
        compile_pattern("x{1000000000}")


@settings(deadline=None)
@given(pattern=st.text(max_size=30), text=st.text(max_size=100))
def test_whatever_people_write_is_refused_or_ends(pattern: str, text: str) -> None:
    """An odd pattern would raise what nobody expects, in the middle of routing."""
    try:
        found = Patterns([(pattern, "it")]).find(text)
    except BadPatternError:
        return
    assert found.hits | found.cut_off <= {"it"}
