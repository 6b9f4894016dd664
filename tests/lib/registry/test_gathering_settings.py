"""What may be said of gathering, and what is refused where it is said."""

from collections.abc import Mapping

import pytest

from bach_lib import InvalidValueError
from bach_lib.registry.gathering import gathering_of
from bach_lib.registry.waiting_rules import check_waiting_rules


@pytest.mark.parametrize(
    "entry",
    [
        {"at": "18:00", "after": 20, "zone": "Europe/Berlin", "recipient": "42", "below": 5},
        {"per_hour": 5},
        {"same_minutes": 10},
    ],
)
def test_each_says_one_thing(entry: Mapping[str, object]) -> None:
    """What the documents show would be refused."""
    check_waiting_rules({"gathering": [entry]})
    [found] = gathering_of({"gathering": [entry]})
    assert found.below == entry.get("below", 1)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (5, ""),
        ({}, ""),
        ({"at": "18:00", "per_hour": 5}, ""),
        ({"per_hour": 5, "often": True}, ""),
        ({"per_hour": 5, "after": 3}, ".after"),
        ({"at": "18:00", "after": 1}, ".after"),
        ({"per_hour": 0}, ".per_hour"),
        ({"same_minutes": 1441}, ".same_minutes"),
        ({"at": "25:00"}, ".at"),
        ({"per_hour": 5, "below": 6}, ".below"),
        ({"per_hour": 5, "zone": "Berlin"}, ".zone"),
        ({"per_hour": 5, "recipient": ""}, ".recipient"),
    ],
)
def test_what_says_nothing_is_refused_and_if_it_is_there_all_the_same_gathers_nothing(
    wrong: object, field: str
) -> None:
    """Somebody would rely on it; or an alarm be gathered."""
    with pytest.raises(InvalidValueError, match=rf"settings\.gathering{field}"):
        check_waiting_rules({"gathering": [{"per_hour": 5}, wrong]})
    assert len(list(gathering_of({"gathering": [wrong, {"per_hour": 5}]}))) == 1


def test_there_are_not_too_many() -> None:
    """Each message would be held against thousands."""
    with pytest.raises(InvalidValueError, match="at most 200 entries"):
        check_waiting_rules({"gathering": [{"per_hour": 5}] * 201})
    check_waiting_rules({"gathering": "of another version"})
