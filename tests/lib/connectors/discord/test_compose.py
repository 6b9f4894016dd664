"""Texts and their parts: nothing is lost, nothing is taken for markup that was not meant as such."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib.connectors.discord.compose import nonce, plain
from bach_lib.connectors.discord.recipients import Target
from bach_lib.errors import InvalidRecipientError
from tests.lib.connectors.discord.conftest import a_message


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("sensor.front_door", "sensor.front\\_door"),
        ("https://example.org/a_b*c", "https://example.org/a_b*c"),
        ("- 5 °C\n# 1\n> x\n1. y", "\\- 5 °C\n\\# 1\n\\> x\n1\\. y"),
        ("a - b # c > d 1. e", "a - b # c > d 1. e"),
        ("<@123> <t:1> <:x:1> <#1> a<b", "\\<@123> \\<t:1> \\<:x:1> \\<#1> a<b"),
        ("C:\\x", "C:\\\\x"),
        ("||x||`y`~~z~~[a](b)", "\\|\\|x\\|\\|\\`y\\`\\~\\~z\\~\\~\\[a\\](b)"),
    ],
)
def test_plain_text(text: str, escaped: str) -> None:
    """Entity ids would lose their underscores, measurements become lists, and links lead elsewhere."""
    assert plain(text) == escaped


@given(st.text(max_size=300))
def test_plain_text_loses_nothing(text: str) -> None:
    """A character that somebody wrote would not be shown."""
    assert re.sub(r"\\(.)", r"\1", plain(text), flags=re.DOTALL).replace("\\", "") == text.replace("\\", "")


@given(st.integers(min_value=1, max_value=2**63 - 1), st.integers(min_value=0, max_value=9))
def test_nonces(number: int, part: int) -> None:
    """Discord would refuse a nonce that is too long; two parts with one nonce would become one message."""
    message = a_message("1", number=number)
    assert 0 < len(nonce(message, part)) <= 25
    assert len({nonce(message, one) for one in range(10)}) == 10


@pytest.mark.parametrize(
    "recipient",
    ["42", "@42", "123456789012345678/", "/123456789012345678", "#general", "123456789012345678/@1", "\u0661" * 18],
)
def test_what_is_no_recipient(recipient: str) -> None:
    """A name instead of an id would only fail when the alarm goes off."""
    with pytest.raises(InvalidRecipientError):
        Target.parse(recipient)
