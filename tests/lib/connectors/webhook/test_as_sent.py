"""What programs post, field by field as their own code makes it: every event, and every way to send it."""

import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from bach_lib.connectors.base import Incoming, Setup
from bach_lib.connectors.webhook import WebhookConnector
from bach_lib.connectors.webhook.codec import MAX_BODY, MAX_PAYLOAD
from bach_lib.connectors.webhook.signature import sign
from bach_lib.models import Connection
from tests.lib.connectors.webhook.posted import messages

TOKEN = "a-token-of-sixteen-characters"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
FORM = {**BEARER, "Content-Type": "application/x-www-form-urlencoded"}


def hook(setup: Setup, from_: str | None, *, secret: bool = False) -> WebhookConnector:
    """A connection that takes what this program posts."""
    settings = {"incoming_from": from_} if from_ else {}
    return WebhookConnector(
        Setup(
            connection=Connection(name="hook", type="webhook", settings=settings),
            secrets={"incoming_secret" if secret else "incoming_token": TOKEN},
            session=setup.session,
            new_session=setup.new_session,
            clock=setup.clock,
        )
    )


def one(connector: WebhookConnector, headers: Mapping[str, str], body: object) -> Incoming:
    """The message in it."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    [found] = messages(connector.pushed(headers, raw))
    return found


# -- Uptime Kuma -------------------------------------------------------------------------------------------------------


def beat(status: int, time: str, msg: str) -> dict[str, object]:
    """A heartbeat as `toJSONAsync` and `sendNotification` make it."""
    return {
        "monitorID": 7,
        "status": status,
        "time": time,
        "msg": msg,
        "ping": None if status == 0 else 12,
        "important": True,
        "duration": 60,
        "retries": 0,
        "response": None,
        "timezone": "Europe/Berlin",
        "timezoneOffset": "+01:00",
        "localDateTime": "2026-11-27 05:00:00",
    }


MONITOR = {"id": 7, "name": "router", "type": "ping", "url": None, "tags": [], "notificationIDList": {"1": True}}


def kuma(status: int, time: str, msg: str) -> dict[str, object]:
    """A notification about a monitor."""
    shown = "\N{WHITE HEAVY CHECK MARK} Up" if status else "\N{LARGE RED CIRCLE} Down"
    return {"heartbeat": beat(status, time, msg), "monitor": MONITOR, "msg": f"[router] [{shown}] {msg}"}


def in_parts(body: object) -> tuple[dict[str, str], bytes]:
    """Its form, with everything in the field "data"."""
    head = b'----x\r\nContent-Disposition: form-data; name="data"\r\n\r\n'
    return (
        {**BEARER, "Content-Type": "multipart/form-data; boundary=--x"},
        head + json.dumps(body, ensure_ascii=False).encode() + b"\r\n----x--\r\n",
    )


def in_address(body: Mapping[str, object]) -> tuple[dict[str, str], bytes]:
    """What `bach serve` and Home Assistant make of its GET, in which heartbeat and monitor are JSON."""
    fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items() if value}
    return FORM, urlencode(fields).encode()


@pytest.mark.parametrize("from_", ["uptime-kuma", None])
def test_uptime_kuma_sends_the_same_in_three_ways(setup: Setup, from_: str | None) -> None:
    """Who chose a form or GET there was answered with 403, or was nobody, and every second news was a repetition."""
    ids = []
    for told in (kuma(0, "2026-11-27 04:00:00.120", "timeout"), kuma(1, "2026-11-27 04:05:00.331", "200 - OK")):
        for headers, raw in ((BEARER, json.dumps(told).encode()), in_parts(told), in_address(told)):
            found = one(hook(setup, from_), headers, raw)
            assert (found.text, found.sender_id, found.recipient) == (told["msg"], "router", "router")
            ids.append(found.remote_id)
    assert len(set(ids)) == 2
    assert ids[0] == ids[1] == ids[2]


def test_uptime_kuma_tells_of_more_than_monitors(setup: Setup) -> None:
    """Its test, and its warnings of certificates and domains, come without a heartbeat and a monitor."""
    for msg in ("Phone Testing", "[router][https://example.org] server certificate x will expire in 7 days"):
        empty = {"heartbeat": None, "monitor": None, "msg": msg}
        for headers, raw in ((BEARER, json.dumps(empty).encode()), in_parts(empty), in_address(empty)):
            found = one(hook(setup, "uptime-kuma"), headers, raw)
            assert (found.text, found.sender_id, found.recurs) == (msg, "uptime-kuma", False)


# -- Grafana -----------------------------------------------------------------------------------------------------------


def grafana(status: str, since: str, message: str, *, alerts: int = 1) -> dict[str, object]:
    """A `webhookMessage`, with all that `ExtendedData` brings along."""
    over = "2026-11-27T05:00:00Z" if status == "resolved" else "0001-01-01T00:00:00Z"
    return {
        "receiver": "bach",
        "status": status,
        "alerts": [
            {
                "status": status,
                "labels": {"alertname": "Humidity", "room": f"cellar {number}"},
                "annotations": {"summary": "It is damp"},
                "startsAt": since,
                "endsAt": over,
                "generatorURL": "http://grafana.local/alerting/grafana/a/view?orgId=1",
                "fingerprint": f"57c6d9296de2ad3{number}",
                "silenceURL": "http://grafana.local/alerting/silence/new",
                "dashboardURL": "",
                "panelURL": "",
                "values": {"A": 81.5, "B": 1},
                "valueString": "[ var='A' labels={} value=81.5 ]",
                "orgId": 1,
            }
            for number in range(alerts)
        ],
        "groupLabels": {"alertname": "Humidity"},
        "commonLabels": {"alertname": "Humidity"},
        "commonAnnotations": {},
        "externalURL": "http://grafana.local/",
        "appVersion": "12.2.0",
        "version": "1",
        "groupKey": '{}/{__grafana_receiver__="bach"}:{alertname="Humidity"}',
        "truncatedAlerts": 0,
        "orgId": 1,
        "title": f"[{status.upper()}] Humidity ",
        "state": "ok" if status == "resolved" else "alerting",
        "message": message,
    }


@pytest.mark.parametrize("from_", ["grafana", None])
def test_grafana_tells_of_an_alarm_its_end_and_the_next(setup: Setup, from_: str | None) -> None:
    """The end of an alarm, or the next one, would count as a repetition; or one delivery as two."""
    told = [
        grafana("firing", "T1", "**Firing**\n\nValue: A=81.5\n"),
        grafana("firing", "T1", "**Firing**\n\nValue: A=81.5\n"),
        grafana("resolved", "T1", "**Resolved**\n\nValue: A=60\n"),
        grafana("firing", "T2", "**Firing**\n\nValue: A=81.5\n"),
        grafana("firing", "T2", "", alerts=3),
    ]
    found = [one(hook(setup, from_), BEARER, body) for body in told]
    ids = [message.remote_id for message in found]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 4
    assert found[0].text == "**Firing**\n\nValue: A=81.5"
    assert found[-1].text == "[FIRING] Humidity", "a message of one's own may be empty"
    assert {message.sender_id for message in found} == {"bach"}


@pytest.mark.parametrize("secret", [False, True])
def test_grafana_signs_with_and_without_a_time(setup: Setup, secret: bool) -> None:
    """Its HMAC would not be known, and an alarm be refused."""
    raw = json.dumps(grafana("firing", "T", "damp")).encode()
    time = str(int(setup.clock.now()))
    for signed, more in ((raw, {}), (f"{time}:".encode() + raw, {"X-Grafana-Alerting-Timestamp": time})):
        digest = hmac.new(TOKEN.encode(), signed, sha256).hexdigest()
        headers = {"X-Grafana-Alerting-Signature": digest, "Content-Type": "application/json", **more}
        assert one(hook(setup, "grafana", secret=secret), headers, raw).text == "damp"


# -- GitHub, GitLab ----------------------------------------------------------------------------------------------------

REPOSITORY = {"repository": {"id": 1, "name": "house", "full_name": "ada/house", "private": True}}
GITHUB: Mapping[str, tuple[dict[str, object], str]] = {
    "workflow_run": (
        {"action": "completed", "workflow_run": {"name": "tests", "conclusion": "failure", "status": "completed"}},
        "completed: failure: tests",
    ),
    "workflow_job": (
        {"action": "completed", "workflow_job": {"name": "lint", "conclusion": "success"}},
        "completed: success: lint",
    ),
    "check_run": ({"action": "created", "check_run": {"name": "tests", "conclusion": None}}, "created: tests"),
    "check_suite": (
        {"action": "completed", "check_suite": {"conclusion": "timed_out", "head_branch": "main"}},
        "completed: timed_out: main",
    ),
    "status": ({"state": "failure", "context": "ci/build", "description": None, "sha": "0"}, "failure: ci/build"),
    "deployment_status": (
        {
            "action": "created",
            "deployment_status": {"state": "error"},
            "deployment": {"environment": "live", "ref": "main"},
        },
        "created: error: live",
    ),
    "pull_request_review": (
        {"action": "submitted", "review": {"state": "approved", "body": None}, "pull_request": {"title": "A roof"}},
        "submitted: approved: A roof",
    ),
    "issues": ({"action": "opened", "issue": {"title": "It rains in", "state": "open"}}, "opened: It rains in"),
    "discussion": ({"action": "created", "discussion": {"title": "Roofs"}}, "created: Roofs"),
    "release": ({"action": "published", "release": {"name": None, "tag_name": "v1"}}, "published: v1"),
    "push": ({"ref": "refs/heads/main", "head_commit": {"message": "Mend it"}, "commits": []}, "Mend it"),
    "delete": ({"ref": "old", "ref_type": "branch"}, "old"),
    "dependabot_alert": (
        {"action": "created", "alert": {"state": "open", "security_advisory": {"summary": "A hole"}}},
        "created: A hole",
    ),
    "secret_scanning_alert": ({"action": "created", "alert": {"secret_type": "a_token"}}, "created: a_token"),
    "code_scanning_alert": (
        {"action": "fixed", "alert": {"rule": {"description": "No check"}}, "ref": "refs/heads/main"},
        "fixed: No check",
    ),
    "gollum": ({"pages": [{"title": "Home", "action": "edited"}, {"title": "Roof"}]}, "Home\nRoof"),
    "commit_comment": ({"action": "created", "comment": {"body": "Why?"}}, "created: Why?"),
    "star": ({"action": "created", "starred_at": "T"}, "created"),
    "ping": ({"zen": "Keep it simple.", "hook_id": 1, "hook": {"type": "Repository"}}, "Keep it simple."),
    "public": ({}, ""),
}


@pytest.mark.parametrize("event", GITHUB)
def test_every_event_of_github_says_what_it_is_about(setup: Setup, event: str) -> None:
    """A build that failed read like one that passed, and an alert did not say of what."""
    body, words = GITHUB[event]
    whole = {**body, **REPOSITORY, "sender": {"login": "bob"}}
    raw = json.dumps(whole).encode()
    delivery = str(uuid4())
    for content_type, sent in (
        ("application/json", raw),
        ("application/x-www-form-urlencoded", urlencode({"payload": raw}).encode()),
    ):
        signature = hmac.new(TOKEN.encode(), sent, sha256).hexdigest()
        headers = {
            "Content-Type": content_type,
            "User-Agent": "GitHub-Hookshot/0",
            "X-GitHub-Delivery": delivery,
            "X-GitHub-Event": event,
            "X-GitHub-Hook-ID": "1",
            "X-Hub-Signature": "sha1=0",
            "X-Hub-Signature-256": f"sha256={signature}",
        }
        for from_ in ("github", None):
            found = one(hook(setup, from_, secret=True), headers, sent)
            assert found.text == ": ".join(part for part in ("ada/house", event, words) if part)
            assert (found.sender_id, found.remote_id) == ("ada/house", f"ada/house/{delivery}")


PROJECT = {"project": {"id": 1, "name": "House", "path_with_namespace": "ada/house"}}
GITLAB: Mapping[str, tuple[dict[str, object], str]] = {
    "Push Hook": (
        {"object_kind": "push", "event_name": "push", "ref": "refs/heads/main", "user_name": "Ada", **PROJECT},
        "ada/house: push: refs/heads/main",
    ),
    "Issue Hook": (
        {
            "object_kind": "issue",
            "object_attributes": {"title": "It rains in", "action": "open", "state": "opened"},
            **PROJECT,
        },
        "ada/house: issue: open: It rains in",
    ),
    "Note Hook": (
        {"object_kind": "note", "object_attributes": {"note": "Why?", "action": "create"}, **PROJECT},
        "ada/house: note: create: Why?",
    ),
    "Pipeline Hook": (
        {"object_kind": "pipeline", "object_attributes": {"name": None, "ref": "main", "status": "failed"}, **PROJECT},
        "ada/house: pipeline: failed: main",
    ),
    "Job Hook": (
        {
            "object_kind": "build",
            "ref": "main",
            "build_name": "lint",
            "build_status": "success",
            "project_name": "Ada / House",
            "environment": None,
        },
        "Ada / House: build: success: lint",
    ),
    "Deployment Hook": (
        {"object_kind": "deployment", "status": "success", "environment": "live", "ref": "main", **PROJECT},
        "ada/house: deployment: success: live",
    ),
    "Release Hook": (
        {"object_kind": "release", "action": "create", "name": "v1", "tag": "v1.0", **PROJECT},
        "ada/house: release: create: v1",
    ),
    "Milestone Hook": (
        {"object_kind": "milestone", "action": "close", "object_attributes": {"title": "Roof"}, **PROJECT},
        "ada/house: milestone: close: Roof",
    ),
    "Feature Flag Hook": (
        {"object_kind": "feature_flag", "object_attributes": {"name": "lamp", "active": True}, **PROJECT},
        "ada/house: feature_flag: lamp",
    ),
    "Member Hook": (
        {"event_name": "user_add_to_group", "group_path": "ada", "group_name": "Ada", "user_name": "Bob"},
        "ada: user_add_to_group: Bob",
    ),
    "Subgroup Hook": (
        {"event_name": "subgroup_create", "name": "roof", "full_path": "ada/roof", "parent_full_path": "ada"},
        "ada/roof: subgroup_create: roof",
    ),
    "Resource Access Token Hook": (
        {
            "object_kind": "access_token",
            "event_name": "expiring_access_token",
            "group": {"group_name": "Ada", "full_path": "ada"},
            "object_attributes": {"name": "robot", "expires_at": "2026-12-04"},
        },
        "ada: expiring_access_token: robot",
    ),
    "Resource Access Token Hook of 2024": (
        {
            "object_kind": "access_token",
            "group": {"group_name": "Ada", "group_path": "ada", "group_id": 35},
            "object_attributes": {"user_id": 90, "id": 25, "name": "robot", "expires_at": "2024-01-26"},
            "event_name": "expiring_access_token",
        },
        "ada: expiring_access_token: robot",
    ),
    "System Hook of a key": (
        {"event_name": "key_create", "created_at": "2014-08-18 18:45:16 UTC", "username": "root", "key": "ssh-rsa A"},
        "key_create: root",
    ),
    "System Hook of nobody's project": (
        {"event_name": "user_failed_login", "name": "Ada", "username": "ada", "state": "blocked", "user_id": 1},
        "user_failed_login: Ada",
    ),
    "System Hook": (
        {"event_name": "project_create", "name": "House", "path_with_namespace": "ada/house"},
        "ada/house: project_create: House",
    ),
}


NO_PROJECT = ("System Hook of a key", "System Hook of nobody's project")


@pytest.mark.parametrize("event", GITLAB)
def test_every_event_of_gitlab_says_what_it_is_about(setup: Setup, event: str) -> None:
    """A pipeline did not say of which branch, a deployment not whether it worked; a group's news was nobody's."""
    body, text = GITLAB[event]
    raw = json.dumps(body).encode()
    key, more = str(uuid4()), str(uuid4())
    usual = {"X-Gitlab-Event": event, "X-Gitlab-Event-UUID": more, "X-Gitlab-Webhook-UUID": more}
    stamp = str(int(setup.clock.now()))
    signed = {
        "webhook-id": key,
        "webhook-timestamp": stamp,
        "webhook-signature": sign(TOKEN.encode(), key, int(stamp), raw),
    }
    for proof, secret in (({"X-Gitlab-Token": TOKEN}, False), (signed, True)):
        for from_ in ("gitlab", None):
            found = one(hook(setup, from_, secret=secret), {**usual, "Idempotency-Key": key, **proof}, raw)
            who = "gitlab" if event in NO_PROJECT else text.partition(": ")[0]
            assert (found.text, found.sender_id, found.remote_id) == (text, who, f"{who}/{key}")


# -- Healthchecks, Shelly, sizes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "text", "who"),
    [
        (b'{"text": "backup \\"nightly\\"", "status": "down", "id": "c down T"}', 'backup "nightly": down', None),
        (b'{"name": "backup", "slug": "backup", "status": "up", "uuid": "c", "tags": ""}', "backup: up", "backup"),
        (b'{"text": "backup is DOWN", "id": "c down T"}', "backup is DOWN", None),
        (b"text=backup+is+down&id=c", "backup is down", None),
    ],
)
def test_healthchecks_posts_what_a_person_wrote_there(setup: Setup, body: bytes, text: str, who: str | None) -> None:
    """A check whose name has quotes would never be heard of; its library calls every body a form."""
    found = one(hook(setup, "healthchecks"), FORM, body)
    assert (found.text, found.sender_id) == (text, who or "healthchecks")


def test_a_sensor_that_names_itself_is_no_repetition(setup: Setup) -> None:
    """The second time that a door opens would count as the first one once more: its id is the device's."""
    raw = urlencode({"text": "The door is open", "lux": "12", "temp": "20.1", "id": "shellydw2-73BFF9"}).encode()
    first, second = (one(hook(setup, "shelly"), FORM, raw) for _ in range(2))
    assert first.sender_id == "shellydw2-73BFF9"
    assert first.remote_id != second.remote_id
    assert not first.recurs


