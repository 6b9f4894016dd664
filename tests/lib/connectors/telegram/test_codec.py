"""Reading updates, whatever they hold."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bach_lib.connectors.base import Batch, Incoming, Unreadable
from bach_lib.connectors.telegram import TelegramConnector, codec
from bach_lib.models import Fault
from bach_lib.models.incoming import Content, Kind, Location, Media

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)

NAMES = [*codec.KINDS_OF_UPDATE, "update_id", "message_id", "chat", "id", "from", "sender_chat", "text", "caption"]
NAMES += ["date", "edit_date", "is_topic_message", "message_thread_id", "title", "first_name", "username", "photo"]
NAMES += ["reply_to_message", "new_chat_member", "status", "data", "message", "user", "new_reaction", "emoji"]
NAMES += ["location", "latitude", "longitude", "voice", "file_id", "file_size", "entities", "type", "offset"]

NEARLY_UPDATES = st.recursive(
    JSON | st.integers(-(10**6), 10**6),
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=8),
    max_leaves=30,
)
"""Objects with the right names and the wrong values are what a real mistake looks like."""

CHAT = {"id": -1001234567890, "type": "supergroup", "title": "  Our\nhome "}
ADA = {"id": 42, "is_bot": False, "first_name": "Ada", "last_name": "Lovelace", "username": "ada_l"}


def read(**message: object) -> Incoming:
    """The incoming message that a Telegram message becomes."""
    return understood({"update_id": 5, "message": {"message_id": 9, "chat": CHAT, "from": ADA, **message}})


def understood(update: object) -> Incoming:
    """The incoming message that an update becomes."""
    found = codec.incoming(update, "home_bot")
    assert isinstance(found, Incoming)
    return found


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault of ours
@given(st.lists(JSON | NEARLY_UPDATES, max_size=5) | JSON)
def test_nothing_raises(updates: object) -> None:
    """A poison update would stop receiving for ever."""
    answer = codec.batch(updates, "1", "home_bot")
    for message in answer.messages if isinstance(answer, Batch) else ():
        assert TelegramConnector.normalize_recipient(message.recipient) == message.recipient
        assert message.remote_id
        assert len(message.text) <= 16_384


def test_a_whole_message() -> None:
    """Rules and automations would lack who wrote where."""
    message = read(text="Hello", date=1_700_000_000, reply_to_message={"message_id": 8})
    assert message == Incoming(
        remote_id="-1001234567890:9",
        recipient="-1001234567890",
        recipient_title="Our home",
        sender_id="42",
        sender_name="Ada Lovelace",
        kind=Kind.TEXT,
        text="Hello",
        reply_to="8",
        sent_at=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC).timestamp(),
        metadata={"chat_type": "supergroup", "message_id": 9, "username": "ada_l"},
    )


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        ({"photo": [{}], "caption": "look"}, Kind.MEDIA, "look"),
        ({"voice": {}}, Kind.MEDIA, ""),
        ({"animation": {}, "document": {}}, Kind.MEDIA, ""),
        ({"venue": {}, "location": {}}, Kind.LOCATION, ""),
        ({"sticker": {}}, Kind.MEDIA, ""),
        ({"new_chat_members": []}, Kind.MEMBERSHIP, "member"),
        ({"left_chat_member": ADA}, Kind.MEMBERSHIP, "left"),
        ({"something_new": {}}, Kind.OTHER, ""),
    ],
)
def test_kinds(content: dict[str, object], kind: Kind, text: str) -> None:
    """A voice message could not be told from a photo, and a new kind would vanish."""
    message = read(**content)
    assert (message.kind, message.text) == (kind, text)


def test_an_edit_is_news_of_its_own() -> None:
    """An edit would run a command again as if it were new, or be dropped as a duplicate."""
    message = {"message_id": 9, "chat": CHAT, "from": ADA, "text": "better", "date": 5, "edit_date": 7}
    edits = [understood({"update_id": number, "edited_message": message}) for number in (6, 7)]
    assert [edit.remote_id for edit in edits] == ["-1001234567890:9#6", "-1001234567890:9#7"]
    assert (edits[0].kind, edits[0].sent_at, edits[0].metadata["content"]) == (Kind.EDITED, 7, "text")
    assert edits[0].reply_to == "9"


@pytest.mark.parametrize(
    ("fields", "recipient"),
    [
        ({"message_thread_id": 7, "is_topic_message": True}, "-1001234567890/7"),
        ({"message_thread_id": 7}, "-1001234567890"),  # a chain of replies, no topic
        ({"message_thread_id": 1, "is_topic_message": True}, "-1001234567890"),  # "General" cannot be written to
    ],
)
def test_where_to_answer(fields: dict[str, object], recipient: str) -> None:
    """Answers in forums would be refused, or land in another topic."""
    assert read(text="x", **fields).recipient == recipient


@pytest.mark.parametrize(
    ("sender", "sender_id"),
    [
        ({"from": ADA}, "42"),
        ({"from": {"id": 1087968824, "first_name": "Group"}, "sender_chat": CHAT}, "-1001234567890"),
        ({"from": None}, "-1001234567890"),
    ],
)
def test_who_wrote(sender: dict[str, object], sender_id: str) -> None:
    """All anonymous administrators of the world would be one allowed sender."""
    assert read(text="x", **sender).sender_id == sender_id


def test_a_flood_of_text_is_cut() -> None:
    """A stranger could fill the disk."""
    message = read(text="x" * 100_000, chat={**CHAT, "title": "y" * 1000})
    assert (len(message.text), len(message.recipient_title)) == (16_384, 128)


@pytest.mark.parametrize("number", [0, True, 2**53, -(10**30), 4.5, "42", None])
def test_what_is_no_chat(number: object) -> None:
    """A mad id would go to the disk, to automations, and back to the platform as a recipient."""
    message = {"message_id": 9, "from": ADA, "chat": {"id": number}, "text": "x"}
    for field in codec.KINDS_OF_UPDATE:
        assert isinstance(codec.incoming({"update_id": 5, field: message}), Unreadable)


@pytest.mark.parametrize(
    ("updates", "cursor"),
    [
        ([{"update_id": 7}, {"update_id": 9, "message": {}}, "junk"], "10"),
        ([{"update_id": 9}, {"update_id": 7}], "10"),
        ([], "3"),
    ],
)
def test_the_cursor(updates: object, cursor: str) -> None:
    """Messages would be skipped, or come again and again."""
    answer = codec.batch(updates, "3")
    assert isinstance(answer, Batch)
    assert answer.cursor == cursor


@pytest.mark.parametrize("updates", [{}, None, "x", [{"message": {}}], [[]]])
def test_no_updates_at_all(updates: object) -> None:
    """A broken server would be called healthy, and nobody would learn why nothing comes in."""
    answer = codec.batch(updates, "3")
    assert isinstance(answer, Fault)
    assert answer.code == "bad_answer"


# -- commands --------------------------------------------------------------------------------------------------------


def command(text: str, **more: object) -> Incoming:
    """A text whose beginning Telegram marks as a command."""
    entities = [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]
    return read(text=text, entities=entities, **more)


@pytest.mark.parametrize(
    ("text", "name", "args"),
    [
        ("/open", "open", ""),
        ("/Open  the front   door ", "open", "the front   door"),
        ("/open@home_bot door", "open", "door"),
        ("/open@HOME_bot", "open", ""),
        ("/open\n🐢 line two", "open", "🐢 line two"),
        ("/a_1 " + "😀" * 2045, "a_1", "😀" * 2045),
        ("/open\u00a0door", "open", "door"),
        ("/open \u202e\u200dZ\u0301 ﷽", "open", "\u202e\u200dZ\u0301 ﷽"),
    ],
)
def test_a_command_is_taken_apart(text: str, name: str, args: str) -> None:
    """Automations would have to do it, each in its own way, and fail at the bot's name."""
    message = command(text)
    assert (message.kind, message.content, message.text) == (Kind.COMMAND, Content(command=name, args=args), text)


