"""Notices between processes: each fits, all that is said is understood, and nonsense is nobody's end."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib import Bach, Connection
from bach_lib.owners.notices import MAX_BYTES, Notice, What, about, decoded
from bach_lib.storage.postgresql.driver import Wire
from bach_lib.storage.postgresql.notifier import Notifier
from bach_lib.storage.transaction import Value
from bach_lib.testing import FakePlatform, fake_connector

NAMES = st.text(max_size=100)
IDS = st.lists(st.integers(0, 2**63 - 1), max_size=1000)


@given(st.sampled_from(What), NAMES, IDS)
def test_what_is_told_is_heard_whole_in_notices_that_fit(what: What, connection: str, ids: list[int]) -> None:
    """PostgreSQL refuses a payload of 8,000 bytes, and a transaction with it; or the owner would miss messages."""
    heard: list[int] = []
    for notice in about(what, connection, ids):
        assert len(notice.encoded().encode()) < MAX_BYTES
        again = decoded(notice.encoded())
        assert again == notice
        heard += again.ids
    assert heard == ids


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "{",
        "null",
        "[]",
        '["written"]',
        '["sung","a",1]',
        '["written",1]',
        '["written","a","1"]',
        "[[]]",
        '["written","a",true]',
    ],
)
def test_what_nobody_understands_is_passed_over(nonsense: str) -> None:
    """A newer BACH beside this one, or somebody at the console, would end its listening."""
    assert decoded(nonsense) is None


def test_a_notice_about_no_message() -> None:
    """That a whole queue has changed would be lost."""
    assert decoded(Notice(What.RELOAD, "home").encoded()) == Notice(What.RELOAD, "home")


async def test_a_notice_costs_one_trip_to_the_server(
    database_address: str, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each message that another process sends would wait for one trip after another before its turn comes."""
    async with Bach(database_address, connectors={"fake": fake_connector(platform)}, autostart=False) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        numbers = [(await bach.send("home", f"{number}", "Tea.")).id for number in range(9)]
        await bach.cancel(numbers[2])
        said, send = list[str](), Wire._send

        def counted(wire: Wire, sql: str, parameters: Sequence[Value]) -> object:
            said.append(sql)
            return send(wire, sql, parameters)

        history = bach._open_parts.history
        assert await history.noted("home", numbers[:1], 5)  # the reader is connected now
        monkeypatch.setattr(Wire, "_send", counted)
        found = await history.noted("home", [numbers[7], numbers[2], numbers[0], 0], 3)
        assert len(said) == 1
    assert [message.id for message in found] == [numbers[place] for place in (0, 2, 4, 5, 6, 7)]


async def test_who_waits_for_what_it_sent_calls_nobody_twice(
    database_address: str, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner would look twice at each message, and who sends would call out twice, while both have to do."""
    connectors = {"fake": fake_connector(platform)}
    told, tell = list[str](), Notifier.tell

    def counted(notifier: Notifier, notice: str) -> None:
        told.append(notice)
        tell(notifier, notice)

    async with Bach(database_address, connectors=connectors, grace=0.0) as owner:
        await owner.registry.add(Connection(name="home", type="fake"))
        async with Bach(database_address, connectors=connectors, autostart=False) as sender:
            monkeypatch.setattr(Notifier, "tell", counted)
            receipt = await sender.send("home", "ada", "Tea.")
            await sender.wait(receipt.id, 60)
    kinds = [notice.what for one in told if (notice := decoded(one))]
    assert (kinds.count(What.WRITTEN), kinds.count(What.ENDED)) == (1, 1)