@pytest.mark.parametrize(
    ("body", "text", "who"),
    [
        # a sensor of the first generation, as recorded: its readings behind the address, and no body
        ("text=Bathroom&hum=89&temp=9.88&id=shellyht-EE45E9", "Bathroom", "shellyht-EE45E9"),
        # an action of the second, with its places filled in
        ("sender=shellyplusht-08b61fce3c00&text=Temperature+21.4", "Temperature 21.4", "shellyplusht-08b61fce3c00"),
        # scripts: words of their own, the event as it came, the same with the sender beside it, and its inner half
        ({"text": "input:0: single_push", "sender": "hall"}, "input:0: single_push", "hall"),
        (
            {
                "event": {
                    "component": "input:0",
                    "name": "input",
                    "id": 0,
                    "now": 1733774548.6,
                    "info": {"component": "input:0", "id": 0, "event": "single_push", "ts": 1733774548.6},
                },
                "sender": "192.168.1.39",
            },
            "single_push",
            "192.168.1.39",
        ),
        ({"src": "hall", "info": {"component": "input:0", "id": 0, "event": "long_push"}}, "long_push", "hall"),
        ({"src": "hall", "component": "input:0", "event": "btn_down"}, "btn_down", "hall"),
    ],
)
def test_shellys_of_all_generations_are_understood(setup: Setup, body: object, text: str, who: str) -> None:
    """A press would be refused, or be a repetition of the press before: nothing in it tells the two apart."""
    headers, raw = (FORM, body.encode()) if isinstance(body, str) else (BEARER, json.dumps(body).encode())
    first, second = (one(hook(setup, "shelly"), {**headers}, raw) for _ in range(2))
    assert (first.text, first.sender_id) == (text, who)
    assert first.remote_id != second.remote_id


def test_a_group_of_many_alerts_comes_in_whole(setup: Setup) -> None:
    """Alertmanager gives up what is answered with 413, and the group with most alerts is the one that matters."""
    whole = grafana("firing", "T", "damp", alerts=190)
    raw = json.dumps({key: whole[key] for key in ("receiver", "status", "alerts", "version")}).encode()
    assert MAX_PAYLOAD < len(raw) <= MAX_BODY
    found = messages(hook(setup, "alertmanager").pushed(BEARER, raw))
    assert len(found) == 190
    assert found[-1].metadata["payload"]


def test_what_is_too_long_for_automations_brings_its_words_all_the_same(setup: Setup) -> None:
    """A monitor that keeps the page it looked at would fill the log of events."""
    told = kuma(0, "T", "timeout")
    long = {**told, "heartbeat": {**beat(0, "T", "timeout"), "response": "x" * MAX_PAYLOAD}}
    found = one(hook(setup, "uptime-kuma"), BEARER, long)
    assert found.text == told["msg"]
    assert "payload" not in found.metadata
