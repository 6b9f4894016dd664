"""Sending: what arrives at the platform, and what is tried again at once."""

import pytest

from bach_lib.connectors.telegram import TelegramConnector
from bach_lib.models import Fault as Reason
from bach_lib.models import Format
from bach_lib.outcomes import Dead, Scope, Sent, Wait
from bach_lib.testing.telegram_server import Fault, TelegramServer
from bach_lib.text.telegram import MAX_PART, PARSE_MODES
from tests.lib.connectors.telegram.conftest import CHAT, GROUP, a_message

NEW_GROUP = -1009876543210


async def test_a_message_arrives_as_written(connector: TelegramConnector, server: TelegramServer) -> None:
    """Nothing would ever be delivered, or underscores and asterisks of entity ids would vanish."""
    outcome = await connector.send(a_message("sensor.front_door is *open* <now>"))
    [sent] = server.sent
    assert outcome == Sent(remote_id=str(sent.message_id))
    assert (sent.chat_id, sent.text, sent.parse_mode, sent.silent, sent.reply_to, sent.thread_id) == (
        CHAT,
        "sensor.front_door is *open* <now>",
        None,
        False,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("recipient", "chat_id", "thread_id"),
    [("42", CHAT, None), (str(GROUP), GROUP, None), (f"{GROUP}/7", GROUP, 7), ("@our_home", GROUP, None)],
)
async def test_every_form_of_recipient(
    connector: TelegramConnector, server: TelegramServer, recipient: str, chat_id: int, thread_id: int | None
) -> None:
    """Groups, channels or topics could be entered, but not written to."""
    assert isinstance(await connector.send(a_message(recipient=recipient)), Sent)
    assert [(sent.chat_id, sent.thread_id) for sent in server.sent] == [(chat_id, thread_id)]


async def test_a_silent_message(connector: TelegramConnector, server: TelegramServer) -> None:
    """What should be read in the morning would ring at night."""
    await connector.send(a_message(silent=True))
    assert server.sent[0].silent


@pytest.mark.parametrize("reply_to", ["{number}", "42:{number}", "42:{number}#17"])
async def test_a_reply(connector: TelegramConnector, server: TelegramServer, reply_to: str) -> None:
    """Answers would not stand below what they answer, whichever kind of id the automation has at hand."""
    first = await connector.send(a_message("first"))
    assert isinstance(first, Sent)
    await connector.send(a_message("second", reply_to=reply_to.format(number=first.remote_id)))
    assert str(server.sent[1].reply_to) == first.remote_id


@pytest.mark.parametrize("reply_to", ["99999", "-100777:1", "last", "42:", "9" * 200, "٤"])
async def test_a_reply_to_nothing(connector: TelegramConnector, server: TelegramServer, reply_to: str) -> None:
    """An alarm would die because somebody deleted what it answers, or answer the message of that number here."""
    await connector.send(a_message("number 1"))
    assert isinstance(await connector.send(a_message(reply_to=reply_to)), Sent)
    assert server.sent[1].reply_to is None


@pytest.mark.parametrize("form", PARSE_MODES)
async def test_a_title(connector: TelegramConnector, server: TelegramServer, form: Format) -> None:
    """A title with a special character would cost the message its markup, or its title."""
    title = "Door *2* <front_door> & [hall] `x`"
    assert await connector.send(a_message("It is open.", title=title, form=form)) == Sent(remote_id="1")
    [sent] = server.sent
    assert sent.text == f"{title}\n\nIt is open."
    assert {entity.type for entity in sent.entities} == (set() if form is Format.PLAIN else {"bold"})


@pytest.mark.parametrize(
    ("form", "text"), [(Format.MARKDOWN, "The *door* is open - now."), (Format.HTML, "The <b>door</b> is open - now.")]
)
async def test_markup(connector: TelegramConnector, server: TelegramServer, form: Format, text: str) -> None:
    """Formatted messages would show their markup, or an ordinary full stop would make them plain."""
    assert await connector.send(a_message(text, form=form)) == Sent(remote_id="1")
    [sent] = server.sent
    assert sent.text == "The door is open - now."
    assert [(entity.type, entity.offset, entity.length) for entity in sent.entities] == [("bold", 4, 4)]


@pytest.mark.parametrize(
    ("form", "text"),
    [(Format.MARKDOWN, "sensor.front_door is open"), (Format.HTML, "temperature < 5 °C")],
)
async def test_refused_markup_goes_as_plain_text(
    connector: TelegramConnector, server: TelegramServer, form: Format, text: str
) -> None:
    """An underscore in an entity id would lose the message for good."""
    outcome = await connector.send(a_message(text, title="Door_bell", form=form))
    assert outcome == Sent(remote_id="1", degraded=True)
    assert [(sent.text, sent.parse_mode) for sent in server.sent] == [(f"Door_bell\n\n{text}", None)]
    assert server.calls["sendMessage"] == 2


