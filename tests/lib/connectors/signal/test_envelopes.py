"""Every envelope that signal-cli knows is read, or passed over on purpose, and the page of Signal says which."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from bach_lib.connectors.base import Incoming, Unreadable
from bach_lib.connectors.signal import codec
from bach_lib.models.incoming import Kind

ACCOUNT, ADA = "+491700000001", "+491701234567"
GROUP = {"groupId": "dGhpcyBpcyBhIGdyb3VwIGlkIG9mIDMyIGJ5dGVzISE=", "groupName": "House", "type": "DELIVER"}
PAGE = (Path(__file__).parents[4] / "docs" / "signal.md").read_text()
UUID = "11111111-2222-3333-4444-555555555555"
EMPTY: dict[str, object] = {"timestamp": 1, "message": None, "expiresInSeconds": 0, "viewOnce": False}
PHOTO = {"id": "a.jpg", "contentType": "image/jpeg"}


def read(**envelope: object) -> list[Incoming]:
    """What an envelope of Ada's comes in as."""
    whole = {"source": ADA, "sourceNumber": ADA, "sourceName": "Ada", "timestamp": 1_700_000_000_000, **envelope}
    found = codec.read(json.dumps({"envelope": whole, "account": ACCOUNT}), ACCOUNT)
    assert all(isinstance(one, Incoming) for one in found), found
    return [one for one in found if isinstance(one, Incoming)]


def data(**fields: object) -> list[Incoming]:
    """What a message comes in as."""
    return read(dataMessage={**EMPTY, **fields})


def mention(start: int, name: object = "Bob", length: int = 1, *, number: str | None = None) -> dict[str, object]:
    """Somebody who is spoken of."""
    return {"name": name, "number": number, "uuid": None, "start": start, "length": length}


US = ACCOUNT


@pytest.mark.parametrize("field", codec.PASSED_OVER)
@pytest.mark.parametrize("content", [{}, {"timestamp": 1}, {"sentMessage": {"message": "/open"}}])
def test_what_is_no_message_is_passed_over(field: str, content: Mapping[str, object]) -> None:
    """A receipt would be a message, and what the owner writes elsewhere a command."""
    assert read(**{field: content}) == []


@pytest.mark.parametrize("field", codec.NO_MESSAGES)
@pytest.mark.parametrize("content", [True, {}, {"targetSentTimestamp": 1}])
def test_what_reports_on_other_messages_is_none(field: str, content: object) -> None:
    """A vote, a pin or another time to vanish would run automations."""
    assert data(**{field: content}) == []


@pytest.mark.parametrize("vote", [True, {}, {"targetSentTimestamp": 1}, {"author": "u:b", "targetSentTimestamp": 1}])
def test_a_vote_in_a_poll_of_somebody_else_is_no_message(vote: object) -> None:
    """What a group decides among itself would run automations."""
    assert data(pollVote=vote) == []


@pytest.mark.parametrize("fields", [{}, {"groupInfo": GROUP | {"type": "UPDATE"}}, {"expiresInSeconds": 3600}])
def test_what_is_empty_is_no_message(fields: dict[str, object]) -> None:
    """A changed profile key would be an event of kind `other`."""
    assert data(**fields) == []


@pytest.mark.parametrize(("field", "name"), [*codec.OTHERS.items(), ("somethingNew", "somethingNew")])
def test_what_has_no_text_is_told_by_its_name(field: str, name: str) -> None:
    """A contact could not be told from a sticker."""
    [message] = data(**{field: {}})
    assert (message.kind, message.text, message.metadata["content"]) == (Kind.OTHER, "", name)


def test_a_poll_and_a_contact() -> None:
    """What is asked, and whom to call, would be lost."""
    [poll] = data(pollCreate={"question": "Pizza?", "options": ["Yes", "No", 5], "allowMultiple": False})
    assert (poll.text, poll.metadata["poll"]) == ("Pizza?", {"question": "Pizza?", "options": ["Yes", "No"]})
    name = {"given": "Bob", "family": "B", "nickname": None}
    [card] = data(contacts=[{"name": name, "phone": [{"value": "+49 1", "type": "HOME", "label": None}]}])
    assert card.metadata["contact"] == {"name": "Bob B", "phone": "+49 1", "id": ""}
    [firm] = data(contacts=[{"name": {}, "organization": "Zoo"}])
    assert firm.metadata["contact"] == {"name": "Zoo", "phone": "", "id": ""}


@pytest.mark.parametrize("fields", [{"groupInfo": GROUP | {"type": "UPDATE"}}, {"isExpirationUpdate": True}])
def test_words_are_never_passed_over(fields: dict[str, object]) -> None:
    """Whatever else comes with them, somebody wrote them."""
    [message] = data(message="help", **fields)
    assert (message.kind, message.text) == (Kind.TEXT, "help")


def test_the_answer_to_a_story_and_what_is_seen_once() -> None:
    """Both are what somebody says."""
    [answer] = data(message="nice", storyContext={"authorNumber": ACCOUNT, "sentTimestamp": 1})
    assert (answer.kind, answer.text) == (Kind.TEXT, "nice")
    [photo] = data(viewOnce=True, attachments=[PHOTO])
    assert (photo.kind, photo.metadata["view_once"]) == (Kind.MEDIA, True)


def test_a_command_below_a_file() -> None:
    """The command would do nothing; the second file is none."""
    first, second = data(message="/snap front", attachments=[PHOTO, PHOTO])
    assert (first.kind, first.content.command, first.content.args) == (Kind.COMMAND, "snap", "front")
    assert first.content.media
    assert (second.kind, second.content.command) == (Kind.MEDIA, None)


