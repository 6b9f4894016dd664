"""Sending: what arrives at the platform, once, whatever happens on the way."""

from dataclasses import replace

import orjson
import pytest

from bach_lib.connectors.discord import DiscordConnector
from bach_lib.connectors.observations import DEFAULT_WAIT
from bach_lib.models import Button, File, Format, Operation
from bach_lib.models import Fault as Reason
from bach_lib.models.forwarding import Forwarding
from bach_lib.outcomes import Dead, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.testing.discord.errors import ApiError
from bach_lib.testing.discord_server import DiscordServer, Fault
from tests.lib.connectors.discord.conftest import World, a_message


async def test_a_message_arrives_as_written(connector: DiscordConnector, world: World) -> None:
    """Nothing would ever be delivered, or be taken for markup."""
    outcome = await connector.send(a_message(world.channel, "sensor.front_door is *open*"))
    [sent] = world.server.sent
    assert outcome == Sent(remote_id=str(sent.id))
    assert (sent.channel, sent.content, sent.silent, sent.reply_to) == (
        world.channel,
        "sensor.front\\_door is \\*open\\*",
        False,
        None,
    )


async def test_every_form_of_recipient(connector: DiscordConnector, world: World) -> None:
    """Threads or people could be entered, but not written to."""
    thread = world.server.add_thread(world.channel)
    person = f"@{world.ada.id}"
    recipients = [str(world.channel.id), f"{world.channel.id}/{thread.id}", str(thread.id), person, person]
    for number, recipient in enumerate(recipients):
        assert isinstance(await connector.send(a_message(recipient, number=number)), Sent)
    direct = world.server.direct(world.bot.user, world.ada)
    assert [sent.channel for sent in world.server.sent] == [world.channel, thread, thread, direct, direct]
    assert world.server.calls["open_direct"] == 1


async def test_a_silent_message(connector: DiscordConnector, world: World) -> None:
    """What should be read in the morning would ring at night."""
    await connector.send(a_message(world.channel, silent=True))
    assert world.server.sent[0].silent


async def test_a_reply(connector: DiscordConnector, world: World) -> None:
    """Answers would not stand below what they answer, or an alarm die with a message that is gone."""
    first = await connector.send(a_message(world.channel, "first"))
    assert isinstance(first, Sent)
    for number, reply_to in enumerate([first.remote_id, f"{first.remote_id}#2", "123456789012345678", "last"], start=2):
        assert isinstance(await connector.send(a_message(world.channel, number=number, reply_to=reply_to)), Sent)
    assert [str(sent.reply_to) for sent in world.server.sent[1:]] == [first.remote_id, first.remote_id, "None", "None"]


async def test_markdown_and_title(connector: DiscordConnector, world: World) -> None:
    """Formatted messages would show their markup, or a title be taken for some."""
    await connector.send(a_message(world.channel, "It is **open**.", title="Door *2*", form=Format.MARKDOWN))
    assert world.server.sent[0].content == "**Door \\*2\\***\n\nIt is **open**."


async def test_nobody_is_rung_up_by_a_template(connector: DiscordConnector, world: World) -> None:
    """A name or a text from outside that says @everyone would wake everybody up."""
    await connector.send(a_message(world.channel, "@everyone"))
    await connector.send(a_message(world.channel, "@everyone", number=2, form=Format.MARKDOWN))
    allowed = [sent.payload["allowed_mentions"] for sent in world.server.sent]
    assert allowed == [{"parse": [], "replied_user": True}, {"parse": ["users", "roles"], "replied_user": True}]


async def test_buttons(connector: DiscordConnector, world: World) -> None:
    """A press could not be told from that of another message's button, or Discord refuse the message."""
    rows = (tuple(Button(text=f"{number}", value=f"v{number}") for number in range(7)),)
    assert isinstance(await connector.send(a_message(world.channel, buttons=rows)), Sent)
    found = world.server.sent[0].components
    assert [len(row["components"]) for row in found] == [5, 2]  # type: ignore[index]  # JSON
    assert found[0]["components"][0] == {  # type: ignore[index]  # JSON
        "type": 2,
        "style": 2,
        "label": "0",
        "custom_id": "0123456789abcd-1.v0",
    }


