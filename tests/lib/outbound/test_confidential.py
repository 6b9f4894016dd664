"""A login code: it reaches its recipient, is told to nobody else, and goes with its end."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bach_lib import Bach, Button, Connection, Extras, Fault, NotUndoableError, Status, WordsNotKeptError
from bach_lib.connectors.base import Connector
from bach_lib.control.operations import perform
from bach_lib.events import MessageEvent
from bach_lib.outcomes import Dead, Retry, Scope
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from bach_lib.web.viewer import Visit
from bach_lib.web.views import Views
from tests.lib.web.viewers import Everybody

CODE, TITLE = "481516 is your code", "Front door"
AWAY = Fault(code="unreachable", text="No route to host")
NOBODY = Fault(code="refused", text="Chat not found")


@pytest.fixture
async def home(bach: Bach, clock: FakeClock) -> Bach:
    """A BACH with a connection at work."""
    await bach.registry.add(Connection(name="home", type="fake"))
    await clock.settle()
    return bach


async def everything_said(bach: Bach, number: int) -> str:
    """All that whoever looks at the message is told of it."""
    views = Views(Visit(bach, Everybody([])))
    message = await bach.get(number)
    listed = [await bach.messages(), await bach.messages(recipient="ada"), await perform(bach, "messages", {})]
    shown = [views.row(message), views.said(message), views.whole(message, [], [])]
    return repr([message, listed, shown, await perform(bach, "message", {"message_id": number})])


async def test_it_reaches_its_recipient_and_nobody_reads_it(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """Whoever may look at the queue could log in as somebody else."""
    told = list[MessageEvent]()
    home.subscribe(MessageEvent, told.append)
    platform.fault = AWAY
    receipt = await home.send("home", "ada", CODE, title=TITLE, confidential=True, extras=Extras(protected=True))
    await clock.settle()
    assert (await home.get(receipt.id)).confidential
    waiting = await everything_said(home, receipt.id)
    platform.fault = None
    await clock.advance(600)
    assert [(one.text, one.title, one.extras.protected) for one in platform.sent] == [(CODE, TITLE, True)]
    for said in (waiting, await everything_said(home, receipt.id), repr(told)):
        assert "481516" not in said
        assert TITLE not in said
        assert "protected=True" not in said
    assert len(told) >= 3
    assert "confidential_words" in waiting, "nobody would know why there are no words"


async def sent(_: Bach, __: int, clock: FakeClock, platform: FakePlatform) -> None:
    """The platform takes it."""
    platform.fault = None
    await clock.advance(600)


async def cancelled(bach: Bach, number: int, _: FakeClock, __: FakePlatform) -> None:
    """A person does."""
    await bach.cancel(number)


async def replaced(bach: Bach, _: int, clock: FakeClock, __: FakePlatform) -> None:
    """A newer one of its tag comes."""
    await bach.send("home", "ada", "newer", tag="code")
    await clock.settle()


async def expired(_: Bach, __: int, clock: FakeClock, ___: FakePlatform) -> None:
    """Its time is over."""
    await clock.advance(3600)


async def dead(_: Bach, __: int, clock: FakeClock, platform: FakePlatform) -> None:
    """The platform refuses it."""
    platform.outcomes.append(Dead(fault=NOBODY))
    platform.fault = None
    await clock.advance(600)


ENDS: Mapping[Status, Callable[[Bach, int, FakeClock, FakePlatform], Awaitable[None]]] = {
    Status.SENT: sent,
    Status.CANCELLED: cancelled,
    Status.EXPIRED: expired,
    Status.DEAD: dead,
}


@pytest.mark.parametrize(("status", "end"), [*ENDS.items(), (Status.CANCELLED, replaced)])
async def test_its_words_go_with_its_end_whatever_that_is(
    home: Bach,
    platform: FakePlatform,
    clock: FakeClock,
    status: Status,
    end: Callable[[Bach, int, FakeClock, FakePlatform], Awaitable[None]],
) -> None:
    """Codes of years would lie in the database, and in each of its backups."""
    platform.fault = AWAY
    receipt = await home.send("home", "ada", CODE, title=TITLE, confidential=True, tag="code", time_to_live=3000)
    open_one = await home.send("home", "bob", "whoever", title=TITLE)
    await clock.settle()
    rows = await kept(home)
    assert rows[receipt.id] == (CODE, TITLE), "until then it has to survive a power cut"
    await end(home, receipt.id, clock, platform)
    assert (await home.get(receipt.id)).status is status
    rows = await kept(home)
    assert (rows[receipt.id], rows[open_one.id]) == (("", None), ("whoever", TITLE))


async def test_a_button_that_logs_in_is_as_secret() -> None:
    """Whoever may look at the queue, or finds the file, would open the address and be somebody else."""
    platform, clock, address = FakePlatform(), FakeClock(), "https://home.example/?token=secret"
    kind = fake_connector(platform)
    kind.capabilities = replace(kind.capabilities, button_url=2048)
    home = [Connection(name="home", type="fake")]
    login = [[Button(text="Log in", url=address), Button(text="Not me", value="no")]]
    async with Bach(":memory:", clock=clock, connectors={"fake": kind}, connections=home, grace=0) as bach:
        number = (await bach.send("home", "ada", CODE, confidential=True, buttons=login)).id
        await clock.settle()
        await bach.edit(number, CODE, buttons=login)
        await clock.settle()
        assert [address in one.text for one in platform.sent] == [True, True]
        said = await bach.messages()
        assert [[button.url for row in one.buttons for button in row] for one in said] == [[None]] * 2


async def test_what_is_not_kept_is_not_sent_again(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """An empty message would go out where somebody presses *Try again*, or *Undo*."""
    platform.outcomes.extend([Dead(fault=NOBODY), Dead(fault=NOBODY)])
    code = (await home.send("home", "ada", CODE, confidential=True)).id
    other = (await home.send("home", "ada", "whoever")).id
    await clock.settle()
    with pytest.raises(WordsNotKeptError):
        await home.retry(code)
    with pytest.raises(WordsNotKeptError):
        await home.amend(code, recipient="bob")
    assert await home.retry_all("home") == 1
    await clock.settle()
    assert [one.text for one in platform.sent] == ["whoever"]
    assert [(await home.get(one)).status for one in (code, other)] == [Status.DEAD, Status.SENT]
    platform.fault = AWAY
    later = (await home.send("home", "ada", CODE, confidential=True)).id
    await clock.settle()
    await home.cancel(later)
    with pytest.raises(NotUndoableError):
        await home.undo(later)
    await home.amend(code, text="815162 is your code")
    platform.fault = None
    await clock.advance(600)
    assert platform.sent[-1].text == "815162 is your code"
    assert "815162" not in await everything_said(home, code)


async def test_it_survives_a_power_cut_and_other_words_for_it_are_as_secret(tmp_path: Path) -> None:
    """A code that is asked for just before a restart would never come; or its correction would be read by all."""
    platform, clock = FakePlatform(), FakeClock()
    kinds: Mapping[str, type[Connector]] = {"fake": fake_connector(platform)}
    home = [Connection(name="home", type="fake")]
    platform.outcomes.append(Retry(fault=AWAY, scope=Scope.CONNECTION))
    platform.fault = AWAY
    async with Bach(tmp_path / "bach.db", clock=clock, connectors=kinds, connections=home, grace=0) as bach:
        number = (await bach.send("home", "ada", CODE, confidential=True)).id
        await clock.settle()
    platform.fault = None
    async with Bach(tmp_path / "bach.db", clock=clock, connectors=kinds, connections=home, grace=0) as bach:
        async with asyncio.timeout(60):
            while not platform.sent:
                await clock.advance(60)
        assert platform.sent[-1].text == CODE
        change = await bach.edit(number, "234 is your code")
        await clock.settle()
        assert platform.sent[-1].text == "234 is your code"
        assert "234" not in (await bach.get(change.id)).text
    assert CODE.encode() not in (tmp_path / "bach.db").read_bytes()


async def kept(bach: Bach) -> dict[int, tuple[object, object]]:
    """Text and title of all messages, as they stand in the database."""
    known = await bach.messages()
    found = await bach._base.store.read(lambda tx: [tx.row("get_message", id=one.id) for one in known])
    return {int(str(row["id"])): (row["text"], row["title"]) for row in found if row}
