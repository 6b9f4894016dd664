"""The actions on what came in: looking at it, marking it, fetching its files, and the rules it is held against."""

from pathlib import Path
from typing import Any

import pytest
import voluptuous as vol
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser, async_capture_events

from bach_lib import InboxStatus
from bach_lib.testing.telegram_server import Bot, TelegramServer
from custom_components.bach.const import EVENT_MESSAGE
from tests.component.conftest import ADA, BOB, CONNECTION, the_bach, until
from tests.component.test_services import call

PHOTO = b"\xff\xd8 a cat"


@pytest.fixture
async def written(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> list[dict[str, Any]]:
    """What Ada, Bob and Ada again wrote, as the events said it."""
    events = async_capture_events(hass, EVENT_MESSAGE)
    for sender, text in ((ADA, "one"), (BOB, "two"), (ADA, "three")):
        telegram.says(text, bot=bot, chat_id=sender)
    await until(hass, lambda: len(events) == 3)
    return [dict(event.data) for event in events]


@pytest.fixture
async def photo(hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry) -> int:
    """The number of a message with a file."""
    events = async_capture_events(hass, EVENT_MESSAGE)
    telegram.receive_media(bot, chat_id=ADA, type="document", content=PHOTO, file_name="../../a cat?.jpg")
    await until(hass, lambda: bool(events))
    return int(events[0].data["incoming_id"])


@pytest.fixture
def media(hass: HomeAssistant, tmp_path: Path) -> Path:
    """A folder that Home Assistant may use."""
    folder = tmp_path / "media"
    folder.mkdir()
    hass.config.allowlist_external_dirs = {str(folder)}
    return folder


def texts(answer: dict[str, Any]) -> list[str]:
    """What the messages of a page say."""
    return [message["text"] for message in answer["messages"]]


async def test_the_inbox_shows_what_the_events_said(
    hass: HomeAssistant, loaded: MockConfigEntry, written: list[dict[str, Any]]
) -> None:
    """A dashboard would show other words and keys than the automations know."""
    answer = await call(hass, "get_inbox")
    assert texts(answer) == ["three", "two", "one"]
    newest = answer["messages"][0]
    assert newest.pop("status") == "unread"
    assert newest.pop("routed_at")
    assert newest == written[-1]


async def test_the_inbox_is_read_in_pages_and_by_filter(
    hass: HomeAssistant, loaded: MockConfigEntry, written: list[dict[str, Any]]
) -> None:
    """Who looks for Ada's messages would have to read everybody's."""
    assert texts(await call(hass, "get_inbox", limit=1, offset=1)) == ["two"]
    assert texts(await call(hass, "get_inbox", sender=f"{CONNECTION}:{BOB}")) == ["two"]
    for recipient in (str(ADA), "notify.ada", "event.ada_incoming_message"):
        assert texts(await call(hass, "get_inbox", recipient=recipient)) == ["three", "one"]
    assert texts(await call(hass, "get_inbox", config_entry_id=loaded.entry_id, recipient="7")) == []
    for wrong in ({"limit": 0}, {"limit": 501}, {"offset": -1}, {"status": "lost"}):
        with pytest.raises(vol.Invalid):
            await call(hass, "get_inbox", **wrong)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"sender": "42"}, "invalid_value"),
        ({"recipient": "sensor.home_bot_sent_messages"}, "not_a_recipient"),
        ({"config_entry_id": "nobody"}, "service_config_entry_not_found"),
    ],
)
async def test_a_filter_that_means_nothing_is_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, data: dict[str, Any], key: str
) -> None:
    """An empty page would look as if nobody had written."""
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "get_inbox", **data)
    assert raised.value.translation_key == key


