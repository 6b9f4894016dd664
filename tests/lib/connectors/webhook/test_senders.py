"""The senders that people have: each with its own proof, its own form, and its own idea of what an id is."""

import hmac
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib import Bach, Connection
from bach_lib.connectors.base import Incoming, Setup, Unreadable
from bach_lib.connectors.webhook import WebhookConnector
from bach_lib.connectors.webhook.bodies import UnreadableBodyError, read
from bach_lib.connectors.webhook.codec import MAX_ELEMENTS, PostDecoder
from bach_lib.connectors.webhook.proofs import ADDRESS_HEADER, NotProvenError, Proofs
from bach_lib.connectors.webhook.senders import SENDERS
from bach_lib.connectors.webhook.signature import sign
from bach_lib.errors import InvalidValueError, PushRefusedError
from bach_lib.storage import MemoryDatabase
from bach_lib.testing import FakeClock
from tests.lib.connectors.webhook.posted import messages

TOKEN = "a-token-of-sixteen-characters"
KEY = TOKEN.encode()
BODY = b'{"text": "pushed"}'
NOW = 1_800_000_000.0
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def hexed(body: bytes) -> str:
    """HMAC-SHA256 as GitHub writes it."""
    return hmac.new(KEY, body, sha256).hexdigest()


TOKENS: Mapping[str, dict[str, str]] = {
    "bearer": BEARER,
    "Home Assistant, without a scheme": {"Authorization": TOKEN},
    "Grafana, user and password": {"Authorization": "Basic " + b64encode(b"bach:" + KEY).decode()},
    "GitLab": {"X-Gitlab-Token": TOKEN},
    "API key": {"X-API-Key": TOKEN},
}
SIGNATURES: Mapping[str, dict[str, str]] = {
    "Standard Webhooks": {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(NOW)),
        "webhook-signature": sign(KEY, "msg_1", int(NOW), BODY),
    },
    "Svix": {
        "Svix-Id": "msg_1",
        "Svix-Timestamp": str(int(NOW)),
        "Svix-Signature": f"v1,b2xk {sign(KEY, 'msg_1', int(NOW), BODY)}",
    },
    "GitHub": {"X-Hub-Signature-256": f"sha256={hexed(BODY)}"},
    "Gitea": {"X-Gitea-Signature": hexed(BODY)},
    "Grafana": {"X-Grafana-Alerting-Signature": hexed(BODY)},
    "Grafana with a time": {
        "X-Grafana-Alerting-Signature": hexed(f"{int(NOW)}:".encode() + BODY),
        "X-Grafana-Alerting-Timestamp": str(int(NOW)),
    },
}


def small(headers: Mapping[str, str]) -> dict[str, str]:
    """As the door hands them on."""
    return {name.lower(): value for name, value in headers.items()}


@pytest.mark.parametrize("headers", TOKENS.values(), ids=TOKENS)
def test_the_token_counts_wherever_it_is_shown(headers: dict[str, str]) -> None:
    """A sender that can set no header Authorization could not post."""
    Proofs(token=TOKEN, keys=()).check(small(headers), BODY, NOW)
    for other in (f"{TOKEN}x", TOKEN[1:], ""):
        with pytest.raises(NotProvenError):
            Proofs(token=other or "another-token-of-that-length", keys=()).check(small(headers), BODY, NOW)
    with pytest.raises(NotProvenError):
        Proofs(token=TOKEN, keys=(KEY,)).check(small(headers), BODY, NOW)  # where a signature is asked for
    with pytest.raises(NotProvenError):
        Proofs(token=None, keys=()).check(small(headers), BODY, NOW)


