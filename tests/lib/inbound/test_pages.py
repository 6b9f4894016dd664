"""Pages of the inbox: what a person or place was called before is found as well, once, and in order."""

from dataclasses import replace

import pytest

from bach_lib import Bach, Connection, InboxStatus
from bach_lib.connectors.base import Batch
from bach_lib.models.incoming import IncomingMessage
from bach_lib.models.spellings import Sighting
from bach_lib.testing import FakeClock, FakePlatform
from tests.lib.inbound.make import incoming


@pytest.fixture
async def home(bach: Bach, clock: FakeClock, platform: FakePlatform) -> Bach:
    """Messages 1 to 6, by turns of somebody under a number, somebody else, and the same person under an id."""
    await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"group", "ada"})))
    await clock.settle()
    for number in range(1, 7):
        sender = {1: "+49", 2: "bob", 0: "ada"}[number % 3]
        told = (Sighting(id="ada", names=("+49",)),) if number == 6 else ()
        message = incoming(remote_id=str(number), text=str(number), sender_id=sender, recipient="group")
        message = replace(message, sightings=told)
        platform.incoming.put_nowait(Batch(messages=(message,), cursor=None))
        await clock.settle()
    return bach


def texts(messages: list[IncomingMessage]) -> str:
    """What stands on a page."""
    return "".join(message.text for message in messages)


@pytest.mark.parametrize("name", ["ada", "+49"])
async def test_a_person_is_one_person_under_all_names(home: Bach, name: str) -> None:
    """Half of what somebody wrote would be missing since the platform told the id."""
    sender = f"home:{name}"
    assert texts(await home.inbox(sender=sender)) == "6431"
    assert await home.count_inbox(sender=sender) == 4
    for limit, offset, page in ((2, 0, "64"), (2, 1, "43"), (2, 3, "1"), (4, 1, "431"), (1, 4, "")):
        assert texts(await home.inbox(sender=sender, limit=limit, offset=offset)) == page, (limit, offset)
    [last, *_] = await home.inbox(sender=sender)
    assert texts(await home.inbox(sender=sender, before=last.id, limit=2)) == "43"


async def test_who_is_only_one_person_has_one_name(home: Bach) -> None:
    """Others' messages would stand among theirs."""
    assert texts(await home.inbox(sender="home:bob")) == "52"
    assert texts(await home.inbox(sender="home:bob", limit=1, offset=1)) == "2"


async def test_a_page_of_a_person_keeps_to_what_else_was_asked(home: Bach) -> None:
    """What has been done would be shown as new, or what was written elsewhere."""
    sender = "home:ada"
    newest = (await home.inbox(sender=sender))[0]
    await home.mark([newest.id], InboxStatus.READ)
    new = InboxStatus.UNREAD
    assert await home.count_inbox(sender=sender, status=new) == 3
    assert texts(await home.inbox(sender=sender, status=new)) == "431"
    assert texts(await home.inbox(sender=sender, recipient="group")) == "6431"
    assert await home.inbox(sender=sender, recipient="other") == []
    assert await home.inbox(sender=sender, connection="other") == []
