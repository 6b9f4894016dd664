"""What may be sent: everything is checked, and every mistake has an error of its own, before anything is written."""

import math
from typing import Unpack, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib import Bach, Button, Connection, File, Format, InputError, Loss
from bach_lib.connectors.base import Connector
from bach_lib.connectors.capabilities import Capabilities
from bach_lib.errors import (
    EmptyTextError,
    InvalidButtonsError,
    InvalidRecipientError,
    InvalidTimeToLiveError,
    InvalidValueError,
    TextTooLongError,
    UnknownConnectionError,
    UnknownFormatError,
)
from bach_lib.outbound import files as files_module
from bach_lib.outbound.draft import SendOptions, make_draft, make_request
from bach_lib.outbound.files import bounded_files
from bach_lib.outbound.rows import Draft
from bach_lib.testing import FakePlatform, fake_connector
from bach_lib.text.buttons import as_it_is
from tests.lib.outbound.make import draft as bare_draft

NOW = 1_800_000_000.0
HOME = Connection(name="home", type="fake")
FAKE = fake_connector(FakePlatform())
SHORT_TEXTS = ("reply_to", "tag", "context")


def draft(text: str = "text", *, recipient: str = "ada", **options: Unpack[SendOptions]) -> Draft:
    """A checked message."""
    return make_draft(HOME, FAKE, recipient, text, options, now=NOW, max_retries=5)


def counting_utf16(limit: int) -> type[Connector]:
    """A connector whose platform counts as Telegram does."""
    connector = fake_connector(FakePlatform())
    connector.capabilities = Capabilities(
        receives=False, idempotent=False, formats=frozenset({Format.PLAIN}), max_text=limit, counts_utf16=True
    )
    return connector


YES_NO = ((Button(text="Yes", value="1"), Button(text="No", value="0")),)


def plain_only() -> type[Connector]:
    """A connector whose platform knows no markup."""
    connector = fake_connector(FakePlatform())
    connector.capabilities = Capabilities(
        receives=False, idempotent=False, formats=frozenset({Format.PLAIN}), max_text=100
    )
    return connector


def without_buttons() -> type[Connector]:
    """A connector whose platform has none."""
    connector = fake_connector(FakePlatform())
    connector.capabilities = Capabilities(
        receives=False, idempotent=False, formats=frozenset({Format.PLAIN, Format.HTML}), max_text=30
    )
    return connector


def test_a_bare_text_is_enough() -> None:
    """Everybody would have to know all options."""
    assert draft() == bare_draft(created_at=NOW)


def test_every_option_reaches_the_draft() -> None:
    """An option would be accepted and forgotten."""
    options = {
        "title": "Door",
        "format": "html",
        "silent": True,
        "reply_to": "9",
        "priority": -10,
        "tag": "door",
        "delivery": "at_most_once",
        "max_retries": 0,
        "context": "01ABC",
    }
    made = draft(recipient=" ADA ", **cast("SendOptions", options | {"time_to_live": 60}))
    assert {name: getattr(made, name) for name in options} == options
    assert (made.recipient, made.expires_at) == ("ada", NOW + 60)


@pytest.mark.parametrize("options", [{"title": ""}, {"title": None, "tag": "", "context": None, "reply_to": ""}])
def test_empty_is_the_same_as_left_out(options: SendOptions) -> None:
    """Forms send empty fields; every message would share the tag ""."""
    assert draft(**options) == draft()