@pytest.mark.parametrize("headers", SIGNATURES.values(), ids=SIGNATURES)
def test_every_signature_counts_for_what_it_signs(headers: dict[str, str]) -> None:
    """A big sender could not post, or a stranger could change what it said."""
    proofs = Proofs(token=None, keys=(b"an old key of that length", KEY))
    proof = proofs.check(small(headers), BODY, NOW)
    assert proof.signed_at <= NOW
    assert proof.is_undated == (not any("timestamp" in name.lower() for name in headers)), "how long repetitions count"
    with pytest.raises(NotProvenError):
        proofs.check(small(headers), BODY + b" ", NOW)
    with pytest.raises(NotProvenError):
        Proofs(token=None, keys=(b"an old key of that length",)).check(small(headers), BODY, NOW)
    if any("timestamp" in name.lower() for name in headers):
        with pytest.raises(NotProvenError):
            proofs.check(small(headers), BODY, NOW + 301)


@pytest.mark.parametrize("name", ["X-Hub-Signature-256", "X-Grafana-Alerting-Signature"])
def test_a_token_may_be_what_a_body_is_signed_with(name: str) -> None:
    """GitHub and Grafana call what they are given a secret, and sign; they would be refused for showing no token."""
    proofs, headers = Proofs(token=KEY.decode(), keys=()), {name.lower(): hexed(BODY)}
    assert proofs.check(headers, BODY, NOW).of_the_body
    with pytest.raises(NotProvenError):
        proofs.check(headers, BODY + b" ", NOW)


def test_a_token_in_the_address_counts_only_where_that_is_chosen() -> None:
    """It stands in the log of every server on the way."""
    headers = {ADDRESS_HEADER: TOKEN}
    Proofs(token=TOKEN, keys=(), ways={"address"}).check(headers, b"", NOW)
    with pytest.raises(NotProvenError, match="address"):
        Proofs(token=TOKEN, keys=()).check(headers, b"", NOW)
    with pytest.raises(NotProvenError, match=r"shows no token$"):  # who is told of an address looks for it there
        Proofs(token=TOKEN, keys=()).check({}, b"", NOW)


IN_PARTS = b"\r\n".join(
    [
        *(b"--xYz", b'Content-Disposition: form-data; name="text"', b"", b"T\xc3\xbcr"),
        *(b"--xYz", b'Content-Disposition: form-data; name="sender"', b"", b"nas"),
        *(b"--xYz", b'Content-Disposition: form-data; name="file"; filename="a.jpg"', b"", b"\xff\xd8"),
        b"--xYz--",
    ]
)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"text": "T\xc3\xbcr", "sender": "nas"}'),
        ("", b'{"text": "T\xc3\xbcr", "sender": "nas"}'),
        ("application/json; charset=utf-8", b'\xef\xbb\xbf{"text": "T\xc3\xbcr", "sender": "nas"}'),
        ("application/json; charset=iso-8859-1", '{"text": "T\u00fcr", "sender": "nas"}'.encode("latin-1")),
        ("application/json", '{"text": "T\u00fcr", "sender": "nas"}'.encode("utf-16")),
        ("application/x-www-form-urlencoded", b'{"text": "T\xc3\xbcr", "sender": "nas"}'),
        ("application/x-www-form-urlencoded", b"text=T%C3%BCr&sender=nas"),
        ("application/x-www-form-urlencoded", b"payload=%7B%22text%22%3A%22T%C3%BCr%22%2C%22sender%22%3A%22nas%22%7D"),
        (
            "multipart/form-data; boundary=xYz",
            IN_PARTS,
        ),
    ],
)
def test_a_body_is_read_as_it_was_meant(content_type: str, body: bytes) -> None:
    """PowerShell's byte order mark, curl's forms and old charsets were "no JSON"."""
    assert read(content_type, body) == {"text": "T\u00fcr", "sender": "nas"}


def test_a_text_is_a_text() -> None:
    """Programs that can send nothing else could not post."""
    assert read("text/plain; charset=utf-8", b" Backup finished\n") == {"text": "Backup finished"}


@given(
    st.sampled_from(["", "multipart/form-data; boundary=a", "application/x-www-form-urlencoded", "text/xml"]),
    st.binary(),
)
def test_any_body_is_read_or_refused(content_type: str, body: bytes) -> None:
    """A stranger's request could end in an error nobody expects."""
    with suppress(UnreadableBodyError):
        assert read(content_type, body) != ""


