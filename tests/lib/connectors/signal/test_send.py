"""Sending: what the server is told, and what its refusals mean."""

import json
from dataclasses import replace
from typing import cast

import pytest

from bach_lib.connectors.signal import SignalConnector
from bach_lib.connectors.signal.errors import DEFAULT_WAIT, NO_ID
from bach_lib.errors import InvalidEndpointError, InvalidRecipientError, InvalidValueError
from bach_lib.models import Candidate, Extras, Fault, File, Format, Identity, Operation, Poll
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.testing import Told
from bach_lib.testing.signal import SignalServer
from tests.lib.connectors.signal.conftest import ADA, Connect, a_message

GROUP = "group.dGhlLWhvdXNlLWlkPT0="


async def test_what_the_server_is_told(connector: SignalConnector, server: SignalServer) -> None:
    """The message would go out under another account, to others, or be taken for markup."""
    outcome = await connector.send(a_message("sensor.door_1 *open*", title="Garage"))
    [sent] = server.sent
    assert outcome == Sent(remote_id=str(sent.timestamp))
    assert sent.body == {
        "number": server.number,
        "recipients": [ADA],
        "message": "Garage\n\nsensor.door_1 *open*",
        "text_mode": "normal",
    }


async def test_a_group(connector: SignalConnector, server: SignalServer) -> None:
    """A family's group could not be written to."""
    assert isinstance(await connector.send(a_message(recipient=GROUP)), Sent)
    assert server.sent[0].recipients == [GROUP]


async def test_markdown_is_styled_and_a_title_is_never_markup(connector: SignalConnector, server: SignalServer) -> None:
    """Asterisks would stand in the text, or those of a title take the bold away."""
    await connector.send(a_message("**open**", title="2*3 ~ `x` | \\", form=Format.MARKDOWN))
    assert server.sent[0].body["text_mode"] == "styled"
    assert server.sent[0].text == "2*3 ~ `x` | \\\n\nopen"


PICTURES = (File(name="a.png", content=b"\x89PNG", mime_type="image/png"), File(name="b.jpg", content=b"\xff\xd8"))


async def test_what_is_looked_at_once_stands_alone(connector: SignalConnector, server: SignalServer) -> None:
    """Signal's apps show no words with a picture that is looked at once, and no second picture."""
    once = replace(a_message("Look"), files=PICTURES, extras=Extras(view_once=True))
    assert isinstance(await connector.send(once), Sent)
    words, *pictures = server.sent
    assert (words.text, "view_once" in words.body, "base64_attachments" in words.body) == ("Look", False, False)
    assert [(one.text, one.body["view_once"]) for one in pictures] == [("", True), ("", True)]
    assert all(len(cast("list[str]", one.body["base64_attachments"])) == 1 for one in pictures)


async def test_a_poll(connector: SignalConnector, server: SignalServer) -> None:
    """A family could not be asked."""
    poll = Poll(question="Pizza?", options=("Yes", "No"), multiple=True)
    outcome = await connector.send(replace(a_message("", recipient=GROUP), extras=Extras(poll=poll)))
    [asked] = server.sent
    assert outcome == Sent(remote_id=str(asked.timestamp))
    assert (asked.poll, asked.recipients) == (poll, [GROUP])


async def test_an_older_server_gets_the_poll_in_words(connector: SignalConnector, server: SignalServer) -> None:
    """The question would be tried until it is dead, at a server that knows no polls."""
    server.box.knows_polls = False
    poll = Poll(question="Pizza?", options=("Yes", "No"))
    outcome = await connector.send(replace(a_message(""), extras=Extras(poll=poll)))
    assert isinstance(outcome, Sent)
    assert [loss.what for loss in outcome.losses] == ["poll"]
    assert server.texts == ["📊 Pizza?\n1. Yes\n2. No"]


async def test_a_poll_waits_for_the_server(connector: SignalConnector, server: SignalServer) -> None:
    """A page of a proxy would be taken for a server without polls, and the question be sent twice."""
    server.told.extend([Told(status=404, body=b"<html>", is_foreign=True)] * 2)
    poll = Poll(question="Pizza?", options=("Yes", "No"))
    outcome = await connector.send(replace(a_message(""), extras=Extras(poll=poll)))
    assert not isinstance(outcome, Sent | Dead)
    assert server.sent == []


@pytest.mark.parametrize(
    ("reply_to", "author", "timestamp"),
    [
        ("1767225600001", "+491700000001", 1767225600001),
        (f"{ADA}:1767225600002", ADA, 1767225600002),
        (f"{ADA}:1767225600003/2", ADA, 1767225600003),
    ],
)
async def test_an_answer_quotes_what_it_answers(
    connector: SignalConnector, server: SignalServer, reply_to: str, author: str, timestamp: int
) -> None:
    """In a group nobody would know what an answer is about."""
    await connector.send(a_message(reply_to=reply_to))
    body = server.sent[0].body
    assert (body["quote_author"], body["quote_timestamp"]) == (author, timestamp)


