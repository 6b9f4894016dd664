"""Webhooks by clicking, and real posts: who proves that they may is heard, and nobody else learns anything."""

import asyncio
import hashlib
import hmac
import json
import logging
from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator, Mapping
from time import time
from types import MappingProxyType
from typing import Any, Final

import pytest
from aiohttp.test_utils import TestClient, make_mocked_request
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigFlowContext,
    ConfigFlowResult,
    ConfigSubentry,
    SubentryFlowResult,
)
from homeassistant.config_entries import ConfigEntryState as State
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section
from homeassistant.helpers.http import current_request
from homeassistant.helpers.json import json_dumps
from homeassistant.setup import async_setup_component
from homeassistant.util import slugify
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from bach_lib import Bach
from bach_lib.connectors.webhook.codec import MAX_BODY
from bach_lib.connectors.webhook.signature import key_of, sign
from custom_components.bach.home.attribution import Received
from custom_components.bach.web.hooks import post_address
from tests.component.conftest import entity_ids, recipient, send, set_up, state, the_bach, until, until_state
from tests.component.dialogs import close_all, set_options
from tests.contracts.webhook import Hook
from tests.holes import Hole, holes, is_missed

SECRET = "whsec_dGhlLWtleS1vZi10aGUtZGlhbG9nLXRlc3Rz"
TOKEN = "a-token-that-nobody-guesses"
HOOK_ID = "0123456789abcdef"
PATH = f"/api/webhook/{HOOK_ID}"
SECRET_PATH = "/in/the-secret-part-of-the-address"
BODY = {"text": "Smoke", "sender": "detector", "id": "7"}

type Client = TestClient[Any, Any]


@pytest.fixture
async def hook(socket_enabled: None) -> AsyncGenerator[Hook]:
    """An address that takes what we send."""
    async with Hook(SECRET_PATH) as server:
        yield server


@pytest.fixture
async def client(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> Client:
    """Somebody who has no login, as everybody who posts."""
    for domain in ("bach", "notify"):  # what registers addresses must do so before the first request
        assert await async_setup_component(hass, domain, {})
    return await hass_client_no_auth()


@pytest.fixture(autouse=True)
async def no_dialog_left_open(hass: HomeAssistant) -> AsyncGenerator[None]:
    """Close what a new connection leads on to."""
    yield
    await close_all(hass)


def an_entry(hass: HomeAssistant, **data: object) -> MockConfigEntry:
    """An entry as the dialog would have made it, that takes signed posts of the detector."""
    fields = {"type": "webhook", "webhook_id": HOOK_ID, **(data or {"incoming_secret": SECRET})}
    entry = MockConfigEntry(
        domain="bach",
        title="Alarms",
        unique_id=None,
        data=fields,
        subentries_data=[recipient("Detector", "detector")],
    )
    entry.add_to_hass(hass)
    return entry


def signed(body: bytes, *, id_: str = "msg-1", when: float | None = None) -> dict[str, str]:
    """The headers of a post that is signed now, by our own module."""
    now = int(time() if when is None else when)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(now),
        "webhook-signature": sign(key_of(SECRET), id_, now, body),
    }


