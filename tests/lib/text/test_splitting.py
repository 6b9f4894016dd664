"""Long texts: every part fits, nothing a reader sees is lost, and what is open is closed and opened again."""

import itertools
import re
import sys
from collections.abc import Callable

import pytest
import regex
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bach_lib.connectors.discord.compose import plain as escaped
from bach_lib.models import Format
from bach_lib.testing.telegram.markup_html import parse_html
from bach_lib.testing.telegram.markup_markdown import parse_markdown
from bach_lib.text.html import read_html
from bach_lib.text.markdown import read_discord, read_signal
from bach_lib.text.old_markdown import read_old_markdown
from bach_lib.text.splitting import DEEPEST, Limit, Read, plain, shortened, split, utf16_length
from bach_lib.text.telegram import MAX_PART, PARSE_MODES, TEXT, parts_of

TAGS = st.sampled_from(["b", "i", "u", "code", "pre", "tg-spoiler", 'a href="https://example.org/?a=1&amp;b=2"'])
SEEN_AS_ONE = ["a", "b", "ß", " ", " ", "\n", ".", "🚪", "👩‍👩‍👧", "🇦🇹", "e\u0301", "👍🏽"]
WORDS = st.lists(st.sampled_from(SEEN_AS_ONE), max_size=30).map("".join)
READERS: dict[str, Read] = {
    "plain": plain,
    "html": read_html,
    "old markdown": read_old_markdown,
    "discord": read_discord,
    "signal": read_signal,
}
readers = pytest.mark.parametrize("read", READERS.values(), ids=READERS)


@st.composite
def html(draw: st.DrawFn, depth: int = 3) -> str:
    """Balanced HTML as Telegram takes it."""
    inner = html(depth - 1) if depth else WORDS
    pieces = []
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            tag = draw(TAGS)
            pieces.append(f"<{tag}>{draw(inner)}</{tag.split()[0]}>")
        else:
            pieces.append(draw(WORDS | st.sampled_from(["&lt;", "&amp;", "&#128682;"])))
    return "".join(pieces)


def marked(*marks: str, special: list[str]) -> st.SearchStrategy[str]:
    """Text in which each of these marks comes in pairs, with other things in between."""

    @st.composite
    def text(draw: st.DrawFn) -> str:
        pieces = []
        for _ in range(draw(st.integers(1, 8))):
            mark = draw(st.just("") | st.sampled_from(marks))
            around = (mark, mark) if mark != "```" else (draw(st.sampled_from(["```\n", "```yaml\n"])), "\n```")
            odd = st.sampled_from(special) if not mark else st.nothing()
            pieces.append(around[0] + draw(WORDS.map(str.strip).filter(bool) | odd) + around[1])
        return " ".join(pieces)

    return text()


OLD_MARKDOWN = marked("*", "_", "`", "```", special=[r"\_", r"\*", "[a link](https://example.org)", "[a]"])
DISCORD = marked(
    "**", "*", "__", "||", "~~", "`", "```", special=["\\*", "snake_case", "> quoted\n", "- item", "<@123>"]
)
SIGNAL = marked("**", "*", "~", "`", "||", special=["\\*", "\\`"])


CHARACTERS = [
    *SEEN_AS_ONE,
    "क्षि",
    "நி",
    "👩🏽‍❤️‍💋‍👨🏼",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
]
OLD_PAIRS = [
    *(
        "*क्षिநி👩‍👩‍👧 bold*",
        "_🇦🇹👍🏽e\u0301_",
        "```text\na ` b\n```",
        "```\nक्षि` ``x\n```",
        "`a`",
        "[a](https://e.org/?a=1)",
    ),
    *(r"\_a\*", "one two three", "👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", "[क्षिநி words](https://example.org/a/long/one?with=1&so=on)"),
]
PAIRS = [
    *(
        "**क्षि ||नि *👩‍👩‍👧 it*||**",
        "__~~**||*deep 🇦🇹*||**~~__",
        "```yaml\na: `b` ` c\n```",
        "``a ` b``",
        "```\n`a` `` b\n```",
    ),
    *("> quoted *so*\n", "- item", "[words](https://example.org/a_b/c_d/e_f/g_h/i_j/k_l)", "<@123456789>", "2 * 3 * 4"),
    *(
        "https://example.org/a_b_c/with/more/of/it/than/fits_into_40",
        r"\*\_",
        "snake_case_name",
        "`*a* <@1> https://x_y_z`",
    ),
]
SIGNAL_PAIRS = [
    "**क्षि ||नि *👩‍👩‍👧 it*||**",
    "~||**deep 🇦🇹**||~",
    "`a * b`",
    r"\*\~",
    "`*`",
    "2 * 3",
    "👩‍👩‍👧👩‍👩‍👧",
    "one two",
]


