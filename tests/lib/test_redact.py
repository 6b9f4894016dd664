"""What people and logs see holds no secret, however it is wrapped."""

from __future__ import annotations

import html
import json
import re
import time
import unicodedata
from base64 import b64encode
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bach_lib.redact import MASK, Redactor, called, readable

TOKEN = "123456789:AAFakeTokenFakeTokenFakeTokenFakeTok"
DISCORD = "MTE0NTY3ODkwMTIzNDU2Nzg5MA.GaBcDe.FakeFakeFakeFakeFakeFakeFakeFakeFakeFa"

PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="*…", exclude_categories=["Cs", "Z", "C"]), max_size=20)
SECRETS = PLAIN.filter(lambda secret: len(secret) >= 4)


@given(secret=SECRETS, before=PLAIN, between=PLAIN, after=PLAIN)
def test_a_known_secret_never_survives(secret: str, before: str, between: str, after: str) -> None:
    """A library that quotes the token would put it into the log."""
    text = f"{before}{secret}{between}{secret}{after}"
    assert secret not in Redactor([secret])(text, limit=1000)


@given(secrets=st.lists(SECRETS, min_size=1, max_size=4), parts=st.lists(st.integers(0, 3), max_size=6), glue=PLAIN)
def test_several_secrets_do_not_shield_each_other(secrets: list[str], parts: list[int], glue: str) -> None:
    """The secret that contains another one would leave its tail, or two that overlap would leave both."""
    text = glue.join(secrets[number % len(secrets)] for number in parts)
    redacted = Redactor(secrets)(text, limit=1000)
    assert not [secret for secret in secrets if secret in redacted]


def test_a_secret_inside_of_another_leaves_no_tail_of_it() -> None:
    """Most of the longer one would stand there in plain sight."""
    assert Redactor(["abcd", "abcdefgh"])("abcdefgh") == MASK


@given(secret=SECRETS, other=SECRETS, overlap=st.integers(1, 3))
def test_secrets_that_overlap_leave_nothing_whole(secret: str, other: str, overlap: int) -> None:
    """One would be masked in the middle of the other, which then is not recognised any more."""
    joined = secret + other[overlap:]
    redacted = Redactor([secret, other])(joined, limit=1000)
    assert secret not in redacted
    assert other not in redacted


@given(secret=SECRETS)
def test_a_secret_in_an_address_is_found_although_it_is_written_differently(secret: str) -> None:
    """A token with a colon stands as %3A in the address that an error quotes."""
    written = quote(secret, safe="")
    redacted = Redactor([secret])(f"GET https://example.org/{written}/x failed", limit=1000)
    assert written not in redacted


@given(secret=SECRETS)
def test_a_secret_in_the_repr_of_an_error_is_found(secret: str) -> None:
    """A password with a backslash or a quote stands there in another spelling."""
    error = repr(OSError(f"cannot log in with {secret}"))
    assert repr(secret)[1:-1] not in Redactor([secret])(error, limit=1000)


@given(secret=st.text("ab \t\n", min_size=4), before=PLAIN)
def test_white_space_hides_nothing(secret: str, before: str) -> None:
    """A password with a space in it would stand in the log, with one space less or more."""
    bare = " ".join(secret.split())
    assume(len(bare) >= 4)
    redacted = Redactor([secret])(f"{before}({secret}) ({bare})", limit=1000)
    assert bare not in redacted


@given(text=st.text(), limit=st.integers(1, 50))
def test_what_comes_out_is_one_short_line(text: str, limit: int) -> None:
    """A log or a dashboard would be flooded by a page of HTML, or a line be faked in it."""
    redacted = Redactor()(text, limit=limit)
    assert len(redacted) <= limit
    assert len(redacted.splitlines()) <= 1


def test_a_secret_is_not_cut_in_half_by_the_limit() -> None:
    """The first half of the token would stand at the end of a long text."""
    text = "x" * 290 + TOKEN
    assert Redactor([TOKEN])(text) == "x" * 290 + MASK
    assert "AAFake" not in Redactor()(text)