BAD = {
    "no text": (EmptyTextError, "", {}),
    "white space": (EmptyTextError, " \t\n\u00a0\u2003", {}),
    "nothing visible": (EmptyTextError, "\u200b\u200d\ufe0f\x00\x1b", {}),
    "only a combining mark": (EmptyTextError, "\u0301", {}),
    "half a character": (InvalidValueError, "half \ud83d", {}),
    "half a character in the title": (InvalidValueError, "text", {"title": "\udc00"}),
    "half a character in the tag": (InvalidValueError, "text", {"tag": "\udc00"}),
    "half a character in the context": (InvalidValueError, "text", {"context": "\udc00"}),
    "too long": (TextTooLongError, "x" * 4097, {}),
    "too long with its title": (TextTooLongError, "x" * 4090, {"title": "12345"}),
    "a format nobody knows": (UnknownFormatError, "text", {"format": "rtf"}),
    "a delivery nobody knows": (InvalidValueError, "text", {"delivery": "maybe"}),
    "too urgent": (InvalidValueError, "text", {"priority": 11}),
    "too patient": (InvalidValueError, "text", {"priority": -11}),
    "half a priority": (InvalidValueError, "text", {"priority": 0.5}),
    "yes as a priority": (InvalidValueError, "text", {"priority": True}),
    "too many retries": (InvalidValueError, "text", {"max_retries": 101}),
    "fewer than no retries": (InvalidValueError, "text", {"max_retries": -1}),
    **{f"too long a {field}": (InvalidValueError, "text", {field: "x" * 256}) for field in SHORT_TEXTS},
    **{
        f"a time to live of {str(value)[:9]}": (InvalidTimeToLiveError, "text", {"time_to_live": value})
        for value in (0, -1, math.nan, math.inf, -math.inf, 10**400, True, "soon")
    },
}


@pytest.mark.parametrize(("error", "text", "options"), BAD.values(), ids=BAD.keys())
def test_every_mistake_has_its_error(error: type[InputError], text: str, options: dict[str, object]) -> None:
    """It would be queued, and fail at the platform when nobody looks any more."""
    with pytest.raises(error):
        draft(text, **cast("SendOptions", options))


def test_an_option_nobody_knows_is_refused() -> None:
    """A typing error would be swallowed: `tll=60`, and the dinner call comes at midnight."""
    with pytest.raises(TypeError, match="tll"):
        draft(**cast("SendOptions", {"tll": 60}))


@pytest.mark.parametrize(
    "recipient", ["", "  ", "two words", "half\ud83d", "x" * 256], ids=["empty", "blank", "two words", "half", "long"]
)
def test_a_bad_recipient_is_refused(recipient: str) -> None:
    """The message would wait in a lane that leads nowhere."""
    with pytest.raises((InvalidRecipientError, InvalidValueError)):
        draft(recipient=recipient)


@pytest.mark.parametrize("text", [".", "0", "🐢", "é", "日", "…", "-", "text\x00with", "\u200bx"])
def test_anything_visible_is_a_text(text: str) -> None:
    """A single emoji could not be sent."""
    assert draft(text).text == text