def door(setup: Setup, from_: str | None = None, *, secret: bool = False, **settings: object) -> WebhookConnector:
    """A connection that takes what such a sender posts."""
    settings = ({"incoming_from": from_} if from_ else {}) | settings
    secrets = {"incoming_secret" if secret else "incoming_token": TOKEN}
    return WebhookConnector(told(setup, settings, secrets))


def told(setup: Setup, settings: Mapping[str, object], secrets: Mapping[str, str]) -> Setup:
    """The same, for a webhook that is told this."""
    return replace(setup, connection=Connection(name="hook", type="webhook", settings=settings), secrets=secrets)


def alert(name: str, status: str, since: str) -> dict[str, object]:
    """One of Alertmanager's, as recorded from version 0.25."""
    return {
        "status": status,
        "labels": {"alertname": "DiskFull", "instance": name},
        "annotations": {"summary": f"disk of {name} is full"},
        "startsAt": since,
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "",
        "fingerprint": f"{name}-8a07086b74f3ba78",
    }


def alertmanager(*alerts: dict[str, object]) -> bytes:
    """A notification with these alerts."""
    whole = {
        "receiver": "prometheus",
        "status": alerts[0]["status"],
        "alerts": alerts,
        "groupLabels": {},
        "version": "4",
    }
    return json.dumps(whole).encode()


def test_alertmanager_brings_every_alert_and_its_end(setup: Setup) -> None:
    """Of three alerts in a request one came in, and "resolved" counted as a repetition of "firing"."""
    first = alertmanager(alert("nas", "firing", "T1"), alert("pi", "firing", "T1"))
    found = messages(door(setup, "alertmanager").pushed(BEARER, first))
    assert [one.text for one in found] == ["firing: disk of nas is full", "firing: disk of pi is full"]
    assert {one.sender_id for one in found} == {"prometheus"}
    over = messages(door(setup, "alertmanager").pushed(BEARER, alertmanager(alert("nas", "resolved", "T1"))))
    again = messages(door(setup, "alertmanager").pushed(BEARER, alertmanager(alert("nas", "firing", "T2"))))
    ids = [one.remote_id for one in (*found, *over, *again)]
    assert len(set(ids)) == 4
    assert found[0].metadata["payload"] == alert("nas", "firing", "T1")


RECORDED: Mapping[str, tuple[dict[str, str], object, str, str]] = {
    "grafana": (
        BEARER,
        {
            "receiver": "bach",
            "status": "firing",
            "alerts": [{"status": "firing", "fingerprint": "f", "startsAt": "T", "valueString": ""}],
            "groupKey": "{}",
            "title": "[FIRING:1] Humidity",
            "state": "alerting",
            "message": "**Firing** Humidity is 81 %",
        },
        "**Firing** Humidity is 81 %",
        "bach",
    ),
    "github": (
        {"X-GitHub-Event": "issues", "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"},
        {"action": "opened", "issue": {"title": "It rains in"}, "repository": {"full_name": "a/b"}},
        "a/b: issues: opened: It rains in",
        "a/b",
    ),
    "gitlab": (
        {"X-Gitlab-Token": TOKEN, "X-Gitlab-Event-UUID": "13792a34-cac6-4fda-95a8-c58e00a3954e"},
        {
            "object_kind": "pipeline",
            "object_attributes": {"status": "failed", "name": "nightly"},
            "project": {"path_with_namespace": "a/b"},
        },
        "a/b: pipeline: failed: nightly",
        "a/b",
    ),
    "uptime-kuma": (
        BEARER,
        {
            "heartbeat": {"monitorID": 1, "status": 0, "time": "2026-11-27 04:00:00", "msg": "timeout"},
            "monitor": {"id": 1, "name": "router"},
            "msg": "[router] [Down] timeout",
        },
        "[router] [Down] timeout",
        "router",
    ),
    "healthchecks": (BEARER, {"text": "backup is DOWN"}, "backup is DOWN", "healthchecks"),
    "shelly": (BEARER, {"event": "input.toggle_on", "src": "shelly-hall"}, "input.toggle_on", "shelly-hall"),
}