async def post(client: Client, headers: Mapping[str, str] | None = None, body: object = BODY) -> int:
    """Post something; the status of the answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with client.post(PATH, data=raw, headers=headers) as response:
        assert await response.read() == b""
        return response.status


# -- posts -------------------------------------------------------------------------------------------------------------


async def test_a_signed_post_is_heard(
    hass: HomeAssistant, client: Client, heard: list[Received], caplog: pytest.LogCaptureFixture
) -> None:
    """An alarm would be answered with "taken", and nothing would ring."""
    await set_up(hass, an_entry(hass))
    raw = json.dumps(BODY).encode()
    for _ in range(2):  # the answer to the first one was lost
        assert await post(client, signed(raw), raw) == 204
    await until(hass, lambda: bool(heard))
    assert [(one.message.text, one.recipient_name, one.role) for one in heard] == [("Smoke", "Detector", "notify_only")]
    event = hass.states.get("event.detector_incoming_message")
    assert event is not None
    assert event.attributes["event_type"] == "message"
    assert state(hass, "binary_sensor.alarms_receiving") == "on"
    assert not [line for line in caplog.records if line.levelno >= logging.WARNING and "bach" in line.name]


async def test_a_signature_after_the_text_of_the_convention(hass: HomeAssistant, client: Client) -> None:
    """Only those could post who use our own code."""
    await set_up(hass, an_entry(hass))
    raw, when = json.dumps(BODY).encode(), str(int(time()))
    key = b64decode(SECRET.removeprefix("whsec_"))
    digest = hmac.new(key, b"msg_2KWPBgLlAfxdpx2AI54pPJ85f4W." + when.encode() + b"." + raw, hashlib.sha256).digest()
    headers = {
        "Webhook-Id": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        "Webhook-Timestamp": when,
        "Webhook-Signature": f"v1a,YW5vdGhlciBraW5kIG9mIHNpZ25hdHVyZQ== v1,{b64encode(digest).decode()}",
    }
    assert await post(client, headers, raw) == 204
    [message] = await the_bach(hass).inbox()
    assert message.remote_id == "detector/msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"


async def test_a_token_is_enough_where_there_is_one(hass: HomeAssistant, client: Client) -> None:
    """Programs that cannot sign could not post."""
    await set_up(hass, an_entry(hass, incoming_token=TOKEN, incoming={"text": "alert.summary"}))
    shown = {"Authorization": f"Bearer {TOKEN}"}
    assert await post(client, shown, {"alert": {"summary": "Hot"}, "sender": "detector"}) == 204
    assert [message.text for message in await the_bach(hass).inbox()] == ["Hot"]
    assert await post(client, {"Authorization": f"Bearer {TOKEN}x"}, {"alert": {"summary": "Hot"}}) == 403


async def test_who_cannot_prove_it_is_refused_without_a_reason(
    hass: HomeAssistant, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever finds the address could write, or try out what would let them in."""
    await set_up(hass, an_entry(hass))
    raw = json.dumps(BODY).encode()
    old = signed(raw, when=time() - 301)
    wrong = [{}, {"Authorization": f"Bearer {SECRET}"}, old, signed(b"other"), {**signed(raw), "webhook-id": "msg-2"}]
    assert [await post(client, headers, raw) for headers in wrong] == [403] * len(wrong)
    assert await post(client, signed(b"no JSON"), b"no JSON") == 403
    assert await post(client, signed(b"{}"), b"{}") == 403
    assert await the_bach(hass).inbox() == []
    lines = [line.getMessage() for line in caplog.records if line.name.startswith("bach_lib") and "refused" in line.msg]
    assert len(lines) == len(set(lines)) == 5, "strangers must not fill the log: one line for each reason"
    assert SECRET not in caplog.text


async def test_a_stranger_is_only_counted(hass: HomeAssistant, client: Client, heard: list[Received]) -> None:
    """Whoever has the secret could speak for everybody."""
    entry = an_entry(hass)
    await set_up(hass, entry)
    raw = json.dumps({"text": "x", "sender": "somebody"}).encode()
    assert await post(client, signed(raw), raw) == 204
    assert await the_bach(hass).inbox() == []
    assert the_bach(hass).registry.get(f"webhook_{entry.entry_id}").blocked_count == 1
    assert heard == []


@pytest.mark.parametrize("length", [MAX_BODY + 1, 3 * MAX_BODY])
async def test_too_large(hass: HomeAssistant, client: Client, length: int) -> None:
    """One post could take the memory of a small machine."""
    await set_up(hass, an_entry(hass))
    raw = b"x" * length
    assert await post(client, signed(raw), raw) == 413


async def test_what_comes_in_pieces_is_read_whole(hass: HomeAssistant, client: Client) -> None:
    """Over a slow line every post would be cut off, and refused for its signature."""
    await set_up(hass, an_entry(hass))
    raw = json.dumps(BODY).encode()

    async def pieces() -> AsyncGenerator[bytes]:
        for start in range(0, len(raw), 20):
            yield raw[start : start + 20]
            for _ in range(20):  # let the other side read
                await asyncio.sleep(0)

    async with client.post(PATH, data=pieces(), headers=signed(raw)) as response:
        assert response.status == 204


async def test_the_largest_is_read_whole(hass: HomeAssistant, client: Client) -> None:
    """What comes in pieces would be cut off, and refused for its signature."""
    await set_up(hass, an_entry(hass))
    raw = json.dumps({**BODY, "more": ""}).encode()
    raw = raw.replace(b'"more": ""', b'"more": "' + b"x" * (MAX_BODY - len(raw)) + b'"')
    assert len(raw) == MAX_BODY
    assert await post(client, signed(raw), raw) == 204


@pytest.mark.parametrize(("addresses", "status"), [(["local"], 204), (["192.0.2.0/24"], 403), ([], 204)])
async def test_from_where(hass: HomeAssistant, client: Client, addresses: list[str], status: int) -> None:
    """A token that was stolen would work from anywhere."""
    await set_up(hass, an_entry(hass, incoming_secret=SECRET, incoming_addresses=addresses))
    raw = json.dumps(BODY).encode()
    assert await post(client, signed(raw), raw) == status