def test_what_is_too_short_to_be_a_secret_does_not_garble_everything() -> None:
    """With "on" as a password no text could be read any more."""
    assert Redactor(["on", ""])("one onion") == "one onion"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            f"https://api.telegram.org/bot{TOKEN}/getMe", "https://api.telegram.org/bot***/getMe", id="address"
        ),
        pytest.param(f"token {TOKEN} refused", "token *** refused", id="Telegram"),
        pytest.param(f"/bot{TOKEN.replace(':', '%3A')}/x", "/bot***/x", id="Telegram, encoded"),
        pytest.param(f"'{TOKEN}'", "'***'", id="in quotes"),
        pytest.param("key sk-ant-api03-abcdefghijklmnop refused", "key *** refused", id="Anthropic"),
        pytest.param("key sk-proj-abcdefghijklmnopqrst refused", "key *** refused", id="OpenAI"),
        pytest.param(f"key AIza{'aB3_-' * 7} refused", "key *** refused", id="Google"),
        pytest.param(f"Authorization: Bot {DISCORD}", "Authorization: Bot ***", id="Discord bot"),
        pytest.param(
            "https://discord.com/api/webhooks/1234567890/abc-DEF_123 gone",
            "https://discord.com/api/webhooks/*** gone",
            id="Discord webhook",
        ),
        pytest.param(
            "https://discord.com/api/v10/webhooks/1234567890/abc-DEF_123?wait=true",
            "https://discord.com/api/v10/webhooks/***?wait=true",
            id="Discord webhook as the library writes it",
        ),
        pytest.param("Authorization: Bearer eyJhbGciOi.abc-def", "Authorization: Bearer ***", id="bearer"),
        pytest.param("bearer abcdefgh12345678", "bearer ***", id="bearer in small letters"),
        pytest.param("https://ada:s3cr3t@example.org/x", "https://***@example.org/x", id="user and password"),
        pytest.param("https://ada:s3c@r3t@example.org/x", "https://***@example.org/x", id="a password with an @"),
    ],
)
def test_what_looks_like_a_secret_is_masked_although_nobody_told(text: str, expected: str) -> None:
    """A secret of another connection, or an old one, would stand in the log."""
    assert Redactor()(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "No route to host api.telegram.org:443",
        "chat -1001234567890 not found",
        "2026-11-23 04:33:35: HTTP 502, retry in 30 s",
        "mail to ada@example.org",
        "https://example.org/path/user@home",
        "message 1234567890 of chat 42",
    ],
)
def test_ordinary_text_stays_readable(text: str) -> None:
    """Nobody could find out what is wrong."""
    assert Redactor(["s3cr3t-t0k3n"])(text) == text


def test_a_hostile_text_takes_no_time() -> None:
    """A server could stop the house with one long answer."""
    redact = Redactor(["s3cr3t-t0k3n"])
    for part in ("1" * 5, "a.", "://", "bearer ", "-" * 25 + ".", "/webhooks/1", "x@"):
        redact(part * 20_000)


def test_what_a_terminal_would_act_on_is_gone() -> None:
    """A server could repaint the terminal of whoever reads why it refuses."""
    said = Redactor(["s3cr3t-t0k3n"])(
        "no \x1b]0;owned\x07\x1b[2J \x9b2J \u202egnp.exe \x00 s3cr3t-t0k3n \U0001f468\u200d\U0001f469 漢"
    )
    assert said.endswith("*** \U0001f468\u200d\U0001f469 漢")
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\x00"} & set(said)