@pytest.mark.parametrize("reply_to", ["", "x", "1:2:3", "-1", "nobody:1", "9" * 40])
async def test_an_answer_to_nothing_arrives_all_the_same(
    connector: SignalConnector, server: SignalServer, reply_to: str
) -> None:
    """An alarm would be lost because of what it refers to."""
    assert isinstance(await connector.send(a_message(reply_to=reply_to)), Sent)
    assert "quote_author" not in server.sent[0].body


async def test_what_is_in_a_group_is_pinned(connector: SignalConnector, server: SignalServer) -> None:
    """Nobody in the group would see it, or another message be kept in sight."""
    for operation, pinned in ((Operation.PIN, [1767225600002]), (Operation.UNPIN, [])):
        pin = a_message("", recipient=GROUP, operation=operation, target=f"{ADA}:1767225600002")
        assert isinstance(await connector.send(pin), Sent)
        assert server.box.pinned == pinned
    outcome = await connector.send(a_message("", operation=Operation.PIN, target=f"{ADA}:1767225600002"))
    assert isinstance(outcome, Dead)
    assert outcome.fault.text == "The Signal server pins messages only in groups."


async def test_a_deletion_that_names_nothing_says_so(connector: SignalConnector, server: SignalServer) -> None:
    """Whoever takes a message back would be told of pins, and look for a fault that there is not."""
    odd = a_message("", operation=Operation.DELETE, target=f"{ADA}:1767225600002")
    outcome = await connector.send(replace(odd, parts=("x", "-1")))
    assert isinstance(outcome, Dead)
    assert outcome.fault.text == NO_ID


async def test_changes_name_their_message(connector: SignalConnector, server: SignalServer) -> None:
    """Another message would be changed, or a stranger's."""
    sent = await connector.send(a_message())
    assert isinstance(sent, Sent)
    edit = a_message("Closed", operation=Operation.EDIT, target=sent.remote_id)
    assert await connector.send(edit) == Sent(remote_id=sent.remote_id)
    react = a_message("👍", operation=Operation.REACT, target=sent.remote_id)
    assert await connector.send(react) == Sent(remote_id=sent.remote_id)
    [reaction] = server.box.reactions
    assert (reaction.target_author, str(reaction.timestamp)) == (server.number, sent.remote_id)
    delete = a_message("", operation=Operation.DELETE, target=sent.remote_id)
    assert await connector.send(delete) == Sent(remote_id=sent.remote_id)
    assert [(message.text, message.is_deleted) for message in server.sent] == [("Closed", True)]


@pytest.mark.parametrize("operation", [Operation.EDIT, Operation.DELETE, Operation.REACT])
async def test_a_change_of_nothing_is_dead(connector: SignalConnector, operation: Operation) -> None:
    """It would be tried for a quarter of an hour, and can never work."""
    assert isinstance(await connector.send(a_message(operation=operation, target="x")), Dead)


def summary(outcome: Outcome) -> object:
    """The kind of an outcome, its code, and whom it concerns."""
    match outcome:
        case Retry() | Wait():
            return type(outcome).__name__, outcome.fault.code, outcome.scope
        case Dead() | Uncertain():
            return type(outcome).__name__, outcome.fault.code
    return outcome


OURS = Scope.CONNECTION