async def test_the_cloud_is_nowhere(hass: HomeAssistant, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes through the cloud comes from this machine: the whole world would be in the home network."""
    await set_up(hass, an_entry(hass, incoming_secret=SECRET, incoming_addresses=["local"]))
    monkeypatch.setattr("custom_components.bach.web.hooks.is_cloud_connection", lambda _: True)
    raw = json.dumps(BODY).encode()
    assert await post(client, signed(raw), raw) == 403


_HOOKS: Final = "custom_components.bach.web.hooks"


@pytest.mark.slow  # a home for each check
@pytest.mark.parametrize("hole", holes(*(f"{_HOOKS}:{name}" for name in ("_take", "_read"))), ids=str)
async def test_each_check_is_missed(
    hass: HomeAssistant, client: Client, monkeypatch: pytest.MonkeyPatch, hole: Hole | None
) -> None:
    """Whoever takes one out would see all tests pass, and the whole world would be in the home network."""

    async def look() -> None:
        await set_up(hass, an_entry(hass, incoming_secret=SECRET, incoming_addresses=["local"]))
        raw = json.dumps(BODY).encode()
        assert await post(client, signed(raw), raw) == 204
        large = b"x" * (MAX_BODY + 1)
        assert await post(client, signed(large), large) == 413
        monkeypatch.setattr("custom_components.bach.web.hooks.is_cloud_connection", lambda _: True)
        assert await post(client, signed(raw), raw) == 403

    assert await is_missed(hole, look) == (hole is not None)


async def test_a_post_that_comes_another_way(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> None:
    """What Home Assistant passes on from its cloud or its WebSocket would end in an error nobody expects."""
    await set_up(hass, an_entry(hass))
    raw = json.dumps(BODY)
    socket = await hass_ws_client(hass)
    handed_on = {"webhook_id": HOOK_ID, "method": "POST", "body": raw, "headers": signed(raw.encode())}
    await socket.send_json_auto_id({"type": "webhook/handle", **handed_on})
    assert (await socket.receive_json())["result"]["status"] == 204
    assert [message.text for message in await the_bach(hass).inbox()] == ["Smoke"]


async def test_what_cannot_be_taken_now_comes_again(
    hass: HomeAssistant, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody serves, Home Assistant answers 200: an alarm would be lost while an entry reloads."""
    entry = an_entry(hass)
    await set_up(hass, entry)
    raw = json.dumps(BODY).encode()
    await hass.config_entries.async_unload(entry.entry_id)
    async with client.post(PATH, data=raw, headers=signed(raw)) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "10")
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert await post(client, signed(raw), raw) == 204

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr(Bach, "push", broken)
    assert await post(client, signed(raw), raw) == 500, "200 would mean that it was taken"


async def test_adding_a_recipient_loses_no_post(hass: HomeAssistant, client: Client) -> None:
    """Whoever adds a name would interrupt everybody who posts."""
    entry = an_entry(hass)
    await set_up(hass, entry)
    hass.config_entries.async_add_subentry(entry, _subentry("Probe", "probe"))
    raw = json.dumps({"text": "x", "sender": "detector"}).encode()
    statuses = [await post(client, signed(raw, id_=f"m-{number}"), raw) for number in range(5)]
    await hass.async_block_till_done()
    assert statuses == [204] * 5
    assert entry.state is State.LOADED
    assert len(await the_bach(hass).inbox()) == 5


def _subentry(title: str, name: str) -> ConfigSubentry:
    return ConfigSubentry(
        data=MappingProxyType({"recipient": name, "kind": "private"}),
        subentry_type="recipient",
        title=title,
        unique_id=f"recipient_{name}",
    )


async def test_a_removed_entry_takes_nothing(hass: HomeAssistant, client: Client) -> None:
    """The address would go on asking for repetitions for ever."""
    entry = an_entry(hass)
    await set_up(hass, entry)
    await hass.config_entries.async_remove(entry.entry_id)
    assert await post(client) == 200  # as Home Assistant answers everywhere that nobody serves


# -- dialogs -----------------------------------------------------------------------------------------------------------


async def choose(hass: HomeAssistant) -> ConfigFlowResult:
    """Choose it in the menu."""
    menu = await hass.config_entries.flow.async_init("bach", context={"source": SOURCE_USER})
    return await hass.config_entries.flow.async_configure(menu["flow_id"], {"next_step_id": "webhook"})


def form(
    outgoing: Mapping[str, object] | None = None, incoming: Mapping[str, object] | None = None, **top: str
) -> dict[str, object]:
    """What a person fills in."""
    return {
        **top,
        "outgoing": {"signs": False, **(outgoing or {})},
        "incoming": {"takes": "nothing", **(incoming or {})},
    }


