"""Histories that once failed, as short as they could be made. What was wrong with each stands beside it."""

import pytest

from tests.simulation.hand_steps import Amend
from tests.simulation.incoming_steps import Account, Garbage, IncomingHistory, Push, Repeat, Write
from tests.simulation.running import complaints_about, complaints_about_incoming
from tests.simulation.steps import (
    Advance,
    Again,
    Another,
    Answer,
    Cancel,
    Crash,
    Cut,
    DiskFull,
    DiskSlow,
    DiskWell,
    Fail,
    Heal,
    History,
    Jump,
    Limit,
    Move,
    Outage,
    Reload,
    Restart,
    Retry,
    Says,
    Send,
    Start,
    Stop,
    Tell,
    Wait,
)


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """A session of aiohttp needs an event loop, and that a pair of sockets."""


OUTGOING: dict[str, History] = {
    # memory let it go by the clock that never jumps, the disk kept it by the other
    "a clock that jumps while it waits": (
        Send(number=8, time_to_live=300, answers=(Answer(Says.BUSY),)),
        Advance(),
        Jump(86_400),
    ),
    # it was put by the new time, and then followed the jump with all that had waited before
    "a clock that jumped before it came": (
        Fail("plain", Outage.UNREACHABLE),
        Send(number=1),
        Advance(1),
        Jump(100),
        Send(number=4, time_to_live=60),
    ),
    # memory claimed it again before the disk knew that its last attempt was over, and took it for gone
    "a retry behind a full disk": (
        Send(number=5, answers=(Answer(Says.UNREACHED), Answer(Says.BROKEN, 25))),
        Send(number=7),
        Advance(),
        DiskFull(),
        Advance(700),
    ),
    # its claim waited for the disk until it was too late, by the clock that never jumps
    "too late behind a full disk": (
        Send(number=12, time_to_live=60),
        Fail("plain", Outage.SILENT),
        Advance(),
        Jump(-31_536_000),
        DiskFull(),
        Advance(65),
    ),
    # it was born on its way, and the disk took half an hour to say so
    "too late when it was stored": (DiskSlow(), Send(number=1, time_to_live=1), Advance(2000), DiskWell()),
    # memory's list of what was over still named it when a person had revived it without time to live
    "revived in the moment of expiry": (
        Send(number=1, time_to_live=5),
        Fail("plain", Outage.UNREACHABLE),
        Crash(4),
        Cancel(1),
        Jump(3600),
        Retry(1),
        Send(number=5, recipient="cyd"),
    ),
    # the disk counted what a crash interrupted, memory did not
    "a crash on the way": (
        Send(number=1, at_most_once=True),
        Crash(1, Cut.AFTER),
        Heal("plain"),
    ),
    # who is told to wait for a day is dead; it counted as no error, and the next one went at once
    "told to wait for ever": (Send(number=9, always=Answer(Says.WAIT_CHAT, 25, 3)), Send(number=10), Advance(100)),
    # the later one was leased while the earlier one was still on its way to the disk
    "two puts and a lane that became free": (
        Fail("plain", Outage.BLIND),
        Send(number=6, recipient="bob", at_most_once=True, max_retries=1, answers=(Answer(Says.UNREACHED),)),
        Advance(),
        Send(number=17, tag="u", max_retries=1),
        DiskSlow(),
        Advance(15),
        Send(number=21, time_to_live=60, max_retries=1),
    ),
    # a clock that went ahead and back again took from a message's life what it had gone
    "a clock that was wrong for a moment": (
        Fail("plain", Outage.UNREACHABLE),
        Send(number=1, time_to_live=3600),
        Advance(1),
        Jump(30),
        Advance(60),
        Jump(-30),
    ),
    # what the name had taken of the limit did not count under the id until the disk knew that they are one
    "a limit and a name that has just been learned": (
        Limit("plain", 1, 1.0),
        Send(number=1, recipient="@ada"),
        Send(number=3, recipient="@ada", tag="t", time_to_live=1.0),
    ),
    # it was on its way while its group moved, and came back to wait where the newer one of its tag was not seen
    "a tag in a group that moved meanwhile": (
        Move("plain", "ada"),
        Send(number=6, tag="t", answers=(Answer(Says.DOWN, 25),)),
        Send(number=13, recipient="@ada", tag="t"),
        Send(number=14, tag="t"),
        Advance(),
    ),
    # behind a full disk its second attempt was told of before what had come of the first one
    "an attempt before what came of the last one": (
        Send(number=1, recipient="@ada", priority=5, tag="u", answers=(Answer(Says.WAIT_ALL, 25, 30),)),
        Advance(),
        DiskFull(),
        Advance(65),
        DiskSlow(),
        Advance(15),
    ),
    # what the first change had begun anew was broken off by the second, which had waited for it
    "two changes of a connection at once": (
        Send(number=2, recipient="bob", tag="u", max_retries=1, always=Answer(Says.WAIT_CHAT, 12, 120)),
        Advance(),
        Another("plain"),
        Send(number=10, recipient="bob"),
        Another("plain"),
    ),
    # it was given back at the end of its process, waited behind the newer one of its tag, and went after it
    "a tag, and a newer one that goes first": (
        Send(
            number=2,
            connection="nonce",
            priority=-5,
            tag="t",
            answers=(Answer(Says.LOST), Answer(Says.WAIT_CHAT, wait=1.0), Answer(Says.UNSURE)),
        ),
        Send(number=4, connection="nonce", tag="t"),
        Restart(),
    ),
    # of what a platform told at once, the name came first, concerned nobody yet, and was passed over
    "a name told together with a move": (Move("plain", "ada"), Tell("plain", "ada")),
    # the row of an attempt named the address under which the message had waited, not the one to which it went
    "the address of an attempt": (Tell("plain", "ada"), Send(number=5, recipient="@ada"), Advance()),
    # the clock was set while the connection was set up anew, and the disk did not follow
    "a clock that jumps during a reload": (
        Send(number=1, answers=(Answer(Says.SENT, 3),)),
        Send(number=2, time_to_live=60.0),
        Advance(),
        Reload("plain"),
        Advance(0.5),
        Jump(3600.0),
        Advance(100),
    ),
    # the disk was full when it was told that the clock was set, and a reload cancelled whoever was to tell it again
    "a clock that jumps behind a full disk, and a reload": (
        Send(number=1, time_to_live=60.0, at_most_once=True, answers=(Answer(Says.BUSY),)),
        Advance(),
        Fail("plain", Outage.UNREACHABLE),
        Jump(30.0),
        Send(number=13, priority=5, tag="u", max_retries=0),
        DiskFull(),
        Advance(),
        DiskWell(),
        Reload("plain"),
        Advance(65.0),
    ),
    # it was over while an older one waited for a full disk, and once more when the connection had read it anew
    "an end that is due twice": (
        Stop("nonce"),
        Send(number=3, connection="nonce", time_to_live=30.0),
        Advance(),
        DiskFull(),
        Advance(65.0),
        Send(number=8, connection="nonce", tag="t", time_to_live=0.5),
    ),
    # a platform that recognises repetitions took what was amended for what it had already
    "amended, and it may have arrived": (
        Send(number=1, connection="nonce", answers=(Answer(Says.LOST, after=1.0),)),
        Advance(1.0),
        Amend(number=1, recipient="bob"),
    ),
    # the time to live went by while a slow disk kept its files, or was asked what stands there, and began after that
    "over before it was stored": (
        DiskSlow(),
        Send(number=12, recipient="bob", tag="u", time_to_live=60.0, at_most_once=True, silent=True),
        Send(number=13, time_to_live=60.0, file=True),
        Advance(65.0),
    ),
    # what was sent again under its key had its files kept again, and no message named them any more
    "a file that was asked for twice": (Send(number=1, key=True, file=True), Advance(), Again(number=1)),
    # what was to change a message that another account had sent was dead, and its words with it
    "a tag of another account": (
        Send(number=6, recipient="bob", tag="t"),
        Advance(),
        Another("plain"),
        Send(number=10, recipient="bob", tag="t", silent=True),
    ),
    # the disk had not heard that the clock was set, and what it read of its end was taken for the new time
    "amended in the instant in which the clock is set": (
        Send(number=3, time_to_live=300.0, answers=(Answer(Says.BUSY),)),
        Advance(),
        Amend(number=3, recipient="bob"),
        Jump(3600.0),
    ),
    # the later one wrote all that it had looked at before the earlier one was written
    "amended twice at the same time": (
        Fail("plain", Outage.UNREACHABLE),
        Send(number=2, max_retries=0),
        Advance(),
        Amend(number=2, connection="nonce"),
        Amend(number=2),
    ),
    # a connection that the disk did not let start never tried again
    "a start on a full disk": (Start("plain"), DiskFull(), Advance(), Send(number=19)),
    # who was told to wait for long was amended for another place, and went there to find out whom the wish concerns
    "amended while all are to wait": (
        Send(number=8, answers=(Answer(Says.WAIT_ALL, 0.2, 900), Answer(Says.WAIT_ALL, 12, 120), Answer(Says.UNSURE))),
        Advance(31),
        Amend(number=8, recipient="cyd"),
    ),
    # its time was over before the disk knew that its attempt had ended
    "over behind a full disk": (
        Send(number=4, recipient="bob", time_to_live=5.0, answers=(Answer(Says.BUSY, after=12.0),)),
        Advance(),
        DiskFull(),
        Advance(31),
    ),
    # the judge's fault: the platform had refused the older one for ever, and only the disk did not know that yet
    "refused behind a full disk": (
        Send(number=4, answers=(Answer(says=Says.REFUSED, after=1.0, wait=3.0),)),
        Advance(),
        DiskFull(),
        Advance(310),
        Send(number=5),
    ),
    # the judge's fault: so small a change of the clock is not followed, and what is read anew ends by the new time
    "a start after the clock was set by a second": (
        Send(
            number=7, recipient="@bob", time_to_live=60.0, answers=(Answer(Says.UNSURE), Answer(Says.WAIT_CHAT, 1, 1))
        ),
        Advance(31),
        Jump(1),
        Start("plain"),
    ),
    # the same, as the clock was set back before it came
    "short-lived after the clock was set back by a second": (
        Jump(-1),
        Send(number=12, tag="u", time_to_live=0.5, answers=(Answer(Says.UNSURE), Answer(Says.UNREACHED, after=1.0))),
        Advance(),
        Another("plain"),
        Jump(600),
    ),
    # the judge's fault: who waits goes on when BACH begins to close, and it took that for a time after the end
    "waiting while all is closed": (
        Send(number=1, connection="nonce", answers=(Answer(Says.WAIT_CHAT, after=0.2),)),
        Advance(),
        Wait(number=1),
        Restart(),
    ),
}
INCOMING: dict[str, IncomingHistory] = {
    # what came by another way than a poll made the connection forget how far it had read
    "brought and polled": (
        Write(number=3, sender="eve"),
        Garbage(),
        Advance(1),
        Push(number=4),
        Advance(1),
        Write(number=5),
    ),
    # the world's fault: the change was not there yet, so it was the account before to which it was brought
    "brought in the instant in which the account changes": (Account(), Push(number=4), Repeat(number=4)),
}


@pytest.mark.parametrize("name", OUTGOING)
def test_what_was_found_in_sending_stays_mended(name: str) -> None:
    """A fault that was mended once would come back."""
    assert complaints_about(OUTGOING[name], 1) == []


@pytest.mark.parametrize("name", INCOMING)
def test_what_was_found_in_receiving_stays_mended(name: str) -> None:
    """A fault that was mended once would come back."""
    assert complaints_about_incoming(INCOMING[name], 1) == []
