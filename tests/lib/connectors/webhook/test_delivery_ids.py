"""What an id tells: of a delivery, or of the thing that posts. What is in doubt comes in."""

import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib import Bach, Connection
from bach_lib.connectors.webhook.delivery_ids import is_of_deliveries, names_delivery
from bach_lib.connectors.webhook.senders import SENDERS
from bach_lib.connectors.webhook.signature import sign
from bach_lib.storage import MemoryDatabase
from bach_lib.testing import FakeClock
from tests.lib.connectors.webhook.test_senders import RECORDED, alert, alertmanager

TOKEN = "a-token-of-sixteen-characters"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
NOW = FakeClock().now()
TODAY = datetime.fromtimestamp(NOW, UTC)
CHECK = "f7826da6-4fa2-4e98-8024-bc5b71e0893e"
HOUR, DAY = 3600.0, 86_400.0

DEVICES: Mapping[str, object] = {
    "a word": "doorbell",
    "a word with a number": "front-door_2",
    "a long word": "Donaudampfschifffahrtsgesellschaft",
    "an entity": "binary_sensor.kitchen_window_left_contact",
    "a small number": 1,
    "four digits": "4711",
    "an IMEI": "356938035643809",
    "an IMEI as a number": 356938035643809,
    "an ICCID of a SIM": "8949020000001234567F",
    "an address of Ethernet": "a8:03:2a:be:54:dc",
    "the same without colons": "A8032ABE54DC",
    "the same with points": "a803.2abe.54dc",
    "a Shelly": "shellyplus1pm-a8032abe54dc",
    "a Shelly of the first generation": "shellydw2-73BFF9",
    "a Zigbee radio": "0x00158d0001a2b3c4",
    "the same without a prefix": "00158d0001a2b3c4",
    "a Z-Wave node": "3967-23-48-0-Access Control",
    "a LoRaWAN EUI": "70B3D57ED005A1B2",
    "a UPnP device": "uuid:2f402f80-da50-11e1-9b23-001788a1b2c3",
    "a UUID of a beacon": "f7826da6-4fa2-4e98-8024-bc5b71e0893e",
    "a Tuya device": "bf1c2d3e4f5a6b7c8d9e0f",
    "a Sonos": "RINCON_B8E93712345601400",
    "a HomeKit accessory": "1A:2B:3C:4D:5E:6F.14",
    "a camera's serial number": "DS-2CD2143G0-I20190612AAWRD12345678",
    "a Reolink": "95270000ABCDEFGH",
    "a phone": "Pixel 8 Pro 9c1f2ab3d4e5f607",
    "an IPv4 address": "192.168.100.101",
    "an IPv6 address": "fe80:0000:0000:0000:aa03:2aff:febe:54dc",
    "a NAS and its disk": "WD40EFRX-68N32N0 WD-WCC7K1234567",
    "a key of a service": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "a container": "3f4e5d6c7b8a9f0e1d2c3b4a59687766554433221100ffeeddccbbaa99887766",
    "the day on which it was made": "SN-20240117-0042",
    "when it was set up": "esp-1700000000",
    "a ULID of its set-up": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "an ObjectId of its set-up": "507f1f77bcf86cd799439011",
    "digits that are none": "²²²²²²²²²²",
}


def ulid(now: float) -> str:
    """One of that moment."""
    milliseconds, digits = int(now * 1000), ""
    for _ in range(10):
        milliseconds, rest = divmod(milliseconds, 32)
        digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[rest] + digits
    return digits + "TSV4RRFFQ69G5FAV"


def uuid7(now: float) -> str:
    """One of that moment."""
    return str(UUID(int=int(now * 1000) << 80 | 7 << 76 | 2 << 62 | 0x1234567890AB))


def uuid1(now: float) -> str:
    """One of that moment."""
    ticks = int((now + 12_219_292_800) * 10_000_000)
    return str(UUID(fields=(ticks & 0xFFFFFFFF, ticks >> 32 & 0xFFFF, ticks >> 48 & 0x0FFF | 0x1000, 0x80, 1, 2)))