def shown(read: Read, text: str) -> str:
    """What a reader sees."""
    return "".join(piece.shown for piece in read(text))


def squeezed(text: str) -> str:
    """Without white space."""
    return "".join(text.split())


def characters(text: str) -> list[str]:
    """What people see as one character, without white space."""
    return [found for found in regex.findall(r"\X", text) if found.strip()]


@pytest.mark.parametrize(
    ("read", "texts"),
    [
        (plain, WORDS),
        (read_html, html()),
        (read_old_markdown, OLD_MARKDOWN),
        (read_discord, DISCORD),
        (read_signal, SIGNAL),
    ],
    ids=READERS,
)
@pytest.mark.parametrize("is_of_shown", [False, True])
@given(data=st.data(), characters_=st.integers(60, 90), utf16=st.booleans())
def test_what_a_reader_sees_is_what_was_written(
    read: Read, texts: st.SearchStrategy[str], *, is_of_shown: bool, data: st.DataObject, characters_: int, utf16: bool
) -> None:
    """Words would be missing, marks stand in the text, half of an alarm be bold, or a family be cut in two."""
    text = data.draw(texts) * data.draw(st.integers(1, 4))
    assume(shown(read, text).strip())
    limit = Limit(characters=characters_ if is_of_shown else 4 * characters_, utf16=utf16, is_of_shown=is_of_shown)
    parts = split(text, limit, read)
    seen = [shown(read, part) for part in parts]
    for part, one in zip(parts, seen, strict=True):
        assert limit.size(one if is_of_shown else part) <= limit.characters
        assert one.strip()
        assert not list(read(part))[-1].open or read is read_discord  # a quotation ends with its message
    assert squeezed("".join(seen)) == squeezed(shown(read, text))
    assert [one for part in seen for one in characters(part)] == characters(shown(read, text))


DENSE: dict[str, tuple[Read, st.SearchStrategy[str]]] = {
    "plain": (plain, st.lists(st.sampled_from(CHARACTERS), max_size=60).map("".join)),
    "html": (read_html, html()),
    "old markdown": (read_old_markdown, st.lists(st.sampled_from(OLD_PAIRS), max_size=12).map(" ".join)),
    "discord": (read_discord, st.lists(st.sampled_from(PAIRS), max_size=12).map(" ".join)),
    "signal": (read_signal, st.lists(st.sampled_from(SIGNAL_PAIRS), max_size=12).map(" ".join)),
}


@pytest.mark.parametrize(("read", "texts"), DENSE.values(), ids=DENSE)
@pytest.mark.parametrize("is_of_shown", [False, True])
@given(data=st.data(), characters_=st.integers(40, 120) | st.integers(40, 4096), utf16=st.booleans())
def test_what_a_reader_sees_is_what_was_written_however_little_room_there_is(
    read: Read, texts: st.SearchStrategy[str], *, is_of_shown: bool, data: st.DataObject, characters_: int, utf16: bool
) -> None:
    """Marks would stand in the text, ticks be added to code, or a syllable or a family be cut in two."""
    text = data.draw(texts)
    text = "\n".join([text] * data.draw(st.integers(1, 6)))
    assume(shown(read, text).strip())
    limit = Limit(characters=characters_, utf16=utf16, is_of_shown=is_of_shown)
    parts = split(text, limit, read)
    seen = [shown(read, part) for part in parts]
    assert all(limit.size(one if is_of_shown else part) <= characters_ for part, one in zip(parts, seen, strict=True))
    assert squeezed("".join(seen)) == squeezed(shown(read, text))
    assert [one for part in seen for one in characters(part)] == characters(shown(read, text))