@pytest.mark.parametrize(
    ("text", "more"),
    [
        pytest.param("/open@other_bot door", {}, id="to another bot"),
        pytest.param("/open", {"forward_origin": {"type": "user"}}, id="passed on"),
        pytest.param("/open", {"via_bot": {"id": 1}}, id="written by another bot"),
        pytest.param("/öffne", {}, id="letters no command has"),
        pytest.param("/", {}, id="nothing"),
        pytest.param("//open", {}, id="two slashes"),
        pytest.param("/open!", {}, id="marked together with something else"),
        pytest.param("\u200b/open", {}, id="hidden character"),
        pytest.param("/\u202enepo", {}, id="the other way round"),
    ],
)
def test_what_is_no_command_to_us(text: str, more: dict[str, object]) -> None:
    """The door would open for words that somebody passed on, or that were meant for another bot."""
    assert (command(text, **more).kind, command(text, **more).content) == (Kind.TEXT, Content())


@pytest.mark.parametrize(
    "entities",
    [
        None,
        [],
        "x",
        [{"type": "code", "offset": 0, "length": 5}],
        [{"type": "bot_command", "offset": 3, "length": 5}],
        [{"type": "bot_command", "offset": "0"}],
    ],
)
def test_only_what_telegram_marks_is_a_command(entities: object) -> None:
    """A quoted line of code would run."""
    assert read(text="/open", entities=entities).kind is Kind.TEXT