@pytest.mark.parametrize("sender", RECORDED)
def test_what_the_big_senders_post_comes_in(setup: Setup, sender: str) -> None:
    """Somebody would have to find out from a log where in its JSON everything stands."""
    headers, body, text, who = RECORDED[sender]
    raw = json.dumps(body).encode()
    is_signed = sender == "github"
    signed_headers = {"X-Hub-Signature-256": f"sha256={hexed(raw)}"} if is_signed else {}
    [message] = messages(door(setup, sender, secret=is_signed).pushed({**headers, **signed_headers}, raw))
    assert (message.text, message.sender_id, message.recipient) == (text, who, who)
    assert message.metadata["payload"] == body


@pytest.mark.parametrize("sender", [name for name in RECORDED if SENDERS[name].marks or SENDERS[name].headers])
@pytest.mark.parametrize("paths", [{}, {"text": "alerts.0.summary", "sender": "source", "id": "alerts.0.fingerprint"}])
def test_who_is_not_named_is_recognised(setup: Setup, sender: str, paths: dict[str, object]) -> None:
    """An alarm would be dropped by its sender at once, because a person has not said which program it is."""
    headers, body, text, who = RECORDED[sender]
    whole = {**body, "version": "1"} if isinstance(body, dict) else body
    secret = sender == "github"
    shown = {**headers, "X-Hub-Signature-256": f"sha256={hexed(json.dumps(whole).encode())}"} if secret else headers
    [found] = messages(door(setup, secret=secret, incoming=paths).pushed(shown, json.dumps(whole).encode()))
    assert (found.text, found.sender_id) == (text, who)


def test_alertmanager_is_recognised(setup: Setup) -> None:
    """Of a group of alerts none would come in where nobody said that it is Alertmanager's."""
    body = alertmanager(alert("nas", "firing", "T1"), alert("pi", "firing", "T1"))
    found = messages(door(setup, incoming={"text": "alerts.0.summary", "sender": "source"}).pushed(BEARER, body))
    assert [(one.text, one.sender_id) for one in found] == [
        ("firing: disk of nas is full", "prometheus"),
        ("firing: disk of pi is full", "prometheus"),
    ]
    [chosen] = messages(door(setup, incoming={"text": "receiver"}).pushed(BEARER, body))
    assert chosen.text == "prometheus", "who says where the text is knows better"


def test_every_sender_is_tried() -> None:
    """A table would grow that nobody holds against what is really posted."""
    assert {*RECORDED, "alertmanager"} == set(SENDERS)


def test_a_signature_of_the_body_makes_no_text_of_somebody_elses_signature(setup: Setup) -> None:
    """Who overheard a signed request could send it again, for ever, under another header."""
    overheard = f"msg_1.{int(NOW)}.".encode() + BODY
    headers = {"X-Hub-Signature-256": hexed(overheard), "Content-Type": "text/plain"}
    with pytest.raises(PushRefusedError):
        door(setup, secret=True).pushed(headers, overheard)


@pytest.mark.parametrize("number", [0, MAX_ELEMENTS + 1])
def test_a_list_has_a_bound(setup: Setup, number: int) -> None:
    """One request could fill the inbox, or be taken and bring nothing."""
    body = json.dumps({"alerts": [{"text": n} for n in range(number)]}).encode()
    with pytest.raises(PushRefusedError, match="elements"):
        door(setup, incoming={"each": "alerts"}).pushed(BEARER, body)


BAD_ELEMENTS: Mapping[str, object] = {
    "without a text": {"sender": "nas"},
    "an empty text": {"text": " "},
    "a text that is a list": {"text": ["full"]},
    "no object": 5,
    "nothing": None,
    "a sender without end": {"text": "x", "sender": "n" * 300},
    "a place that is none": {"text": "x", "recipient": "a\nb"},
}