def uuid6(now: float) -> str:
    """One of that moment."""
    ticks = int((now + 12_219_292_800) * 10_000_000)
    return str(UUID(int=ticks >> 12 << 80 | 6 << 76 | (ticks & 0xFFF) << 64 | 2 << 62 | 1))


DELIVERIES: Mapping[str, Callable[[float], str]] = {
    "seconds": lambda now: f"{now:.0f}",
    "thousandths": lambda now: f"job {now * 1000:.0f}",
    "millionths": lambda now: f"{now * 1e6:.0f}",
    "billionths": lambda now: f"{now:.0f}000000001",
    "seconds with a fraction": lambda now: f"{now:.3f}",
    "a day": lambda now: f"backup-{datetime.fromtimestamp(now, UTC):%Y-%m-%d}",
    "a day without lines": lambda now: f"backup{datetime.fromtimestamp(now, UTC):%Y%m%d}",
    "a minute without lines": lambda now: f"{datetime.fromtimestamp(now, UTC):%Y%m%d%H%M}",
    "a second without lines": lambda now: f"{datetime.fromtimestamp(now, UTC):%Y%m%d%H%M%S}",
    "a day of Europe": lambda now: f"backup {datetime.fromtimestamp(now, UTC):%d.%m.%Y}",
    "a day of America": lambda now: f"backup {datetime.fromtimestamp(now, UTC):%m/%d/%Y}",
    "a time": lambda now: f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}",
    "Healthchecks": lambda now: f"{CHECK} down {datetime.fromtimestamp(now, UTC).isoformat()}",
    "a ULID": ulid,
    "a ULID in small letters": lambda now: ulid(now).lower(),
    "an ObjectId": lambda now: f"{int(now):08x}bcf86cd799439011",
    "a UUID of version 1": uuid1,
    "a UUID of version 6": uuid6,
    "a UUID of version 7": uuid7,
}


@pytest.mark.parametrize("name", DELIVERIES)
def test_an_id_that_holds_the_time_is_of_a_delivery(name: str) -> None:
    """A delivery that comes again after hours would be heard twice."""
    id_ = DELIVERIES[name](NOW)
    assert names_delivery(id_, NOW), id_
    assert names_delivery(id_, NOW + 6 * HOUR)
    assert not names_delivery(id_, NOW + 3 * DAY), "a thing may be called after the day on which it was made"


@given(st.integers(-14, 12))
def test_a_day_counts_wherever_it_is_that_day(zone: int) -> None:
    """A backup of tonight would be told of twice wherever the day ends sooner or later than in Greenwich."""
    local = TODAY + timedelta(hours=zone)
    assert names_delivery(f"backup-{local:%Y-%m-%d}", NOW)


@given(st.text(max_size=60))
def test_whatever_is_an_id_is_looked_at(id_: str) -> None:
    """One id would make a post unreadable."""
    assert names_delivery(id_, NOW) in {True, False}


@given(
    st.from_regex(
        r"\A(?:[0-9]{1,9}|[0-9]{11,12}|[0-9]{15}|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})\Z"
    )
)
def test_no_number_of_a_device_is_a_time(id_: str) -> None:
    """A device that nobody here thought of would be heard once in thirty days."""
    if not id_.startswith(("2026", "2027")):
        assert not names_delivery(id_, NOW)


def test_headers_that_tell_requests_apart() -> None:
    """The id of a hook, which is in all of its requests, would make one message of them."""
    of_requests = ("x-github-delivery", "webhook-id", "svix-id", "idempotency-key", "x-request-id", "x-request-uuid")
    more = ("x-gitlab-event-uuid", "x-shopify-event-id", "x-amz-sns-message-id", "ce-id", "linear-delivery")
    assert all(is_of_deliveries(f"header:{name}") for name in (*of_requests, *more))
    of_things = ("x-github-hook-id", "x-gitlab-webhook-uuid", "x-hook-uuid", "x-event-key", "x-device-id", "user-agent")
    assert not any(is_of_deliveries(f"header:{name}") for name in (*of_things, "x-gitlab-event", "x-api-key"))
    assert not is_of_deliveries("request-id"), "that is a field of the body"


