"""What is read out of a column, and which ids a page may ask for."""

import pytest

from bach_lib.storage.columns import UNREADABLE, Columns
from bach_lib.storage.transaction import Value
from bach_lib.storage.values import fields, integer, listed, pairs, real, text, upper_bound, words


def test_a_column_without_a_number_counts_nothing() -> None:
    """A count of nothing would be one, or fail."""
    assert (integer(None), integer(0), integer(7), integer("7")) == (0, 0, 7, 7)


def test_a_time_that_is_not_there_is_none_and_any_other_is_a_number() -> None:
    """What has never been tried would look as if it had been tried in 1970."""
    assert (real(None), real(0), real(7), real(7.5)) == (None, 0.0, 7.0, 7.5)
    assert isinstance(real(7), float)


def test_a_text_that_is_not_there_is_none_and_an_empty_one_is_not() -> None:
    """A message without a title would have one, called None."""
    assert (text(None), text(""), text("7"), text(7)) == (None, "", "7", "7")


@pytest.mark.parametrize(
    ("before", "bound"),
    [(None, 2**63 - 1), (-5, 0), (0, 0), (7, 7), (2**63 - 1, 2**63 - 1), (2**63, 2**63 - 1), (10**30, 2**63 - 1)],
)
def test_no_page_begins_where_no_id_can_be(before: int | None, bound: int) -> None:
    """A number from outside would end in an error of the database, or hide the newest messages."""
    assert upper_bound(before) == bound


@pytest.mark.parametrize("odd", ["odd", b"x", 2**63, -(2**63), 1e308, float("inf"), "9" * 5000])
def test_what_is_no_number_of_63_bits_is_none(odd: str | bytes | float) -> None:
    """A page with one such row could not be written as JSON, and nobody would see the others."""
    assert integer(2**63 - 1) == 2**63 - 1
    with pytest.raises(UNREADABLE):
        integer(odd)


@pytest.mark.parametrize("odd", ["", "odd", b"x", "nan", "-inf", float("inf")])
def test_what_is_no_time_is_none(odd: str | bytes | float) -> None:
    """The same."""
    with pytest.raises(UNREADABLE):
        real(odd)


def test_a_column_of_json_has_the_shape_it_should_have() -> None:
    """A message would go with other buttons than those it was given, or a list of people be the letters of a name."""
    assert (listed(None), listed("[1]"), words('["a", "b"]'), fields('{"a": 1}')) == ([], [1], ["a", "b"], {"a": 1})
    assert pairs([["a", "b"]]) == [("a", "b")]
    for odd in ("", "odd", "{}", '"abc"', "5", "null", "[" * 3000, b"\xff"):
        with pytest.raises(UNREADABLE):
            listed(odd)
    for odd in ("[1]", '[["a"]]', "[null]"):
        with pytest.raises(UNREADABLE):
            words(odd)
    for odd in ("[]", "null", "odd"):
        with pytest.raises(UNREADABLE):
            fields(odd)
    for found in ("ab", {"ab": 1}, ["ab"], [["a"]], [["a", 1]], [["a", "b", "c"]]):
        with pytest.raises(UNREADABLE):
            pairs(found)


def test_what_is_damaged_of_a_row_is_named_and_something_stands_there_instead() -> None:
    """One odd byte would hide a whole row, or all that come with it."""
    columns = Columns({"age": (integer, 7), "born": (real, None), "pets": (listed, "[]")})
    row: dict[str, Value] = {"name": "Ada", "age": "odd", "pets": "{"}
    assert columns.damaged(row) == ["age", "pets"], "a row need not have all of them"
    assert columns.mended(row, ["age"]) == {"name": "Ada", "age": 7, "pets": "{"}
    assert columns.damaged({"name": "Ada", "age": 36, "born": 1.5, "pets": "[1]"}) == []
