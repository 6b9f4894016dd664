"""Notices between processes: each fits, all that is said is understood, and nonsense is nobody's end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib.owners.notices import MAX_BYTES, Notice, What, about, decoded

NAMES = st.text(max_size=100)
IDS = st.lists(st.integers(0, 2**63 - 1), max_size=1000)


@given(st.sampled_from(What), NAMES, IDS)
def test_what_is_told_is_heard_whole_in_notices_that_fit(what: What, connection: str, ids: list[int]) -> None:
    """PostgreSQL refuses a payload of 8,000 bytes, and a transaction with it; or the owner would miss messages."""
    heard: list[int] = []
    for notice in about(what, connection, ids):
        assert len(notice.encoded().encode()) < MAX_BYTES
        again = decoded(notice.encoded())
        assert again == notice
        heard += again.ids
    assert heard == ids


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "{",
        "null",
        "[]",
        '["written"]',
        '["sung","a",1]',
        '["written",1]',
        '["written","a","1"]',
        "[[]]",
        '["written","a",true]',
    ],
)
def test_what_nobody_understands_is_passed_over(nonsense: str) -> None:
    """A newer BACH beside this one, or somebody at the console, would end its listening."""
    assert decoded(nonsense) is None


def test_a_notice_about_no_message() -> None:
    """That a whole queue has changed would be lost."""
    assert decoded(Notice(What.RELOAD, "home").encoded()) == Notice(What.RELOAD, "home")