class Hook:
    """A BACH that takes posts."""

    def __init__(self, bach: Bach) -> None:
        self.bach = bach

    async def connection(self, name: str, **more: object) -> None:
        """One more, which hears everybody."""
        fields = {"auth_config": {"incoming_token": "x:token"}, **more}
        allowed = frozenset({"webhook", "phone", "default", *map(str, DEVICES.values()), *WHO})
        await self.bach.registry.add(Connection(name=name, type="webhook", allowed=allowed, **fields))  # type: ignore[arg-type]

    async def hears(self, name: str, body: object, headers: Mapping[str, str] = BEARER) -> bool:
        """Whether it is a message."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.bach.push(name, headers, raw) is not None


WHO = {who for _, _, _, who in RECORDED.values()} | {"prometheus"}


@pytest.fixture
async def hook(clock: FakeClock) -> AsyncIterator[Hook]:
    """It."""
    async with Bach(MemoryDatabase(), clock=clock, secrets={"x": {"token": TOKEN, "own": TOKEN[::-1]}.get}) as bach:
        yield Hook(bach)


async def test_no_device_is_heard_once_only(hook: Hook, clock: FakeClock) -> None:
    """The second alarm of a sensor was swallowed for thirty days, because its serial number looked like an id."""
    await hook.connection("hook")
    await hook.connection("shelly", settings={"incoming_from": "shelly"})
    await hook.connection("health", settings={"incoming_from": "healthchecks"})
    await hook.connection("header", settings={"incoming": {"id": "header:x-device-id"}})
    await hook.connection("both", settings={"incoming": {"id": ["sender", "id"]}})
    fields = ("hook", "id"), ("shelly", "message_id"), ("health", "id"), ("header", ""), ("both", "id")
    for after in (0.0, 61.0, HOUR):
        await clock.advance(after)
        for name, id_ in DEVICES.items():
            for connection, field in fields:
                body = {"text": f"Motion at {name}", "sender": "webhook", **({field: id_} if field else {})}
                shown = {**BEARER, **({} if field else {"X-Device-Id": str(id_)})}
                assert await hook.hears(connection, body, shown), (after, name, connection)
                assert not await hook.hears(connection, body, shown), "and a retry is none"


async def test_what_holds_its_time_is_known_for_as_long_as_it_may_be_tried_again(hook: Hook, clock: FakeClock) -> None:
    """Whoever tries again after hours would be heard twice."""
    await hook.connection("hook")
    for name, made in DELIVERIES.items():
        body = {"text": name, "id": made(NOW)}
        assert await hook.hears("hook", body)
    await clock.advance(5 * HOUR)
    for name, made in DELIVERIES.items():
        assert not await hook.hears("hook", {"text": name, "id": made(NOW)}), name


async def test_an_id_under_which_other_things_are_told_is_none_of_a_delivery(hook: Hook, clock: FakeClock) -> None:
    """A sensor that counts its id from when it was switched on would be quiet for the rest of that day."""
    await hook.connection("hook")
    booted = f"sensor-{NOW:.0f}"
    for text in ("Motion", "No motion", "Motion", "No motion"):
        assert await hook.hears("hook", {"text": text, "id": booted})
        await clock.advance(61)
    assert await hook.hears("hook", {"text": "No motion", "id": booted})
    assert not await hook.hears("hook", {"text": "No motion", "id": booted})


async def test_what_a_signature_names_counts_before_what_stands_in_the_body(hook: Hook) -> None:
    """A signed doorbell would ring once a minute at most, and its second ring be a repetition."""
    await hook.connection("signed", auth_config={"incoming_secret": "x:token"})
    body = b'{"text": "ding", "id": "356938035643809"}'
    heard = []
    for id_ in ("msg_1", "msg_2", "msg_2"):
        signed = {"webhook-id": id_, "webhook-timestamp": f"{NOW:.0f}"}
        heard.append(
            await hook.hears("signed", body, {**signed, "webhook-signature": sign(TOKEN.encode(), id_, int(NOW), body)})
        )
    assert heard == [True, True, False]


async def test_who_overhears_a_signature_of_the_body_gives_no_commands_with_it(hook: Hook, clock: FakeClock) -> None:
    """What was overheard once would open the door again, or a doorbell that signs ring once a month."""
    await hook.connection("shared", auth_config={"incoming_secret": "x:token"})
    await hook.connection("own", auth_config={"incoming_secret": "x:token", "sender:phone": "x:own"})

    async def heard(name: str, key: str, text: str) -> bool:
        raw = json.dumps({"text": text, "id": "356938035643809"}).encode()
        signature = hmac.new(key.encode(), raw, sha256).hexdigest()
        return await hook.hears(name, raw, {"X-Hub-Signature-256": f"sha256={signature}"})

    assert [await heard("shared", TOKEN, "ding"), await heard("own", TOKEN[::-1], "/open")] == [True, True]
    await clock.advance(HOUR)
    assert [await heard("shared", TOKEN, "ding"), await heard("own", TOKEN[::-1], "/open")] == [True, False]


async def test_an_old_body_that_was_signed_without_a_time_is_a_repetition_and_is_told(
    hook: Hook, clock: FakeClock
) -> None:
    """Whoever overheard one request would open the door again whenever they like, and nobody would learn of it."""
    keys = {"incoming_secret": "x:token", "sender:phone": "x:own"}
    await hook.connection("door", auth_config=keys)
    await hook.connection("list", auth_config=keys, settings={"incoming": {"each": "all"}})

    async def heard(name: str, key: str, body: object, **more: str) -> bool:
        raw = json.dumps(body).encode()
        signature = hmac.new(key.encode(), raw, sha256).hexdigest()
        return await hook.hears(name, raw, {"X-Gitea-Signature": signature, **more})

    own = TOKEN[::-1]
    opened, closed = {"text": "/open"}, {"text": "/close", "id": "door"}
    assert [await heard("door", own, one) for one in (opened, closed)] == [True, True]
    assert await heard("door", TOKEN, {"text": "ding"})
    assert hook.bach.refused("door") is None
    for _ in range(3):
        await clock.advance(DAY)
        assert [await heard("door", own, one) for one in (opened, closed)] == [False, False]
        assert not await heard("door", own, opened, **{"X-GitHub-Delivery": f"{clock.now()}"}), "which nobody signed"
        assert not await heard("door", TOKEN, {"text": "ding"})
    assert await heard("door", own, {**opened, "at": clock.now()}), "who counts is heard"
    refused = hook.bach.refused("door")
    assert refused
    assert "signed without a time" in refused.reason
    both = {"all": [{"text": "one"}, {"text": "two"}]}
    assert await heard("list", own, both)
    assert [one.text for one in await hook.bach.inbox(connection="list")][:2] == ["two", "one"]
    assert not await heard("list", own, both)


@pytest.mark.parametrize("sender", SENDERS)
async def test_what_programs_really_post_is_heard_again_unless_it_names_its_delivery(
    hook: Hook, clock: FakeClock, sender: str
) -> None:
    """A preset would take what names a monitor, an alarm or a check for the id of a delivery."""
    headers, body = BEARER, json.loads(alertmanager(alert("nas", "firing", "T1")))
    if sender in RECORDED:
        shown, posted, _, _ = RECORDED[sender]
        headers, body = {**BEARER, **shown}, posted
    await hook.connection(sender, settings={"incoming_from": sender})
    names_its_delivery = sender in {"github", "gitlab", "uptime-kuma"}
    if sender == "github":
        signature = hmac.new(TOKEN.encode(), json.dumps(body).encode(), sha256).hexdigest()
        headers = {**headers, "X-Hub-Signature-256": f"sha256={signature}"}
    assert await hook.hears(sender, body, headers)
    await clock.advance(HOUR)
    assert await hook.hears(sender, body, headers) != names_its_delivery
    if sender == "uptime-kuma" and isinstance(body, dict):
        for beat in ({}, None, {"monitorID": 1}):
            told = {**body, "heartbeat": beat}
            assert await hook.hears(sender, told), "without its time it names the monitor only"
            await clock.advance(61)
            assert await hook.hears(sender, told)
            await clock.advance(61)
