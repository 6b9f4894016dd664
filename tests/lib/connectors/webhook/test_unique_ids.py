"""What a field that is called `id` tells: of a delivery, or of the thing that posts."""

import hmac
import json
from hashlib import sha256

from bach_lib import Bach, Connection
from bach_lib.connectors.webhook.unique_ids import looks_unique
from bach_lib.storage import MemoryDatabase
from bach_lib.testing import FakeClock

TOKEN = "a-token-of-sixteen-characters"
BEARER = {"Authorization": f"Bearer {TOKEN}"}

OF_A_DELIVERY = [
    "123e4567-e89b-12d3-a456-426614174000",
    "job/123E4567-E89B-12D3-A456-426614174000 done",
    "1764280000",
    "backup-2026-11-25",
    "2026-11-25T08:00:00",
    "backup 25/11/2026",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "507f1f77bcf86cd799439011",
    "evt_1NG8Du2eZvKYlo2CUI79vXWy",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
]
OF_A_THING = [
    "doorbell",
    "1",
    "4711",
    "front-door_2",
    "192.168.100.101",
    "a8:03:2a:be:54:dc",
    "shelly1-A8032ABE54DC",
    "0x00158d0001a2b3c4",
    "binary_sensor.kitchen_window_left_contact",
    "Donaudampfschifffahrtsgesellschaft",
    "²²²²²²²²²²",
]


def test_an_id_shows_whether_anything_else_will_have_it() -> None:
    """A doorbell would ring once a month, or a delivery that comes again after hours be heard twice."""
    assert [id_ for id_ in OF_A_DELIVERY if not looks_unique(id_)] == []
    assert [id_ for id_ in OF_A_THING if looks_unique(id_)] == []


async def test_a_doorbell_rings_each_time_and_its_retry_does_not(clock: FakeClock) -> None:
    """The second ring in thirty days was taken for the first one, and answered with 204."""
    async with Bach(MemoryDatabase(), clock=clock, secrets={"x": {"token": TOKEN}.get}) as bach:
        for name, auth in (("hook", "incoming_token"), ("signed", "incoming_secret")):
            await bach.registry.add(
                Connection(name=name, type="webhook", auth_config={auth: "x:token"}, allowed=frozenset({"webhook"}))
            )

        async def heard(name: str, id_: object) -> bool:
            body = json.dumps({"id": id_, "text": "ding"}).encode()
            signature = hmac.new(TOKEN.encode(), body, sha256).hexdigest()
            headers = BEARER if name == "hook" else {"X-Hub-Signature-256": f"sha256={signature}"}
            return await bach.push(name, headers, body) is not None

        assert [await heard("hook", id_) for id_ in ("doorbell", 4711, "1764280000")] == [True] * 3
        assert not await heard("hook", "doorbell"), "that was a retry"
        assert await heard("signed", "doorbell")
        for _ in range(2):
            await clock.advance(301)
            assert [await heard("hook", id_) for id_ in ("doorbell", 4711, "1764280000")] == [True, True, False]
            assert not await heard("signed", "doorbell"), "whoever heard it on the way could ring"