@pytest.mark.parametrize(
    ("text", "length", "name", "args"),
    [
        ("/stop!", 5, "stop", "!"),
        ("/stop🛑", 5, "stop", "🛑"),
        ("/stop", 5_000, "stop", ""),
        ("/stopping", 5, None, ""),
        ("/stop@home_bot", 5, None, ""),
        ("/stopö", 5, None, ""),
        ("/stop", -1, None, ""),
        ("/stop", 2**60, None, ""),
    ],
)
def test_telegrams_mark_says_where_a_command_ends(text: str, length: int, name: str | None, args: str) -> None:
    """Who cries "/stop!" would not be heard; or a mark that cannot be right would make another command of it."""
    message = read(text=text, entities=[{"type": "bot_command", "offset": 0, "length": length}])
    assert message.content == Content(command=name, args=args)


def test_a_corrected_command_is_no_command() -> None:
    """Who corrects "/open dor" to "/open door" would open it twice."""
    entities = [{"type": "bot_command", "offset": 0, "length": 5}]
    message = {"message_id": 9, "chat": CHAT, "from": ADA, "text": "/open door", "entities": entities, "edit_date": 7}
    edit = understood({"update_id": 6, "edited_message": message})
    assert (edit.kind, edit.content) == (Kind.EDITED, Content())


# -- what messages hold ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "media"),
    [
        (
            {"voice": {"file_id": "v1", "file_size": 9, "mime_type": "audio/ogg", "duration": 3}},
            Media(type="voice", reference="v1", size=9, mime_type="audio/ogg", duration=3),
        ),
        (
            {"document": {"file_id": "d1", "file_name": "../../etc/passwd", "file_size": 1 << 40}},
            Media(type="document", reference="d1", name="../../etc/passwd", size=1 << 40),
        ),
        (
            {"photo": [{"file_id": "s", "file_size": 1}, {"file_id": "l", "file_size": 9}, {"file_id": "m"}]},
            Media(type="photo", reference="l", size=9, mime_type="image/jpeg"),
        ),
        ({"video_note": {"file_id": "n1", "duration": 2}}, Media(type="video", reference="n1", duration=2)),
        ({"animation": {"file_id": "a1"}, "document": {"file_id": "a1"}}, Media(type="animation", reference="a1")),
        ({"audio": {"file_id": "x" * 513}}, None),
        ({"audio": {"file_id": 7}}, None),
        ({"photo": []}, None),
        ({"sticker": {"file_id": "s1", "file_size": -5}}, Media(type="sticker", reference="s1")),
    ],
)
def test_files(fields: dict[str, object], media: Media | None) -> None:
    """A file could not be fetched, or would be fetched in its smallest size."""
    message = read(**fields)
    assert (message.kind, message.content) == (Kind.MEDIA, Content(media=media))


