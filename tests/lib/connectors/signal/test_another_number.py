"""Another number under the same connection: what the old one sent is not the new one's to change."""

from pathlib import Path

import pytest

from bach_lib import Bach, Connection
from bach_lib.errors import InvalidValueError
from bach_lib.models import Status
from bach_lib.testing.signal import SignalServer
from tests.lib.connectors.signal.conftest import ADA


async def test_what_the_old_number_sent_stays_its_own(server: SignalServer, tmp_path: Path) -> None:
    """The server takes a change of nothing for good: a text would be "corrected", and nobody see it."""
    row = Connection(name="home", type="signal", endpoint=server.url, settings={"number": server.number})
    async with Bach(tmp_path / "bach.db") as bach:
        await bach.registry.add(row)
        old = await bach.send("home", ADA, "of the old number")
        assert (await bach.wait(old.id, 60)).status is Status.SENT
        remote_id = (await bach.get(old.id)).remote_id
        server.number = "+491700000009"
        await bach.registry.update("home", settings={"number": server.number})
        answer = await bach.send("home", ADA, "an answer", reply_to=remote_id)
        assert [loss.what for loss in (await bach.wait(answer.id, 60)).lost] == ["reply"]
        with pytest.raises(InvalidValueError) as caught:
            await bach.edit(old.id, "corrected")
        assert caught.value.placeholders == {
            "field": "a message to change",
            "value": str(old.id),
            "expected": "one that home's present account has sent",
        }
        later = await bach.send("home", ADA, "another answer", reply_to=remote_id)
        assert [loss.what for loss in (await bach.wait(later.id, 60)).lost] == ["reply"]
        new = await bach.edit(later.id, "corrected")
        assert (await bach.wait(new.id, 60)).status is Status.SENT
    assert [sent.text for sent in server.sent][:1] == ["of the old number"]
