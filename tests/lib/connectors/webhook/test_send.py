"""Sending: what the address is told, how that is signed, and what its answers mean."""

import hmac
import json
from base64 import b64encode
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib.connectors.observations import DEFAULT_WAIT
from bach_lib.connectors.webhook import template
from bach_lib.connectors.webhook.errors import Answer, outcome_for
from bach_lib.connectors.webhook.signature import key_of, new_secret, sign
from bach_lib.errors import InputError
from bach_lib.models import Fault as Reason
from bach_lib.models import Format, Identity, Message
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.testing import FakeClock, Told
from tests.lib.connectors.webhook.conftest import Address, Connect

KEY = b"a key of more than sixteen bytes"
SECRET = f"whsec_{b64encode(KEY).decode()}"
OURS = Scope.CONNECTION


def a_message(text: str = "The garage door is open", title: str | None = None) -> Message:
    """A message from the queue."""
    return Message(id=1, nonce="0a1b2c3d-1", connection="hook", recipient="porter", text=text, title=title)


async def test_what_is_posted(connect: Connect, address: Address) -> None:
    """The other side would get something that no document describes."""
    assert await connect().send(a_message(title="Garage")) == Sent(remote_id="0a1b2c3d-1")
    [asked] = address.asked
    assert (asked.method, asked.path) == ("POST", "/in/t0p-secret")
    assert asked.body == {
        "id": "0a1b2c3d-1",
        "recipient": "porter",
        "title": "Garage",
        "text": "The garage door is open",
        "format": "plain",
    }
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.headers["webhook-id"] == "0a1b2c3d-1"
    assert "webhook-signature" not in asked.headers


async def test_a_template_and_headers(connect: Connect, address: Address) -> None:
    """Services with a form of their own could not be used."""
    body = {"blocks": [{"text": "*{title}* {text}", "n": 5}], "to": "{recipient}", "empty": None, "x": "{y} {{text}}"}
    connector = connect(
        secrets={"url": f"{address.url}/", "authorization": "Bearer t0k3n"},
        settings={"body": body, "headers": {"X-House": "ours"}},
    )
    await connector.send(a_message('"}, {"a": "\\', title="{text}"))
    [asked] = address.asked
    assert asked.body == {
        "blocks": [{"text": '*{text}* "}, {"a": "\\', "n": 5}],
        "to": "porter",
        "empty": None,
        "x": '{y} {"}, {"a": "\\}',
    }
    assert (asked.headers["X-House"], asked.headers["Authorization"]) == ("ours", "Bearer t0k3n")


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)


@given(TEXTS, TEXTS)
def test_no_text_can_change_the_form(text: str, title: str) -> None:
    """Whoever writes a text could add fields, and so give orders to the other side."""
    filled = json.loads(json.dumps(template.fill({"a": "{title}|{text}", "b": ["{text}"]}, a_message(text, title))))
    assert filled == {"a": f"{title}|{text}", "b": [text]}


def test_the_signature_of_the_convention_itself() -> None:
    """Others would check another signature than ours."""
    body = b'{"event_type":"ping","data":{"success":true}}'
    signature = sign(key_of("whsec_plJ3nmyCDGBKInavdOK15jsl"), "msg_loFOjxBNrRLzqYUf", 1731705121, body)
    assert signature == "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="


def test_a_new_secret_is_one_that_can_be_used() -> None:
    """What was made for a person would be refused, or be the same for everybody."""
    assert len(key_of(new_secret())) == 32
    assert new_secret() != new_secret()


async def test_a_signature_that_others_can_check(connect: Connect, address: Address, clock: FakeClock) -> None:
    """The other side would refuse everything, or take what a stranger sent."""
    raw = json.dumps({"text": "The garage door is open"}, separators=(",", ":")).encode()
    connector = connect(secrets={"url": f"{address.url}/", "secret": SECRET}, settings={"body": {"text": "{text}"}})
    await connector.send(a_message())
    headers = address.asked[0].headers
    assert headers["webhook-timestamp"] == str(int(clock.now()))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + raw
    assert headers["webhook-signature"] == f"v1,{b64encode(hmac.digest(KEY, signed, 'sha256')).decode()}"