async def test_markup_around_nothing_goes_as_plain_text(connector: TelegramConnector, server: TelegramServer) -> None:
    """A text that is all asterisks would be lost as an empty one."""
    assert await connector.send(a_message("**", form=Format.MARKDOWN)) == Sent(remote_id="1", degraded=True)
    assert server.sent[0].text == "**"


async def test_a_group_that_became_a_supergroup(connector: TelegramConnector, server: TelegramServer) -> None:
    """Everything sent to an upgraded group would fail for ever, or cost a refused call each time."""
    server.add_chat(-77, type="group", title="Family").upgrade(NEW_GROUP)
    server.add_chat(NEW_GROUP, type="supergroup", title="Family")
    outcomes = [await connector.send(a_message(text, recipient="-77")) for text in ("one", "two")]
    assert outcomes == [Sent(remote_id=number, moved_to=str(NEW_GROUP)) for number in ("1", "2")]
    assert [(sent.chat_id, sent.text) for sent in server.sent] == [(NEW_GROUP, "one"), (NEW_GROUP, "two")]
    assert server.calls["sendMessage"] == 3
    assert connector.rates("-77") == connector.rates(str(NEW_GROUP))


async def test_a_moved_group_and_refused_markup(connector: TelegramConnector, server: TelegramServer) -> None:
    """Two small troubles in one message would make a big one."""
    server.add_chat(-77, type="group", title="Family").upgrade(NEW_GROUP)
    server.add_chat(NEW_GROUP, type="supergroup", title="Family")
    outcome = await connector.send(a_message("a_b", recipient="-77", form=Format.MARKDOWN))
    assert outcome == Sent(remote_id="1", moved_to=str(NEW_GROUP), degraded=True)


async def test_groups_that_point_at_each_other(connector: TelegramConnector, server: TelegramServer) -> None:
    """A platform gone mad would keep one message busy for ever."""
    server.fail(Fault.migrated(-88), times=None)
    outcome = await connector.send(a_message(recipient="-77"))
    assert not isinstance(outcome, Sent)
    assert server.calls["sendMessage"] == 2


@pytest.mark.parametrize(
    ("recipient", "scope"), [("42", Scope.CONNECTION), (str(GROUP), Scope.RECIPIENT), ("@our_home", Scope.RECIPIENT)]
)
async def test_told_to_wait(connector: TelegramConnector, server: TelegramServer, recipient: str, scope: Scope) -> None:
    """A busy group would silence every other recipient, or the bot would go on and be punished."""
    server.fail(Fault.too_many_requests(retry_after=17))
    outcome = await connector.send(a_message(recipient=recipient))
    assert outcome == Wait(
        seconds=17,
        scope=scope,
        fault=Reason(code="rate_limited", text="Too Many Requests: retry after 17", retry_after=17),
    )


@pytest.mark.parametrize(
    ("recipient", "text", "code"),
    [
        ("4711", "x", "chat_not_found"),
        ("@nobody_here", "x", "chat_not_found"),
        ("42", " \n ", "bad_request"),
    ],
)
async def test_refused_for_good(
    connector: TelegramConnector, server: TelegramServer, recipient: str, text: str, code: str
) -> None:
    """A message that can never arrive would be tried for hours, or end without a reason."""
    outcome = await connector.send(a_message(text, recipient=recipient))
    assert isinstance(outcome, Dead)
    assert outcome.fault.code == code
    assert outcome.fault.text


async def test_blocked(connector: TelegramConnector, server: TelegramServer) -> None:
    """A person who blocked the bot would look like an outage of Telegram."""
    server.chats[CHAT].block()
    outcome = await connector.send(a_message())
    assert outcome == Dead(fault=Reason(code="forbidden", text="Forbidden: bot was blocked by the user"))


async def test_the_longest_text(connector: TelegramConnector, server: TelegramServer) -> None:
    """The limit of a message, or the one that BACH tells people, would not be the platform's."""
    longest = "🚪" * (MAX_PART // 2)  # which are counted as UTF-16 code units
    assert isinstance(await connector.send(a_message(longest)), Sent)
    assert [sent.text for sent in server.sent] == [longest]
    assert isinstance(await connector.send(a_message(longest * 5)), Sent)
    assert [sent.text for sent in server.sent] == [longest] * 6
