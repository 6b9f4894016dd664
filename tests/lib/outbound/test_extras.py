"""What a message has beside words, files and buttons is kept, and what a platform has not is said."""

import dataclasses
from collections.abc import Collection
from typing import cast

import pytest

from bach_lib.connectors.capabilities import Capabilities
from bach_lib.connectors.telegram import TelegramConnector
from bach_lib.errors import InvalidValueError
from bach_lib.models import (
    NO_EXTRAS,
    Connection,
    Effect,
    Embed,
    EmbedField,
    Extra,
    Extras,
    Format,
    Location,
    Message,
    Operation,
    Poll,
    extras_of,
)
from bach_lib.models.poll import LARGEST_POLL, PollLimits
from bach_lib.outbound.draft import make_change, make_request
from bach_lib.outbound.extra_checks import checked_extras
from bach_lib.outbound.extra_fitting import fit_extras
from tests.lib.outbound.test_rows import FULL

GATE = Location(latitude=48.137, longitude=11.575, name="The <gate>", address="Main Street 1")
POLL = Poll(question="Pizza <or> pasta?", options=("Pizza", "Pasta"), multiple=True)
CELLAR = Embed(
    title="Cellar",
    color="#d32f2f",
    author="Home",
    footer="12:30",
    image="https://bach.example/a.png",
    fields=(EmbedField(name="Level", value="12 cm", inline=True),),
)
EVERYTHING = Extras(
    link_preview=False,
    protected=True,
    view_once=True,
    effect=Effect.FIRE,
    embed=CELLAR,
    location=GATE,
    poll=POLL,
)
MAP = "https://www.openstreetmap.org/?mlat=48.137000&mlon=11.575000#map=17/48.137000/11.575000"
LINK = "Look at https://bach.example"
FRAME = "Home\nCellar\nLevel: 12 cm\nhttps://bach.example/a.png\n12:30"
ASKED = "📊 Pizza <or> pasta?\n1. Pizza\n2. Pasta"


def able_to(extras: Collection[Extra] = (), poll: PollLimits = LARGEST_POLL) -> Capabilities:
    """A platform that shows those."""
    plain = frozenset({Format.PLAIN})
    return Capabilities(
        receives=False, idempotent=False, formats=plain, max_text=100, extras=frozenset(extras), poll=poll
    )


def test_every_extra_is_in_one_list() -> None:
    """One could be sent that no platform can be asked about, and that is lost without a word."""
    assert [one.name for one in dataclasses.fields(Extras)] == [*Extra] == [*EVERYTHING.given]
    assert extras_of(EVERYTHING.written()) == EVERYTHING


@pytest.mark.parametrize(
    ("able", "left"), [((), ()), ((Extra.PROTECTED,), (Extra.PROTECTED,)), (Extra, EVERYTHING.given)]
)
def test_what_a_platform_has_not_is_left_out_and_said(able: Collection[Extra], left: tuple[Extra, ...]) -> None:
    """A message would be passed on that nobody may pass on, and whoever sent it would not know."""
    extras, text, lost = fit_extras("ntfy", able_to(able), EVERYTHING, LINK, Format.PLAIN, has_files=True)
    assert text == (LINK if extras.location else f"{LINK}\n\n{FRAME}\n\n📍 The <gate>\nMain Street 1\n{MAP}\n\n{ASKED}")
    assert extras.given == left
    assert [one.what for one in lost] == [one for one in EVERYTHING.given if one not in left]
    assert all("ntfy" in one.reason for one in lost)


def test_no_preview_is_missed_where_there_is_no_link() -> None:
    """Every short message would be called degraded for something that nobody can see."""
    asked = Extras(link_preview=False)
    assert fit_extras("webhook", able_to(), asked, "Water", Format.PLAIN) == (NO_EXTRAS, "Water", ())


def test_no_file_is_missed_where_there_is_none() -> None:
    """A message without a picture would be called degraded because that could have been looked at twice."""
    asked = Extras(view_once=True)
    assert fit_extras("telegram", able_to(), asked, "Water", Format.PLAIN) == (NO_EXTRAS, "Water", ())