@pytest.mark.parametrize("bad", BAD_ELEMENTS.values(), ids=BAD_ELEMENTS)
def test_a_bad_element_costs_only_itself(setup: Setup, bad: object) -> None:
    """One alert without a summary would take all the others with it, and its sender drop them."""
    body = {"alerts": [{"text": "one"}, bad, {"text": "two"}]}
    hook = door(setup, incoming={"each": "alerts"})
    first, aside, last = hook.pushed(BEARER, json.dumps(body).encode())
    assert isinstance(first, Incoming)
    assert isinstance(last, Incoming)
    assert (first.text, last.text) == ("one", "two")
    assert isinstance(aside, Unreadable)
    assert aside.reason.startswith("in an element of it, ")
    assert json.loads(aside.raw) == bad
    with pytest.raises(PushRefusedError) as caught:
        hook.pushed(BEARER, json.dumps({"alerts": [bad, bad]}).encode())
    assert caught.value.is_proven


@pytest.mark.parametrize(
    "settings",
    [
        {"incoming_from": "prometheus"},
        {"incoming_from": 5},
        {"incoming_proof": ["anything"]},
        {"incoming_proof": "address"},
        {"incoming": {"each": "a..b"}},
        {"incoming": {"text": []}},
        {"incoming": {"text": ["a", 5]}},
        {"incoming": {"text": "a||b"}},
    ],
)
def test_settings_that_cannot_be_right(setup: Setup, settings: dict[str, object]) -> None:
    """A slip would show only when the first alarm is refused."""
    with pytest.raises(InvalidValueError):
        door(setup, **settings)  # type: ignore[arg-type]


# -- through BACH ------------------------------------------------------------------------------------------------------


@pytest.fixture
async def hooked(clock: FakeClock) -> AsyncIterator[Bach]:
    """A BACH that takes what two programs post, under ids of their own."""
    bach = Bach(MemoryDatabase(), clock=clock, secrets={"x": lambda _: TOKEN})
    await bach.open()
    allowed = frozenset({"nas", "router"})
    await bach.registry.add(
        Connection(name="hook", type="webhook", auth_config={"incoming_token": "x:y"}, allowed=allowed)
    )
    yield bach
    await bach.close()


async def push(bach: Bach, **body: object) -> str | None:
    """What came in of it."""
    message = await bach.push("hook", BEARER, json.dumps({"sender": "nas", **body}).encode())
    return message.text if message else None


async def test_an_id_that_names_an_alarm_loses_none_of_its_news(hooked: Bach) -> None:
    """Firing, resolved and firing again have one id with many senders: two of the three were dropped with 204."""
    told = [await push(hooked, id="disk", text=text) for text in ("full", "full", "over", "full", "full")]
    assert told == ["full", None, "over", "full", None]
    assert [one.text for one in await hooked.inbox()] == ["full", "over", "full"]
    assert await push(hooked, id="disk#full", text="other") == "other"
    told = [await push(hooked, id="oven", text="oven", status=status) for status in ("hot", "hot", "cold", "hot")]
    assert told == ["oven", None, "oven", "oven"], "the text may be the same in all of them"


REMIND: Mapping[str, tuple[dict[str, object], bool | None]] = {
    "the field": ({}, None),
    "alertmanager": ({"incoming_from": "alertmanager"}, True),
    "grafana": ({"incoming_from": "grafana"}, True),
    "another field of alertmanager": ({"incoming_from": "alertmanager", "incoming": {"text": "status"}}, True),
    "github": ({"incoming_from": "github"}, False),
    "gitlab": ({"incoming_from": "gitlab"}, False),
    "uptime-kuma": ({"incoming_from": "uptime-kuma"}, False),
    "healthchecks": ({"incoming_from": "healthchecks"}, None),
    "shelly": ({"incoming_from": "shelly"}, None),
    "a path of one's own": ({"incoming": {"id": "alerts.0.fingerprint"}}, True),
    "several": ({"incoming": {"id": ["fingerprint", "status"]}}, True),
    "the field, said again": ({"incoming": {"id": "id"}}, None),
    "a header": ({"incoming": {"id": "header:X-Request-Id"}}, False),
    "a header of github, from alertmanager": (
        {"incoming_from": "alertmanager", "incoming": {"id": ["header:X-Request-Id", "fingerprint"]}},
        False,
    ),
}