@pytest.mark.parametrize(
    ("text", "mentions", "shown"),
    [
        ("Is \ufffc at home?", [mention(3)], "Is @Bob at home?"),
        ("🐢\ufffc and \ufffc!", [mention(8, "Eve"), mention(2)], "🐢@Bob and @Eve!"),
        ("\ufffc", [mention(0, "")], ""),
        ("\ufffc", [{"uuid": "9f1c", "start": 0, "length": 1}], "@9f1c"),
        ("\ufffc\ufffc", [mention(0), mention(0, "Eve")], "@Bob"),
        ("a\ufffc", [mention(7), mention(-1), mention(1, length=0), mention(1, length=9), {"start": True}], "a"),
        ("alarm off", [mention(0, length=5), mention(6)], "alarm off"),
        ("🐢 \ufffc", [mention(1), mention(0, length=2), mention(3)], "🐢 @Bob"),
        ("\ufffc\ufffc!", [mention(0, length=2)], "@Bob!"),
        ("\ufffcx", [mention(0, length=2)], "x"),
        ("\ufffc", [mention(0, " \n")], ""),
        ("\ufffc!", [mention(0, "Bob\n/open\u2029door")], "@Bob /open door!"),
        ("\ufffc", [mention(1 << 80), mention(0, length=1 << 80), mention(0)], "@Bob"),
    ],
)
def test_names_stand_where_people_are_spoken_of(text: str, mentions: list[object], shown: str) -> None:
    """Rules and people would read a character that says nothing, or a name where somebody wrote something else.

    Signal counts as UTF-16 does.
    """
    [message] = data(message=text or "x", mentions=mentions, attachments=[PHOTO])
    assert message.text == shown
    edit = {"targetSentTimestamp": 8, "dataMessage": {**EMPTY, "message": text, "mentions": mentions}}
    assert read(editMessage=edit)[0].text == shown


@pytest.mark.parametrize(
    ("text", "mentions", "command"),
    [
        ("\ufffc /status now", [mention(0, US, number=US)], "status"),
        (" \ufffc /status now", [mention(1, US, number=US)], "status"),
        ("\ufffc /status now", [mention(0)], None),
        ("Hey \ufffc /status now", [mention(4, US, number=US)], None),
        ("\ufffc \ufffc /status", [mention(0, US, number=US), mention(2)], None),
    ],
)
def test_a_command_to_us_in_a_group(text: str, mentions: list[object], command: str | None) -> None:
    """In a group people speak to the house by its name first; what is said to somebody else is not for us."""
    [message] = data(message=text, mentions=mentions, groupInfo=GROUP)
    assert message.content.command == command
    assert "\ufffc" not in message.text


def test_who_is_spoken_of_and_what_is_answered() -> None:
    """An automation would not know whom "ask \ufffc" means, nor what "yes" is said to."""
    quote = {"id": 5, "author": ACCOUNT, "text": "Is \ufffc here?", "mentions": [mention(3)]}
    [message] = data(message="ask \ufffc", mentions=[mention(4, number=ADA)], quote=quote)
    assert message.metadata["mentions"] == [{"name": "Bob", "id": ADA}]
    assert message.metadata["quote"] == "Is @Bob here?"


@pytest.mark.parametrize(
    ("calls", "id_"),
    [
        ({"name": ADA, "number": ADA}, ADA),
        ({"name": ADA, "number": ADA, "uuid": UUID.upper()}, UUID),
        ({"name": "Bob", "number": "0170 123", "uuid": UUID}, UUID),
        ({"name": UUID, "number": None}, UUID),
        ({"name": "Bob", "number": "0170 123"}, None),
        ({"name": "Bob", "number": ["+491701234567"], "uuid": f"PNI:{UUID}"}, None),
    ],
)
def test_who_is_spoken_of_can_be_written_to(calls: dict[str, object], id_: str | None) -> None:
    """An automation that answers to this id would answer to a name, and wait for nobody."""
    [message] = data(message="\ufffc", mentions=[{**calls, "start": 0, "length": 1}])
    found = message.metadata.get("mentions", [])
    assert isinstance(found, list)
    assert [one["id"] for one in found] == ([] if id_ is None else [id_])
    assert message.text == f"@{calls['name']}"


@pytest.mark.parametrize("name", [*codec.PASSED_OVER, *codec.NO_MESSAGES, *codec.OTHERS])
def test_the_page_names_all_of_them(name: str) -> None:
    """People would look for what never comes."""
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("field", ["syncMessage", "storyMessage"])
def test_what_the_owner_does_elsewhere_is_no_message_whatever_lies_beside_it(field: str) -> None:
    """A copy of what was written on another device, or a story, would be a command."""
    assert read(**{field: {"sentMessage": {}}, "dataMessage": {**EMPTY, "message": "/open"}}) == []


@pytest.mark.parametrize("calls", [{"sourceUuid": "PNI:11111111-2222-3333-4444-555555555555"}, {}, {"source": 5}])
def test_of_somebody_unknown_no_words_are_kept(calls: dict[str, object]) -> None:
    """Whoever knows the number could fill the database with their words, although nobody has let them in."""
    nobody = {"source": None, "sourceNumber": None, "sourceName": "Mallory", "timestamp": 1, **calls}
    whole = {**nobody, "dataMessage": {**EMPTY, "message": "buy now", "attachments": [{"filename": "cheap.pdf"}]}}
    [found] = codec.read(json.dumps({"envelope": whole, "account": ACCOUNT}), ACCOUNT)
    assert isinstance(found, Unreadable)
    assert (found.reason, json.loads(found.raw)["envelope"]["dataMessage"]["message"]) == (
        "an envelope without sender, time or place",
        "str",
    )
    assert not [said for said in ("buy", "cheap", "Mallory", "PNI", ACCOUNT) if said in found.raw]
