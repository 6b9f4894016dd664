"""What Telegram says of a message beside its words: whose they are, what is behind them, what they answer."""

from collections.abc import Mapping

import pytest
from telegram.constants import MessageType

from bach_lib.connectors.telegram.contents import name_of_content
from bach_lib.models.incoming import Content, Kind, Location, Media
from tests.lib.connectors.telegram.test_codec import ADA, CHAT, read, understood

CHANNEL = {"id": -1009876543210, "type": "channel", "title": "News"}
COMMAND = {"text": "/open door", "entities": [{"type": "bot_command", "offset": 0, "length": 5}]}
POLL: dict[str, object] = {"question": "Pizza?", "options": [{"text": "Yes"}, {"text": " "}, {"text": "No"}, 5]}

NOT_OWN: Mapping[str, tuple[dict[str, object], dict[str, object]]] = {
    "of a person": (
        {"forward_origin": {"type": "user", "sender_user": ADA}},
        {"forwarded": True, "forwarded_from": "Ada Lovelace"},
    ),
    "of somebody hidden": (
        {"forward_origin": {"type": "hidden_user", "sender_user_name": "Mal\nlory"}},
        {"forwarded": True, "forwarded_from": "Mal lory"},
    ),
    "of a chat": (
        {"forward_origin": {"type": "chat", "sender_chat": CHAT}},
        {"forwarded": True, "forwarded_from": "Our home"},
    ),
    "of a channel": (
        {"forward_origin": {"type": "channel", "chat": CHANNEL}},
        {"forwarded": True, "forwarded_from": "News"},
    ),
    "nobody says of whom": ({"forward_origin": 5}, {"forwarded": True}),
    "by an old server": (
        {"forward_date": 5, "forward_from": ADA},
        {"forwarded": True, "forwarded_from": "Ada Lovelace"},
    ),
    "by an old server, hidden": (
        {"forward_date": 5, "forward_sender_name": "Mallory"},
        {"forwarded": True, "forwarded_from": "Mallory"},
    ),
    "of an inline bot": ({"via_bot": {"id": 5, "is_bot": True, "username": "gif"}}, {"via": "@gif"}),
    "of an inline bot without a name": ({"via_bot": {}}, {"via": "?"}),
    "of a linked channel": (
        {"is_automatic_forward": True, "sender_chat": CHANNEL},
        {"automatic": True, "speaks_as": "channel"},
    ),
    "of a bot": ({"from": {"id": 6, "is_bot": True, "first_name": "Other"}}, {"bot": True}),
}


@pytest.mark.parametrize(("fields", "marks"), NOT_OWN.values(), ids=NOT_OWN)
def test_words_of_others_are_marked_and_ask_for_nothing(fields: dict[str, object], marks: dict[str, object]) -> None:
    """What a stranger wrote would open the door as soon as somebody of the family passes it on."""
    message = read(**{**COMMAND, **fields})
    assert (message.kind, message.text) == (Kind.TEXT, "/open door")
    assert {name: message.metadata.get(name) for name in marks} == marks
    edit = understood(
        {"update_id": 5, "edited_message": {"message_id": 9, "chat": CHAT, "from": ADA, **COMMAND, **fields}}
    )
    assert {name: edit.metadata.get(name) for name in marks} == marks


def test_an_anonymous_administrator_is_no_bot() -> None:
    """`from` is a bot of Telegram's own there; the administrator's commands would count no more."""
    message = read(**COMMAND, **{"from": {"id": 1087968824, "is_bot": True}, "sender_chat": CHAT})
    assert (message.kind, message.metadata["speaks_as"], "bot" in message.metadata) == (Kind.COMMAND, "group", False)


@pytest.mark.parametrize("field", ["photo", "voice", "video", "document", "animation", "audio"])
def test_a_command_below_a_file(field: str) -> None:
    """A "/snap front" below a picture would do nothing; and the picture has to come with it."""
    file = {"file_id": "f", "file_size": 3}
    caption = {"caption": "/snap front", "caption_entities": [{"type": "bot_command", "offset": 0, "length": 5}]}
    message = read(**{field: [file] if field == "photo" else file}, **caption)
    assert (message.kind, message.content.command, message.content.args) == (Kind.COMMAND, "snap", "front")
    assert message.content.media
    assert message.content.media.reference == "f"
    edit = {"message_id": 9, "chat": CHAT, "from": ADA, field: [file] if field == "photo" else file, **caption}
    assert understood({"update_id": 5, "edited_message": edit}).content.command is None