def test_length_is_counted_as_the_platform_counts() -> None:
    """A text full of emojis would be refused by the platform, after five retries."""
    connector = counting_utf16(10)
    for text, fits in (("x" * 10, True), ("x" * 11, False), ("🐢" * 5, True), ("🐢" * 6, False)):
        if fits:
            make_draft(HOME, connector, "ada", text, {}, now=NOW, max_retries=5)
        else:
            with pytest.raises(TextTooLongError) as caught:
                make_draft(HOME, connector, "ada", text, {}, now=NOW, max_retries=5)
            assert caught.value.placeholders["length"] == str(len(text.encode("utf-16-le")) // 2)


@given(text=st.text(max_size=30), seconds=st.floats() | st.integers(), priority=st.integers())
def test_nothing_but_an_input_error_comes_out(text: str, seconds: float, priority: int) -> None:
    """A service call with odd values would end in a traceback instead of a sentence."""
    try:
        made = draft(text, time_to_live=seconds, priority=priority)
    except InputError:
        return
    assert made.expires_at is not None
    assert math.isfinite(made.expires_at)


@pytest.mark.parametrize(
    ("connection", "recipient", "text", "options"),
    [
        ("nowhere", "ada", "text", {}),
        ("home", "two words", "text", {}),
        ("home", "ada", " ", {}),
        ("home", "ada", "x" * 4097, {}),
        ("home", "ada", "text", {"priority": 11}),
        ("home", "ada", "text", {"time_to_live": 0}),
        ("home", "ada", "text", {"tag": "\udc00"}),
    ],
)
async def test_nothing_is_written_for_what_is_refused(
    bach: Bach, connection: str, recipient: str, text: str, options: dict[str, object]
) -> None:
    """A refused message would be delivered all the same, or stay on disk for ever."""
    await bach.registry.add(Connection(name="home", type="fake", is_active=False))
    with pytest.raises(InputError) as caught:
        await bach.send(connection, recipient, text, **cast("SendOptions", options))
    assert await bach.messages() == []
    assert (connection == "nowhere") == isinstance(caught.value, UnknownConnectionError)


def test_buttons_are_kept_as_they_are_arranged() -> None:
    """People would press something else than what was meant."""
    assert draft(buttons=((), *YES_NO, ())).buttons == YES_NO


@pytest.mark.parametrize(
    "rows",
    [
        (tuple(Button(text=str(number), value=str(number)) for number in range(26)),),
        ((Button(text="x" * 65, value="1"),),),
        ((Button(text="Yes", value="ä" * 21),),),
    ],
    ids=["too many", "long text", "long value"],
)
def test_buttons_that_could_not_be_pressed_are_said_in_words(rows: tuple[tuple[Button, ...], ...]) -> None:
    """The platform would refuse the whole message, for good."""
    made = draft(buttons=rows)
    assert made.buttons == ()
    assert made.text == "text\n\n" + "\n".join(f"{at}. {one.text}" for at, one in enumerate(rows[0], start=1))
    assert [loss.what for loss in made.lost] == ["buttons"]


@pytest.mark.parametrize(
    "rows",
    [
        ((Button(text=" ", value="1"),),),
        ((Button(text="Yes", value=""),),),
        (tuple(Button(text="x", value="1") for _ in range(101)),),
    ],
    ids=["no text", "no value", "a book"],
)
def test_buttons_that_are_none_are_refused(rows: tuple[tuple[Button, ...], ...]) -> None:
    """People would be asked something that nobody can answer."""
    with pytest.raises(InvalidButtonsError):
        draft(buttons=rows)


def test_markup_that_the_platform_does_not_know_costs_no_words() -> None:
    """An alarm would be refused because it is bold."""
    made = make_draft(HOME, plain_only(), "ada", "<b>Fire</b> &amp; smoke", {"format": "html"}, now=NOW, max_retries=5)
    assert (made.text, made.format, [loss.what for loss in made.lost]) == ("Fire & smoke", Format.PLAIN, ["markup"])
    made = draft("*Fire*", format="markdown")
    assert (made.text, made.format, [loss.what for loss in made.lost]) == ("*Fire*", Format.PLAIN, ["markup"])


def test_a_title_that_is_too_long_for_one_is_text() -> None:
    """An alarm would be refused because of what stands above it."""
    made = draft("text", title="x" * 256, format="html")
    assert (made.title, made.text) == (None, f"{'x' * 256}\n\ntext")
    assert draft("", title="Fire").text == "Fire"


def test_what_the_caller_could_not_bring_is_told() -> None:
    """Nobody would hear that the picture was not where it should be."""
    lost = Loss(what="file", reason="door.jpg could not be read: No such file.")
    assert draft(lost=[lost]).lost == (lost,)


def test_a_title_stands_where_it_is_read() -> None:
    """It would be lost, stand twice, or break the markup of the text."""
    assert (draft("", title="Only").text, draft("", title="Only").title) == ("Only", None)
    assert (draft("text", title="Both").text, draft("text", title="Both").title) == ("text", "Both")
    long = "<" * 256
    assert draft("text", title=long).text == f"{long}\n\ntext"
    assert draft("text", title=long, format="html").text == f"{'&lt;' * 256}\n\ntext"
    assert draft("", title="<b>", format="html").text == "&lt;b&gt;"
    with pytest.raises(EmptyTextError):
        draft("", title=" ")
    with pytest.raises(EmptyTextError):
        draft(" ", files=[of_size(1)])
    assert draft("", files=[of_size(1)]).text == ""


def test_the_senders_name_stands_in_the_markup_of_its_text() -> None:
    """A "<" in a name would break a whole message, or stand in it as "&lt;"."""
    home = Connection(name="home", type="fake", settings={"sender_tag": "a<b_c"})
    knows_markdown = fake_connector(FakePlatform())
    knows_markdown.capabilities = Capabilities(
        receives=False, idempotent=False, formats=frozenset({Format.PLAIN, Format.MARKDOWN}), max_text=100
    )

    def text(connector: type[Connector], **options: Unpack[SendOptions]) -> tuple[str | None, str]:
        made = make_draft(home, connector, "ada", "text", options, now=NOW, max_retries=5)
        return made.title, made.text

    assert text(FAKE) == text(FAKE, format="markdown") == (None, "[a<b_c] text")
    assert text(FAKE, format="html") == (None, "[a&lt;b_c] text")
    assert text(FAKE, format="html", title="Door") == ("[a<b_c] Door", "text")
    assert text(knows_markdown, format="markdown") == (None, f"{as_it_is('[a<b_c] ', Format.MARKDOWN)}text")


def test_where_there_are_no_buttons_the_text_says_what_to_choose() -> None:
    """People would be asked something without learning what they can answer."""
    made = make_draft(HOME, without_buttons(), "ada", "Open?", {"buttons": YES_NO}, now=NOW, max_retries=5)
    assert (made.text, made.buttons) == ("Open?\n\n1. Yes\n2. No", ())


def test_choices_in_words_are_no_markup_and_count_as_text() -> None:
    """A button called "<3" would break the message, and a long list would be refused by the platform for good."""
    heart = ((Button(text="<3", value="x" * 100),),)
    options = SendOptions(buttons=heart, format="html")
    made = make_draft(HOME, without_buttons(), "ada", "Open?", options, now=NOW, max_retries=5)
    assert made.text.endswith("1. &lt;3")
    with pytest.raises(TextTooLongError):
        make_draft(HOME, without_buttons(), "ada", "x" * 25, {"buttons": YES_NO}, now=NOW, max_retries=5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"recipient": True},
        {"recipient": 4.2},
        {"text": None},
        {"text": b"bytes"},
        {"title": 5},
        {"reply_to": 17},
        {"tag": 0},
        {"context": {}},
        {"idempotency_key": 5},
        {"silent": "no"},
        {"silent": None},
        {"format": []},
        {"delivery": {}},
        {"priority": "1"},
        {"buttons": (("Yes", "No"),)},
        {"buttons": "Yes"},
        {"buttons": 5},
        {"buttons": [None, 5]},
        {"files": ["report.txt"]},
        {"files": "report.txt"},
        {"files": ""},
        {"files": b""},
        {"files": None},
        {"files": [File(name="a", content="text")]},  # type: ignore[arg-type] # that is the point
    ],
    ids=repr,
)
def test_values_of_a_wrong_kind_are_named(wrong: dict[str, object]) -> None:
    """Whoever has no type checker would read an AttributeError out of the inside, or lose what they gave."""
    options = {"recipient": "42", "text": "hello"} | wrong
    recipient, text = options.pop("recipient"), options.pop("text")
    with pytest.raises(InputError):
        make_request(
            make_draft(HOME, FAKE, recipient, text, options, now=0.0, max_retries=5),  # type: ignore[arg-type] # see above
            options,  # type: ignore[arg-type] # see above
        )


