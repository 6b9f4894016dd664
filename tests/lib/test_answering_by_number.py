"""An answer names what came in by its number here, whatever the platform calls it, and quotes it where it was said."""

from dataclasses import replace

import pytest

from bach_lib import Bach, Connection
from bach_lib.connectors.base import Batch, Incoming
from bach_lib.errors import InvalidRecipientError, InvalidValueError
from bach_lib.models.incoming import Content, Kind
from bach_lib.testing import FakeClock, FakePlatform

SAID = Incoming(
    remote_id="77#2",
    recipient="ada",
    recipient_title="Ada",
    sender_id="ada",
    sender_name="Ada",
    kind=Kind.TEXT,
    text="Is the door shut?",
)


async def heard(bach: Bach, platform: FakePlatform, clock: FakeClock, said: Incoming = SAID) -> int:
    """Somebody says something in Ada's chat; its number here."""
    for name in ("home", "other"):
        if name not in [row.name for row in bach.registry.list()]:
            await bach.registry.add(Connection(name=name, type="fake", allowed=frozenset({"ada"})))
    await clock.settle()
    said = replace(said, sent_at=clock.now())
    platform.incoming.put_nowait(Batch(messages=(said,), cursor="1"))
    await clock.settle()
    return (await bach.inbox())[0].id


@pytest.mark.parametrize(
    ("said", "quoted"),
    [
        (SAID, "77#2"),
        (replace(SAID, kind=Kind.BUTTON, remote_id="p1", reply_to="40", content=Content(value="yes")), "40"),
        (replace(SAID, kind=Kind.EDITED, remote_id="77#3", reply_to="77"), "77"),
    ],
    ids=["said", "pressed", "corrected"],
)
async def test_an_answer_quotes_what_it_answers(
    bach: Bach, platform: FakePlatform, clock: FakeClock, said: Incoming, quoted: str
) -> None:
    """Nobody would see which of three questions "yes" answers."""
    number = await heard(bach, platform, clock, said)
    through = (await bach.incoming(number)).connection
    receipt = await bach.send(through, "ada", "Yes", reply_to=number)
    await clock.settle()
    assert [(one.text, one.reply_to) for one in platform.sent] == [("Yes", quoted)]
    assert not receipt.degraded
    [second] = await bach.send_all([(through, "ada")], "It is", reply_to=number)
    assert (await bach.get(second.id)).reply_to == quoted


async def test_what_cannot_be_quoted_there_goes_without(bach: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """An alarm would not go, or words of one place be quoted in another."""
    number = await heard(bach, platform, clock)
    through = (await bach.incoming(number)).connection
    other = "other" if through == "home" else "home"
    for connection, recipient, named, why in (
        (other, "ada", number, "came in elsewhere"),
        (through, "bob", number, "came in elsewhere"),
        (through, "ada", 999, "not in the inbox"),
    ):
        receipt = await bach.send(connection, recipient, "Water!", reply_to=named)
        assert [(loss.what, why in str(loss.reason)) for loss in receipt.lost] == [("reply", True)]
        assert "ada" not in str(receipt.lost[0].reason)
        assert (await bach.get(receipt.id)).reply_to is None
    await clock.settle()
    assert len(platform.sent) == 3


async def test_what_is_no_number_is_refused(bach: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """True would be taken for the first message that ever came in."""
    number = await heard(bach, platform, clock)
    with pytest.raises(InvalidValueError):
        await bach.send("home", "ada", "Yes", reply_to=True)
    with pytest.raises(InvalidRecipientError):
        await bach.send("home", "", "Yes", reply_to=number)
    sent = await bach.send("home", "ada", "Yes")
    await clock.settle()
    with pytest.raises(InvalidValueError):
        await bach.edit(sent.id, "No", reply_to=number)