@pytest.mark.parametrize("field", ["text", "caption"])
def test_addresses_behind_words(field: str) -> None:
    """People read a word and click on it; without its address it says nothing. Telegram counts as UTF-16 does."""
    written = "🐢 Read the article, or this"
    marks = [
        {"type": "text_link", "offset": 3, "length": 16, "url": "https://example.org/post"},
        {"type": "text_link", "offset": 24, "length": 4, "url": "https://example.org/" + "x" * 3000},
        {"type": "text_link", "offset": -1, "length": 4, "url": "tg://user?id=5"},
        {"type": "text_link", "offset": 24, "length": 4},
        {"type": "text_mention", "offset": 0, "length": 2, "user": {"id": 7, "first_name": "Bob"}},
        {"type": "bold", "offset": 0, "length": 2},
    ]
    entities = "entities" if field == "text" else "caption_entities"
    content: dict[str, object] = {} if field == "text" else {"photo": [{"file_id": "f"}]}
    message = read(**{field: written, entities: marks}, **content)
    assert message.text == written
    assert message.metadata["links"] == [
        {"text": "Read the article", "url": "https://example.org/post"},
        {"text": "", "url": "tg://user?id=5"},
    ]
    assert message.metadata["mentions"] == [{"name": "🐢", "id": "7"}]


def test_not_more_is_kept_than_is_of_use() -> None:
    """Whoever sends a thousand addresses would fill the disk with them."""
    link = {"type": "text_link", "offset": 0, "length": 1, "url": "https://example.org/"}
    message = read(text="x" * 9000, entities=[link] * 1000)
    links = message.metadata["links"]
    assert isinstance(links, list)
    assert len(links) == 20


def test_the_words_of_a_rich_message() -> None:
    """What a bot wrote in blocks, and somebody passes on, would come in as nothing."""
    blocks = [
        {"type": "heading", "text": "News"},
        {
            "type": "paragraph",
            "text": ["Read ", {"type": "url", "text": {"type": "bold", "text": "this"}, "url": "https://a.b"}],
        },
        {"type": "list", "items": [{"label": "1.", "blocks": [{"type": "paragraph", "text": "one"}]}, 5, None]},
        {"type": "table", "cells": [[{"text": "left"}, {"text": {"type": "custom_emoji", "alternative_text": "🐢"}}]]},
        {"type": "photo", "photo": [], "caption": {"text": "below", "credit": "Ada"}},
    ]
    message = read(rich_message={"blocks": blocks})
    assert (message.kind, message.text) == (Kind.TEXT, "News\nRead this\n1.\none\nleft\n🐢\nbelow\nAda")
    assert message.metadata["links"] == [{"text": "this", "url": "https://a.b"}]


def test_what_it_answers() -> None:
    """An automation would not know what "yes" is said to."""
    answered = {"message_id": 8, "text": "Shall I close the gate?" + "x" * 2000}
    assert str(read(text="yes", reply_to_message=answered).metadata["quote"]).startswith("Shall I close")
    assert len(str(read(text="yes", reply_to_message=answered).metadata["quote"])) == 1024
    assert read(text="yes", reply_to_message={"message_id": 8, "caption": "cat"}).metadata["quote"] == "cat"
    assert read(text="yes", reply_to_message=answered, quote={"text": "the gate"}).metadata["quote"] == "the gate"
    assert "quote" not in read(text="yes", reply_to_message={"message_id": 8}).metadata