@given(text=html().map(lambda one: one * 3), limit=st.integers(20, 60))
def test_telegram_reads_every_part_of_html(text: str, limit: int) -> None:
    """Telegram would refuse a part, which would then arrive with all its tags."""
    assume(shown(read_html, text).strip())
    parts = split(text, Limit(characters=limit, utf16=True, is_of_shown=True), read_html)
    read = [parse_html(part).text for part in parts]
    assert all(utf16_length(one) <= limit for one in read)
    assert squeezed("".join(read)) == squeezed(parse_html(text).text)


@given(text=OLD_MARKDOWN.map(lambda one: " ".join([one] * 3)), limit=st.integers(20, 60))
def test_telegram_reads_every_part_of_markdown(text: str, limit: int) -> None:
    """A word of every later part would be taken for the name of a language, or the part be refused."""
    parts = split(text, Limit(characters=limit, utf16=True, is_of_shown=True), read_old_markdown)
    read = [parse_markdown(part).text for part in parts]
    assert all(utf16_length(one) <= limit for one in read)
    assert squeezed("".join(read)) == squeezed(parse_markdown(text).text)


@given(text=st.text(st.sampled_from("ab *_`[]()\\\n"), max_size=80))
def test_markdown_is_read_as_telegram_reads_it(text: str) -> None:
    """Cuts would be made in the middle of marks that only we do not see."""
    try:
        formatted = parse_markdown(text)
    except Exception:  # noqa: BLE001 - what Telegram refuses is not read at all
        return
    assert shown(read_old_markdown, text) == formatted.text


