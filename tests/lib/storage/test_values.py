"""What is read out of a column, and which ids a page may ask for."""

import pytest

from bach_lib.storage.values import integer, real, text, upper_bound


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