HALF = {"value": "a broken character", "expected": "text without halves of characters"}
LONG = {"value": f"{'x' * 20}…", "expected": "at most 255 characters"}
NO_TEXT = {"value": "int 5", "expected": "text"}
NO_FILE = {"field": "files", "expected": "File, with a name and bytes"}
SAID: list[tuple[dict[str, object], dict[str, str]]] = [
    ({"recipient": 4.2}, {"field": "recipient", "value": "float 4.2", "expected": "text"}),
    ({"recipient": "x" * 256}, {"field": "recipient"} | LONG),
    ({"text": b"0123456789012345678901"}, {"field": "text", "value": "bytes b'012345678901234567", "expected": "text"}),
    ({"text": "half \ud83d"}, {"field": "message"} | HALF),
    ({"title": "\udc00"}, {"field": "title"} | HALF),
    ({"title": 5}, {"field": "title", "value": "int 5", "expected": "text"}),
    ({"silent": "never " * 5}, {"field": "silent", "value": "never never never ne", "expected": "true or false"}),
    ({"priority": 11}, {"field": "priority", "value": "11", "expected": "a whole number from -10 to 10"}),
    ({"max_retries": 101}, {"field": "max_retries", "value": "101", "expected": "a whole number from 0 to 100"}),
    ({"delivery": "maybe"}, {"field": "delivery", "value": "maybe", "expected": "at_least_once, at_most_once"}),
    ({"time_to_live": -1}, {"value": "-1"}),
    ({"time_to_live": 10**400}, {"value": "over 250000000000"}),
    ({"time_to_live": -(10**400)}, {"value": "-250000000000"}),
    ({"time_to_live": 250_000_000_001}, {"value": "over 250000000000"}),
    ({"format": "rtf"}, {"type": "fake", "format": "rtf", "known": "html, plain"}),
    ({"text": "x" * 4097}, {"length": "4097", "type": "fake", "limit": "4096"}),
    ({"text": "x" * 4090, "title": "12345"}, {"length": "4097", "type": "fake", "limit": "4096"}),
    ({"lost": 5}, {"field": "lost", "value": "int", "expected": "a list of Loss"}),
    ({"lost": [5]}, {"field": "lost", "value": "list", "expected": "a list of Loss"}),
    ({"lost": [Loss(what="x" * 256, reason="r")]}, {"field": "lost"} | LONG),
    ({"buttons": 5}, {"reason": "they must be rows of Button, each with a text and a value"}),
    ({"buttons": [[Button(text=" ", value="v")]]}, {"reason": "one has no text"}),
    ({"buttons": [[Button(text="t", value="")]]}, {"reason": "one has no value"}),
    ({"buttons": [[Button(text="\udc00", value="v")]]}, {"field": "button text"} | HALF),
    ({"buttons": [[Button(text="t", value="\udc00")]]}, {"field": "button value"} | HALF),
    ({"buttons": [YES_NO[0]] * 51}, {"reason": "there are 102, and nobody reads more than 100"}),
    ({"files": "report.txt"}, NO_FILE | {"value": "str"}),
    ({"files": None}, NO_FILE | {"value": "NoneType"}),
    ({"files": ["report.txt"]}, NO_FILE | {"value": "str"}),
    ({"files": 5}, NO_FILE | {"value": "int"}),
    ({"files": [File(name="a", content="text")]}, NO_FILE | {"value": "File"}),  # type: ignore[arg-type] # on purpose
    (
        {"text": "", "files": [File(name="a.png", content=b"")]},
        {
            "field": "files",
            "value": "a.png: it is empty.",
            "expected": "a file that can go, or say something in words",
        },
    ),
]