@given(secret=SECRETS.filter(lambda secret: len(secret.encode()) >= 8), before=PLAIN, after=PLAIN)
def test_a_secret_is_found_in_every_spelling(secret: str, before: str, after: str) -> None:
    """A server that quotes a password in JSON, in its page, in an address or in a header would show it."""
    redact = Redactor([secret])
    spellings = [
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(secret)[1:-1].replace("/", "\\/"),
        html.escape(secret),
        html.escape(secret).replace("&#x27;", "&#39;"),
        quote(secret),
        quote_plus(secret),
        re.sub("%..", lambda code: code[0].lower(), quote(secret, safe="")),
    ]
    for spelling in spellings:
        assert spelling not in redact(f"said {spelling}!", limit=10_000)
    coded = b64encode(f"{before}{secret}{after}".encode()).decode()
    middle = b64encode(bytes(len(before.encode())) + secret.encode()).decode()
    start = -(-len(before.encode()) * 8 // 6)
    core = middle[start : (len(before.encode()) + len(secret.encode())) * 8 // 6]
    assert core in coded
    assert core not in redact(f"Basic {coded}", limit=10_000)


class Colour(StrEnum):
    """A word that is no text of a server."""

    RED = "red-herring"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said when all was well."""

    name: str
    offers: tuple[str, ...]
    colour: Colour
    number: float
    inner: Answer | None = None


def test_good_answers_are_as_foreign_as_refusals() -> None:
    """A server could put the token, or what repaints a terminal, into a name that becomes a title."""
    redact = Redactor(["s3cret-token", "red-herring"])
    inner = Answer("the s3cret-token", (), Colour.RED, 0.5)
    found = redact.within(Answer("\x1b[31mhome\nnews\u202e", ("a", "s3cret-token"), Colour.RED, 1.5, inner))
    assert (found.name, found.offers) == ("\ufffd[31mhome news\ufffd", ("a", MASK))
    assert (found.colour, found.number) == (Colour.RED, 1.5)
    assert found.inner == Answer("the ***", (), Colour.RED, 0.5)
    assert redact.within(None) is None


def test_a_long_answer_keeps_its_lines() -> None:
    """What an AI partner replies would arrive as one line, cut after 300 characters."""
    text = "one\n\ttwo\x07 s3cret-token\n" + "x" * 1000
    assert Redactor(["s3cret-token"]).masked(readable(text, lines=True)) == "one\n\ttwo\ufffd ***\n" + "x" * 1000


ODD = "p\"ä/s+s\\w<o>r&d'=😀"
"""A secret in which every character has another spelling somewhere."""


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(quote(ODD, safe="").lower(), id="percent, small"),
        pytest.param(quote(quote(ODD, safe=""), safe=""), id="percent, twice"),
        pytest.param("".join(f"%{byte:02X}" for byte in ODD.encode()), id="percent, all of it"),
        pytest.param(quote(ODD[:9], safe="") + html.escape(ODD[9:]), id="half one, half the other"),
        pytest.param("".join(f"&#{ord(one)};" for one in ODD), id="numbers of a page"),
        pytest.param("".join(f"&#x{ord(one):X};" for one in ODD), id="numbers of a page, hex"),
        pytest.param(json.dumps(json.dumps(ODD)[1:-1])[1:-1], id="JSON in JSON"),
        pytest.param(json.dumps(ODD)[1:-1].replace("/", "\\/").upper().replace("\\U", "\\u"), id="JSON, capitals"),
        pytest.param("".join(f"\\u{ord(one):04x}" for one in ODD[:-1]) + "\\ud83d\\ude00", id="JSON, all of it"),
        pytest.param(ODD.encode().hex(), id="hex"),
        pytest.param(ODD.encode().hex().upper(), id="hex, capitals"),
        pytest.param(quote(b64encode(b"ada:" + ODD.encode()).decode(), safe=""), id="base64 in an address"),
    ],
)
def test_a_secret_is_masked_however_it_is_escaped(written: str) -> None:
    """Whoever reads the log undoes that without a thought."""
    redacted = Redactor([ODD])(f"refused: {written} is wrong", limit=2000)
    assert MASK in redacted
    if "PÄ" not in written:  # letters are no other spelling of small ones
        assert len(redacted) < len("refused:  is wrong") + 14


@pytest.mark.parametrize("part", ["%25", "%", "&#0", "&amp;", "\\\\", "\\u0070", "%70%"])
def test_many_escapes_take_no_time(part: str) -> None:
    """A server could stop the house with one long answer of what may be a spelling."""
    started = time.thread_time()
    Redactor([ODD, "p" * 60, "%" * 40])(part * 30_000)
    assert time.thread_time() - started < 5  # of this thread alone, however busy the machine is


LONG = "aB3-/%\\" * 1_000


@pytest.mark.parametrize("secret", [TOKEN, "x" * 60, "\\" * 60, "%41" * 60, "&amp;" * 60, LONG], ids=repr)
@pytest.mark.parametrize("escaped", ["%25", "\\", "&amp;"])
def test_the_beginning_of_a_secret_takes_no_time(secret: str, escaped: str) -> None:
    """A server that quotes a token, but for its last character, would stop the house for years."""
    redact = Redactor([secret])
    started = time.thread_time()
    for cut in (20, 40, -1):
        redact((escaped + secret[:cut] + "…") * 20)
    assert time.thread_time() - started < 5  # of this thread alone, however busy the machine is


@pytest.mark.parametrize("secret", [LONG, "p\u00e4" * 3_000, "x" * 8_000], ids=["signs", "letters", "one"])
def test_a_long_secret_takes_no_time(secret: str) -> None:
    """A password or an address of thousands of characters would hold up all that goes through its connection."""
    started = time.thread_time()
    redact = Redactor([secret])
    for written in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1], html.escape(secret)):
        assert redact(f"refused: {written} is wrong", limit=100_000) == f"refused: {MASK} is wrong"
    assert time.thread_time() - started < 5  # of this thread alone, however busy the machine is


@given(
    secret=st.text(st.sampled_from("zyé漢😀;#/+'<%"), min_size=5, max_size=9),
    ways=st.lists(st.integers(0, 4), min_size=9),
)
def test_any_mixture_of_escapes_is_masked(secret: str, ways: list[int]) -> None:
    """Whoever mixes spellings would be read."""
    spelled = (
        lambda one: one,
        lambda one: quote(one, safe=""),
        html.escape,
        lambda one: f"&#{ord(one)};",
        lambda one: quote(quote(one, safe=""), safe=""),
    )
    written = "".join(spelled[way](one) for one, way in zip(secret, ways, strict=False))
    assert Redactor([secret])(f"refused: {written} is wrong", limit=10_000).count(MASK) == 1


@pytest.mark.parametrize(
    "one", ["\u3164", "\u115f", "\u2800", "\ufe00", "\U000e0141", "\U000e0101", "\u034f", "\u2060"]
)
def test_a_name_that_nobody_sees_is_seen(one: str) -> None:
    """Somebody would be nobody in a list, or two would look alike."""
    assert readable(one * 3) == "\ufffd" * 3
    assert readable(f"Ada{one}") == "Ada\ufffd"


def test_a_joiner_joins_two() -> None:
    """Who ends their name with one would look like somebody else."""
    assert readable("Ada\u200d") == "Ada\ufffd"
    assert readable("A\u200dda") == "A\ufffdda"
    assert readable("\N{HEAVY BLACK HEART}\ufe0f\u200d\N{FIRE}") == "\N{HEAVY BLACK HEART}\ufe0f\u200d\N{FIRE}"
    assert readable("\u0915\u094d\u200d\u0937") == "\u0915\u094d\u200d\u0937"


@given(st.text())
def test_no_character_moves_the_cursor_or_turns_the_text(text: str) -> None:
    """A message could repaint the screen, or show itself in another order than it was written."""
    shown = readable(text)
    assert len(shown) <= len(text)
    assert all(
        one in "\u200c\u200d" or unicodedata.category(one) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for one in shown
    )


@given(st.text(st.characters(exclude_categories=["C", "Z", "M"])))
def test_what_can_be_read_stays_as_it_is(text: str) -> None:
    """Names and texts in other scripts would be spoilt."""
    kept = re.sub(
        "[\u2800\u3164\u115f\u1160\uffa0]", "\ufffd", text
    )  # letters by their category, and nothing to be seen
    assert readable(text) == kept


@pytest.mark.parametrize(
    "name",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u062e\u0627\u0646\u0647\u200c\u0647\u0627 \u06f1",
        "\u0915\u094d\u200c\u0937",
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3 \u0dbd\u0d82\u0d9a\u0dcf",
        "\u09b0\u200d\u09cd\u09af\u09be\u09ac",
    ],
)
def test_what_joins_and_parts_letters_is_part_of_a_name(name: str) -> None:
    """Every other Persian word would have a sign in it that says something is broken."""
    assert readable(name) == name
    assert called(name, "42") == name


def test_what_parts_letters_does_so_nowhere_else() -> None:
    """Two names would look alike, and be two."""
    for name in ("A\u200cda", "Ada\u200c", "\u0645\u200c", "\u0645\u200c\u200c\u0645", "\u200c\u0645", "\u0645\u200cA"):
        assert "\ufffd" in readable(name), ascii(name)


def test_a_text_keeps_its_lines_where_there_is_room() -> None:
    """A report of several lines would become one."""
    assert (readable("a\n\tb", lines=True), readable("a\n\tb")) == ("a\n\tb", "a\ufffd\ufffdb")


def test_no_name_is_looked_at_behind_what_is_shown_of_it() -> None:
    """A server that calls itself a hundred megabytes would hold up everything else."""
    assert called("x" * 10_000_000, "42") == "x" * 256
    assert called(" " * 10_000_000 + "x", "42") == "42"