def fitting(step_id: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """What the form of this step asks for."""
    incoming = {name: value for name, value in data["incoming"].items() if value != "nothing"}
    found: dict[str, Any] = {}
    if step_id != "hook_send":
        found = {name: incoming.pop(name) for name in ("takes", "incoming_from") if name in incoming}
        found["incoming"] = incoming
    if step_id != "hook_take":
        found |= {"url": data.get("url", ""), "outgoing": data["outgoing"]}
    return found


async def submit(hass: HomeAssistant, result: ConfigFlowResult, data: Mapping[str, Any]) -> ConfigFlowResult:
    """Submit a form; a new webhook is first asked what it is for."""
    if result["step_id"] == "webhook":
        takes = data["incoming"]["takes"] != "nothing"
        way = "hook_send" if not takes else "hook_both" if "url" in data else "hook_take"
        result = await hass.config_entries.flow.async_configure(result["flow_id"], {"next_step_id": way})
    if result["step_id"].startswith("hook_"):
        data = fitting(result["step_id"], data)
    answer = await hass.config_entries.flow.async_configure(result["flow_id"], dict(data))
    await hass.async_block_till_done()
    return answer


def shown(result: ConfigFlowResult | SubentryFlowResult) -> dict[str, str]:
    """What the form for copying shows, without the lines for a shell."""
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "post_here")
    schema = result["data_schema"]
    assert schema is not None
    found: dict[str, str] = schema({})
    return {name: value for name, value in found.items() if not name.startswith("curl")}


async def led_on(hass: HomeAssistant) -> SubentryFlowResult:
    """The page to which the set-up of a connection leads."""
    [flow] = hass.config_entries.subentries.async_progress()
    return await hass.config_entries.subentries.async_configure(flow["flow_id"])


async def test_a_known_sender_needs_no_paths(hass: HomeAssistant, client: Client, heard: list[Received]) -> None:
    """A person would have to find out where in a program's JSON everything stands."""
    given = {
        "takes": "token",
        "incoming_from": "alertmanager",
        "token_in_address": True,
        "id_path": "fingerprint\nstartsAt",
    }
    created = await submit(hass, await choose(hass), form(incoming=given))
    shown(await led_on(hass))
    entry = created["result"]
    [row] = the_bach(hass).registry.list()
    assert row.settings == {
        "incoming_from": "alertmanager",
        "incoming_proof": ["address"],
        "incoming": {"id": ["fingerprint", "startsAt"]},
    }
    flow = await reconfigure(hass, entry.entry_id)
    assert flow["data_schema"]
    incoming = flow["data_schema"].schema["incoming"].schema.schema
    shown_again = {str(key): (key.description or {}).get("suggested_value") for key in incoming}
    assert (shown_again["id_path"], shown_again["incoming_from"]) == ("fingerprint\nstartsAt", "alertmanager")
    hass.config_entries.flow.async_abort(flow["flow_id"])
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_one_that_takes_posts(hass: HomeAssistant, client: Client, heard: list[Received]) -> None:
    """Nobody could find out where to post, or with which token."""
    addresses = {"incoming_addresses": ["local"], "text_path": "alert.summary"}
    created = await submit(hass, await choose(hass), form(incoming={"takes": "token", **addresses}))
    page = await led_on(hass)
    copied = shown(page)
    assert set(copied) == {"address", "incoming_token"}
    assert (created["type"], created["title"]) == (FlowResultType.CREATE_ENTRY, "Webhook")
    data = created["data"]
    assert data["incoming_token"] == copied["incoming_token"]
    assert copied["address"].endswith(f"/api/webhook/{data['webhook_id']}")
    assert (data["incoming_addresses"], data["incoming"]) == (["local"], {"text": "alert.summary"})
    menu = await hass.config_entries.subentries.async_configure(page["flow_id"], {})
    assert menu["step_id"] == "user", "a connection alone is heard by nobody"
    waiting = await hass.config_entries.subentries.async_configure(menu["flow_id"], {"next_step_id": "pair"})
    assert waiting["progress_action"] == "wait_for_post"
    headers = {"Authorization": f"Bearer {copied['incoming_token']}"}
    body = json.dumps({"alert": {"summary": "Hot"}, "sender": "probe"})
    async with client.post(f"/api/webhook/{data['webhook_id']}", data=body, headers=headers) as response:
        assert response.status == 204
    await hass.async_block_till_done()
    picking = await hass.config_entries.subentries.async_configure(menu["flow_id"])
    assert picking["step_id"] == "pick"
    await hass.config_entries.subentries.async_configure(menu["flow_id"], {"recipient": "probe"})
    await hass.async_block_till_done()
    async with client.post(f"/api/webhook/{data['webhook_id']}", data=body, headers=headers) as response:
        assert response.status == 204
    await until(hass, lambda: bool(heard))
    assert [(one.message.text, one.recipient_name) for one in heard] == [("Hot", "probe")]
    entry = created["result"]
    assert not {one for one in entity_ids(hass, entry) if one.startswith("notify.")}, "nothing can be sent"
    assert "binary_sensor.webhook_sending" not in entity_ids(hass, entry)