for name in (*SHORT_TEXTS, "idempotency_key"):
    SAID += [({name: "x" * 256}, {"field": name} | LONG), ({name: 5}, {"field": name} | NO_TEXT)]
    SAID.append(({name: "\udc00"}, {"field": name} | HALF))


@pytest.mark.parametrize(("wrong", "said"), SAID, ids=lambda one: str(one)[:40])
def test_what_is_wrong_is_named_with_what_was_given_and_what_would_do(
    wrong: dict[str, object], said: dict[str, str]
) -> None:
    """Who writes an automation would have to try which of ten options was meant, and what it may be."""
    options = {"recipient": "42", "text": "hello"} | wrong
    recipient, text = options.pop("recipient"), options.pop("text")
    with pytest.raises(InputError) as caught:
        make_request(
            make_draft(HOME, FAKE, recipient, text, options, now=0.0, max_retries=5),  # type: ignore[arg-type] # on purpose
            options,  # type: ignore[arg-type] # on purpose
        )
    assert caught.value.placeholders == said


def of_size(size: int, name: str = "a.png") -> File:
    """A file of so many bytes."""
    return File(name=name, content=b"x" * size)


@pytest.mark.parametrize(
    ("options", "reasons"),
    [
        ({"tag": "x" * 255, "context": "x" * 255, "reply_to": "x" * 255}, []),
        ({"title": "x" * 255}, []),
        ({"title": "x" * 256}, ["title: It has more than 255 characters, so it stands in the text."]),
        ({"max_retries": 100, "priority": 10}, []),
        ({"buttons": [[Button(text="x" * 64, value="v" * 40)] * 25]}, []),
        ({"buttons": [[Button(text="t", value="v")] * 26]}, ["buttons: There are 26, and fake shows 25."]),
        ({"buttons": [[Button(text="t", value="v")] * 100]}, ["buttons: There are 100, and fake shows 25."]),
        (
            {"buttons": [[Button(text="x" * 65, value="v")]]},
            [f'buttons: "{"x" * 20}…" has more than 64 characters.'],
        ),
        (
            {"buttons": [[Button(text="t", value="ü" * 21)]]},
            [f'buttons: The value "{"ü" * 20}…" has more than 40 bytes.'],
        ),
        ({"format": "markdown"}, ["markup: fake does not know the text format markdown."]),
        ({"files": [of_size(1000), of_size(1)]}, []),
        ({"files": [of_size(1001)]}, ["file: a.png: it has 1001 bytes, and fake takes 1000."]),
        ({"files": [of_size(0)]}, ["file: a.png: it is empty."]),
        ({"files": [of_size(1)] * 51}, ["file: a.png: a message can have 50 files."]),
        ({"files": [of_size(0, "a/b\\c\x00.png")]}, ["file: c_.png: it is empty."]),
        ({"files": [of_size(0, "..")]}, ["file: file: it is empty."]),
        (
            {"lost": [Loss(what="effect", reason="not\nhere" + "x" * 300)]},
            [f"effect: not?here{'x' * 247}"],
        ),
    ],
    ids=lambda one: str(one)[:40],
)
def test_what_goes_without_something_says_what_and_why_and_what_just_fits_goes_whole(
    options: SendOptions, reasons: list[str]
) -> None:
    """A picture would be missing, or a button stand as words, and nobody know which limit was meant."""
    made = draft(**options)
    assert [f"{loss.what}: {loss.reason}" for loss in made.lost] == reasons
    assert made.text.startswith(("text", "x" * 256))


