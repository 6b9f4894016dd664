"""How an address is written makes no difference, on whatever platform: by its form alone, without asking anybody."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bach_lib.bus import Bus
from bach_lib.connectors import Connectors
from bach_lib.connectors.base import Connector
from bach_lib.connectors.discord import DiscordConnector
from bach_lib.connectors.discord_webhook import DiscordWebhookConnector
from bach_lib.connectors.homeassistant import HomeAssistantConnector
from bach_lib.connectors.ntfy import NtfyConnector
from bach_lib.connectors.signal import SignalConnector
from bach_lib.connectors.telegram import TelegramConnector
from bach_lib.connectors.webhook import WebhookConnector
from bach_lib.errors import InvalidRecipientError
from bach_lib.models import Connection
from bach_lib.registry.directory import Directory
from bach_lib.storage import Database

CONNECTORS: dict[str, type[Connector]] = {
    "discord": DiscordConnector,
    "discord_webhook": DiscordWebhookConnector,
    "homeassistant": HomeAssistantConnector,
    "ntfy": NtfyConnector,
    "signal": SignalConnector,
    "telegram": TelegramConnector,
    "webhook": WebhookConnector,
}
CHANNEL, THREAD, PERSON = "1150000000000000001", "1150000000000000002", "1150000000000000003"
UUID = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
GROUP = "group.R3JvdXBPZlRoZUhvdXNl"

PLACES: dict[str, dict[str, tuple[str, ...]]] = {
    "discord": {
        CHANNEL: (
            f"<#{CHANNEL}>",
            f"https://discord.com/channels/{PERSON}/{CHANNEL}",
            f"https://discord.com/channels/{PERSON}/{CHANNEL}/",
            f"https://ptb.discord.com/channels/{PERSON}/{CHANNEL}/{THREAD}",
            f"HTTPS://DISCORDAPP.COM/channels/{PERSON}/{CHANNEL}",
        ),
        f"{CHANNEL}/{THREAD}": (f"\u200e{CHANNEL}/{THREAD}",),
        f"@{PERSON}": (f"<@{PERSON}>", f"<@!{PERSON}>", f"\uff20{PERSON}"),
        PERSON: (f"<#{PERSON}>",),
    },
    "discord_webhook": {
        "channel": ("Channel", "CHANNEL"),
        THREAD: (
            f"\u202d{THREAD}\u202c",
            f"thread_id={THREAD}",
            f"?thread_id={THREAD}",
            f"https://discord.com/channels/{PERSON}/{THREAD}",
        ),
        CHANNEL: (),
    },
    "homeassistant": {
        "notify.kitchen": ("Notify.Kitchen", "NOTIFY.KITCHEN"),
        "notify.kitchen_2": (),
        "action:notify.phone": ("Action:Notify.Phone",),
        "event:doorbell": ("Event:doorbell", "EVENT:doorbell"),
        "event:Doorbell": (),
        "event:notify.kitchen": (),
        "bach": ("BACH", "Bach"),
    },
    "ntfy": {
        "our_doorbell": ("\u200eour_doorbell", "\uff4f\uff55\uff52_doorbell"),
        "Our_Doorbell": (),
        "our-doorbell": (),
        "42": (),
    },
    "signal": {
        "+491701234567": (
            "+49 170 1234567",
            "+49 (0)170 123-45-67",
            "+49(0)170/1234567",
            "0049 170 1234567",
            "00491701234567",
            "\u202a+49 170 1234567\u202c",
            "+49\u00a0170\u20111234567",
            "\uff0b\uff14\uff19 170 1234567",
            "https://signal.me/#p/+491701234567",
        ),
        "+49170123456": (),
        "+1491701234567": (),
        UUID: (UUID.upper(),),
        "u:ada.01": ("U:Ada.01", "u:ADA.01"),
        "u:ada.011": (),
        GROUP: (),
        GROUP.replace("R3J", "r3j"): (),
    },
    "telegram": {
        "42": ("42/1", "\u200e42"),
        "-42": (),
        "42/7": (),
        "-1001234567890": ("-1001234567890/1",),
        "-1001234567890/7": ("-1001234567890/7\ufeff",),
        "@our_home": ("@Our_Home", "@OUR_HOME", "@Our_Home/1", "\uff20our_home"),
        "@our_home/7": ("@Our_Home/7",),
        "@ourhome": (),
    },
    "webhook": {"default": (), "Kitchen": (), "kitchen": (), "the kitchen": (), "+491701234567": ()},
}
"""Of every platform: places that are not one another, each in its one form, and other ways to write it."""

NOTHING = {
    "discord": ("42", "@ada", f"{CHANNEL}/", f"/{THREAD}", f"<@&{PERSON}>", f"{CHANNEL}/{THREAD}/{PERSON}", "0" * 18),
    "discord_webhook": ("42", "channels", f"channel/{THREAD}", f"@{PERSON}"),
    "homeassistant": (
        "light.kitchen",
        "notify.",
        "notify.kit chen",
        "event:state_changed",
        "Event:state_changed",
        "x:y",
    ),
    "ntfy": ("our doorbell", "our/doorbell", "a,b", "https://ntfy.sh/our_doorbell", "#door", "ö", "x" * 65),
    "signal": ("0170 1234567", "+0170", "ada", "u:ada", "group.", "group.x", UUID[:-1], "+49 170 1234567 8901234"),
    "telegram": ("042", "0", "-0", "our_home", "@ab", "@1home", "42/", "42/0", "42/07", "4 2", "\u0664\u0662"),
    "webhook": ("a\nb", "a" * 1000, "a\x00"),
}
"""What is no address anywhere there."""

ALL = sorted(CONNECTORS)
SIGNS = st.text("@#<>!/+-().:_,&=? 0123456789abuABU\u200e\u202a\u00a0\u2011\uff10\uff20\uff0b\n\x00", max_size=24)
BLANKS = st.text(" \t\u00a0\u3000\n", max_size=3)


def normal(type_: str, written: str) -> str | None:
    """The one form, or None of what is no address there."""
    try:
        return CONNECTORS[type_].normalize_recipient(written)
    except InvalidRecipientError:
        return None


def test_every_platform_is_held_to_it() -> None:
    """A new platform would have a form that nobody looked at."""
    assert Connectors().types == ALL
    assert ALL == sorted(PLACES) == sorted(NOTHING)


@pytest.mark.parametrize("type_", ALL)
def test_every_spelling_of_a_place_meets_at_one_form(type_: str) -> None:
    """One place would have two lanes, two limits, and be a stranger where it is let in."""
    for place, spellings in PLACES[type_].items():
        assert {one: normal(type_, one) for one in (place, *spellings)} == dict.fromkeys((place, *spellings), place)


@pytest.mark.parametrize("type_", ALL)
@settings(max_examples=25, deadline=None)
@given(before=BLANKS, after=BLANKS, data=st.data())
def test_blanks_around_an_address_mean_nothing(type_: str, before: str, after: str, data: st.DataObject) -> None:
    """What was copied with a blank would be another place."""
    place = data.draw(st.sampled_from(sorted(PLACES[type_])))
    written = data.draw(st.sampled_from((place, *PLACES[type_][place])))
    assert normal(type_, f"{before}{written}{after}") == place


@pytest.mark.parametrize("type_", ALL)
@pytest.mark.parametrize("written", ["", " ", "\u00a0", "\n", "a" * 3000, "\x00"])
def test_what_is_no_address_anywhere_is_refused(type_: str, written: str) -> None:
    """It would stand in a lane that no platform knows, and fail at every attempt."""
    assert normal(type_, written) is None


@pytest.mark.parametrize("type_", ALL)
def test_what_is_no_address_there_is_refused(type_: str) -> None:
    """Somebody else might get what was meant for nobody."""
    assert {one: normal(type_, one) for one in NOTHING[type_]} == dict.fromkeys(NOTHING[type_])


@pytest.mark.parametrize("type_", ALL)
@settings(max_examples=60, deadline=None)
@given(written=SIGNS | st.text(max_size=24), data=st.data())
def test_the_one_form_is_its_own(type_: str, written: str, data: st.DataObject) -> None:
    """What is read from the disk would become another place, and what people type an error that no form can show."""
    if data.draw(st.booleans()):  # something near to an address
        place = data.draw(st.sampled_from(sorted(PLACES[type_])))
        cut = data.draw(st.integers(0, len(place)))
        written = place[:cut] + written[:2] + place[cut:]
    form = normal(type_, written)
    if form is not None:
        assert normal(type_, form) == form
        assert form == form.strip()
        assert form.isprintable()


def a_directory(tmp_path: Path, type_: str) -> Directory:
    """What reads who is let in through a connection of that type."""
    connectors = Connectors(CONNECTORS)
    return Directory(
        Database(tmp_path / "x.db"),
        Bus(),
        lambda _: frozenset(),
        lambda _, it, /, *, of_sender=False: connectors.form(type_, it, of_sender=of_sender),
    )


@pytest.mark.parametrize("type_", ALL)
def test_a_person_in_a_place_may_be_written_in_every_way(type_: str, tmp_path: Path) -> None:
    """A person who is let in by the mention or number that an app shows would stay a stranger."""
    directory, place = a_directory(tmp_path, type_), next(iter(PLACES[type_]))
    for person, others in PLACES[type_].items():
        by_id = frozenset({f"{place}#{person}"})
        for written in others:
            row = Connection(name="home", type=type_, allowed=frozenset({f"{place}#{written}"}))
            assert directory.let_in(row.name, by_id) <= directory.allowed(row), written


@pytest.mark.parametrize("type_", ALL)
def test_who_is_let_in_may_be_written_in_every_way(type_: str, tmp_path: Path) -> None:
    """A place that somebody lets in as its app writes it would stay a stranger's, and nothing would say why."""
    written = {one: place for place, others in PLACES[type_].items() for one in (place, *others)}
    for entry, place in written.items():
        row = Connection(name="home", type=type_, allowed=frozenset({entry, f"{entry}#ada lovelace", "\n"}))
        directory = a_directory(tmp_path, type_)
        allowed = directory.allowed(row)
        assert {place, f"{place}#ada lovelace"} <= allowed, entry
        assert allowed.isdisjoint(PLACES[type_].keys() - {place}), entry