async def test_every_attempt_has_the_same_id(connect: Connect, address: Address) -> None:
    """The other side could not recognise a repetition, and would ring twice."""
    connector = connect()
    address.told.append(Told(status=500))
    assert isinstance(await connector.send(a_message()), Uncertain)
    assert isinstance(await connector.send(a_message()), Sent)
    assert len({asked.headers["webhook-id"] for asked in address.asked}) == 1


def summary(outcome: Outcome) -> object:
    """The kind of an outcome, its code, and whom it concerns."""
    match outcome:
        case Retry() | Wait():
            return type(outcome).__name__, outcome.fault.code, outcome.scope
        case Dead() | Uncertain():
            return type(outcome).__name__, outcome.fault.code
    return "Sent"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, "Sent"),
        (202, "Sent"),
        (301, ("Uncertain", "uncertain")),
        (400, ("Dead", "bad_request")),
        (401, ("Retry", "auth_failed", OURS)),
        (403, ("Retry", "auth_failed", OURS)),
        (404, ("Retry", "not_found", OURS)),
        (405, ("Retry", "bad_request", OURS)),
        (407, ("Retry", "bad_request", OURS)),
        (408, ("Uncertain", "uncertain")),
        (410, ("Dead", "gone")),
        (413, ("Dead", "bad_request")),
        (425, ("Retry", "bad_request", Scope.MESSAGE)),
        (429, ("Wait", "rate_limited", OURS)),
        (499, ("Uncertain", "uncertain")),
        (500, ("Uncertain", "uncertain")),
        (503, ("Uncertain", "uncertain")),
        (504, ("Uncertain", "uncertain")),
    ],
)
def test_what_answers_mean(status: int, expected: object) -> None:
    """An outage would kill messages, one that is never taken keep others waiting, or a gate be opened 88 times."""
    assert summary(outcome_for(Answer(status=status, headers={}), "example.org", "n-1", 0.0)) == expected


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 408, 410, 413, 429, 431, 499, 500, 502, 503, 504, 524])
async def test_a_page_is_nobodys_word(connect: Connect, address: Address, status: int) -> None:
    """A proxy's page would count as a refusal, although what is behind the proxy may have done the work."""
    address.told.append(Told(status=status, body=b"<!DOCTYPE html><html><body>Sorry</body></html>"))
    assert summary(await connect().send(a_message())) == ("Uncertain", "uncertain")


async def test_who_led_a_message_elsewhere_is_not_well(connect: Connect, address: Address) -> None:
    """A hotel's portal would kill messages one by one, because an address may answer checks as it likes."""
    connector = connect()
    for status, is_good in ((307, False), (500, True), (204, True)):
        address.told.append(Told(status=status))
        await connector.send(a_message())
        address.told.append(Told(status=302))
        assert isinstance(await connector.check(), Identity if is_good else Reason)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("7", 7.0),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 20.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", DEFAULT_WAIT),
        ("-1", DEFAULT_WAIT),
        ("nan", DEFAULT_WAIT),
        ("soon", DEFAULT_WAIT),
        ("1e300", 86_400.0),
    ],
)
def test_how_long_to_wait(asked: str, seconds: float) -> None:
    """We would knock again and again, or never again."""
    for status in (429, 503) if seconds != DEFAULT_WAIT else (429,):
        answer = Answer(status=status, headers={"Retry-After": asked})
        outcome = outcome_for(answer, "example.org", "n-1", 100.0)
        assert isinstance(outcome, Wait)
        assert outcome.seconds == seconds