async def test_where_nobody_knows_how_home_assistant_is_reached(hass: HomeAssistant, client: Client) -> None:
    """The line would lead nowhere, although the person who reads it has just found the way."""
    hass.config.internal_url = hass.config.external_url = hass.config.api = None
    assert post_address(hass, HOOK_ID, []) == PATH
    token = current_request.set(make_mocked_request("POST", "/", headers={"Host": "nas.local:8123"}))
    try:
        assert post_address(hass, HOOK_ID, []) == f"http://nas.local:8123{PATH}"
    finally:
        current_request.reset(token)


async def test_a_changed_secret_is_kept_before_it_is_shown(hass: HomeAssistant, hook: Hook) -> None:
    """Whoever closed the page would have given the other side a secret that is none."""
    entry = an_entry(hass, url=f"{hook.url}{SECRET_PATH}")
    await set_up(hass, entry)
    result = await submit(hass, await change(hass, entry, SOURCE_RECONFIGURE), form({"signs": True}))
    copied = shown(result)
    hass.config_entries.flow.async_abort(result["flow_id"])
    assert entry.data["secret"] == copied["secret"]


async def test_one_that_sends(hass: HomeAssistant, hook: Hook) -> None:
    """Messages would go out in the wrong form, or unsigned."""
    outgoing = {
        "signs": True,
        "authorization": "Bearer theirs",
        "body": '{"channel": "{recipient}", "content": "{text}"}',
        "headers": "X-House: ours\n\nX-Floor: 2",
    }
    created = await submit(hass, await choose(hass), form(outgoing, url=f"{hook.url}{SECRET_PATH}"))
    page = await led_on(hass)
    copied = shown(page)
    assert set(copied) == {"secret"}
    flow = await hass.config_entries.subentries.async_configure(page["flow_id"], {})
    assert flow["step_id"] == "hook", "nobody can post, so there is nobody to wait for"
    assert flow["data_schema"] is not None
    first = [marker.description["suggested_value"] for marker in list(flow["data_schema"].schema)[:2]]
    assert first == ["default", created["title"]], "most addresses know no names"
    answer = {"recipient": " kitchen ", "title": "Kitchen"}
    await hass.config_entries.subentries.async_configure(flow["flow_id"], answer)
    await hass.async_block_till_done()
    await until_state(hass, f"binary_sensor.{slugify(created['title'])}_sending", "on")
    await send(hass, "notify.kitchen", "Dinner")
    await hook.wait_until_asked(len(hook.asked) + (0 if hook.taken else 1))
    [asked] = hook.taken
    assert asked.body == {"channel": "kitchen", "content": "Dinner"}
    headers = {name.lower(): value for name, value in asked.headers.items()}
    assert (headers["authorization"], headers["x-house"], headers["x-floor"]) == ("Bearer theirs", "ours", "2")
    raw = json_dumps(asked.body).encode()
    id_, when = headers["webhook-id"], int(headers["webhook-timestamp"])
    assert headers["webhook-signature"] == sign(key_of(copied["secret"]), id_, when, raw)
    assert not {one for one in entity_ids(hass, created["result"]) if one.startswith("event.") or "receiving" in one}


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (form(url=""), "invalid_url"),
        (form(url="not an address"), "invalid_url"),
        (form(url="ftp://example.org"), "invalid_url"),
        (form({"body": "{"}, url="http://127.0.0.1:1/"), "invalid_body"),
        (form({"body": '{"words": "hello"}'}, url="http://127.0.0.1:1/"), "invalid_body"),
        (form({"headers": "X-House"}, url="http://127.0.0.1:1/"), "invalid_headers"),
        (form({"headers": "Host: x"}, url="http://127.0.0.1:1/"), "invalid_headers"),
        (form({"headers": "X: 1\nX: 2"}, url="http://127.0.0.1:1/"), "invalid_headers"),
        (form({"authorization": "a\nb"}, url="http://127.0.0.1:1/"), "invalid_authorization"),
        (form({"api_key_header": "X-Token"}, url="http://127.0.0.1:1/"), "invalid_key_header"),
        (form({"api_key_header": "Host", "api_key": "x"}, url="http://127.0.0.1:1/"), "invalid_key_header"),
        (form({"login": "a:b", "password": "x"}, url="http://127.0.0.1:1/"), "invalid_login"),
        (form({"body_type": "text", "body": "words"}, url="http://127.0.0.1:1/"), "invalid_body"),
        (form({"signs": True, "secret": "short"}, url="http://127.0.0.1:1/"), "weak_secret"),
        (form(url="http://127.0.0.1:1/"), "refused"),
        (form(incoming={"takes": "token", "incoming_key": "short"}), "weak_secret"),
        (form(incoming={"takes": "signature", "incoming_key": "whsec_!!"}), "weak_secret"),
        (form(incoming={"takes": "token", "text_path": "a..b"}), "invalid_paths"),
        (form(incoming={"takes": "token", "incoming_addresses": ["kitchen"]}), "invalid_addresses"),
    ],
)
async def test_what_cannot_be_right_is_said(
    hass: HomeAssistant, hook: Hook, given: dict[str, object], error: str
) -> None:
    """A slip would only show when the first alarm is not taken."""
    result = await submit(hass, await choose(hass), given)
    place = "url" if error in {"invalid_url", "refused"} else "outgoing" if "url" in given else "incoming"
    assert (result["type"], result["errors"]) == (FlowResultType.FORM, {place: error})
    if place != "url":
        assert result["data_schema"]
        assert not result["data_schema"].schema[place].options["collapsed"], "what has to be corrected is not hidden"
    result = await submit(hass, result, form(url=f"{hook.url}{SECRET_PATH}"))
    assert not result.get("errors")


