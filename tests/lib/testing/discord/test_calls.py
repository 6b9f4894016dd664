"""What the double answers to calls, and what it refuses: as Discord does, down to the headers."""

import pytest
from aiohttp import ClientError, ClientSession

from bach_lib.testing import FakeClock
from bach_lib.testing.discord_server import Bot, Channel, DiscordServer, Fault, User
from tests.lib.testing.discord.conftest import Api


async def test_the_type_of_an_answer(api: Api) -> None:
    """discord.py reads JSON only where the type is exactly this; another one would hide faults of ours."""
    assert (await api("GET", "/users/@me")).headers["Content-Type"] == "application/json"
    assert (await api("GET", "/nothing")).headers["Content-Type"] == "application/json"


async def test_an_unknown_token(api: Api) -> None:
    """A revoked token would look otherwise than with Discord."""
    answer = await api("GET", "/users/@me", token="a.b.c")
    assert (answer.status, answer.body) == (401, {"message": "401: Unauthorized", "code": 0})


async def test_who_is_where(api: Api, bot: Bot, channel: Channel, server: DiscordServer, ada: User) -> None:
    """Nobody could pick a recipient from the places a bot sees."""
    thread = server.add_thread(channel, "water")
    assert channel.guild is not None
    guild = channel.guild.id
    assert (await api("GET", "/users/@me")).body["id"] == str(bot.user.id)
    assert [one["name"] for one in (await api("GET", "/users/@me/guilds")).body] == ["Home"]
    assert [one["name"] for one in (await api("GET", f"/guilds/{guild}/channels")).body] == ["alarms"]
    threads = (await api("GET", f"/guilds/{guild}/threads/active")).body["threads"]
    assert [one["id"] for one in threads] == [str(thread.id)]
    found = await api("GET", f"/guilds/{guild}/members/search", query="ad", limit="10")
    assert [one["user"]["id"] for one in found.body] == [str(ada.id)]
    assert (await api("GET", "/gateway/bot")).body["session_start_limit"]["remaining"] == 1000
    assert (await api("GET", "/applications/@me")).body["flags"]


async def test_a_place_where_the_bot_is_not(api: Api, bot: Bot, channel: Channel) -> None:
    """A bot that was thrown out would go on writing."""
    assert channel.guild is not None
    channel.guild.bots_out.add(bot.user.id)
    answer = await api("POST", f"/channels/{channel.id}/messages", {"content": "x"})
    assert (answer.status, answer.body["code"]) == (404, 10003)
    assert (await api("GET", "/users/@me/guilds")).body == []


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"content": "x" * 2001}, 50035, "content"),
        ({"content": " "}, 50006, None),
        ({}, 50006, None),
        ({"content": "x", "nonce": "n" * 26}, 50035, "nonce"),
        ({"content": "x", "message_reference": {"message_id": "1"}}, 50035, "message_reference"),
        ({"content": "x", "components": [{"type": 1, "components": []}]}, 50035, "components"),
        (
            {"content": "x", "components": [{"type": 1, "components": [{"type": 2, "custom_id": "c" * 101}]}]},
            50035,
            "components",
        ),
        (
            {"content": "x", "components": [{"type": 1, "components": [{"type": 2, "custom_id": "c"}] * 2}]},
            50035,
            "components",
        ),
    ],
)
@pytest.mark.broken_requests("Discord refuses it")
async def test_what_is_no_message(
    api: Api, channel: Channel, body: dict[str, object], code: int, field: str | None
) -> None:
    """Our own limits would be wrong without any test seeing it."""
    answer = await api("POST", f"/channels/{channel.id}/messages", body)
    assert (answer.status, answer.body["code"]) == (400, code)
    assert field is None or field in answer.body["errors"]


async def test_a_reply_to_a_message_that_is_gone(api: Api, channel: Channel, server: DiscordServer) -> None:
    """Whether an alarm survives the message it answers could not be tested."""
    reference = {"message_id": "1", "fail_if_not_exists": False}
    await api("POST", f"/channels/{channel.id}/messages", {"content": "x", "message_reference": reference})
    assert server.sent[0].reply_to is None


async def test_nonces(channel: Channel, ada: User, api: Api, server: DiscordServer) -> None:
    """Whether repeating is safe could not be tested; or it would look safe where it is not."""
    path = f"/channels/{channel.id}/messages"
    body = {"content": "x", "nonce": "n", "enforce_nonce": True}
    first = await api("POST", path, body)
    assert first.body["nonce"] == "n"
    assert (await api("POST", path, body | {"enforce_nonce": False})).body["id"] != first.body["id"]
    server.fail(Fault.drop_after_store(), calls=["create_message"])
    with pytest.raises(ClientError):
        await api("POST", path, body | {"nonce": "other"})
    assert (await api("POST", path, body | {"nonce": "other"})).body["id"] == str(server.sent[-1].id)
    assert len(server.sent) == 3


async def test_what_others_wrote_cannot_be_edited(api: Api, server: DiscordServer, channel: Channel, ada: User) -> None:
    """A mistake in what is edited would not show."""
    message = server.says("mine", channel=channel, sender=ada)
    answer = await api("PATCH", f"/channels/{channel.id}/messages/{message.id}", {"content": "x"})
    assert (answer.status, answer.body["code"]) == (403, 50005)
    assert (await api("PATCH", f"/channels/{channel.id}/messages/1", {"content": "x"})).body["code"] == 10008


async def test_limits_that_are_enforced(bot: Bot, session: ClientSession) -> None:
    """Whether we stay below Discord's limits, and wait as long as it says, could not be tested."""
    clock = FakeClock()
    async with DiscordServer(clock=clock, enforce_limits=True) as server:
        server.bots[bot.token] = bot
        channel = server.add_channel(server.add_guild())
        api = Api(session, server)
        answers = [await api("POST", f"/channels/{channel.id}/messages", {"content": "x"}) for _ in range(6)]
        assert [answer.status for answer in answers] == [200] * 5 + [429]
        assert [answer.headers["X-RateLimit-Remaining"] for answer in answers[:5]] == list("43210")
        assert (answers[5].headers["Retry-After"], answers[5].headers["Via"]) == ("5", "1.1 google")
        words = {"message": "You are being rate limited.", "code": 0, "retry_after": 5.0, "global": False}
        assert answers[5].body == words
        await clock.advance(5)
        assert (await api("POST", f"/channels/{channel.id}/messages", {"content": "x"})).status == 200


async def test_a_press_is_answered_once(api: Api, server: DiscordServer, channel: Channel, ada: User) -> None:
    """Presses that nobody acknowledges, or twice, would go unseen."""
    button = {"type": 2, "style": 1, "label": "Open", "custom_id": "n.open"}
    components = [{"type": 1, "components": [button]}]
    await api("POST", f"/channels/{channel.id}/messages", {"content": "?", "components": components})
    press = server.presses(server.sent[0], "n.open", sender=ada)
    path = f"/interactions/{press.id}/{press.token}/callback"
    assert (await api("POST", path, {"type": 6}, token=None)).status == 204
    assert press.answer == 6
    assert (await api("POST", path, {"type": 6}, token=None)).status == 400
    with pytest.raises(ValueError, match="no button"):
        server.presses(server.sent[0], "n.shut", sender=ada)


async def test_faults_ask_for_calls_that_exist(server: DiscordServer) -> None:
    """A slip of the pen in a test would make it pass."""
    with pytest.raises(ValueError, match="no such call"):
        server.fail(Fault.garbage(), calls=["sendMessage"])