def test_a_date_is_read_by_the_clock_of_who_names_it() -> None:
    """With a clock that is five minutes ahead we would come back five minutes too early, and be told off again."""
    headers = {"Retry-After": "Thu, 01 Jan 1970 02:02:00 +0200", "Date": "Thu, 01 Jan 1970 00:01:00 GMT"}
    outcome = outcome_for(Answer(status=429, headers=headers), "example.org", "n-1", 400.0)
    assert isinstance(outcome, Wait)
    assert outcome.seconds == 60.0


async def test_redirects_are_not_followed(connect: Connect, address: Address) -> None:
    """Texts, signature and credentials would go to whoever the address names."""
    address.told.append(Told(status=307, headers={"Location": f"{address.url}/elsewhere"}))
    assert summary(await connect().send(a_message())) == ("Uncertain", "uncertain")
    assert len(address.asked) == 1


async def test_the_address_stays_inside(connect: Connect, address: Address, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever reads a log could write in our name."""
    caplog.set_level("DEBUG")
    connector = connect(secrets={"url": f"{address.url}/in/t0p-secret?k=v3ry-secret", "secret": SECRET})
    address.told.append(Told(status=400))
    said = [connector, await connector.send(a_message()), await connector.check()]
    await address.pause()
    said += [await connector.send(a_message()), await connector.check()]
    for secret in ("t0p-secret", "v3ry-secret", SECRET):
        assert secret not in repr(said) + caplog.text


async def test_an_address_without_a_secret(connect: Connect, address: Address) -> None:
    """Who has nothing to hide would have to make a secret of it."""
    assert isinstance(await connect(secrets={}, endpoint=f"{address.url}/open").send(a_message()), Sent)
    assert address.asked[0].path == "/open"


DEEP: list[object] = ["{text}"]
for _ in range(30):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("secrets", "settings"),
    [
        ({}, {}),
        ({"url": "ftp://s3cr3t.example.org"}, {}),
        ({"url": "https://user:s3cr3t@example.org"}, {}),
        ({"url": "https://"}, {}),
        ({"url": "http://[s3cr3t"}, {}),
        (None, {"body": {"title": "{title}"}}),
        (None, {"body": DEEP}),
        (None, {"body": ["{text}", DEEP]}),
        (None, {"headers": "X: y"}),
        (None, {"headers": {"Content-Length": "s3cr3t"}}),
        (None, {"headers": {"authorization": "s3cr3t"}}),
        (None, {"headers": {"X": "s3cr3t\r\nY: z"}}),
        (None, {"headers": {"X Y": "z"}}),
        ({"url": "https://example.org", "secret": "s3cr3t"}, {}),
        ({"url": "https://example.org", "secret": "whsec_s3cr3t!"}, {}),
        ({"url": "https://example.org", "authorization": "s3cr3t\n"}, {"headers": 5}),
    ],
)
def test_what_cannot_be_right(
    connect: Connect, secrets: Mapping[str, str] | None, settings: Mapping[str, object]
) -> None:
    """A slip would only show when the first alarm fails; or the error tell the secret."""
    with pytest.raises(InputError) as raised:
        connect(secrets=secrets, settings=settings)
    assert "s3cr3t" not in str(raised.value)


async def test_formats_are_passed_on(connect: Connect, address: Address) -> None:
    """The other side would show tags instead of bold words."""
    message = Message(id=1, nonce="n", connection="hook", recipient="default", text="<b>x</b>", format=Format.HTML)
    await connect().send(message)
    assert isinstance(address.asked[0].body, dict)
    assert address.asked[0].body["format"] == "html"


@pytest.mark.parametrize("check", [template.check, template.check_form, template.check_text])
def test_a_template_without_end_is_refused_by_a_sentence(check: Callable[[object], None]) -> None:
    """Whoever pastes nonsense would see a traceback, and a connection that was edited by hand would not start."""
    deep: object = "{text}"
    for _ in range(200_000):
        deep = [deep]
    with pytest.raises(InputError):
        check(deep)
    while isinstance(deep, list):  # else taking it apart goes as deep
        [deep] = deep