@pytest.mark.parametrize(
    ("place", "location"),
    [
        ({"latitude": 52.5, "longitude": 13}, Location(latitude=52.5, longitude=13.0)),
        ({"latitude": 91, "longitude": 13}, None),
        ({"latitude": float("nan"), "longitude": 13}, None),
        ({"latitude": True, "longitude": 13}, None),
        ({"latitude": 10**400, "longitude": 13}, None),
        ({"latitude": 52.5}, None),
        ("Berlin", None),
    ],
)
def test_places(place: object, location: Location | None) -> None:
    """A place that is nowhere would reach zones and maps."""
    assert read(location=place).content == Content(location=location)
    assert read(location=place, venue={"title": "Home"}).content == Content(location=location)


def test_a_live_location_moves() -> None:
    """Who is on their way would stand still."""
    message = {"message_id": 9, "chat": CHAT, "from": ADA, "location": {"latitude": 1, "longitude": 2}, "edit_date": 7}
    moved = understood({"update_id": 6, "edited_message": message})
    assert (moved.kind, moved.content.location) == (Kind.EDITED, Location(latitude=1, longitude=2))


def test_an_answer_in_a_topic_is_told_from_the_topics_beginning() -> None:
    """Every message in a forum would seem to answer something."""
    topic = {"message_thread_id": 7, "is_topic_message": True}
    assert read(text="x", reply_to_message={"message_id": 7}, **topic).reply_to is None
    assert read(text="x", reply_to_message={"message_id": 8}, **topic).reply_to == "8"


# -- presses, reactions, members -------------------------------------------------------------------------------------


def pressed(data: object, **message: object) -> Incoming:
    """A button is pressed."""
    about = {"message_id": 9, "chat": CHAT, "from": {"id": 1}, "text": "Open?", **message}
    return understood({"update_id": 5, "callback_query": {"id": "77", "from": ADA, "message": about, "data": data}})


def test_a_press() -> None:
    """A question would not learn of its answer, or take the bot for the person."""
    press = pressed("0a1b2c3d-ff.yes.no", message_thread_id=7, is_topic_message=True)
    assert press == Incoming(
        remote_id="press:77",
        recipient="-1001234567890/7",
        recipient_title="Our home",
        sender_id="42",
        sender_name="Ada Lovelace",
        kind=Kind.BUTTON,
        text="",
        content=Content(value="yes.no"),
        reply_to="9",
        origin="0a1b2c3d-ff",
        handle="77",
        metadata={"chat_type": "supergroup", "username": "ada_l"},
    )


@pytest.mark.parametrize("data", ["yes", "a.b", "0a1b2c3d-.x", "0A1B-ff.x", "0a1b2c3d-ff", ".x", ""])
def test_a_button_of_somebody_else(data: str) -> None:
    """A button of another program's would answer a question of ours."""
    press = pressed(data)
    assert (press.origin, press.content.value) == (None, data)


@pytest.mark.parametrize("data", [None, 7, ["x"]])
def test_a_button_without_data(data: object) -> None:
    """A button of a game would stop receiving."""
    assert pressed(data).content.value == ""


def test_a_press_below_an_old_message() -> None:
    """After two days Telegram leaves the message out, and the answer would be lost."""
    assert pressed("0a1b2c3d-ff.yes", date=0, text=None).content.value == "yes"


def test_a_press_by_nobody() -> None:
    """In a group, whatever is pressed by nobody would count as pressed by everybody."""
    query = {"id": "77", "message": {"message_id": 9, "chat": CHAT}, "data": "0a1b2c3d-ff.yes"}
    assert isinstance(codec.incoming({"update_id": 5, "callback_query": query}), Unreadable)


def test_a_reaction() -> None:
    """A thumb under a message could not mean anything."""
    kinds = [{"type": "emoji", "emoji": "👍"}, {"type": "custom_emoji", "custom_emoji_id": "123"}, {"type": "paid"}, 7]
    change = {"chat": CHAT, "message_id": 9, "user": ADA, "date": 5, "old_reaction": [], "new_reaction": kinds}
    reaction = understood({"update_id": 6, "message_reaction": change})
    assert (reaction.kind, reaction.content) == (Kind.REACTION, Content(reactions=("👍", "123", "paid")))
    assert (reaction.remote_id, reaction.reply_to, reaction.sender_id) == ("-1001234567890:9#6", "9", "42")
    gone = understood({"update_id": 7, "message_reaction": {**change, "new_reaction": []}})
    assert gone.content == Content()