def test_it_is_known_of_every_id_whether_it_names_what_goes_on(setup: Setup) -> None:
    """Who wants to be reminded would not be, or a delivery that comes again after hours would count as news."""
    assert {name for name, sender in SENDERS.items() if sender.paths} <= REMIND.keys()
    found = {name: PostDecoder.read(told(setup, settings, {})).reminds for name, (settings, _) in REMIND.items()}
    assert found == {name: reminds for name, (_, reminds) in REMIND.items()}


@pytest.mark.parametrize("from_", ["alertmanager", None])
async def test_a_reminder_of_an_alarm_comes_in_and_its_retry_does_not(clock: FakeClock, from_: str | None) -> None:
    """Who set `repeat_interval` would hear of the alarm once; who missed an answer would tell of it twice."""
    async with Bach(MemoryDatabase(), clock=clock, secrets={"x": {"token": TOKEN}.get}) as bach:
        await bach.registry.add(
            Connection(
                name="hook",
                type="webhook",
                auth_config={"incoming_token": "x:token"},
                settings={"incoming_from": from_} if from_ else {},
                allowed=frozenset({"prometheus"}),
            )
        )
        counts = list[int]()
        for status, after in (("firing", 0), ("firing", 60), ("firing", 230), ("firing", 3_600), ("resolved", 1)):
            await clock.advance(after)
            await bach.push("hook", BEARER, alertmanager(alert("nas", status, "T1")))
            counts.append(len(await bach.inbox()))
        assert counts == [1, 1, 1, 2, 3]


async def test_two_senders_with_one_id_are_two(hooked: Bach) -> None:
    """The second program's alarm counted as a repetition of the first one's."""
    assert await push(hooked, id=1, text="alarm") == "alarm"
    assert await push(hooked, id=1, text="alarm", sender="router") == "alarm"
    assert await push(hooked, id=1, text="alarm", sender="router") is None


async def test_every_reason_to_refuse_is_in_the_log(hooked: Bach, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever corrected the token and forgot the text saw nothing for an hour."""
    for headers, body in (({}, BODY), ({}, BODY), (BEARER, b"{}")):
        with pytest.raises(PushRefusedError):
            await hooked.push("hook", headers, body)
    lines = [record.getMessage() for record in caplog.records if "refused" in record.getMessage()]
    assert len(lines) == 2
    assert "token" in lines[0]
    assert "text" in lines[1]


async def test_of_several_the_one_that_is_set_aside_is_told_of(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """An alert would be missing, and nobody could find out why: its sender is told that all is well."""
    secrets = {"x": {"token": TOKEN, "ada": f"{TOKEN}, hers"}.get}
    async with Bach(MemoryDatabase(), clock=clock, secrets=secrets) as bach:
        auth = {"incoming_token": "x:token", "sender:ada": "x:ada"}
        settings = {"incoming": {"each": "alerts"}}
        allowed = frozenset({"nas", "ada"})
        await bach.registry.add(
            Connection(name="hook", type="webhook", auth_config=auth, settings=settings, allowed=allowed)
        )
        alerts = [{"text": "one"}, {"summary": "no text"}, {"text": "not hers", "sender": "ada"}, {"text": "two"}]
        assert await push(bach, alerts=alerts) == "one"
        assert [message.text for message in await bach.inbox()] == ["two", "one"]
        kept = {one.raw: one.reason for one in await bach.unreadable("hook")}
        assert kept.keys() == {'{"summary": "no text"}', '{"text": "not hers", "sender": "ada"}'}
        refused = bach.refused("hook")
        assert refused
        assert refused.reason in kept.values()
    assert "messages in requests to hook were set aside, because in an element of it, there is no text" in caplog.text