async def test_messages_are_marked(hass: HomeAssistant, written: list[dict[str, Any]]) -> None:
    """What an automation has dealt with would come up again and again."""
    one, two, three = (data["incoming_id"] for data in written)
    assert await call(hass, "mark", incoming_id=[one, two], status="read") == {"marked": 2}
    assert await call(hass, "mark", incoming_id=[one, three], status="read") == {"marked": 1}
    assert not await call(hass, "mark", response=False, incoming_id=two, status="archived")
    assert texts(await call(hass, "get_inbox", status="read")) == ["three", "one"]
    assert texts(await call(hass, "get_inbox", status="archived")) == ["two"]
    assert (await the_bach(hass).incoming(two)).status is InboxStatus.ARCHIVED
    with pytest.raises(vol.Invalid):
        await call(hass, "mark", incoming_id=[], status="read")


async def test_what_a_removed_person_wrote_can_still_be_read(
    hass: HomeAssistant, loaded: MockConfigEntry, written: list[dict[str, Any]]
) -> None:
    """The history must not break with the recipient; nor may somebody who is gone keep a role in it."""
    [bob] = [key for key, item in loaded.subentries.items() if item.title == "Bob"]
    hass.config_entries.async_remove_subentry(loaded, bob)
    await hass.async_block_till_done()
    [message] = (await call(hass, "get_inbox", sender=f"{CONNECTION}:{BOB}"))["messages"]
    assert (message["text"], message["role"], message["recipient_name"]) == ("two", "notify_only", str(BOB))
    assert message["entity_id"] is None


async def test_a_file_is_fetched_into_a_folder_that_is_allowed(hass: HomeAssistant, photo: int, media: Path) -> None:
    """A photo of the parcel would stay on the phone; and a name from a phone must stay a name."""
    answer = await call(hass, "download", incoming_id=photo, path=str(media))
    written = media / f"{photo}_a_cat_.jpg"
    assert answer == {
        "path": str(written),
        "size": len(PHOTO),
        "name": "../../a cat?.jpg",
        "mime_type": answer["mime_type"],
    }
    assert written.read_bytes() == PHOTO
    assert [path.name for path in media.iterdir()] == [written.name], "something else was left there"

    named = media / "cat.jpg"
    assert not await call(hass, "download", response=False, incoming_id=photo, path=str(named))
    assert named.read_bytes() == PHOTO


async def test_a_file_is_overwritten_only_by_wish(hass: HomeAssistant, photo: int, media: Path) -> None:
    """Somebody who sends a file must not be able to replace one."""
    named = media / "cat.jpg"
    named.write_bytes(b"precious")
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "download", incoming_id=photo, path=str(named))
    assert raised.value.translation_key == "file_exists"
    assert named.read_bytes() == b"precious"
    await call(hass, "download", incoming_id=photo, path=str(named), overwrite=True)
    assert named.read_bytes() == PHOTO


@pytest.mark.parametrize(
    "path", ["/etc", "{media}/../secrets.yaml", "secrets.yaml", "{media}/link", "{media}/dangling", "{media}/\0", "/"]
)
async def test_a_file_is_written_nowhere_else(
    hass: HomeAssistant, tmp_path: Path, photo: int, media: Path, path: str
) -> None:
    """Whoever can call actions could overwrite the configuration, by dots or by links too."""
    (media / "link").symlink_to(tmp_path)
    (media / "dangling").symlink_to(tmp_path / "new.txt")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "download", incoming_id=photo, path=path.format(media=media), overwrite=True)
    assert raised.value.translation_key == "path_not_allowed"
    assert [found for found in sorted(tmp_path.rglob("*")) if found not in before and "bach.db" not in found.name] == []


async def test_what_cannot_be_fetched_or_written_is_explained(
    hass: HomeAssistant, written: list[dict[str, Any]], photo: int, media: Path
) -> None:
    """An automation that fails at night must say in the morning why."""
    for data, key in (
        ({"incoming_id": written[0]["incoming_id"], "path": str(media)}, "no_file"),
        ({"incoming_id": 999, "path": str(media)}, "unknown_message"),
        ({"incoming_id": photo, "path": str(media / "no" / "such" / "folder.jpg")}, "file_not_written"),
    ):
        with pytest.raises(HomeAssistantError) as raised:
            await call(hass, "download", **data)
        assert raised.value.translation_key == key


