"""Deletions that come in: only of what is in the inbox, and under the name of who wrote it."""

from dataclasses import replace

from bach_lib.connectors.base import Incoming
from bach_lib.inbound.admission import is_allowed
from bach_lib.models.incoming import Kind
from bach_lib.storage import Store
from bach_lib.testing import FakeClock
from tests.lib.inbound.make import incoming
from tests.lib.inbound.test_inbox import HOME, Bench
from tests.lib.storage.work import add


def gone(**fields: object) -> Incoming:
    """Nobody says who has taken the message back, nor whose it was."""
    usual = incoming(remote_id="1#gone", kind=Kind.DELETED, text="", reply_to="42:1", sender_id="", sender_name="")
    return replace(usual, **fields)  # type: ignore[arg-type] # fields of it


async def test_only_what_is_there_can_be_taken_back(store: Store, clock: FakeClock) -> None:
    """Whoever deletes anything anywhere would be in the inbox; or be said to be somebody else."""
    bench = Bench(store, clock)
    await store.submit(add("home"))
    await bench.take_in(incoming())
    [taken] = (await bench.take_in(gone(), cursor="2")).messages
    assert (taken.kind, taken.sender_id, taken.sender_name, taken.subject) == (Kind.DELETED, "42", "Ada", "42:1")
    accepted = await bench.take_in(
        gone(remote_id="2#gone", reply_to="99"),
        gone(remote_id="3#gone", recipient="43"),
        gone(remote_id="4#gone", sender_id="43", sender_name="Eve"),
        cursor="3",
        row=replace(HOME, allowed=frozenset({"42", "43#7"})),
    )
    assert (accepted.messages, accepted.blocked) == ([], 0)


def test_who_is_let_in_at_a_place_may_take_back_there() -> None:
    """Where only some are heard in a group, what they delete would stay wherever it went."""
    message = gone(recipient="-100/5")
    assert is_allowed(frozenset({"-100#42"}), message)
    assert not is_allowed(frozenset({"-200", "42"}), message)