@pytest.mark.parametrize(
    ("status", "words", "expected"),
    [
        (400, "Failed to send message: Unregistered user", ("Dead", "chat_not_found")),
        (400, "Invalid group id", ("Dead", "chat_not_found")),
        (400, "Failed to send message: Untrusted Identity", ("Dead", "untrusted")),
        (400, "Specified account does not exist", ("Retry", "auth_failed", OURS)),
        (400, "User +491700000001 is not registered.", ("Retry", "auth_failed", OURS)),
        (400, "java.net.UnknownHostException: chat.signal.org", ("Retry", "unreachable", OURS)),
        (400, "Failed to send message: Connection closed unexpectedly", ("Retry", "unreachable", OURS)),
        (400, "Rate limit exceeded", ("Wait", "rate_limited", OURS)),
        (429, "CAPTCHA proof required", ("Wait", "rate_limited", OURS)),
        (400, "Failed to send message", ("Retry", "platform_error", OURS)),
        (400, "Something else", ("Retry", "platform_error", OURS)),
        (400, "Failed to send message due to rate limiting", ("Wait", "rate_limited", OURS)),
        (400, "Failed to send message: StatusCode: 413 (RateLimitException)", ("Wait", "rate_limited", OURS)),
        (400, "Failed to send message due to untrusted identities", ("Dead", "untrusted")),
        (400, 'Failed to send (some) messages:\nUnregistered user "+49"', ("Dead", "chat_not_found")),
        (400, "The user +491709999999 is not registered.", ("Dead", "author_not_found")),
        (400, "User is not registered.", ("Retry", "auth_failed", OURS)),
        (400, "Couldn't process request - malformed number", ("Retry", "auth_failed", OURS)),
        (400, "Couldn't process request - recipient missing", ("Dead", "bad_request")),
        # what people named
        (400, "User is not allowed to send message to group: Home Network (eA==)", ("Dead", "forbidden")),
        (400, "User is not a member in group: Rate limit (eA==)", ("Dead", "forbidden")),
        (400, "Failed to send to group: User is not a member in group: captcha (eA==)", ("Dead", "forbidden")),
        (400, "User is not a member in group: User x is not registered. (eA==)", ("Dead", "forbidden")),
        # the way there
        (401, "", ("Retry", "auth_failed", OURS)),
        (500, "Something else", ("Uncertain", "uncertain")),
        (200, "Something else", ("Uncertain", "uncertain")),
        (200, "", ("Uncertain", "uncertain")),
        (404, "", ("Uncertain", "uncertain")),
        (413, "", ("Uncertain", "uncertain")),
        (301, "", ("Uncertain", "uncertain")),
        (502, "", ("Uncertain", "uncertain")),
        (504, "", ("Uncertain", "uncertain")),
    ],
)
async def test_what_refusals_mean(
    connector: SignalConnector, server: SignalServer, status: int, words: str, expected: object
) -> None:
    """An outage would kill messages, or one that can never arrive keep the others waiting."""
    if words and status >= 400:
        server.refuse(words, status=status)
    else:
        body = json.dumps({"error": words}).encode() if words else b"404 page not found"
        there = {"Location": "http://127.0.0.1:1/"}
        server.told.append(Told(status=status, body=body, headers=there, is_foreign=True))
    assert summary(await connector.send(a_message())) == expected


async def test_a_text_is_no_receipt(connector: SignalConnector, server: SignalServer) -> None:
    """Whatever else answers under the address of the server would have every alarm counted as sent."""
    server.told.append(Told(status=200, body=b'"ok"', is_foreign=True))
    assert summary(await connector.send(a_message())) == ("Uncertain", "uncertain")


async def test_a_wait_is_as_long_as_the_server_says(connector: SignalConnector, server: SignalServer) -> None:
    """We would knock again and again, and the account be locked for longer."""
    for words, headers, seconds in (
        ("too much", {"Retry-After": "7"}, 7.0),
        ("too much", {"Retry-After": "never"}, DEFAULT_WAIT),
        ('CAPTCHA proof required for sending to "+49", or wait "90" seconds.', {}, 90.0),
        ('Rate limit failure for "+49", retry after 40 seconds', {}, 40.0),
        ("", {"Retry-After": "7"}, 7.0),
    ):
        if words:
            server.refuse(words, status=429, headers=headers)
        else:
            page = b"<html>slow down</html>"
            server.told.append(Told(status=429, body=page, headers=headers, is_foreign=True))
        outcome = await connector.send(a_message())
        assert isinstance(outcome, Wait)
        assert outcome.seconds == seconds


async def test_an_answer_to_somebody_who_has_left(connector: SignalConnector, server: SignalServer) -> None:
    """An alarm would die of what it refers to, or everything stand still and ask for a registration."""
    server.refuse("The user +491709999999 is not registered.")
    outcome = await connector.send(a_message(reply_to="+491709999999:1767225600002"))
    [sent] = server.sent
    assert outcome == Sent(remote_id=str(sent.timestamp), degraded=True)
    assert "quote_author" not in sent.body


async def test_a_server_that_has_lost_the_network(connector: SignalConnector, server: SignalServer) -> None:
    """An outage would kill messages, because signal-cli says the same of a number that nobody has."""
    server.offline = True
    for _ in range(2):
        outcome = await connector.send(a_message())
        assert isinstance(outcome, Retry)
        assert (outcome.scope, outcome.written) == (Scope.CONNECTION, True)
        answer = await connector.check()
        assert isinstance(answer, Fault)
        assert answer.code == "unreachable"
    server.offline = False
    assert isinstance(await connector.check(), Identity)
    asked = [one.path for one in server.asked]
    assert isinstance(await connector.check(), Identity)
    assert len(server.asked) == len(asked) + 2  # Signal need not be bothered again


