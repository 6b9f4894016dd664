"""Quiet hours by the clock on the wall, also in the nights when it is set, and what is refused as none."""

from collections.abc import Mapping
from datetime import datetime

import pytest

from bach_lib import InvalidValueError
from bach_lib.registry.quiet_hours import check_quiet_hours, quiet_until

NIGHT = {"from": "22:00", "until": "07:00"}
WORK = {"from": "22:00", "until": "06:00", "days": ["mon", "tue", "wed", "thu", "fri"], "holidays": ["2026-12-25"]}
FREE = {"from": "23:00", "until": "09:00", "days": ["sat", "sun"], "holidays": ["2026-12-25"]}
WINTER, SUMMER = "+01:00", "+02:00"


def until(now: str, *entries: Mapping[str, object], priority: int = 0, who: str = "ada") -> str | None:
    """When a message of then may go, in Berlin."""
    hours = {"quiet_hours": [{"zone": "Europe/Berlin", **one} for one in entries]}
    moment = datetime.fromisoformat(now)
    found = quiet_until(hours, lambda meant: meant == who, priority, moment.timestamp())
    return None if found is None else f"{datetime.fromtimestamp(found[0], moment.tzinfo):%Y-%m-%dT%H:%M} {found[1]}"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-12-02T21:59:59+01:00", None),
        ("2026-12-02T22:00+01:00", "2026-12-03T07:00 07:00"),
        ("2026-12-03T03:00+01:00", "2026-12-03T07:00 07:00"),
        ("2026-12-03T06:59:59+01:00", "2026-12-03T07:00 07:00"),
        ("2026-12-03T07:00+01:00", None),
        ("2026-12-02T23:00+00:00", "2026-12-03T06:00 07:00"),
    ],
)
def test_they_are_over_at_the_time_that_the_clock_there_shows(now: str, expected: str | None) -> None:
    """What is no alarm would wake somebody, or come an hour before they get up."""
    assert until(now, NIGHT) == expected


@pytest.mark.parametrize(
    ("now", "entry", "expected"),
    [
        pytest.param("2027-03-27T23:00+01:00", NIGHT, "2027-03-28T06:00 07:00", id="an hour is left out"),
        pytest.param("2027-03-28T03:10+02:00", NIGHT, "2027-03-28T07:00 07:00", id="and it is past that"),
        pytest.param(
            "2027-03-28T01:00+01:00",
            {"from": "22:00", "until": "02:30"},
            "2027-03-28T02:30 03:30",
            id="they end in the hour that is left out",
        ),
        pytest.param("2027-03-28T03:30+02:00", {"from": "22:00", "until": "02:30"}, None, id="and then they are over"),
        pytest.param("2027-03-28T03:15+02:00", {"from": "02:30", "until": "07:00"}, None, id="they begin in it, later"),
        pytest.param(
            "2027-03-28T03:30+02:00",
            {"from": "02:30", "until": "07:00"},
            "2027-03-28T07:00 07:00",
            id="they begin in it",
        ),
        pytest.param("2026-10-24T23:00+02:00", NIGHT, "2026-10-25T08:00 07:00", id="an hour comes twice"),
        pytest.param("2026-10-25T02:30+02:00", NIGHT, "2026-10-25T08:00 07:00", id="the first time"),
        pytest.param("2026-10-25T02:30+01:00", NIGHT, "2026-10-25T07:00 07:00", id="the second time"),
        pytest.param(
            "2026-10-25T02:15+02:00",
            {"from": "22:00", "until": "02:30"},
            "2026-10-25T02:30 02:30",
            id="they end in the hour that comes twice: the first time",
        ),
        pytest.param("2026-10-25T02:15+01:00", {"from": "22:00", "until": "02:30"}, None, id="and not once more"),
    ],
)
def test_they_are_right_in_the_nights_when_clocks_are_set(
    now: str, entry: Mapping[str, object], expected: str | None
) -> None:
    """Twice a year everything would come an hour before somebody wakes, or never."""
    assert until(now, entry) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-12-04T23:30+01:00", "2026-12-05T06:00 06:00"),  # the night that begins on a Friday
        ("2026-12-05T22:30+01:00", None),
        ("2026-12-05T23:30+01:00", "2026-12-06T09:00 09:00"),
        ("2026-12-07T05:00+01:00", "2026-12-07T09:00 09:00"),
        ("2026-12-25T22:30+01:00", None),  # a Friday that is a holiday
        ("2026-12-25T23:30+01:00", "2026-12-26T09:00 09:00"),
    ],
)
def test_days_are_those_on_which_they_begin_and_a_holiday_is_a_sunday(now: str, expected: str | None) -> None:
    """On a holiday the house would be woken as on a day of work."""
    assert until(now, WORK, FREE) == expected


