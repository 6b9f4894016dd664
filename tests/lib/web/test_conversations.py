"""Conversations in the web app: one order for both directions, pages that lose nothing, and rights of each place."""

from collections.abc import Mapping
from typing import Any

import pytest

from bach_lib import Bach, Connection, Status
from bach_lib.errors import BachError
from bach_lib.rest.answers import Json
from bach_lib.testing import FakeClock, FakePlatform
from bach_lib.web.app_commands import perform
from bach_lib.web.viewer import ForbiddenError, Known, Visit
from tests.lib.web.viewers import Everybody, OnlyAda

ADA, BEN = "ada", "ben"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
async def visit(bach: Bach, clock: FakeClock) -> Visit:
    """A connection with two people."""
    await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({ADA, BEN})))
    await clock.settle()
    people = [Known(id=ADA, title="Ada"), Known(id=BEN, title="Ben")]
    return Visit(bach, Everybody([Known(id="home", title="Home", recipients=people)]))


async def ask(visit: Visit, command: str, **arguments: Json) -> dict[str, Any]:
    """The answer to a command."""
    answer = await perform(visit, f"bach/panel/{command}", arguments)
    assert isinstance(answer, dict)
    return answer


async def talk(visit: Visit, clock: FakeClock, platform: FakePlatform, *said: str) -> None:
    """Say things one after another: "> words" goes out, anything else comes from Ada."""
    for words in said:
        await clock.advance(60)
        if words.startswith("> "):
            await visit.bach.send("home", ADA, words)
        else:
            platform.says(words, sender=ADA)
        await clock.settle()


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
async def test_pages_hold_both_directions_once_and_in_order(
    visit: Visit, clock: FakeClock, platform: FakePlatform, limit: int
) -> None:
    """An answer would stand before its question, or be on no page."""
    said = ["> one", "two", "three", "> four", "> five", "six", "> seven"]
    await talk(visit, clock, platform, *said)
    await visit.bach.send("home", BEN, "for somebody else")
    seen, before = list[str](), dict[str, Json]()
    while True:
        page = await ask(visit, "conversation", connection="home", recipient=ADA, limit=limit, **before)
        assert len(page["items"]) <= limit
        seen = [one["text"] for one in page["items"]] + seen
        if page["before"] is None:
            break
        before = {f"before_{way}": number for way, number in page["before"].items()}
    assert seen == said


async def test_what_stands_for_words_is_told_apart_from_them(visit: Visit) -> None:
    """Whoever changes it would send everybody the sentence that stands there in the place of a code or of a map."""
    await visit.bach.send("home", ADA, "481516", confidential=True)
    await visit.bach.send("home", ADA, "words")
    page = await ask(visit, "conversation", connection="home", recipient=ADA)
    assert [one["own_words"] for one in page["items"]] == [False, True]
    assert "481516" not in repr(page)


async def test_the_place_with_the_newest_message_comes_first(
    visit: Visit, clock: FakeClock, platform: FakePlatform
) -> None:
    """Who has just written would have to be looked for among all others."""
    await visit.bach.send("home", ADA, "old")
    await clock.settle()
    await clock.advance(60)
    platform.says("new", sender=BEN)
    await clock.settle()
    places = (await ask(visit, "conversations"))["places"]
    assert [(one["title"], one["last_text"], one["unread"], one["works"]) for one in places] == [
        ("Ben", "new", 1, True),
        ("Ada", "old", 0, True),
    ]
    [message] = await visit.bach.inbox()
    await ask(visit, "mark_read", ids=[message.id])
    assert [one["unread"] for one in (await ask(visit, "conversations"))["places"]] == [0, 0]
    await ask(visit, "mark_read", ids=[message.id], is_read=False)
    assert [one["unread"] for one in (await ask(visit, "conversations"))["places"]] == [1, 0]


async def test_words_go_out_as_an_answer_and_once(visit: Visit, clock: FakeClock, platform: FakePlatform) -> None:
    """An answer would stand alone, or arrive twice because the browser was not told that it had gone."""
    await talk(visit, clock, platform, "Is the door open?")
    [question] = await visit.bach.inbox()
    for _ in range(2):
        await ask(visit, "write", connection="home", recipient=ADA, text="No", answer_to=question.id, key="k")
        await clock.settle()
    assert [(one.text, one.reply_to) for one in platform.sent] == [("No", question.remote_id)]
    [message] = await visit.bach.messages()
    assert message.status is Status.SENT
    with pytest.raises(BachError):
        await ask(visit, "write", connection="home", recipient=BEN, text="No", answer_to=question.id)
    assert len(platform.sent) == 1


async def test_a_picture_is_one_by_its_content_alone(visit: Visit, clock: FakeClock, platform: FakePlatform) -> None:
    """A page that a stranger sent as a photo would be shown by the browser of an administrator."""
    for number, content in enumerate((PNG + b"pixels", b"<svg onload='alert(1)'>")):
        platform.write_file(content, sender=ADA, remote_id=f"file-{number}", cursor=str(number))
        await clock.settle()
    bad, good = await visit.bach.inbox()
    source = (await ask(visit, "picture", incoming_id=good.id))["source"]
    assert source.startswith("data:image/png;base64,")
    with pytest.raises(BachError):
        await ask(visit, "picture", incoming_id=bad.id)


async def test_nothing_of_a_place_is_told_or_done_for_others(
    visit: Visit, clock: FakeClock, platform: FakePlatform
) -> None:
    """A child could read what was said with its parents, or write in the home's name to anybody."""
    platform.says("private", sender=BEN)
    await clock.settle()
    [private] = await visit.bach.inbox()
    child = Visit(visit.bach, OnlyAda(visit.viewer.places()))
    assert [one["title"] for one in (await ask(child, "conversations"))["places"]] == ["Ada"]
    await ask(child, "conversation", connection="home", recipient=ADA)
    tries: Mapping[str, Mapping[str, Json]] = {
        "conversation": {"connection": "home", "recipient": BEN},
        "write": {"connection": "home", "recipient": BEN, "text": "hello"},
        "mark_read": {"ids": [private.id]},
        "picture": {"incoming_id": private.id},
    }
    for command, arguments in tries.items():
        with pytest.raises(ForbiddenError):
            await ask(child, command, **arguments)
    with pytest.raises(BachError):  # words of another place would be quoted
        await ask(child, "write", connection="home", recipient=ADA, text="x", answer_to=private.id)
    assert platform.sent == []