async def test_an_address_that_refuses_what_only_asks(hass: HomeAssistant, hook: Hook) -> None:
    """An address that takes every message, and no question, could not be added at all."""
    result = await submit(hass, await choose(hass), form(url=f"{hook.url}/it-answers-401-to-head"))
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_the_same_address_twice(hass: HomeAssistant, hook: Hook) -> None:
    """Two entries would send to one place, each with a queue of its own."""
    url = f"{hook.url}{SECRET_PATH}"
    an_entry(hass, url=url)
    result = await submit(hass, await choose(hass), form(url=url))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")


async def test_a_webhook_for_nothing(hass: HomeAssistant, hook: Hook) -> None:
    """A change could leave a connection that neither sends nor takes anything."""
    entry = an_entry(hass)
    result = await submit(hass, await reconfigure(hass, entry.entry_id), form())
    assert result["errors"] == {"base": "hook_neither"}


async def test_webhooks_are_told_apart(hass: HomeAssistant, hook: Hook) -> None:
    """Two rows "Webhook" in every list; and the name that a person gives would be thrown away."""
    titles: list[str] = []
    for name in ("Doorbell", "Doorbell", "", ""):
        menu = await choose(hass)
        flows = hass.config_entries.flow
        result = await flows.async_configure(menu["flow_id"], {"next_step_id": "hook_send"})
        url = f"{hook.url}/hook/{len(titles)}"
        result = await flows.async_configure(result["flow_id"], {"name": name, "url": url, "outgoing": {}})
        titles.append(result["title"])
    await hass.async_block_till_done()
    host = hook.url.removeprefix("http://")
    assert titles == ["Doorbell", "Doorbell (2)", f"Webhook {host}", f"Webhook {host} (2)"]


async def change(hass: HomeAssistant, entry: MockConfigEntry, source: str) -> ConfigFlowResult:
    """Begin to change an entry."""
    if source == SOURCE_REAUTH:
        return await entry.start_reauth_flow(hass)
    return await changing(hass, await entry.start_reconfigure_flow(hass))


async def changing(hass: HomeAssistant, result: ConfigFlowResult) -> ConfigFlowResult:
    """Choose to change, where there is something to look at as well."""
    if result["type"] is not FlowResultType.MENU:
        return result
    assert result["menu_options"] == ["post_here", "change_webhook"]
    return await hass.config_entries.flow.async_configure(result["flow_id"], {"next_step_id": "change_webhook"})


async def test_a_change_keeps_the_secrets_that_are_not_given(hass: HomeAssistant, hook: Hook, client: Client) -> None:
    """Whoever corrects a path would lock everybody out."""
    url = f"{hook.url}{SECRET_PATH}"
    entry = an_entry(hass, url=url, secret=SECRET, incoming_secret=SECRET, body={"t": "{text}"}, headers={"X-A": "b"})
    await set_up(hass, entry)
    result = await change(hass, entry, SOURCE_RECONFIGURE)
    assert result["step_id"] == "change_webhook"
    assert _closed(result) == {"outgoing": True, "incoming": False}
    suggested = _suggested(result)
    assert SECRET not in str(suggested)
    assert url not in str(suggested)
    outgoing, incoming = suggested["outgoing"], suggested["incoming"]
    result = await submit(hass, result, form(outgoing, {**incoming, "text_path": "alert"}))
    assert set(shown(result)) == {"address", "incoming_secret", "secret"}
    result = await submit(hass, result, {})
    assert result["reason"] == "reconfigure_successful"
    assert dict(entry.data) == {
        "type": "webhook",
        "webhook_id": HOOK_ID,
        "url": url,
        "secret": SECRET,
        "incoming_secret": SECRET,
        "incoming": {"text": "alert"},
    }
    assert dict(entry.options) == {"body": {"t": "{text}"}, "headers": {"X-A": "b"}}
    raw = json.dumps({"alert": "x", "sender": "detector"}).encode()
    await hass.async_block_till_done()
    assert await post(client, signed(raw), raw) == 204


