"""Buttons that open an address, and how buttons look: what a platform has not is said in words."""

import dataclasses
from typing import cast

import pytest

from bach_lib import Bach, Connection, Place, Question
from bach_lib.connectors.capabilities import Capabilities
from bach_lib.connectors.discord import DiscordConnector
from bach_lib.connectors.telegram import TelegramConnector
from bach_lib.errors import InvalidButtonsError, InvalidValueError
from bach_lib.inbound.presses import _labels
from bach_lib.models import Button, ButtonStyle, Format
from bach_lib.outbound.button_fitting import fit_buttons, rows_of
from bach_lib.outbound.cells import buttons_read, buttons_written
from bach_lib.outbound.draft import make_request
from bach_lib.text.web_address import is_address
from tests.lib.outbound.test_rows import FULL

PAGE = "https://bach.example/the_door"
YES = Button(text="Yes", value="yes")
LOOK = Button(text="Look", url=PAGE)
RED = Button(text="Siren", value="siren", style=ButtonStyle.DANGER)


@pytest.mark.parametrize(
    ("able", "pressed", "said", "what"),
    [
        (TelegramConnector.capabilities, ((YES, LOOK),), "", []),
        (dataclasses.replace(TelegramConnector.capabilities, button_url=0), ((YES,),), f"Look: {PAGE}", ["links"]),
        (
            Capabilities(receives=False, idempotent=False, formats=frozenset({Format.PLAIN}), max_text=100),
            (),
            f"1. Yes\nLook: {PAGE}",
            ["buttons"],
        ),
    ],
    ids=["links", "buttons only", "neither"],
)
def test_a_link_goes_into_words_where_no_button_opens_one(
    able: Capabilities, pressed: object, said: str, what: list[str]
) -> None:
    """Nobody could look at the camera that the alarm is about; or the answers would go with the link."""
    buttons, words, lost = fit_buttons("here", able, ((YES, LOOK),), Format.PLAIN)
    assert (buttons, words, [one.what for one in lost]) == (pressed, said, what)


def test_only_links_that_are_too_long_go_into_words() -> None:
    """Discord would refuse the whole message, for good."""
    long = Button(text="Far", url=f"{PAGE}?{'x' * 600}")
    buttons, words, _ = fit_buttons("discord", DiscordConnector.capabilities, ((LOOK, long),), Format.MARKDOWN)
    assert buttons == ((LOOK,),)
    assert words.startswith("Far: https://bach.example/the%5Fdoor?")


@pytest.mark.parametrize(
    "button",
    [
        Button(text="Both", value="yes", url=PAGE),
        Button(text="Script", url="javascript:alert(1)"),
        Button(text="Nowhere", url="https://"),
        Button(text="Two lines", url=f"{PAGE}\nhttps://elsewhere.example"),
        Button(text="Nothing"),
        Button(text="Odd", value="1", style=cast("ButtonStyle", "pink")),
        Button(text="Number", value="1", url=cast("str", 5)),
    ],
    ids=lambda button: button.text,
)
def test_a_button_that_cannot_be_is_refused(button: Button) -> None:
    """A press would run a script, or do nothing, and nobody know why."""
    with pytest.raises(InvalidButtonsError):
        rows_of([[button]])


def test_the_disk_keeps_what_a_button_opens_and_how_it_looks() -> None:
    """After a restart a button would bring back nothing; or an older message's buttons be unreadable."""
    rows = ((YES, LOOK), (RED,))
    assert buttons_read(buttons_written(rows)) == rows
    assert buttons_written(((YES,),)) == '[[["Yes", "yes"]]]'
    with pytest.raises((TypeError, ValueError)):
        buttons_read('[[["Yes", "yes", null, "pink"]]]')


def test_a_press_of_nothing_is_no_press_of_a_link() -> None:
    """Whoever makes up a press without a value would press a button that brings nothing back."""
    assert _labels({"buttons": buttons_written(((YES, LOOK, RED),))}) == {"yes": "Yes", "siren": "Siren"}


def test_a_key_stands_for_what_a_button_opens() -> None:
    """Another link would be taken for the same message; or, after an update, the same message for another."""
    assert repr(YES) == "Button(text='Yes', value='yes')"
    drafts = [
        dataclasses.replace(FULL, buttons=((one,),)) for one in (LOOK, dataclasses.replace(LOOK, url=f"{PAGE}/2"))
    ]
    first, second = (make_request(draft, {"idempotency_key": "k"}) for draft in drafts)
    assert first != second


async def test_no_link_is_an_answer() -> None:
    """A question would wait for an answer that nobody can give."""
    async with Bach(":memory:") as bach:
        await bach.registry.add(Connection(name="home", type="telegram", is_active=False))
        where = (Place(connection="home", recipient="42"),)
        with pytest.raises(InvalidValueError, match="opens an address"):
            await bach.ask(Question(text="Shall I?", places=where, answers=((YES, LOOK),), timeout=1))


@pytest.mark.parametrize(
    "text", ["ftp://a.example", "a.example", "https://a example", 'https://a.example/"', "https:///x"]
)
def test_what_is_no_address_of_the_web_is_none(text: str) -> None:
    """A platform would refuse the message because of its button."""
    assert not is_address(text)
    assert is_address(PAGE)