def test_what_is_no_text() -> None:
    """A contact, a poll or a venue would come in without what is in it."""
    contact = read(contact={"first_name": "Bob", "last_name": "B", "phone_number": "+49 1", "user_id": 7})
    assert contact.metadata["contact"] == {"name": "Bob B", "phone": "+49 1", "id": "7"}
    poll = read(poll=POLL)
    assert (poll.kind, poll.text, poll.metadata["content"]) == (Kind.OTHER, "Pizza?", "poll")
    assert poll.metadata["poll"] == {"question": "Pizza?", "options": ["Yes", "No"]}
    venue = read(venue={"title": "Zoo", "address": "Road 1"}, location={"latitude": 1, "longitude": 2})
    assert (venue.kind, venue.content) == (Kind.LOCATION, Content(location=Location(latitude=1, longitude=2)))
    assert venue.metadata["place"] == {"name": "Zoo", "address": "Road 1"}
    assert read(sticker={"file_id": "s", "emoji": "🐢"}).metadata["sticker"] == "🐢"
    assert read(photo=[{"file_id": "f"}], media_group_id="77").metadata["album"] == "77"
    assert not {"contact", "poll", "place", "sticker", "album", "links"} & read(text="x").metadata.keys()


@pytest.mark.parametrize(
    "member",
    [{"new_chat_members": [{"id": 7, "first_name": "Bob"}]}, {"left_chat_member": {"id": 7, "first_name": "Bob"}}],
)
def test_who_came_and_went(member: dict[str, object]) -> None:
    """The news that somebody joined would not tell who."""
    message = read(**member)
    assert (message.metadata["member_id"], message.metadata["member_name"]) == ("7", "Bob")


@pytest.mark.parametrize(
    "photo",
    [
        [{"file_id": "s", "width": 90, "height": 60}, {"file_id": "l", "width": 900, "height": 600}],
        [{"file_id": "l", "width": 900, "height": 600}, {"file_id": "s", "width": 90, "height": 60, "file_size": 9}],
        [{"file_id": "s"}, {"file_id": "l"}],
        [{"file_id": "s", "file_size": 9}, {"file_id": "l", "file_size": 10}],
    ],
)
def test_the_largest_picture(photo: list[dict[str, object]]) -> None:
    """A server need not say how many bytes a size has; the smallest would be taken then."""
    media = read(photo=photo).content.media
    assert isinstance(media, Media)
    assert media.reference == "l"


def test_every_kind_of_message_has_a_name() -> None:
    """`content` would say "other", and nobody could tell a gift from a game."""
    around = {"business_connection_id", "effect_id", "reply_to_story", "sender_boost_count", "sender_business_bot"}
    around |= {"suggested_post_info", "live_photo"}  # a live photo has a photo, too
    kinds = {str(kind.value) for kind in MessageType} - around
    assert {name for name in kinds if name_of_content({name: {}}) != name} == set()


GROUP_SPEAKS: Mapping[str, tuple[dict[str, object], str]] = {
    "a reaction of a group": ({"message_reaction": {"message_id": 9, "chat": CHAT, "actor_chat": CHAT}}, "group"),
    "a reaction of a channel": (
        {"message_reaction": {"message_id": 9, "chat": CHAT, "actor_chat": CHANNEL}},
        "channel",
    ),
    "a post by an old server": ({"channel_post": {"message_id": 9, "chat": CHANNEL, "text": "/open"}}, "channel"),
    "its correction": ({"edited_channel_post": {"message_id": 9, "chat": CHANNEL, "text": "/open"}}, "channel"),
    "a message that names nobody": ({"message": {"message_id": 9, "chat": CHAT, "text": "/open"}}, "group"),
}


@pytest.mark.parametrize(("update", "speaks_as"), GROUP_SPEAKS.values(), ids=GROUP_SPEAKS)
def test_who_is_not_to_be_seen_is_marked_whatever_they_do(update: dict[str, object], speaks_as: str) -> None:
    """The group's own id would stand for a person, who has the user that was given to the group."""
    assert understood({"update_id": 5, **update}).metadata["speaks_as"] == speaks_as


def test_a_person_speaks_for_nobody_else() -> None:
    """Who writes in private, or reacts in a group, would be nobody."""
    private = {"id": 42, "type": "private", "first_name": "Ada"}
    assert "speaks_as" not in read(chat=private, text="hi").metadata
    reaction = {"message_id": 9, "chat": CHAT, "user": ADA, "new_reaction": [{"type": "emoji", "emoji": "👍"}]}
    assert "speaks_as" not in understood({"update_id": 5, "message_reaction": reaction}).metadata
