"""How it reads over there."""

from dataclasses import replace

import pytest

from bach_lib import Format, Kind
from bach_lib.bridges.bridge_text import words_of
from tests.lib.bridges.conftest import BRIDGE
from tests.lib.bridges.test_judging import NOW, came

ALL = frozenset({Format.PLAIN, Format.HTML, Format.MARKDOWN})
MARKDOWN = frozenset({Format.PLAIN, Format.MARKDOWN})


@pytest.mark.parametrize(
    ("text", "formats", "expected"),
    [
        ("1 < 2 & <b>", ALL, ("<b>Ada:</b> 1 &lt; 2 &amp; &lt;b&gt;", "html")),
        ("Good morning", MARKDOWN, ("**Ada:** Good morning", "markdown")),
        ("see https://example.org/a_b", MARKDOWN, ("Ada: see https://example.org/a_b", "plain")),
        ("<@&123> @everyone", MARKDOWN, ("Ada: <@&123> @everyone", "plain")),
        ("- one\n- two", MARKDOWN, ("Ada: - one\n- two", "plain")),
        ("*so*", frozenset({Format.PLAIN}), ("Ada: *so*", "plain")),
    ],
)
def test_what_people_write_is_no_markup_elsewhere(
    text: str, formats: frozenset[Format], expected: tuple[str, str]
) -> None:
    """An address would lead elsewhere, half of the text be bold, or a stranger's word ring everybody's phone."""
    assert words_of(BRIDGE, came(text=text), name="Ada", formats=formats) == expected


def test_a_name_is_one_short_line() -> None:
    """Who calls himself a whole page would write in the names of others."""
    text, _ = words_of(BRIDGE, came(text="x"), name="Eve\nAda: I agree" + "!" * 100)
    assert text.startswith("Eve Ada: I agree!!")
    assert len(text) == 64 + len(": x")


def test_what_is_too_long_is_cut_with_a_mark() -> None:
    """It would be refused, and nobody read any of it."""
    text, _ = words_of(BRIDGE, came(text="x" * 9_000), name="Ada", most=1_000)
    assert (len(text), text[-1]) == (505, "…")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"metadata": {"forwarded": True}}, "Ada (forwarded): Hello"),
        ({"kind": Kind.EDITED}, "Ada (edited): Hello"),
    ],
)
def test_beside_the_name_stands_what_it_is(fields: dict[str, object], expected: str) -> None:
    """Words of somebody else would be read as Ada's own."""
    assert words_of(BRIDGE, came(**fields), name="Ada")[0] == expected  # type: ignore[arg-type] # of a message


def test_without_a_name_it_reads_as_it_was_written() -> None:
    """Who wants no names reads them all the same."""
    nameless = replace(BRIDGE, with_name=False)
    assert words_of(nameless, came(), name="Ada", formats=ALL) == ("Hello", "plain")
    assert words_of(nameless, came(kind=Kind.EDITED), name="Ada")[0] == "(edited) Hello"


def test_of_another_day_the_date_is_said() -> None:
    """A time alone would be read as that of this morning."""
    text, _ = words_of(BRIDGE, came(), name="Ada", now=NOW + 3 * 86_400)
    assert text.startswith("Ada (1970-01-")