def _suggested(result: ConfigFlowResult) -> dict[str, Any]:
    schema = result["data_schema"]
    assert schema is not None
    return {
        str(name): {
            str(marker): marker.description["suggested_value"]
            for marker in selector.schema.schema
            if marker.description and "suggested_value" in marker.description
        }
        for name, selector in schema.schema.items()
        if hasattr(selector, "schema")
    }


def _closed(result: ConfigFlowResult) -> dict[str, bool]:
    """Whether each section of a form is closed, in the order in which they are shown."""
    assert result["data_schema"] is not None
    return {
        str(name): one.options["collapsed"]
        for name, one in result["data_schema"].schema.items()
        if isinstance(one, section)
    }


async def test_a_form_is_open_where_something_is_set(hass: HomeAssistant, hook: Hook) -> None:
    """Whoever has an address to send to would be asked first, and at length, how others post."""
    entry = an_entry(hass, url=f"{hook.url}{SECRET_PATH}")
    await set_up(hass, entry)
    assert _closed(await change(hass, entry, SOURCE_RECONFIGURE)) == {"outgoing": True, "incoming": True}


async def reconfigure(hass: HomeAssistant, entry_id: str) -> ConfigFlowResult:
    """Begin to change an entry that a dialog made."""
    context = ConfigFlowContext(source=SOURCE_RECONFIGURE, entry_id=entry_id)
    return await changing(hass, await hass.config_entries.flow.async_init("bach", context=context))


async def test_every_form_can_be_clicked(hass: HomeAssistant, hook: Hook) -> None:
    """Services that take a form, or show a key in a header of their own, could only be used from Python."""
    outgoing = {
        "method": "PUT",
        "body_type": "form",
        "body": '{"message": "{text}", "priority": 5}',
        "login": "bach",
        "password": "of-the-gate",
        "api_key_header": "X-Token",
        "api_key": "k3y-of-the-gate",
    }
    created = await submit(hass, await choose(hass), form(outgoing, url=f"{hook.url}{SECRET_PATH}"))
    entry = created["result"]
    await hass.async_block_till_done()
    [row] = the_bach(hass).registry.list()
    await the_bach(hass).send(row.name, "kitchen", "Dinner")
    while not hook.taken:
        await hook.wait_until_asked(len(hook.asked) + 1)
    [asked] = hook.taken
    assert asked.method == "PUT"
    assert asked.body == {"message": "Dinner", "priority": "5"}
    assert (asked.headers["X-Token"], asked.headers["Authorization"]) == (
        "k3y-of-the-gate",
        f"Basic {b64encode(b'bach:of-the-gate').decode()}",
    )
    result = await reconfigure(hass, entry.entry_id)
    suggested = _suggested(result)["outgoing"]
    assert "of-the-gate" not in str(suggested)
    assert suggested | {"login": "bach", "api_key_header": "X-Token"} == suggested
    result = await submit(hass, result, form(suggested))
    assert result["reason"] == "reconfigure_successful"
    assert (entry.data["password"], entry.data["api_key"], entry.options["body_type"]) == (
        "of-the-gate",
        "k3y-of-the-gate",
        "form",
    )
    await set_options(hass, entry, outgoing={"method": "GET", "body": '{"message": "{text}"}'})
    assert entry.options == {"method": "GET", "body": {"message": "{text}"}}
    result = await reconfigure(hass, entry.entry_id)
    await submit(hass, result, form({"authorization": "Bearer theirs"}))
    assert entry.data["authorization"] == "Bearer theirs"
    assert entry.data.keys().isdisjoint({"login", "password", "api_key", "api_key_header"})
    result = await set_options(hass, entry, outgoing={"body_type": "text", "body": "no place in it"})
    assert result["errors"] == {"outgoing": "invalid_value"}
    await set_options(hass, entry, outgoing={"body_type": "text", "body": "{title}! {text}"})
    assert entry.options == {"body_type": "text", "body": "{title}! {text}"}
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_word_before_every_message_can_be_set_and_taken_away(hass: HomeAssistant, hook: Hook) -> None:
    """Two homes that post to one place could only be told apart by whoever uses the command line."""
    entry = an_entry(hass, url=f"{hook.url}{SECRET_PATH}")
    await set_up(hass, entry)
    [row] = the_bach(hass).registry.list()
    result = await set_options(hass, entry, sender_tag="x" * 60, outgoing={})
    assert result["errors"] == {"sender_tag": "invalid_value"}
    result = await set_options(hass, entry, sender_tag=" Summer house ", outgoing={})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await the_bach(hass).send(row.name, "kitchen", "Dinner")
    while not hook.taken:
        await hook.wait_until_asked(len(hook.asked) + 1)
    assert "[Summer house] Dinner" in str(hook.taken[0].body)
    await set_options(hass, entry, outgoing={})
    assert "sender_tag" not in entry.options


