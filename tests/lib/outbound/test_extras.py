"""What a message has beside words, files and buttons is kept, and what a platform has not is said."""

import dataclasses
from collections.abc import Collection
from typing import cast

import pytest

from bach_lib.connectors.telegram import TelegramConnector
from bach_lib.errors import InvalidValueError
from bach_lib.models import NO_EXTRAS, Connection, Extra, Extras, Format, Location, Message, Operation, extras_of
from bach_lib.outbound.draft import make_change, make_request
from bach_lib.outbound.extra_fitting import checked_extras, fit_extras
from tests.lib.outbound.test_rows import FULL

GATE = Location(latitude=48.137, longitude=11.575, name="The <gate>", address="Main Street 1")
EVERYTHING = Extras(link_preview=False, protected=True, location=GATE)
MAP = "https://www.openstreetmap.org/?mlat=48.137000&mlon=11.575000#map=17/48.137000/11.575000"
LINK = "Look at https://bach.example"


def test_every_extra_is_in_one_list() -> None:
    """One could be sent that no platform can be asked about, and that is lost without a word."""
    assert [one.name for one in dataclasses.fields(Extras)] == [*Extra] == [*EVERYTHING.given]
    assert extras_of(EVERYTHING.written()) == EVERYTHING


@pytest.mark.parametrize(
    ("able", "left"), [((), ()), ((Extra.PROTECTED,), (Extra.PROTECTED,)), (Extra, EVERYTHING.given)]
)
def test_what_a_platform_has_not_is_left_out_and_said(able: Collection[Extra], left: tuple[Extra, ...]) -> None:
    """A message would be passed on that nobody may pass on, and whoever sent it would not know."""
    extras, text, lost = fit_extras("ntfy", able, EVERYTHING, LINK, Format.PLAIN)
    assert text == (LINK if extras.location else f"{LINK}\n\n📍 The <gate>\nMain Street 1\n{MAP}")
    assert extras.given == left
    assert [one.what for one in lost] == [one for one in EVERYTHING.given if one not in left]
    assert all("ntfy" in one.reason for one in lost)


def test_no_preview_is_missed_where_there_is_no_link() -> None:
    """Every short message would be called degraded for something that nobody can see."""
    asked = Extras(link_preview=False)
    assert fit_extras("webhook", (), asked, "Water", Format.PLAIN) == (NO_EXTRAS, "Water", ())


def test_a_place_in_words_is_no_markup() -> None:
    """A gate that is called <gate> would be no word, and the link lead elsewhere."""
    _, text, _ = fit_extras("ntfy", (), Extras(location=GATE), "", Format.HTML)
    assert text == f"📍 The &lt;gate&gt;\nMain Street 1\n{MAP.replace('&', '&amp;')}"
    bare = Location(latitude=-48.1, longitude=0)
    assert fit_extras("ntfy", (), Extras(location=bare), "", Format.MARKDOWN)[1].startswith(
        "📍 https://www.openstreetmap.org/"
    )


@pytest.mark.parametrize(
    "given",
    [
        None,
        {"protected": True},
        Extras(protected=cast("bool", "yes")),
        Extras(location=cast("Location", (48.1, 11.5))),
        Extras(location=Location(latitude=91, longitude=0)),
        Extras(location=Location(latitude=0, longitude=float("nan"))),
        Extras(location=Location(latitude=0, longitude=0, name=" ")),
        Extras(location=Location(latitude=0, longitude=0, address="x" * 256)),
        Extras(location=Location(latitude=0, longitude=0, name=cast("str", 5))),
    ],
)
def test_what_are_no_extras_is_refused(given: object) -> None:
    """A mistake would be found when the message is sent, at night, instead of when it is written."""
    with pytest.raises(InvalidValueError, match="extras"):
        checked_extras(given)


@pytest.mark.parametrize(
    "found",
    [
        [],
        {"protected": 1},
        {"sparkles": True},
        {"location": {"latitude": 1}},
        {"location": {"latitude": True, "longitude": 1}},
        {"location": {"latitude": 1, "longitude": 1, "name": 5}},
        {"location": {"planet": "Mars"}},
    ],
)
def test_what_cannot_be_read_is_no_extras(found: object) -> None:
    """A misspelt field would be left out, and a message go without what it was to have."""
    with pytest.raises(TypeError):
        extras_of(found)


def test_a_key_stands_for_the_extras_as_well() -> None:
    """Another message would be taken for the same; or, after an update, the same one for another."""
    drafts = [dataclasses.replace(FULL, extras=extras) for extras in (NO_EXTRAS, EVERYTHING)]
    plain, whole = (make_request(draft, {"idempotency_key": "k"}) for draft in drafts)
    assert plain != whole
    assert "extras" not in repr(FULL)


def test_what_is_there_already_takes_only_what_can_be_changed() -> None:
    """A correction would protect a message that Telegram has shown unprotected, as far as its sender knows."""
    sent = Message(id=1, nonce="a-1", connection="home", recipient="42", text="x", remote_id="7")
    home = Connection(name="home", type="telegram")
    options = {"extras": EVERYTHING}
    draft = make_change(sent, Operation.EDIT, home, TelegramConnector, LINK, options=options, now=0, max_retries=5)  # type: ignore[arg-type] # it is what it takes
    assert draft.extras == Extras(link_preview=False)
    assert [loss.what for loss in draft.lost] == [Extra.PROTECTED, Extra.LOCATION]
    assert MAP in draft.text