def test_what_all_files_of_a_message_can_have_is_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every one lies in the database until it was sent, and a few would fill the disk of a small machine."""
    monkeypatch.setattr(files_module, "MOST_OF_FILES", 1500)
    sizes = (1000, 501, 500, 1)
    made = draft(files=[of_size(size, f"{size}.png") for size in sizes])
    assert [file.size for file in made.files] == [1000, 500]
    assert [loss.reason for loss in made.lost] == [
        f"{size}.png: it has {size} bytes, and all files of a message can have 1500." for size in (501, 1)
    ]
    able, lost = bounded_files([of_size(size, f"{size}.png") for size in sizes])
    assert ([len(file.content) for file in able], lost) == ([1000, 500], made.lost)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (("a.png", "image/png"), ("a.png", "image/png")),
        (("C:\\Users\\ada\\plan.pdf", "application/pdf; charset=x"), ("plan.pdf", None)),
        (("/home/ada/ a\tb ", 5), ("a_b", None)),
        (("x" * 129, None), ("x" * 128, None)),
        (("x" * 128, "a/" + "b" * 64), ("x" * 128, "a/" + "b" * 64)),
        (("x" * 200 + ".jpeg", "a/" + "b" * 65), ("x" * 117 + ".jpeg", None)),
        (("x." + "y" * 200, None), ("x." + "y" * 10, None)),
        (("x" * 124 + ".png", None), ("x" * 124 + ".png", None)),
        (("a." + "x" * 150 + ".jpeg", None), ("a." + "x" * 115 + ".jpeg", None)),
        ((".", None), ("file", None)),
        (("." + "y" * 200, None), ("." + "y" * 116 + "." + "y" * 10, None)),
    ],
)
def test_a_file_has_a_name_that_is_only_one_and_a_kind_or_none(
    given: tuple[str, str], kept: tuple[str, str | None]
) -> None:
    """It would be written somewhere else on the machine of whoever gets it, or be refused by the platform."""
    name, mime_type = given
    [file] = draft(files=[File(name=name, content=b"x", mime_type=mime_type)]).files
    assert (file.name, file.mime_type) == kept


def test_who_asks_for_the_same_again_is_known_by_all_that_was_said() -> None:
    """A program that repeats its request after a break would send it twice, or get the receipt of another message."""

    def asked(now: float = NOW, text: str = "text", **options: Unpack[SendOptions]) -> tuple[str, str] | None:
        made = make_draft(HOME, FAKE, "ada", text, options, now=now, max_retries=5)
        request = make_request(made, options)
        return None if request is None else (request.key, request.digest)

    assert asked() is None
    first = asked(idempotency_key="k", time_to_live=0.5, files=[of_size(1), of_size(2)])
    assert first
    assert first[0] == "k"
    assert asked(NOW + 3600, idempotency_key="k", time_to_live=0.5, files=[of_size(1), of_size(2)]) == first
    others = (
        asked(idempotency_key="k", time_to_live=250_000_000_000, files=[of_size(1), of_size(2)]),
        asked(idempotency_key="k", files=[of_size(1), of_size(2)]),
        asked(idempotency_key="k", time_to_live=0.5, files=[of_size(1), File(name="a.png", content=b"yy")]),
        asked(text="texts", idempotency_key="k", time_to_live=0.5, files=[of_size(1), of_size(2)]),
    )
    assert len({first, *others}) == 5
    second = make_request(draft(), {"idempotency_key": "k"}, 2)
    assert second
    assert second.key == "k #2"


def test_what_can_only_mean_one_thing_is_taken() -> None:
    """A chat's number, and the bytes that a buffer gives, are what people have; both would be one error more."""
    buffer = bytearray(b"plan")
    files = [File(name="a", content=buffer), File(name="b", content=memoryview(buffer))]  # type: ignore[arg-type] # so
    made = make_draft(HOME, FAKE, -42, "hello", {"files": files}, now=NOW, max_retries=5)
    buffer[:] = b"gone"
    assert (made.recipient, [file.content for file in made.files]) == ("-42", [b"plan", b"plan"])