async def test_a_secret_changes_in_two_steps(hass: HomeAssistant, hook: Hook) -> None:
    """Every receiver would have to change in the same moment, and messages wait until the last one has."""
    entry = an_entry(hass, url=f"{hook.url}{SECRET_PATH}", secret=SECRET)
    await set_up(hass, entry)
    result = await submit(hass, await change(hass, entry, SOURCE_RECONFIGURE), form({"signs": True, "both_sign": True}))
    copied = shown(result)
    assert set(copied) == {"secret"}
    await submit(hass, result, {})
    assert (entry.data["old_secret"], entry.data["secret"]) == (SECRET, copied["secret"])
    await hass.async_block_till_done()
    [row] = the_bach(hass).registry.list()
    await the_bach(hass).send(row.name, "kitchen", "Dinner")
    while not hook.taken:
        await hook.wait_until_asked(len(hook.asked) + 1)
    signature = hook.taken[0].headers["webhook-signature"].split(" ")
    id_, when = hook.taken[0].headers["webhook-id"], int(hook.taken[0].headers["webhook-timestamp"])
    raw = json_dumps(hook.taken[0].body).encode()
    assert signature == [sign(key_of(one), id_, when, raw) for one in (copied["secret"], SECRET)]
    result = await submit(hass, await change(hass, entry, SOURCE_RECONFIGURE), form({"signs": True, "both_sign": True}))
    assert result["reason"] == "reconfigure_successful", "a form that is looked at changes nothing"
    assert entry.data["old_secret"] == SECRET
    await submit(hass, await change(hass, entry, SOURCE_RECONFIGURE), form({"signs": True}))
    assert (entry.data["secret"], "old_secret" in entry.data) == (copied["secret"], False)


async def test_from_taking_to_sending_only(hass: HomeAssistant, hook: Hook, client: Client) -> None:
    """Somebody whose token leaked could not shut the door, or entities would stay that never change again."""
    entry = an_entry(hass)
    await set_up(hass, entry)
    assert "event.detector_incoming_message" in entity_ids(hass, entry)
    result = await change(hass, entry, SOURCE_RECONFIGURE)
    result = await submit(hass, result, form(url=f"{hook.url}{SECRET_PATH}"))
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    raw = json.dumps(BODY).encode()
    assert await post(client, signed(raw), raw) == 403
    found = entity_ids(hass, entry)
    assert "notify.detector" in found
    assert not {one for one in found if one.startswith("event.") or "receiving" in one}


async def test_a_refused_address_asks_for_another(hass: HomeAssistant, hook: Hook) -> None:
    """What is sent would wait for ever, and nobody would be told."""
    entry = an_entry(hass, url=f"{hook.url}/wrong")
    await set_up(hass, entry)
    await send(hass, "notify.detector", "x")
    await until(hass, lambda: bool(hass.config_entries.flow.async_progress()))
    [flow] = hass.config_entries.flow.async_progress()
    assert (flow["context"]["source"], flow["step_id"]) == (SOURCE_REAUTH, "webhook_refused")
    result = await submit(hass, flow, {"url": f"{hook.url}{SECRET_PATH}", "authorization": "Bearer new"})
    assert result["reason"] == "reauth_successful"
    await hook.wait_until_asked(len(hook.asked) + (0 if hook.taken else 1))
    assert [asked.headers["Authorization"] for asked in hook.taken] == ["Bearer new"]


async def test_the_diagnostics_hold_no_secret(
    hass: HomeAssistant, hook: Hook, hass_client: ClientSessionGenerator
) -> None:
    """Whoever asks for help would give the house away."""
    url = f"{hook.url}{SECRET_PATH}"
    secrets = {"url": url, "secret": SECRET, "authorization": "Bearer theirs", "incoming_secret": f"another-{SECRET}"}
    others = {"body": {"t": "{text} confided"}, "headers": {"X-A": "confided"}, "incoming_addresses": ["local"]}
    entry = an_entry(hass, **secrets, **others)
    await set_up(hass, entry)
    found = json.dumps(await get_diagnostics_for_config_entry(hass, hass_client, entry))
    for secret in (*secrets.values(), HOOK_ID, SECRET_PATH, "confided", "detector"):
        assert secret not in found