async def test_a_number_that_nobody_has(connector: SignalConnector, server: SignalServer) -> None:
    """A wrong number would be taken for an outage, and nothing be sent to anybody."""
    server.strangers.add(ADA)
    assert isinstance(await connector.send(a_message()), Retry)
    assert isinstance(await connector.check(), Identity)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"timestamp": 5}', b'{"timestamp": "x"}'])
async def test_what_was_taken_is_sent_whatever_is_said(
    connector: SignalConnector, server: SignalServer, body: bytes
) -> None:
    """A message that arrived would be sent again."""
    server.told.append(Told(status=201, body=body, is_foreign=True))
    assert await connector.send(a_message()) == Sent(remote_id=None)


async def test_the_account_must_be_known_there(connect: Connect, server: SignalServer) -> None:
    """Somebody with a typing error in the number would wait for messages for ever."""
    assert await connect().check() == Identity(
        id=server.number.removeprefix("+"),
        name=server.number,
        link=f"https://signal.me/#p/{server.number}",
        version="0.98",
    )
    answer = await connect(number="+491709999999").check()
    assert isinstance(answer, Fault)
    assert answer.code == "auth_failed"


async def test_a_server_that_only_sends_is_noticed(connector: SignalConnector, server: SignalServer) -> None:
    """Somebody would wait for answers that can never come in, before a connection that looks whole."""
    server.mode = "native"
    answer = await connector.check()
    assert isinstance(answer, Identity)
    assert answer.notice
    assert answer.notice.code == "wrong_mode"
    assert 'mode "native"' in answer.notice.text


async def test_something_else_answers(connector: SignalConnector, server: SignalServer) -> None:
    """A router's login page would pass for a working connection."""
    server.told.append(Told(status=200, body=b"<html>", is_foreign=True))
    answer = await connector.check()
    assert isinstance(answer, Fault)
    assert answer.code == "bad_answer"


@pytest.mark.broken_answers("a group without an id")
async def test_groups_can_be_picked(connector: SignalConnector, server: SignalServer) -> None:
    """Nobody knows the ids of their groups."""
    server.box.groups = [{"id": GROUP, "name": "The  house"}, {"name": "no id"}]
    assert await connector.find("") == [Candidate(recipient=GROUP, title="The house", kind="group")]
    assert await connector.find("A") == []
    assert await connector.find("the") == await connector.find(GROUP) == await connector.find("")
    assert await connector.find("group.bm90LXRoZXJlLWF0LWFsbA==") == []


async def test_a_number_is_asked_for(connector: SignalConnector, server: SignalServer) -> None:
    """Whoever types a wrong number would learn it from a dead letter; an outage would look like a wrong one."""
    server.strangers = {"+491700000009"}
    known = "+491700000008"
    assert await connector.find("0049 170 0000008") == [Candidate(recipient=known, title=known, kind="private")]
    assert await connector.find("+491700000009") == []
    server.offline = True
    assert isinstance(await connector.find(known), Fault)


@pytest.mark.parametrize("endpoint", [None, "", "signal:8080", "http://user:secret@localhost"])
def test_an_endpoint_is_needed(connect: Connect, endpoint: str | None) -> None:
    """A connection would be made that leads nowhere."""
    with pytest.raises(InvalidEndpointError):
        connect(endpoint=endpoint)


@pytest.mark.parametrize("number", [None, 491700000001, "0170 1", "+49", "+49170123456789012345"])
def test_a_number_is_needed(connect: Connect, number: object) -> None:
    """The server would be asked for an account that cannot exist."""
    with pytest.raises(InvalidValueError):
        connect(number=number)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("+49 (170) 123-4567", ADA),
        ("9F1C2D3E-0000-4000-8000-0123456789AB", "9f1c2d3e-0000-4000-8000-0123456789ab"),
        ("U:Ada.01", "u:ada.01"),
        ("+49 (0)170 1234567", ADA),
        ("0049 170/123.45-67", ADA),
        ("\u202a+49\u00a0170\u2011123 4567\u202c", ADA),
        ("https://signal.me/#p/+491701234567", ADA),
        (f" {GROUP} ", GROUP),
    ],
)
def test_ways_to_write_a_recipient(written: str, normal: str) -> None:
    """One person would have two lanes, and messages overtake each other."""
    assert SignalConnector.normalize_recipient(written) == normal


@pytest.mark.parametrize("recipient", ["0170 1234567", "ada", "group.", "group.a b", "+49/1", "../v1/accounts"])
def test_what_is_no_recipient(recipient: str) -> None:
    """A slip of the pen would be queued, and only fail when the alarm goes off."""
    with pytest.raises(InvalidRecipientError):
        SignalConnector.normalize_recipient(recipient)