@pytest.mark.parametrize(
    ("days", "free"),
    [
        (["2026-12-25"], True),
        (["2026-12-24/2026-12-25"], True),
        (["2026-12-26/2027-01-06", "2026-05-01"], False),
        (["12-25"], True),
        (["12-24/01-06"], True),
        (["12-26/12-23", "02-29"], False),
        (["25.12."], False),
    ],
)
def test_those_of_a_connection_count_for_all_of_its_quiet_hours(days: list[str], free: bool) -> None:
    """In each entry they would have to be said again; or only one day of all of the holidays be one."""
    rest = {"zone": "Europe/Berlin", "from": "22:00", "until": "07:00", "days": ["sun"]}
    friday = datetime.fromisoformat("2026-12-25T23:00+01:00").timestamp()
    found = quiet_until({"quiet_hours": [rest], "holidays": days}, str.isdigit, 0, friday)
    assert (found is not None) is free


@pytest.mark.parametrize(
    "wrong", ["25.12.", "2026-12-25/2026-12-24", "2026-12-25/12-26", "12-25/2026-12-26", "13-01", "", 5, "a/b/c"]
)
def test_what_are_no_holidays_is_refused(wrong: object) -> None:
    """Somebody would rely on them, and be woken."""
    with pytest.raises(InvalidValueError, match=r"settings\.holidays"):
        check_quiet_hours({"holidays": [wrong]})


def test_what_follows_at_once_is_one_rest_and_who_is_not_meant_has_none() -> None:
    """It would be sent at midnight, between two; or the whole family wait for one of them."""
    parts = ({"from": "22:00", "until": "00:00"}, {"from": "00:00", "until": "07:00"})
    assert until("2026-12-02T23:00+01:00", *parts) == "2026-12-03T07:00 07:00"
    sunday = {"from": "00:00", "until": "00:00", "days": ["sun"]}
    assert until("2026-12-06T12:00+01:00", sunday) == "2026-12-07T00:00 00:00"
    weekend = {"from": "00:00", "until": "00:00", "days": ["sat", "sun"]}
    assert until("2026-12-05T00:00+01:00", weekend) == "2026-12-07T00:00 2026-12-07 00:00"
    for who, priority, rests in (("ada", 0, True), ("ada", 4, True), ("ada", 5, False), ("bob", 0, False)):
        found = until("2026-12-03T03:00+01:00", {**NIGHT, "recipient": "ada", "below": 5}, who=who, priority=priority)
        assert (found is not None) is rests
    assert until("2026-12-03T03:00+01:00", {"from": "00:00", "until": "00:00"}) is not None, "and this ends, too"


def test_without_a_zone_it_is_that_of_this_machine() -> None:
    """Who has no other zone would have to say it for each."""
    now = datetime(2026, 12, 3, 3).astimezone()
    found = quiet_until({"quiet_hours": [NIGHT]}, str.isdigit, 0, now.timestamp())
    assert found == (datetime(2026, 12, 3, 7).astimezone().timestamp(), "07:00")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (5, ""),
        ({"from": "22:00"}, ""),
        ({**NIGHT, "till": "8"}, ""),
        ({**NIGHT, "recipient": ""}, ".recipient"),
        ({**NIGHT, "below": 12}, ".below"),
        ({**NIGHT, "below": True}, ".below"),
        ({**NIGHT, "from": "25:00"}, ".from"),
        ({**NIGHT, "until": "07:00+01:00"}, ".until"),
        ({**NIGHT, "until": 7}, ".until"),
        ({**NIGHT, "zone": "Europe/Nowhere"}, ".zone"),
        ({**NIGHT, "zone": "../../etc/passwd"}, ".zone"),
        ({**NIGHT, "zone": 5}, ".zone"),
        ({**NIGHT, "days": []}, ".days"),
        ({**NIGHT, "days": ["Monday"]}, ".days"),
        ({**NIGHT, "days": [["mon"]]}, ".days"),
        ({**NIGHT, "holidays": ["25.12."]}, ".holidays"),
        ({**NIGHT, "holidays": [5]}, ".holidays"),
        ({**NIGHT, "holidays": "2026-12-25"}, ".holidays"),
    ],
)
def test_what_are_no_quiet_hours_is_refused_and_if_it_is_there_all_the_same_holds_nothing(
    wrong: object, field: str
) -> None:
    """A slip would be found in the first night; or a file of another version keep messages for ever."""
    with pytest.raises(InvalidValueError) as refused:
        check_quiet_hours({"quiet_hours": [NIGHT, wrong]})
    assert refused.value.placeholders["field"] == f"settings.quiet_hours{field}"
    now = datetime.fromisoformat("2026-12-03T03:00+01:00").timestamp()
    assert quiet_until({"quiet_hours": [wrong]}, lambda _: True, 0, now) is None


def test_there_may_not_be_too_many() -> None:
    """Each message would be compared with all of them."""
    with pytest.raises(InvalidValueError):
        check_quiet_hours({"quiet_hours": [NIGHT] * 201})
    check_quiet_hours({"quiet_hours": [NIGHT] * 200})
    check_quiet_hours({})