@pytest.mark.parametrize(
    "most", [PollLimits(options=1), PollLimits(option=4), PollLimits(question=16)], ids=["many", "long", "question"]
)
def test_a_poll_that_is_too_large_goes_in_words(most: PollLimits) -> None:
    """The platform would refuse it, or its apps show nothing at all."""
    extras, text, [lost] = fit_extras("signal", able_to(Extra, most), Extras(poll=POLL), "", Format.PLAIN)
    assert (extras, text, lost.what) == (NO_EXTRAS, ASKED, "poll")
    assert str(most.options) in lost.reason
    fitting = PollLimits(options=2, option=5, question=17)
    assert fit_extras("signal", able_to(Extra, fitting), Extras(poll=POLL), "", Format.PLAIN) == (
        Extras(poll=POLL),
        "",
        (),
    )


def test_a_place_in_words_is_no_markup() -> None:
    """A gate that is called <gate> would be no word, and the link lead elsewhere."""
    _, text, _ = fit_extras("ntfy", able_to(), Extras(location=GATE), "", Format.HTML)
    assert text == f"📍 The &lt;gate&gt;\nMain Street 1\n{MAP.replace('&', '&amp;')}"
    bare = Location(latitude=-48.1, longitude=0)
    assert fit_extras("ntfy", able_to(), Extras(location=bare), "", Format.MARKDOWN)[1].startswith(
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
        Extras(view_once=cast("bool", 1)),
        Extras(effect=cast("Effect", "sparkles")),
        Extras(poll=cast("Poll", "Pizza?")),
        *(
            Extras(poll=dataclasses.replace(POLL, **wrong))
            for wrong in (
                {"question": ""},
                {"question": None},
                {"question": "x" * 301},
                {"options": ("Pizza",)},
                {"options": ["Pizza", "Pasta"]},
                {"options": ("Pizza", "Pizza")},
                {"options": ("Pizza", " ")},
                {"options": ("Pizza", "x" * 101)},
                {"options": tuple(map(str, range(13)))},
                {"multiple": "no"},
            )
        ),
        Extras(embed=cast("Embed", "Cellar")),
        Extras(embed=Embed()),
        Extras(embed=Embed(color="#d32f2f")),
        *(
            Extras(embed=dataclasses.replace(CELLAR, **wrong))
            for wrong in (
                {"title": "x" * 257},
                {"title": 5},
                {"description": "x" * 4097},
                {"description": "x" * 4096, "footer": "x" * 2000},
                {"image": "file:///etc/passwd"},
                {"url": 5},
                {"author": None, "author_url": "https://bach.example"},
                {"footer": None, "footer_icon": "https://bach.example/a.png"},
                {"color": "red"},
                {"fields": (EmbedField(name="", value="x"),)},
                {"fields": (EmbedField(name="x", value="x" * 1025),)},
                {"fields": (EmbedField(name="x", value="x", inline=cast("bool", 0)),)},
                {"fields": (EmbedField(name="x", value="x"),) * 26},
                {"fields": ("x",)},
                {"fields": None},
            )
        ),
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
        {"effect": "sparkles"},
        {"effect": []},
        {"view_once": None},
        {"poll": "Pizza?"},
        {"poll": {"question": "Pizza?"}},
        {"poll": {"question": "Pizza?", "options": "ab"}},
        {"poll": {"question": "Pizza?", "options": [1, 2]}},
        {"poll": {"question": "Pizza?", "options": ["a", "b"], "multiple": 1}},
        {"poll": {"question": "Pizza?", "options": ["a", "b"], "quiz": True}},
        {"embed": []},
        {"embed": {"titel": "Cellar"}},
        {"embed": {"title": 5}},
        {"embed": {"fields": "x"}},
        {"embed": {"fields": [{"name": "x"}]}},
        {"embed": {"fields": [{"name": "x", "value": "y", "inline": 1}]}},
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
    gone = {Extra.LINK_PREVIEW, Extra.VIEW_ONCE}  # which needs a file, and a correction has none
    assert [loss.what for loss in draft.lost] == [one for one in EVERYTHING.given if one not in gone]
    assert all(words in draft.text for words in (MAP, ASKED, FRAME))