@readers
@given(text=st.text(st.sampled_from("ab \n<>&;*_`[]()\\/~|-1.") | st.characters(), min_size=1, max_size=60))
def test_whatever_is_written_is_cut_to_parts_that_fit(read: Read, text: str) -> None:
    """Broken markup could stop an alarm for good, or lose words of it."""
    long = text * (400 // len(text) + 1)
    for is_of_shown in (False, True):
        limit = Limit(characters=100, utf16=True, is_of_shown=is_of_shown, written=1000)
        parts = split(long, limit, read)
        for part in parts:
            size = utf16_length(shown(read, part) if is_of_shown else part)
            assert size <= 100 or utf16_length(part) <= 100
            assert len(part.encode(errors="replace")) <= 1000


@given(text=html().map(lambda one: one * 3), limit=st.integers(1, 60))
def test_what_does_not_fit_is_cut_as_plain_text(text: str, limit: int) -> None:
    """A tag longer than a message would be sent as it is, or cutting never end."""
    parts = split(text, Limit(characters=limit), read_html)
    assert all(len(part) <= limit for part in parts)


@pytest.mark.parametrize("form", list(PARSE_MODES))
@settings(max_examples=20)
@given(text=st.text(st.sampled_from("ab \n<>&;*_`[]()\\/"), min_size=1, max_size=400))
def test_telegrams_own_limit(form: Format, text: str) -> None:
    """Telegram would refuse a part, however long the text is with its markup."""
    long = text * (MAX_PART * 2 // len(text) + 1)
    for part in parts_of(long, form):
        assert part
        assert len(part.encode()) <= TEXT.written


def test_a_cut_is_made_where_a_reader_pauses() -> None:
    """Words and lines would be torn apart."""
    assert split("one two\nthree four", Limit(characters=13)) == ["one two", "three four"]
    assert split("one two three", Limit(characters=9)) == ["one two", "three"]
    assert split("one\ntwo three four five", Limit(characters=20)) == ["one\ntwo three four", "five"]
    assert split("one two three\nfour five six seven", Limit(characters=22)) == ["one two three", "four five six seven"]
    assert split("one two", Limit(characters=3)) == ["one", "two"]


def test_what_is_open_is_opened_again() -> None:
    """A long quotation would end at the first cut."""
    text = f"<b>{'word ' * 1000}</b>"
    first, second = parts_of(text, Format.HTML)
    assert first.startswith("<b>word")
    assert first.endswith("word</b>")
    assert second.startswith("<b>word")
    assert second.endswith("</b>")


def test_a_link_is_opened_again() -> None:
    """What stands behind a long link would be refused, or the link lead nowhere."""
    text = f"[{'word ' * 1000}](https://example.org)"
    parts = parts_of(text, Format.MARKDOWN)
    assert len(parts) > 1
    assert all(re.fullmatch(r"\[(?:word ?)+\]\(https://example\.org\)", part) for part in parts)


@pytest.mark.parametrize("read", [read_old_markdown, read_discord])
@pytest.mark.parametrize("beginning", ["```\n", "```text\n"])
def test_what_is_between_fences_stays_whole(read: Read, beginning: str) -> None:
    """One line of every later part would be lost, for the word behind a fence is taken for the name of a language."""
    lines = [f"{'  ' * (number % 3)}sensor.{number} 21.5" for number in range(300)]
    parts = split(f"{beginning}{'\n'.join(lines)}\n```", Limit(characters=2000), read)
    assert len(parts) > 1
    assert all(part.startswith(beginning) and part.endswith("```") for part in parts)
    assert [line for part in parts for line in shown(read, part).strip("\n").split("\n")] == lines


@given(before=st.integers(MAX_PART - 12, MAX_PART), mark=st.sampled_from(["*", "_", "`", "```\n", "```text\n"]))
def test_a_mark_that_opens_at_a_cut_opens_after_it(before: int, mark: str) -> None:
    """An empty pair of marks would stand at the end, or the name of a language as a word."""
    text = f"{'a' * before} {mark}words that follow{mark[:3].rstrip('\n')}" + " b" * 50
    parts = parts_of(text, Format.MARKDOWN)
    seen = [shown(read_old_markdown, part) for part in parts]
    assert squeezed("".join(seen)) == "a" * before + "wordsthatfollow" + "b" * 50


def test_no_pair_is_empty_behind_a_cut() -> None:
    """On Discord, four asterisks with nothing between them are four asterisks."""
    text = f"**{'x' * 30}** {'y' * 30}"
    assert split(text, Limit(characters=34), read_discord) == [f"**{'x' * 30}**", "y" * 30]


def test_a_message_does_not_begin_like_a_list_by_chance() -> None:
    """The rest of a sum would be shown as a list, and its sign be gone."""
    assert split("aaaa bbbb - cccc dddd", Limit(characters=10), read_discord) == ["aaaa", "bbbb -", "cccc dddd"]
    assert split("aaaa bbbb\n- cccc dddd", Limit(characters=11), read_discord) == ["aaaa bbbb", "- cccc dddd"]


def test_a_quotation_goes_on() -> None:
    """The second half of what somebody said would look like our own words."""
    parts = split(f"> {'word ' * 20}\nours", Limit(characters=50), read_discord)
    assert all(part.startswith("> word") for part in parts[:-1])
    assert parts[-1].endswith("\nours")
    assert all(part.startswith(">>> ") for part in split(f">>> {'word\n' * 20}", Limit(characters=50), read_discord))


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        (read_discord, "snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"),
        (read_discord, "**bold *it***", "bold it"),
        (read_discord, "**bold ** __u __ * not * _not _", "bold  u  * not * _not _"),
        (read_discord, "***both*** and `a*b*c`", "both and a*b*c"),
        (read_discord, r"\*not\* **open", "*not* **open"),
        (read_discord, "[words](https://example.org/a_b_c) https://x.org/_a_", "words https://x.org/_a_"),
        (read_discord, "```yaml\na: *b*\n``` ``", "\na: *b*\n ``"),
        (read_discord, "**a *b** c*", "a *b c*"),
        (read_signal, r"**a** *b* ~c~ ||d|| `e*` \*f", "a b c d e* *f"),
        (read_old_markdown, r"\_a *b\*_c_ d", r"_a b\c d"),
        (read_html, "a &lt; <b>b</b>", "a < b"),
    ],
)
def test_what_is_markup_and_what_is_not(read: Callable[[str], object], text: str, expected: str) -> None:
    """Cuts would close what is not open, or leave open what is."""
    assert shown(read, text) == expected  # type: ignore[arg-type] # it is a reader