def test_a_vote() -> None:
    """A family would be asked, and nobody be heard."""
    answer = {"poll_id": "577", "user": ADA, "option_ids": [0, 2, True, -1, "x"], "option_persistent_ids": []}
    vote = understood({"update_id": 6, "poll_answer": answer})
    assert (vote.kind, vote.content.choices, vote.poll) == (Kind.VOTE, (0, 2), "poll#577")
    assert (vote.remote_id, vote.sender_id, vote.recipient, vote.sent_at) == ("vote:6", "42", "", None)
    gone = understood({"update_id": 7, "poll_answer": {**answer, "option_ids": []}})
    assert gone.content == Content()
    channel = understood({"update_id": 8, "poll_answer": {**answer, "user": None, "voter_chat": CHAT}})
    assert channel.sender_id == str(CHAT["id"])
    for lacking in ({"poll_id": ""}, {"user": None}, {"option_ids": None}):
        assert isinstance(codec.incoming({"update_id": 9, "poll_answer": {**answer, **lacking}}), Unreadable)


def test_an_anonymous_reaction_is_the_groups() -> None:
    """A reaction that is nobody's would be taken for everybody's."""
    change = {"chat": CHAT, "message_id": 9, "actor_chat": CHAT, "new_reaction": []}
    assert understood({"update_id": 6, "message_reaction": change}).sender_id == "-1001234567890"


def test_what_has_no_number_is_no_answer() -> None:
    """Who is greeted when they join would be answered below a message that has nothing to do with them."""
    change = {"chat": {"id": 42, "type": "private"}, "from": ADA, "new_chat_member": {"status": "member"}}
    assert codec.reply(understood({"update_id": 6, "my_chat_member": change}).remote_id, "42") is None


@pytest.mark.parametrize("field", ["my_chat_member", "chat_member"])
def test_a_member(field: str) -> None:
    """Nobody would notice that the bot was thrown out, or a stranger let in."""
    bob = {"id": 43, "first_name": "Bob"}
    change = {"chat": CHAT, "from": ADA, "date": 5, "new_chat_member": {"status": "kicked", "user": bob}}
    member = understood({"update_id": 6, field: change})
    assert (member.kind, member.text, member.sender_id) == (Kind.MEMBERSHIP, "kicked", "42")
    assert (member.metadata["member_id"], member.metadata["member_name"]) == ("43", "Bob")


_KINDS = """
message edited_message channel_post edited_channel_post business_connection business_message
edited_business_message deleted_business_messages message_reaction message_reaction_count inline_query
chosen_inline_result callback_query shipping_query pre_checkout_query purchased_paid_media poll poll_answer
my_chat_member chat_member chat_join_request chat_boost removed_chat_boost something_of_next_year
"""
EVERY_KIND = _KINDS.split()
"""https://core.telegram.org/bots/api#update"""


@pytest.mark.parametrize("kind", EVERY_KIND)
@pytest.mark.parametrize("content", [{}, {"chat": CHAT, "from": ADA, "message_id": 9, "id": "1"}, None, 7, "x", []])
def test_an_update_of_every_kind_lets_the_next_one_through(kind: str, content: object) -> None:
    """The first poll that somebody answers would end receiving."""
    hello = {"update_id": 8, "message": {"message_id": 10, "chat": CHAT, "from": ADA, "text": "hello"}}
    answer = codec.batch([{"update_id": 7, kind: content}, hello], "1", "home_bot")
    assert isinstance(answer, Batch)
    assert answer.cursor == "9"
    assert answer.messages[-1].text == "hello"
    assert len(answer.messages) + len(answer.unreadable) <= 2
    if kind not in codec.KINDS_OF_UPDATE:
        assert answer.unreadable == ()


@pytest.mark.parametrize(
    "text", ["😀" * 4096, "\u202e\u0000\ufeff" * 500, "\ud83d", "Z\u0300\u0301" * 3000, "ﷺ" * 4096]
)
def test_odd_texts_come_through(text: str) -> None:
    """Whoever writes something odd would stop the house from listening."""
    message = read(text=text, entities=[{"type": "bot_command", "offset": 0, "length": 2}])
    assert (message.kind, message.text) == (Kind.TEXT, text[:16_384])
