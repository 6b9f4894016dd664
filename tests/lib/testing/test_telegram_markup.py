"""Markup: the double reads it as Telegram does, or a message that Telegram refuses would pass our tests."""

import pytest

from bach_lib.testing.telegram.errors import ApiError
from bach_lib.testing.telegram.markup import Formatted, Parser, trimmed
from bach_lib.testing.telegram.markup_html import HALF_CHARACTER, parse_html
from bach_lib.testing.telegram.markup_markdown import parse_markdown, parse_markdown_v2

type Entities = list[tuple[str, str, dict[str, object]]]


def read(formatted: Formatted) -> tuple[str, Entities]:
    """The text, and the part of it that each entity covers."""
    units = formatted.text.encode("utf-16-le")
    covered: Entities = []
    for entity in formatted.entities:
        part = units[2 * entity.offset : 2 * (entity.offset + entity.length)]
        covered.append((entity.type, part.decode("utf-16-le"), dict(entity.extra)))
    return formatted.text, covered


def refusal(parse: Parser, source: str) -> str:
    """Why `source` is refused."""
    with pytest.raises(ApiError) as caught:
        parse(source)
    assert caught.value.code == 400
    return caught.value.description.removeprefix("Bad Request: can't parse entities: ")


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("a &lt; b &amp; &#99; &#x64; &nope; &", "a < b & c d &nope; &", []),
        ("<B>x</B> <i>y</i>", "x y", [("bold", "x", {}), ("italic", "y", {})]),
        ("😀 <u>ü<s>x</s></u>", "😀 üx", [("underline", "üx", {}), ("strikethrough", "x", {})]),
        ("<b></b>x", "x", []),
        ('<a href="http://x/?a&amp;b">x</a>', "x", [("text_link", "x", {"url": "http://x/?a&b"})]),
        ("<a>http://x</a>", "http://x", [("text_link", "http://x", {"url": "http://x"})]),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", "x", {})]),
        ("<tg-emoji emoji-id='5'>👍</tg-emoji>", "👍", [("custom_emoji", "👍", {"custom_emoji_id": "5"})]),
        ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", "x", {})]),
        ('<pre><code class="language-py">x</code></pre>', "x", [("pre", "x", {"language": "py"})]),
        ("<pre>x</pre><code>y</code>", "xy", [("pre", "x", {}), ("code", "y", {})]),
        ("<b >x</>", "x", [("bold", "x", {})]),
    ],
)
def test_html(source: str, text: str, entities: Entities) -> None:
    """Formatting that Telegram understands would be refused or lost."""
    assert read(parse_html(source)) == (text, entities)


@pytest.mark.parametrize(
    ("source", "description"),
    [
        ("ü <b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("ü <table>", 'Unsupported start tag "table" at byte offset 3'),
        ("1 < 2 > 1", 'Unsupported start tag "" at byte offset 2'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("&#xD83D;", HALF_CHARACTER),
        ('<a href="x"', "Unclosed start tag at byte offset 0"),
        ("<a href>x</a>", 'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
    ],
)
def test_bad_html(source: str, description: str) -> None:
    """A formatting refusal, which we repeat as plain text, would not be recognised."""
    assert refusal(parse_html, source) == description


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("*x* _y_ `z`", "x y z", [("bold", "x", {}), ("italic", "y", {}), ("code", "z", {})]),
        (r"snake\_case 2 \* 3", "snake_case 2 * 3", []),
        ("*a _b*", "a _b", [("bold", "a _b", {})]),
        ("[x](http://x) [y]", "x y", [("text_link", "x", {"url": "http://x"}), ("text_link", "y", {"url": "y"})]),
        ("```py\nx = 1\n```", "x = 1\n", [("pre", "x = 1\n", {"language": "py"})]),
        ("```\nx```", "x", [("pre", "x", {})]),
        ("```x```", "x", [("pre", "x", {})]),
        ("** x", " x", []),
    ],
)
def test_markdown(source: str, text: str, entities: Entities) -> None:
    """Formatting that Telegram understands would be refused or lost."""
    assert read(parse_markdown(source)) == (text, entities)


@pytest.mark.parametrize(("source", "offset"), [("light_kitchen", 5), ("ü *x", 3), ("[x", 0), ("`x", 0), ("```x``", 0)])
def test_bad_markdown(source: str, offset: int) -> None:
    """An entity id with an underscore is the usual reason for a refusal; it would not be recognised."""
    assert refusal(parse_markdown, source) == f"Can't find end of the entity starting at byte offset {offset}"


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        (r"1\.5 \*x\* \\", r"1.5 *x* \\"[:-1], []),
        ("*b _i_*", "b i", [("bold", "b i", {}), ("italic", "i", {})]),
        ("__u__ ~s~ ||h||", "u s h", [("underline", "u", {}), ("strikethrough", "s", {}), ("spoiler", "h", {})]),
        ("_a __b__ c_", "a b c", [("italic", "a b c", {}), ("underline", "b", {})]),
        ("`a.b` ```py\nx-1```", "a.b x-1", [("code", "a.b", {}), ("pre", "x-1", {"language": "py"})]),
        (r"[x](http://x/\))", "x", [("text_link", "x", {"url": "http://x/)"})]),
        ("[x]", "x", [("text_link", "x", {"url": "x"})]),
        ("![👍](tg://emoji?id=5)", "👍", [("custom_emoji", "👍", {"custom_emoji_id": "5"})]),
        (">a\n>b\nc", "a\nb\nc", [("blockquote", "a\nb\n", {})]),
        ("a\n>b", "a\nb", [("blockquote", "b", {})]),
        ("*a\nb*", "a\nb", [("bold", "a\nb", {})]),
    ],
)
def test_markdown_v2(source: str, text: str, entities: Entities) -> None:
    """Formatting that Telegram understands would be refused or lost."""
    assert read(parse_markdown_v2(source)) == (text, entities)


@pytest.mark.parametrize(
    ("source", "description"),
    [
        ("1.5", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("a|b", "Character '|' is reserved and must be escaped with the preceding '\\'"),
        ("wow!", "Character '!' is reserved and must be escaped with the preceding '\\'"),
        ("a > b", "Character '>' is reserved and must be escaped with the preceding '\\'"),
        ("ü *x", "Can't find end of Bold entity at byte offset 3"),
        ("*_x*", "Can't find end of Bold entity at byte offset 3"),
        ("```py\nx", "Can't find end of PreCode entity at byte offset 0"),
        ("[x](http://x", "Can't find end of a URL at byte offset 4"),
        ("![x]", "Custom emoji entity must contain a tg://emoji URL"),
        (">*a\nb*", "Can't find end of Bold entity at byte offset 1"),
    ],
)
def test_bad_markdown_v2(source: str, description: str) -> None:
    """A formatting refusal, which we repeat as plain text, would not be recognised."""
    assert refusal(parse_markdown_v2, source) == description


def test_white_space_at_the_ends_is_cut() -> None:
    """A test would expect a text that no person ever sees."""
    assert read(trimmed(parse_html(" \n a <b>b </b> "))) == ("a b", [("bold", "b", {})])
    assert read(trimmed(parse_html("<b> a</b>"))) == (" a", [("bold", " a", {})])
    assert read(trimmed(parse_html("a<b> </b>"))) == ("a", [])