@given(st.text(alphabet="\\*_", min_size=1, max_size=200))
def test_what_is_escaped_stays_together(text: str) -> None:
    """A cut between a backslash and its character would begin some markup."""
    for part in split(escaped(text), Limit(characters=7), read_discord):
        assert re.fullmatch(r"(?:\\.)*", part), part


@pytest.mark.parametrize("form", list(PARSE_MODES))
@pytest.mark.parametrize("one", ["👩‍👩‍👧‍👦", "👍🏽", "🇦🇹", "e\u0301", "e" + "\u0301" * 40])
def test_what_people_see_as_one_character_is_not_cut(form: Format, one: str) -> None:
    """A family would become strangers, and a flag two letters."""
    for shift in range(min(len(one), 4)):
        parts = parts_of("x" * shift + one * (2 * MAX_PART // len(one)), form)
        assert all(part.removeprefix("x" * shift).replace(one, "") == "" for part in parts)


def test_a_character_that_is_longer_than_a_message_is_cut_all_the_same() -> None:
    """A heap of accents would stop everything behind it."""
    assert split("e" + "\u0301" * 30, Limit(characters=10))[0] == "e" + "\u0301" * 9


@given(text=st.text(max_size=200), limit=st.integers(2, 100))
def test_a_shortened_text_says_so(text: str, limit: int) -> None:
    """Somebody would read half of a text and take it for the whole."""
    found = shortened(text, limit)
    assert len(found) <= limit
    assert found == text or found.endswith("…")


BAD = ["*", "[", "[](", "<b>", "<b", "```", "👩‍👧", "\n", "e\u0301", "**", "> ", "_a", "||", "`` "]


@readers
@pytest.mark.parametrize("one", BAD)
@pytest.mark.parametrize("length", [1_500, pytest.param(5_000, marks=pytest.mark.slow)])
def test_cutting_takes_time_in_proportion(read: Read, one: str, length: int) -> None:
    """One message of a stranger's making would hold the whole house up: four times the text, sixteen times the wait."""
    text = one * (length // len(one))
    assert steps(read, 4 * text, length // 5) < 6 * steps(read, text, length // 5)


def steps(read: Read, text: str, limit: int) -> int:
    """How many lines of Python it takes; the machine may be as busy as it likes."""
    tool, line, counted = sys.monitoring.PROFILER_ID, sys.monitoring.events.LINE, itertools.count()
    sys.monitoring.use_tool_id(tool, "steps")
    try:
        sys.monitoring.register_callback(tool, line, lambda _code, _line: next(counted))
        sys.monitoring.set_events(tool, line)
        split(text, Limit(characters=limit), read)
    finally:
        sys.monitoring.free_tool_id(tool)
    return next(counted)


@pytest.mark.parametrize("one", ["<" + "b", "[", "<a ", "](", "*", "_", "`a"])
@readers
def test_a_heap_of_marks_is_cut(read: Read, one: str) -> None:
    """A search that begins anew at every character would take minutes for this, and end for no test."""
    assert split(one[0] + one * (40_000 // len(one)), Limit(characters=4096), read)


@readers
@pytest.mark.parametrize("mark", ["<b>", "*", "**", "_", "`", "||", "> ", "["])
def test_a_heap_of_marks_does_not_fill_the_memory(read: Read, mark: str) -> None:
    """One broken template of 60,000 characters would take all the memory of a small machine, and the home with it."""
    pieces = list(read(f"{mark}a" * 1_000))
    assert max(len(piece.open) for piece in pieces) <= DEEPEST + 1
