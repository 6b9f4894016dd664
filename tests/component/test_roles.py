"""Who somebody is and what they may do, from the sub-entries alone."""

from types import MappingProxyType
from typing import Final

import pytest
from homeassistant.config_entries import ConfigSubentry, ConfigSubentryData

from custom_components.bach.home.attribution import Role, called
from custom_components.bach.home.roles import Standing, allowed, standing
from tests.component.conftest import person, recipient
from tests.holes import Hole, holes, is_missed


def subentries(*data: ConfigSubentryData) -> list[ConfigSubentry]:
    """Sub-entries whose ids are their titles."""
    return [
        ConfigSubentry(
            data=MappingProxyType(dict(item["data"])),
            subentry_id=item["title"],
            subentry_type=item["subentry_type"],
            title=item["title"],
            unique_id=item["unique_id"],
        )
        for item in data
    ]


HOME = subentries(
    recipient("Ada", "42", role="admin", user_id="ada-user"),
    recipient("Bob", "43"),
    recipient("Screen", "44", role="notify_only"),
    recipient("Family", "-100", role="user", user_id="nobody-is-this"),
    recipient("Alarms", "-100/7", role="notify_only"),
    recipient("Board", "-200", role="notify_only"),
    person("Bob in Family", "-100", "43", role="admin"),
    person("Carl", "-100", "45", role="notify_only"),
    person("Dora", "-200", "46", role="user", user_id="dora-user"),
    person("Ada in Board", "-200", "42"),
    person("Lost", "-300", "47", role="admin"),
)


def at(place: str, sender_id: str) -> Standing | None:
    """Who this is there."""
    return standing(HOME, recipient=place, sender_id=sender_id)


STANDINGS: Final = {
    ("42", "42"): (Role.ADMIN, "Ada", "ada-user", "Ada"),
    ("42/5", "42"): (Role.ADMIN, "Ada", "ada-user", "Ada"),  # a topic of her private chat
    ("43", "43"): (Role.USER, "Bob", None, "Bob"),  # an entry from before there were roles
    ("44", "44"): (Role.NOTIFY_ONLY, "Screen", None, "Screen"),
    ("-100", "99"): (Role.USER, "", None, "Family"),  # the group's user is nobody's in it
    ("-100", "42"): (Role.USER, "Ada", "ada-user", "Family"),  # the place limits her, and she stays herself
    ("-100", "43"): (Role.ADMIN, "Bob in Family", None, "Family"),
    ("-100", "45"): (Role.NOTIFY_ONLY, "Carl", None, "Family"),
    ("-100/9", "43"): (Role.ADMIN, "Bob in Family", None, "Family"),  # whoever is in the chat is in its topics
    ("-100/7", "43"): (Role.ADMIN, "Bob in Family", None, "Alarms"),
    ("-100/7", "42"): (Role.NOTIFY_ONLY, "Ada", "ada-user", "Alarms"),
    ("-200", "42"): (Role.USER, "Ada in Board", "ada-user", "Board"),  # her user is hers everywhere
    ("-200", "46"): (Role.USER, "Dora", "dora-user", "Board"),
    ("-200", "99"): (Role.NOTIFY_ONLY, "", None, "Board"),
    ("-999", "42"): (Role.ADMIN, "Ada", "ada-user", None),
    ("-999", "44"): (Role.NOTIFY_ONLY, "Screen", None, None),
}
"""Who is what where: place and sender, and their role, name, user and place."""
NOBODY: Final = [("99", "99"), ("-999", "99"), ("-300", "47"), ("-999", "46"), ("-999", ""), ("", ""), ("-10", "43x")]


@pytest.mark.parametrize(("place", "sender_id", "expected"), [(*where, who) for where, who in STANDINGS.items()])
def test_who_somebody_is_follows_from_place_and_sender(
    place: str, sender_id: str, expected: tuple[Role, str, str | None, str | None]
) -> None:
    """Somebody would run commands that are not theirs, or in another's name."""
    role, who, user, place_id = expected
    found = at(place, sender_id)
    assert found == Standing(role=role, person=who, user_id=user, place_id=place_id, place_name=place_id)


@pytest.mark.parametrize(("place", "sender_id"), NOBODY)
def test_whom_nobody_added_is_nobody(place: str, sender_id: str) -> None:
    """A stranger would be heard: in a place of their own, in one that was removed, or as a person of another group."""
    assert at(place, sender_id) is None


def test_who_speaks_for_a_group_or_channel_is_nobody() -> None:
    """An anonymous administrator would be the user that was given to the group, or a channel's posts its user's."""
    home = subentries(recipient("Family", "-100", user_id="owner"), recipient("News", "-500", user_id="owner"))
    for sender in ("-100", "-500"):
        found = standing(home, recipient="-100", sender_id=sender, speaks_as=True)
        assert found == Standing(role=Role.USER, person="", user_id=None, place_id="Family", place_name="Family")
    assert standing(home, recipient="-999", sender_id="-500", speaks_as=True) is None


def test_a_name_that_is_only_claimed_is_nobodys() -> None:
    """Whoever has a webhook's token would be Ada, with her rights and her user."""
    found = standing(HOME, recipient="42", sender_id="42", is_claimed=True)
    assert found == Standing(role=Role.NOTIFY_ONLY, person="", user_id=None, place_id="Ada", place_name="Ada")
    assert found is not None
    assert found.is_heard
    silent = standing(HOME, recipient="44", sender_id="44", is_claimed=True)
    assert silent
    assert not silent.is_heard


@pytest.mark.parametrize(
    ("sender_name", "shown"),
    [("Ada", '"Ada"'), ("", "99"), ("  ", "99"), ('Ada" in "Home', "\"Ada' in 'Home\""), ("Ada\nBob", '"Ada Bob"')],
)
def test_names_that_people_give_themselves_stand_in_quotation_marks(sender_name: str, shown: str) -> None:
    """Whoever calls himself Ada would be Ada in the logbook, below a question and in a trace."""
    assert called(sender_name, "99") == shown


def test_the_library_lets_in_whom_home_assistant_hears() -> None:
    """Who may only be notified would fill the inbox, or a person in such a group would never be heard."""
    assert allowed(HOME) == {"42", "43", "-100", "-100#43", "-200#42", "-200#46"}
    assert allowed([]) == frozenset()


def test_what_is_no_role_allows_nothing() -> None:
    """A damaged entry would make somebody a user whom nobody made one."""
    home = subentries(recipient("Eve", "98", role="emperor"))
    assert allowed(home) == frozenset()
    found = standing(home, recipient="98", sender_id="98")
    assert found
    assert found.role is Role.NOTIFY_ONLY


def test_roles_rise() -> None:
    """An administrator could do less than a user, or a user all that an administrator may."""
    assert [[role.includes(needed) for needed in Role] for role in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


@pytest.mark.parametrize("hole", holes("custom_components.bach.home.roles"), ids=str)
async def test_each_check_is_missed(hole: Hole | None) -> None:
    """Whoever takes one out would see all tests pass, and a stranger would be somebody."""

    async def look() -> None:
        for (place, sender_id), expected in STANDINGS.items():
            test_who_somebody_is_follows_from_place_and_sender(place, sender_id, expected)
        for place, sender_id in NOBODY:
            test_whom_nobody_added_is_nobody(place, sender_id)
        test_who_speaks_for_a_group_or_channel_is_nobody()
        test_the_library_lets_in_whom_home_assistant_hears()
        test_what_is_no_role_allows_nothing()
        test_a_name_that_is_only_claimed_is_nobodys()

    assert await is_missed(hole, look) == (hole is not None)
