"""A code that is shown in a dialog, and what of a message brings it back."""

import pytest

from bach_lib.inbound.pairing_codes import brings, is_start, new_code
from bach_lib.models.incoming import Content, Kind
from tests.lib.inbound.make import incoming

CODE = "ABCDE-23456"


def test_no_two_codes_are_the_same_and_each_can_be_typed() -> None:
    """Whoever pairs a minute later would let somebody else in, or not know a nought from an O."""
    codes = {new_code() for _ in range(50)}
    assert len(codes) == 50
    for code in codes:
        first, second = code.split("-")
        assert (len(first), len(second)) == (5, 5)
        assert not set(code) & set("01IOo")


@pytest.mark.parametrize(
    "text", [CODE, " abcde-23456 ", "abcde 23456", "ABCDE23456", "@our_bot ABCDE-23456", f"{'x' * 64} {CODE}"]
)
def test_a_code_may_be_typed_as_people_type(text: str) -> None:
    """A person would copy it letter by letter, and still not be let in."""
    assert brings(incoming(text=text), CODE)
    assert brings(incoming(text=text, kind=Kind.COMMAND), CODE)


@pytest.mark.parametrize("text", ["", " ", "ABCDE-23457", "ABCDE", f"{CODE} please", "\ud83d", f"{CODE}\ud83d"])
def test_what_is_not_the_code_lets_nobody_in(text: str) -> None:
    """Anybody who finds the bot could command the home; or one odd letter stop all that comes in."""
    assert not brings(incoming(text=text), CODE)
    assert not brings(incoming(text=CODE, kind=Kind.EDITED), CODE)


def test_a_link_brings_it_beside_the_words() -> None:
    """Who scans the picture would see nothing happen."""
    started = incoming(text="/start ABCDE23456 now", kind=Kind.COMMAND, content=Content(args="ABCDE23456"))
    assert brings(started, CODE)
    assert not brings(incoming(text="/start", kind=Kind.COMMAND, content=Content()), CODE)


def test_only_so_much_is_looked_at_as_a_link_can_hold() -> None:
    """A stranger's book would be searched word by word with each message."""
    assert brings(incoming(text="A" * 64), "A" * 64)
    assert not brings(incoming(text="A" * 65), "A" * 65)


@pytest.mark.parametrize(("text", "starts"), [("/start", True), (" /start ", True), ("/start x", False), ("", False)])
def test_start_is_pressed_by_whoever_begins(text: str, starts: bool) -> None:
    """Who presses Start before the dialog is open would have to find out how to do it again."""
    assert is_start(incoming(text=text, kind=Kind.COMMAND)) is starts
    assert not is_start(incoming(text=text, kind=Kind.EDITED))
