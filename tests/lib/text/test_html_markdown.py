"""HTML written as each platform's Markdown, and read again by what reads that: the same words, in the same styles."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bach_lib.connectors.discord.compose import MARKS as DISCORD
from bach_lib.connectors.ntfy.publishing import MARKS as NTFY
from bach_lib.connectors.signal.styles import MARKS as SIGNAL
from bach_lib.text import html_markdown
from bach_lib.text.html_markdown import MarkdownMarks, markdown_of
from bach_lib.text.markdown import read_discord, read_signal
from bach_lib.text.splitting import Piece

type TraceFunction = Callable[[FrameType, str, object], TraceFunction | None]
type Seen = list[tuple[str, frozenset[str]]]
"""Characters that are no white space, and the styles that each is shown in."""

TAGS = {"b": "bold", "i": "italic", "u": "underline", "s": "strike", "tg-spoiler": "spoiler"}
WORDS = st.text("ab1 .!-#>*_~|`\\[]()<&:ü\n", min_size=1, max_size=6)
HTML = st.recursive(
    WORDS.map(lambda words: (None, [words])),
    lambda inner: st.tuples(st.sampled_from([None, *TAGS]), st.lists(inner, min_size=1, max_size=4)),
    max_leaves=12,
)
type Tree = tuple[str | None, list[Tree | str]]


def html_of(tree: Tree | str) -> str:
    """The HTML of a tree."""
    if isinstance(tree, str):
        return tree.replace("&", "&amp;").replace("<", "&lt;")
    tag, inner = tree
    words = "".join(html_of(one) for one in inner)
    return f"<{tag}>{words}</{tag}>" if tag else words


def meant(tree: Tree | str, styles: frozenset[str] = frozenset()) -> Iterator[tuple[str, frozenset[str]]]:
    """What its reader is to see."""
    if isinstance(tree, str):
        yield from ((character, styles) for character in tree if not character.isspace())
        return
    tag, inner = tree
    for one in inner:
        yield from meant(one, styles | {TAGS[tag]} if tag else styles)


def by(read: Callable[[str], Iterable[Piece]], marks: MarkdownMarks) -> Callable[[str], Seen]:
    """What a reader of ours sees; they are held to the platforms' own elsewhere."""
    names = {mark: style for style, mark in marks.around.items()}

    def look(text: str) -> Seen:
        seen: Seen = []
        for piece in read(text):
            styles = frozenset(names.get(mark.opening, mark.opening) for mark in piece.open)
            seen += [(one, styles) for one in piece.shown if one != "\u2060" and not one.isspace()]
        return seen

    return look


def commonmark(text: str) -> Seen:
    """What CommonMark with struck words shows."""
    seen: Seen = []
    open_: list[str] = []
    names: Mapping[str, str] = {"strong": "bold", "em": "italic", "s": "strike"}

    def look(tokens: Iterable[Token]) -> None:
        for token in tokens:
            name = token.type.rpartition("_")[0]
            if token.children:
                look(token.children)
            elif token.type == "text":
                seen.extend((one, frozenset(open_)) for one in token.content if one != "\u2060" and not one.isspace())
            elif name in names and token.nesting > 0:
                open_.append(names[name])
            elif name in names:
                open_.pop()

    look(MarkdownIt("commonmark").enable("strikethrough").parse(text))
    return seen


READERS: Mapping[str, tuple[MarkdownMarks, Callable[[str], Seen]]] = {
    "discord": (DISCORD, by(read_discord, DISCORD)),
    "signal": (SIGNAL, by(read_signal, SIGNAL)),
    "ntfy": (NTFY, commonmark),
}


@pytest.mark.parametrize("name", READERS)
@given(tree=HTML)
def test_the_same_is_seen(name: str, tree: Tree) -> None:
    """An alarm would be full of asterisks, or the wrong word stand out."""
    marks, look = READERS[name]
    expected = [(one, styles & marks.around.keys()) for one, styles in meant(tree)]
    assert look(markdown_of(html_of(tree), marks)) == expected


@pytest.mark.parametrize("name", READERS)
def test_no_heap_of_tags_takes_long(name: str) -> None:
    """All of a home would stand still for half a minute while a broken template is sent, and again with each try."""
    small, large = (_steps(f"{'<b>' * count}a{'<i>b' * count}", READERS[name][0]) for count in (100, 1_000))
    assert large < 20 * small


def _steps(text: str, marks: MarkdownMarks) -> int:
    """How many lines of the module are gone through. Time would say more of the machine."""
    count = 0

    def look(frame: FrameType, event: str, _: object) -> TraceFunction | None:
        nonlocal count
        count += event == "line"
        return look if frame.f_code.co_filename == html_markdown.__file__ else None

    before = sys.gettrace()
    sys.settrace(look)
    try:
        markdown_of(text, marks)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", READERS)
@given(text=st.text("<>/&;abi \n=\"'", max_size=40) | st.text(max_size=40))
def test_any_text_is_taken(name: str, text: str) -> None:
    """A slip in somebody's template would stop the alarm."""
    markdown_of(text, READERS[name][0])


@pytest.mark.parametrize(
    ("html", "discord", "signal", "ntfy"),
    [
        ('<a href="https://example.org/a_b">the page</a>', "[the page](https://example.org/a_b)",
         "the page (https://example.org/a_b )", "[the page](https://example.org/a_b)"),
        ("<a href='https://example.org'>https://example.org</a>",) + ("https://example.org",) * 3,
        ('<a href="javascript:alert(1)">the page</a>',) + ("the page",) * 3,
        ('<a href="https://example.org">[1]</a>', "\\[1\\] (https://example.org )", "[1] (https://example.org )",
         "\\[1\\] (https://example.org )"),
        ("see https://example.org/_a_ now",) + ("see https://example.org/_a_ now",) * 3,
        ("<code>a_b*c</code>",) + ("`a_b*c`",) * 3,
        ("<code>a`b</code>", "a\\`b", "a\\`b", "a\\`b"),
        ('log:<pre><code class="language-py">a = 1\nb</code></pre>end', "log:\n```py\na = 1\nb\n```\nend",
         "log:\n`a = 1\nb`\nend", "log:\n```py\na = 1\nb\n```\nend"),
        ("<blockquote>one\n<b>two</b></blockquote>three", "> one\n> **two**\nthree", "one\n**two**\nthree",
         "> one  \n> **two**\n\nthree"),
        ("<b>one<br>two</b> three", "**one**\n**two** three", "**one**\n**two** three", "**one**  \n**two** three"),
        ("<b>one<img src='x'>, <i>two</b> three", "**one, *two*\u2060** three",
         "**one, *two*\u2060** three", "**one, *two*\u2060** three"),
        ("one<br>two<br/>three<unknown>!</unknown>", "one\ntwo\nthree!", "one\ntwo\nthree!",
         "one  \ntwo  \nthree\\!"),
        ('<span class="tg-spoiler">code</span> <span>words</span>', "||code|| words", "||code|| words", "code words"),
    ],
)  # fmt: skip
def test_what_there_is_beside_styles(html: str, discord: str, signal: str, ntfy: str) -> None:
    """A link would lead nowhere, a log stand in one line, or a word that is hidden be open."""
    assert [markdown_of(html, marks) for marks, _ in READERS.values()] == [discord, signal, ntfy]
