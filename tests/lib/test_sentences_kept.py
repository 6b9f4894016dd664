"""A sentence is still one after a restart, beside another process, and where a program asks over REST."""

import json
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Status
from bach_lib.errors import StoreFailedError
from bach_lib.models import Fault, Loss, Message
from bach_lib.outcomes import Dead, Sent
from bach_lib.rest.exact import exact, made
from bach_lib.rest.outgoing_rows import message_of, outgoing_row
from bach_lib.rest.retelling import retold
from bach_lib.said import Sentence, packed
from bach_lib.storage import ServerDatabase, Store
from bach_lib.testing import FakePlatform, fake_connector

REASON = Sentence("it_was_refused", "it was refused")
SENTENCE = Sentence("no_connection_to_hop_reason", "No connection to {hop}: {reason}.", hop="here", reason=REASON)
FAULT = Fault(code="refused", text=SENTENCE)


def is_kept(text: str) -> bool:
    """With all that another language needs."""
    return isinstance(text, Sentence) and packed(text) == packed(SENTENCE)


async def tell_after_a_restart(place: Path | Store, again: Path | Store) -> None:
    """What is told of messages that a process before this one has sent."""
    platform = FakePlatform()
    platform.outcomes += [
        Dead(fault=FAULT),
        Sent(remote_id="1", degraded=True, losses=(Loss(what="reply", reason=SENTENCE),)),
    ]
    connectors = {"fake": fake_connector(platform)}
    async with Bach(place, connectors=connectors) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        for text in ("dies", "goes"):
            await bach.wait((await bach.send("home", "ada", text)).id, timeout=60)
    async with Bach(again, connectors=connectors) as bach:
        dead, sent = sorted(await bach.messages(), key=lambda message: message.id)
        assert (dead.status, sent.status) == (Status.DEAD, Status.SENT)
        assert dead.error
        assert is_kept(dead.error.text)
        _, [attempt] = await bach.history(dead.id)
        assert attempt.error
        assert is_kept(attempt.error.text)
        assert is_kept(sent.lost[0].reason)


@pytest.mark.sqlite_only
async def test_a_file_keeps_sentences(tmp_path: Path) -> None:
    """After a restart the dead letters of a German home would be explained in English."""
    await tell_after_a_restart(tmp_path / "bach.db", tmp_path / "bach.db")


async def test_a_server_keeps_sentences(database_address: str) -> None:
    """The same for a home whose messages are on a server."""
    await tell_after_a_restart(ServerDatabase(database_address), ServerDatabase(database_address))


async def test_programs_get_sentences(bach: Bach, platform: FakePlatform) -> None:
    """A page in another language would have nothing to translate where the messages are another process's."""
    platform.outcomes += [Dead(fault=FAULT)]
    await bach.registry.add(Connection(name="home", type="fake"))
    message = await bach.wait((await bach.send("home", "ada", "dies")).id, timeout=60)
    beside = made(Message, json.loads(json.dumps(exact(message))))
    over_rest = message_of(json.loads(json.dumps(outgoing_row(message))))
    for told in (message, beside, over_rest):
        assert told.error
        assert told.error.text == SENTENCE
        assert is_kept(told.error.text)


def test_an_error_of_another_process_keeps_its_sentences() -> None:
    """The command's error would be translated, and its reason not."""
    error = StoreFailedError(path="x.db", reason=SENTENCE)
    told = {"code": error.code, "placeholders": exact(error.values)}
    again = retold(json.loads(json.dumps(told)), str(error), place="there")
    assert (type(again), str(again)) == (StoreFailedError, str(error))
    assert packed(again.placeholders["reason"]) == packed(error.placeholders["reason"])
