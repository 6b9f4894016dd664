"""Reading what comes from outside: whatever it is, nothing raises and nothing is invented."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from bach_lib.connectors.discord.channel_cache import ChannelCache
from bach_lib.connectors.discord.codec import Reader
from bach_lib.connectors.discord.deletions import deleted
from bach_lib.connectors.tolerant import UnreadableError

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True),
    st.text(max_size=10),
    st.sampled_from(["123456789012345678", "2026-01-01T00:00:00+00:00", "1" * 30]),
)
KEYS = st.sampled_from(
    [
        "id",
        "type",
        "content",
        "author",
        "member",
        "user",
        "message",
        "channel_id",
        "guild_id",
        "data",
        "custom_id",
        "token",
        "attachments",
        "filename",
        "size",
        "content_type",
        "duration_secs",
        "flags",
        "edited_timestamp",
        "message_reference",
        "message_id",
        "emoji",
        "name",
        "user_id",
        "channels",
        "threads",
        "parent_id",
        "username",
        "global_name",
        "nick",
        "bot",
        "webhook_id",
    ]
)
JSON = st.recursive(
    SCALARS,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(KEYS, children, max_size=8),
    max_leaves=30,
)
EVENTS = st.dictionaries(KEYS, JSON, max_size=20)


def a_reader() -> Reader:
    """A reader that knows one place."""
    places = ChannelCache()
    places.learn({"id": "123456789012345678", "type": 0, "name": "alarms"}, "Home")
    return Reader(channels=places, own_id=lambda: 1, allowed=lambda: frozenset({"1"}))


@given(EVENTS)
def test_nothing_raises(data: dict[str, object]) -> None:
    """One strange message would end the session, and with every new one again."""
    reader = a_reader()
    found = [
        *reader.message(data),
        *reader.message(data, is_direct=True),
        *reader.edited(data),
        *reader.press(data),
        *reader.reaction(data, now=0.0, is_gone=False),
    ]
    with suppress(UnreadableError):
        assert all(one.reply_to and one.recipient for one in deleted(data, reader.channels, now=0.0))
    for message in found:
        assert message.remote_id
        assert message.recipient
        assert message.sender_id or message.kind == "button"
    reader.channels.learn_guild(data)
    reader.channels.learn_role(data)
    reader.channels.forget_role(data)
    reader.channels.learn_threads(data)
    reader.channels.learn(data)
    reader.channels.forget(data)


def test_a_link_that_was_looked_at_is_no_correction() -> None:
    """Every link would look as if its sender had corrected it."""
    author = {"id": "5", "username": "ada"}
    data = {"id": "7", "channel_id": "9", "author": author, "content": "x", "edited_timestamp": None}
    assert a_reader().edited(data) == []


def test_a_role_goes_by_its_newest_name() -> None:
    """A role that was renamed, or is gone, would be shown by a name that nobody knows."""
    places = a_reader().channels
    places.learn_guild({"name": "Home", "roles": [{"id": "8", "name": "guards"}, {"id": "9"}, "x"]})
    places.learn_role({"id": "8", "name": "cooks"})
    assert (places.role(8), places.role(9)) == ("cooks", None)
    places.forget_role({"guild_id": "1", "role_id": "8"})
    assert places.role(8) is None


def test_a_thread_learns_its_server_from_its_channel() -> None:
    """People could not tell two threads of one name apart."""
    places = a_reader().channels
    places.learn({"id": "8", "type": 11, "name": "leak", "parent_id": "123456789012345678"})
    thread = places.get(8)
    assert thread is not None
    assert thread.title == "#leak (Home)"
    places.forget({"id": "8"})
    assert places.get(8) is None