async def test_a_file_that_is_too_large_is_not_fetched(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry, media: Path
) -> None:
    """A film would fill the disk of a small computer."""
    events = async_capture_events(hass, EVENT_MESSAGE)
    telegram.receive_media(bot, chat_id=ADA, type="document", content=b"x" * 1_000_001, file_name="film.mp4")
    await until(hass, lambda: bool(events))
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "download", incoming_id=events[0].data["incoming_id"], path=str(media), size_limit=1)
    assert raised.value.translation_key == "file_too_large"
    assert list(media.iterdir()) == []


async def test_a_rule_is_set_shown_used_and_removed(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """An automation that asks for "pets" would have to list every animal itself."""
    row = {"name": "pets", "phrases": ["cat"], "patterns": ["dogs?"], "config_entry_id": None, "active": True}
    assert await call(hass, "set_rule", name="pets", phrases="cat", patterns=["dogs?"]) == row
    assert await call(hass, "get_rules") == {"rules": [row]}

    events = async_capture_events(hass, EVENT_MESSAGE)
    telegram.says("The CAT is here", bot=bot, chat_id=ADA)
    await until(hass, lambda: bool(events))
    assert events[0].data["context_triggers"] == ["pets"]

    await call(
        hass, "set_rule", response=False, name="pets", phrases=["fish"], config_entry_id=loaded.entry_id, active=False
    )
    assert (await call(hass, "get_rules"))["rules"] == [
        {"name": "pets", "phrases": ["fish"], "patterns": [], "config_entry_id": loaded.entry_id, "active": False}
    ]
    assert await call(hass, "remove_rule", name="pets") == {"removed": "pets"}
    assert await call(hass, "get_rules") == {"rules": []}


@pytest.mark.parametrize(
    ("action", "data", "key"),
    [
        ("set_rule", {"name": "pets"}, "invalid_rule"),
        ("set_rule", {"name": "two words", "phrases": "cat"}, "invalid_rule"),
        ("set_rule", {"name": "pets", "patterns": "(cat"}, "invalid_rule"),
        ("set_rule", {"name": "pets", "phrases": "cat", "config_entry_id": "x"}, "service_config_entry_not_found"),
        ("remove_rule", {"name": "pets"}, "unknown_rule"),
    ],
)
async def test_a_rule_that_cannot_be_is_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, action: str, data: dict[str, Any], key: str
) -> None:
    """A rule that never matches would look as if it worked."""
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, action, **data)
    assert raised.value.translation_key == key


EVERY_ACTION: list[tuple[str, dict[str, Any]]] = [
    ("get_inbox", {}),
    ("mark", {"incoming_id": 1, "status": "read"}),
    ("download", {"incoming_id": 1, "path": "/media"}),
    ("get_rules", {}),
    ("set_rule", {"name": "pets", "phrases": "cat"}),
    ("remove_rule", {"name": "pets"}),
]


@pytest.mark.parametrize(("action", "data"), EVERY_ACTION)
async def test_only_administrators_may(
    hass: HomeAssistant, hass_read_only_user: MockUser, loaded: MockConfigEntry, action: str, data: dict[str, Any]
) -> None:
    """What people write to the home is nobody else's business, and what it makes of it neither."""
    with pytest.raises(Unauthorized):
        await call(hass, action, context=Context(user_id=hass_read_only_user.id), **data)


@pytest.mark.parametrize(("action", "data"), EVERY_ACTION)
async def test_without_a_loaded_connection_the_actions_say_so(
    hass: HomeAssistant, loaded: MockConfigEntry, action: str, data: dict[str, Any]
) -> None:
    """A disabled connection must not look like a broken integration."""
    await hass.config_entries.async_unload(loaded.entry_id)
    await hass.async_block_till_done()  # until then it could be a reload
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, action, **data)
    assert raised.value.translation_key == "not_open"
