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
from bach_lib.outbound.draft import SendOptions, make_draft, make_request
from bach_lib.outbound.rows import Draft
from bach_lib.testing import FakePlatform, fake_connector
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
    assert (found.text, found.title, found.format, found.buttons) == ('{"room": "bath"}', None, Format.JSON, ())
    assert [loss.what for loss in found.lost] == ["title", "buttons", "file"]
    elsewhere = draft('{"room": "bath"}', format="json")
    assert (elsewhere.text, elsewhere.format) == ('{"room": "bath"}', Format.PLAIN)
    assert [loss.what for loss in elsewhere.lost] == ["markup"]
