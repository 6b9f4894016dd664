"""One place under two names: a recipient goes by the id as soon as that is known, and nobody gains by it."""

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib.events import MessageSent
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.home.attribution import Received, Role
from tests.component.conftest import (
    ADA,
    CONNECTION,
    TOKEN,
    add_entry,
    arrive,
    entity_ids,
    incoming,
    person,
    recipient,
    send,
    set_up,
    the_bach,
    until,
)

HOME, ID = "@our_home", "-1001234567890"


@pytest.fixture(autouse=True)
def group(telegram: TelegramServer) -> None:
    """A group with a public name."""
    telegram.add_chat(int(ID), type="supergroup", title="Home", username="our_home")


def addresses(entry: MockConfigEntry) -> dict[str, tuple[str, str | None]]:
    """The address and the unique id of every sub-entry, by its title."""
    return {one.title: (one.data["recipient"], one.unique_id) for one in entry.subentries.values()}


async def learned(hass: HomeAssistant, telegram: TelegramServer, entity_id: str = "notify.home") -> None:
    """What is sent to the name is answered with the id. Memory knows at once, everybody else when the disk does."""
    sent: list[MessageSent] = []
    stop = the_bach(hass).subscribe(MessageSent, sent.append)
    await send(hass, entity_id, "hello")
    await telegram.wait_for(1)
    await until(hass, lambda: the_bach(hass).normal(CONNECTION, HOME) == ID)
    await until(hass, lambda: bool(sent))  # with this, what was learned is told
    stop()
    await hass.async_block_till_done()


async def test_a_recipient_by_name_goes_by_the_id_once_that_is_known(
    hass: HomeAssistant, telegram: TelegramServer
) -> None:
    """Whoever takes the name over one day would get the home's messages; and its people would be strangers."""
    entry = add_entry(
        hass,
        telegram,
        recipients={},
        more=[recipient("Home", "@Our_Home"), person("Dora", HOME, "46", role="admin"), person("Eve", "-5", "47")],
    )
    await set_up(hass, entry)
    before = entity_ids(hass, entry)
    await learned(hass, telegram)
    assert addresses(entry) == {
        "Home": (ID, f"recipient_{ID}"),
        "Dora": (ID, f"person_{ID}_46"),
        "Eve": ("-5", "person_-5_47"),
    }
    assert entity_ids(hass, entry) == before, "nobody has to set anything up anew"
    await until(hass, lambda: the_bach(hass).registry.get(CONNECTION).allowed == {ID, f"{ID}#46"})


async def test_what_was_learned_meanwhile_counts_from_the_set_up(
    hass: HomeAssistant, telegram: TelegramServer, heard: list[Received]
) -> None:
    """A recipient that was written down by name while nobody listened would be a stranger's place."""
    entry = add_entry(hass, telegram, recipients={}, more=[recipient("Home", HOME)])
    await set_up(hass, entry)
    await learned(hass, telegram)
    assert await hass.config_entries.async_unload(entry.entry_id)
    [home] = entry.subentries.values()
    hass.config_entries.async_update_subentry(
        entry, home, data={**home.data, "recipient": "@OUR_HOME"}, unique_id="recipient_@OUR_HOME"
    )
    await set_up(hass, entry)
    assert addresses(entry) == {"Home": (ID, f"recipient_{ID}")}
    await arrive(hass, incoming(ID, "99"))
    assert [one.recipient_name for one in heard] == ["Home"]


@pytest.mark.parametrize("roles", [("admin", "notify_only"), ("notify_only", "admin"), ("admin", "user")])
@pytest.mark.parametrize("names", [(HOME, ID), ("@Our_Home", HOME)])
async def test_of_two_recipients_that_are_one_place_the_lesser_role_counts(
    hass: HomeAssistant,
    telegram: TelegramServer,
    heard: list[Received],
    roles: tuple[str, str],
    names: tuple[str, str],
) -> None:
    """Somebody gave a place fewer rights; another name of it would give them back."""
    first, second = (recipient(f"Home {at}", names[at], role=roles[at]) for at in (0, 1))
    entry = add_entry(hass, telegram, recipients={"Ada": ADA}, more=[first, second])
    await set_up(hass, entry)
    await learned(hass, telegram, "notify.home_0")
    await arrive(hass, incoming(ID, "99", id=2, remote_id="2"))
    expected = [] if "notify_only" in roles else [Role.USER]
    assert [one.role for one in heard] == expected
    addressed = addresses(entry)
    assert len(addressed) == 3, "nothing is taken away from anybody"
    assert f"recipient_{ID}" in {unique_id for _, unique_id in addressed.values()}
    telegram.says("open the door", bot=telegram.bots[TOKEN], chat_id=int(ID), from_id=99)
    telegram.says("that is all", bot=telegram.bots[TOKEN], chat_id=ADA)
    await until(hass, lambda: bool(heard) and heard[-1].message.text == "that is all")
    assert [one.role for one in heard[len(expected) : -1]] == expected