async def test_the_longest_value_of_a_button(connector: DiscordConnector, world: World) -> None:
    """What our own check lets through would be refused by Discord."""
    value = "ä" * (connector.capabilities.button_value // 2)
    message = a_message(world.channel, number=2**44, buttons=((Button(text="x" * 64, value=value),),))
    assert isinstance(await connector.send(message), Sent)


# -- once ------------------------------------------------------------------------------------------------------------


async def test_a_cut_after_storing_gives_one_message(connector: DiscordConnector, world: World) -> None:
    """A repeated alarm would arrive twice."""
    world.server.fail(Fault.drop_after_store(), calls=["create_message"])
    message = a_message(world.channel)
    assert isinstance(await connector.send(message), Uncertain)
    assert await connector.send(message) == Sent(remote_id=str(world.server.sent[0].id))
    assert len(world.server.sent) == 1


async def test_after_a_crash_there_is_one_message(connector: DiscordConnector, connect: object, world: World) -> None:
    """What was in flight when the power went would arrive twice."""
    message = a_message(world.channel)
    await connector.send(message)
    assert callable(connect)
    assert await connect().send(message) == Sent(remote_id=str(world.server.sent[0].id))
    assert len(world.server.sent) == 1


async def test_a_long_text_becomes_several_messages(connector: DiscordConnector, world: World) -> None:
    """A long text would be refused, or arrive in parts twice after an interruption."""
    words = " ".join(f"word{number}" for number in range(600))
    message = a_message(world.channel, words, buttons=((Button(text="ok", value="ok"),),))
    first_part = world.server.fail(Fault.latency(0), calls=["create_message"])
    world.server.fail(Fault.too_many_requests(3), calls=["create_message"])
    assert isinstance(await connector.send(message), Wait)
    assert first_part.hits == 1
    outcome = await connector.send(message)
    sent = world.server.sent
    assert outcome == Sent(remote_id=str(sent[-1].id))
    assert " ".join(one.content for one in sent) == words
    assert all(len(one.content) <= 2000 for one in sent)
    assert [bool(one.components) for one in sent] == [False] * (len(sent) - 1) + [True]


async def test_parts_after_a_crash(connector: DiscordConnector, connect: object, world: World) -> None:
    """The first half of a long text would arrive twice."""
    message = a_message(world.channel, "x" * 3000)
    world.server.fail(Fault.latency(0), calls=["create_message"])
    world.server.fail(Fault.server_error(), calls=["create_message"])
    await connector.send(message)
    assert callable(connect)
    assert isinstance(await connect().send(message), Sent)
    assert [len(one.content) for one in world.server.sent] == [2000, 1000]


# -- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault.forbidden(), Dead(fault=Reason(code="forbidden", text="Missing Permissions (50013)"))),
        (Fault.unknown(), Dead(fault=Reason(code="chat_not_found", text="Unknown Channel (10003)"))),
        (
            Fault.unauthorized(),
            Retry(fault=Reason(code="auth_failed", text="401: Unauthorized"), scope=Scope.CONNECTION),
        ),
        (Fault.server_error(), Uncertain(fault=Reason(code="uncertain", text="502: Bad Gateway"))),
        (
            Fault.refusal("blocked", ApiError(403, 40333, "internal network error")),
            Retry(
                fault=Reason(code="unreachable", text="internal network error (40333)", retry_after=30),
                scope=Scope.CONNECTION,
            ),
        ),
        (
            Fault.refusal("new", ApiError(409, 0, "409: Conflict")),
            Retry(fault=Reason(code="platform_error", text="409: Conflict"), scope=Scope.CONNECTION),
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
async def test_refusals(connector: DiscordConnector, world: World, fault: Fault, outcome: object) -> None:
    """A refusal for good would be repeated for hours, or an outage kill messages."""
    world.server.fail(fault)
    assert await connector.send(a_message(world.channel)) == outcome


@pytest.mark.parametrize(
    ("fault", "scope"),
    [
        (Fault.too_many_requests(3), Scope.RECIPIENT),
        (Fault.too_many_requests(3, everywhere=True), Scope.CONNECTION),
        (replace(Fault.too_many_requests(3), headers={"X-RateLimit-Scope": "global"}), Scope.CONNECTION),
        (replace(Fault.too_many_requests(3), headers={"X-RateLimit-Scope": "shared"}), Scope.RECIPIENT),
        (Fault.banned(), Scope.CONNECTION),
    ],
)
async def test_told_to_wait(connector: DiscordConnector, world: World, fault: Fault, scope: Scope) -> None:
    """Waiting would use up attempts, or one busy channel hold up all the others."""
    world.server.fail(fault)
    outcome = await connector.send(a_message(world.channel))
    assert isinstance(outcome, Wait)
    assert (outcome.scope, outcome.seconds) == (scope, 3600 if fault.name == "banned" else 3)
    again = await connector.send(a_message(str(world.server.add_thread(world.channel).id), number=2))
    assert isinstance(again, Sent if scope is Scope.RECIPIENT else Wait)


async def test_the_limit_of_one_kind_stops_only_that(connector: DiscordConnector, world: World) -> None:
    """An alarm would wait for the edits of a washing machine."""
    first = await connector.send(a_message(world.channel))
    assert isinstance(first, Sent)
    edit = a_message(world.channel, "38 minutes", number=2, operation=Operation.EDIT, target=first.remote_id)
    old = ApiError(429, 0, "Maximum number of edits to messages older than 1 hour reached.", wait=60.0)
    body = orjson.dumps(old.as_json() | {"code": 30046})
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "60"}
    for headers in ({}, spent):
        fault = replace(Fault.refusal("old", old), body=body, headers=headers)
        world.server.fail(fault, calls=["edit_message"])
        outcome = await connector.send(edit)
        assert isinstance(outcome, Wait)
        assert (outcome.scope, outcome.seconds) == (Scope.MESSAGE, 60)
        assert isinstance(await connector.send(a_message(world.channel, "FIRE", number=3)), Sent)
    again = await connector.send(edit)  # without asking, for Discord has said so
    assert isinstance(again, Wait)
    assert again.scope is Scope.MESSAGE


@pytest.mark.broken_answers("the description wants the time in the body")
@pytest.mark.parametrize(
    ("headers", "seconds"), [({"Retry-After": "7"}, 7), ({"X-RateLimit-Reset-After": "2.5"}, 2.5), ({}, DEFAULT_WAIT)]
)
async def test_a_429_in_discords_own_words_is_a_wait(
    connector: DiscordConnector, world: World, headers: dict[str, str], seconds: float
) -> None:
    """Where the time stands in a header only, the wait would be taken for a failure and be counted as an attempt."""
    told = ApiError(429, 0, "Service resource is being rate limited.")
    body = orjson.dumps({"message": told.message, "code": 40062})
    world.server.fail(replace(Fault.refusal("busy", told), body=body, headers=headers), calls=["create_message"])
    outcome = await connector.send(a_message(world.channel))
    assert isinstance(outcome, Wait)
    assert (outcome.scope, outcome.seconds) == (Scope.RECIPIENT, seconds)


async def test_a_bucket_that_is_used_up_is_not_asked_again(connect: object, world: World) -> None:
    """Discord would have to refuse us, which it counts, instead of us listening to what it says."""
    assert callable(connect)
    async with DiscordServer(enforce_limits=True) as server:
        server.bots[world.bot.token] = world.bot
        channel = server.add_channel(server.add_guild())
        connector = connect(endpoint=server.url)
        outcomes = [await connector.send(a_message(channel, number=number)) for number in range(7)]
        assert [type(outcome) for outcome in outcomes] == [Sent] * 5 + [Wait] * 2
        assert server.calls["create_message"] == 5


async def test_a_person_who_takes_no_messages(connector: DiscordConnector, world: World) -> None:
    """A message nobody will ever get would block the lane."""
    world.ada.takes_messages = False
    outcome = await connector.send(a_message(f"@{world.ada.id}"))
    assert isinstance(outcome, Dead)
    assert outcome.fault.code == "forbidden"


async def test_no_such_person(connector: DiscordConnector) -> None:
    """A wrong id would be tried for hours."""
    assert isinstance(await connector.send(a_message("@1001001001001001001")), Dead)


async def test_a_captive_portal(connector: DiscordConnector, world: World) -> None:
    """A hotel's page would be taken for success."""
    world.server.fail(Fault.garbage())
    assert isinstance(await connector.send(a_message(world.channel)), Uncertain)


async def test_a_redirect_is_not_followed(connector: DiscordConnector, world: World) -> None:
    """A message would become a question to somebody else, and look as if it had been sent."""
    world.server.fail(Fault.redirect(f"{world.server.url}/users/@me"), calls=["create_message"])
    assert isinstance(await connector.send(a_message(world.channel)), Uncertain)
    assert world.server.calls["get_me"] == 0


async def test_what_everything_is_refused_with_kills_nothing(connector: DiscordConnector, world: World) -> None:
    """A bot that was locked would lose every message that waits, though nothing is wrong with any of them."""
    world.server.fail(Fault.refusal("locked", ApiError(403, 20099, "This bot is locked")), times=None)
    outcome = await connector.send(a_message(world.channel))
    assert isinstance(outcome, Retry)
    assert (outcome.scope, outcome.written) == (Scope.CONNECTION, True)


async def test_where_to_write_is_asked_before_anything_is_written(connector: DiscordConnector, world: World) -> None:
    """What was never sent would be called uncertain, and given up by those who want it once at most."""
    world.server.fail(Fault.server_error(), calls=["open_direct"])
    outcome = await connector.send(a_message(f"@{world.ada.id}"))
    assert isinstance(outcome, Retry)
    assert (outcome.fault.code, outcome.scope) == ("server_error", Scope.CONNECTION)


async def test_nobody_is_asked_for_another_person_meanwhile(connector: DiscordConnector, world: World) -> None:
    """Discord counts what it has to refuse, and shuts out who does not listen."""
    refused = world.server.fail(Fault.too_many_requests(3), calls=["open_direct"], times=None)
    for person in (world.ada.id, world.ada.id + 1):
        outcome = await connector.send(a_message(f"@{person}"))
        assert isinstance(outcome, Wait)
        assert outcome.scope is Scope.RECIPIENT
    assert refused.hits == 1


@pytest.mark.parametrize("operation", [Operation.DELETE, Operation.REACT])
async def test_a_change_whose_answer_is_lost(connector: DiscordConnector, world: World, operation: Operation) -> None:
    """A call without a body would count as never written, and be repeated where that was not wanted."""
    target = await sent_id(connector, world)
    world.server.fail(Fault.drop_after_store())
    change = a_message(world.channel, "👍", number=2, operation=operation, target=target)
    assert isinstance(await connector.send(change), Uncertain | Sent)  # aiohttp asks once more what may be repeated


@pytest.mark.parametrize("files", [0, 1])
async def test_files_that_are_too_much(connector: DiscordConnector, world: World, files: int) -> None:
    """The alarm would die with its picture, or the picture be uploaded six times."""
    message = replace(a_message(world.channel), files=(File(name="a.jpg", content=b"x" * 1000),) * files)
    refused = world.server.fail(Fault.refusal("large", ApiError(413, 40005, "Request entity too large")))
    outcome = await connector.send(message)
    assert refused.hits == 1
    if files:
        assert outcome == Sent(remote_id=str(world.server.sent[0].id), degraded=True)
        assert (world.server.sent[0].content, world.server.sent[0].attachments) == ("The garage door is open", [])
    else:
        assert isinstance(outcome, Dead)


async def test_sending_needs_no_gateway(connector: DiscordConnector, world: World) -> None:
    """An outage of one half of Discord would stop the alarms as well."""
    world.server.gateway.is_closed = True
    assert not isinstance(await connector.receive(None), Sent)
    assert isinstance(await connector.send(a_message(world.channel)), Sent)


# -- changes ---------------------------------------------------------------------------------------------------------


async def sent_id(connector: DiscordConnector, world: World) -> str:
    """The id of a message with a button."""
    outcome = await connector.send(a_message(world.channel, buttons=((Button(text="ok", value="ok"),),)))
    assert isinstance(outcome, Sent)
    assert outcome.remote_id
    return outcome.remote_id


async def test_editing(connector: DiscordConnector, world: World) -> None:
    """A corrected message would keep its text, or buttons that lead nowhere."""
    target = await sent_id(connector, world)
    change = a_message(world.channel, "two *", number=2, operation=Operation.EDIT, target=target)
    assert await connector.send(change) == Sent(remote_id=target)
    assert (world.server.sent[0].content, world.server.sent[0].components) == ("two \\*", [])
    long = a_message(world.channel, "x" * 2001, number=3, operation=Operation.EDIT, target=target)
    assert isinstance(await connector.send(long), Dead)


async def test_reacting(connector: DiscordConnector, world: World) -> None:
    """An emoji would not arrive."""
    target = await sent_id(connector, world)
    change = a_message(world.channel, "👍", number=2, operation=Operation.REACT, target=target)
    assert await connector.send(change) == Sent(remote_id=target)
    assert list(world.server.sent[0].reactions) == ["👍"]
    wrong = a_message(world.channel, "thumbs", number=3, operation=Operation.REACT, target=target)
    assert isinstance(await connector.send(wrong), Dead)


async def test_pinning_twice(connector: DiscordConnector, world: World) -> None:
    """A pin whose answer was lost would end as a dead letter."""
    target = await sent_id(connector, world)
    for operation, is_pinned in ((Operation.PIN, True), (Operation.UNPIN, False)):
        change = a_message(world.channel, "", number=2, operation=operation, target=target)
        for _ in range(2):
            assert await connector.send(change) == Sent(remote_id=target)
            assert world.server.sent[0].is_pinned is is_pinned
    gone = a_message(world.channel, "", number=2, operation=Operation.PIN, target="999999999999999999")
    assert isinstance(await connector.send(gone), Dead)


async def test_passing_on(connector: DiscordConnector, world: World) -> None:
    """Somebody else would read other words, or not whose they are."""
    target = await sent_id(connector, world)
    passed = Forwarding("home", str(world.channel.id), (target,))
    message = a_message(world.channel, "in words", number=2, target=str(passed))
    outcome = await connector.send(message)
    forwarded = world.server.sent[1]
    assert (forwarded.forwards, forwarded.content) == (world.server.sent[0], "")
    assert isinstance(outcome, Sent)
    for wrong in ("999999999999999999", "x"):
        gone = a_message(world.channel, "", number=3, target=str(replace(passed, remote_ids=(wrong,))))
        assert isinstance(await connector.send(gone), Dead)


async def test_deleting_twice(connector: DiscordConnector, world: World) -> None:
    """A deletion whose answer was lost would end as a dead letter."""
    target = await sent_id(connector, world)
    change = a_message(world.channel, "", number=2, operation=Operation.DELETE, target=target)
    assert await connector.send(change) == Sent(remote_id=target)
    assert await connector.send(change) == Sent(remote_id=target)
    assert len(world.server.deleted) == 1


@pytest.mark.parametrize("operation", [Operation.EDIT, Operation.REACT])
@pytest.mark.parametrize("target", ["123456789012345678", "nonsense"])
async def test_changing_what_is_not_there(
    connector: DiscordConnector, world: World, operation: Operation, target: str
) -> None:
    """A change of a message that is gone would block the lane for hours."""
    outcome = await connector.send(a_message(world.channel, "👍", operation=operation, target=target))
    assert isinstance(outcome, Dead)
    assert outcome.fault.code == "message_not_found"


async def test_typing(connector: DiscordConnector, world: World) -> None:
    """Nobody would see that an answer is coming, or an outage raise where nobody expects it."""
    await connector.typing(world.recipient)
    assert world.server.typing == [world.channel]
    await world.server.pause()
    await connector.typing(world.recipient)


async def test_who_we_are(connector: DiscordConnector, world: World) -> None:
    """Nobody could invite the bot without looking a number up."""
    answer = await connector.check()
    assert str(world.bot.user.id) in repr(answer)
    assert "client_id=" in repr(answer)