def of_fields(text: str, **options: Unpack[SendOptions]) -> Draft:
    """A draft for a platform that takes fields."""
    connector = fake_connector(FakePlatform())
    connector.capabilities = Capabilities(
        receives=False, idempotent=False, formats=frozenset(Format), max_text=100, max_files=1, file_bytes=100
    )
    options["format"] = Format.JSON
    return make_draft(HOME, connector, "ada", text, options, now=NOW, max_retries=5)


@pytest.mark.parametrize("text", ["words", "[1]", "{", '{"a": NaN}', "[" * 90, "null", '"{}"'])
def test_what_is_said_to_be_fields_has_to_be_some(text: str) -> None:
    """The other home would get nothing, long after whoever sent it had gone."""
    with pytest.raises(InvalidValueError, match="a JSON object"):
        of_fields(text)


def test_fields_go_as_they_are_or_as_a_text() -> None:
    """Buttons in words would break the object; a platform without fields would get nothing."""
    picture = File(name="a.png", content=b"x")
    found = of_fields('{"room": "bath"}', title="Alarm", buttons=YES_NO, files=[picture])
    assert (found.text, found.title, found.format) == ('{"room": "bath"}', None, Format.JSON)
    assert (found.buttons, found.files) == ((), ())
    assert found.lost == tuple(
        Loss(what=what, reason="Fields have none; put it into them.") for what in ("title", "buttons", "file")
    )
    assert of_fields('{"room": "bath"}').lost == ()
    with pytest.raises(InvalidValueError) as caught:
        of_fields("no fields, but a long text")
    said = {"field": "text", "value": "no fields, but a lon…", "expected": "a JSON object, as its format says"}
    assert caught.value.placeholders == said
    assert len(of_fields(f'{{"a": "{"x" * 91}"}}').text) == 100
    with pytest.raises(TextTooLongError) as too_long:
        of_fields(f'{{"a": "{"x" * 92}"}}')
    assert too_long.value.placeholders == {"length": "101", "type": "fake", "limit": "100"}
    elsewhere = draft('{"room": "bath"}', format="json")
    assert (elsewhere.text, elsewhere.format) == ('{"room": "bath"}', Format.PLAIN)
    assert [loss.what for loss in elsewhere.lost] == ["markup"]
