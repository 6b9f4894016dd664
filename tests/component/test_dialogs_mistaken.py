"""Everything that people mistype or paste, in the dialog of every kind of connection: said at its field, nothing lost.

A kind that is added has to name here what its form asks for; the mistakes are tried on it by themselves.
"""

import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigFlowResult, SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.bach.home.hub import HUB
from custom_components.bach.kinds.partners import WITH_FORMS
from tests.component.conftest import TOKEN

TEXTS: Mapping[str, str] = json.loads(Path("custom_components/bach/translations/en.json").read_text("utf-8"))["config"][
    "error"
]
HOOK = "https://discord.com/api/webhooks/123456789012345678/" + "a" * 68
NOBODY = "http://127.0.0.1:1"
IN_SERVER = {"server": {"endpoint": NOBODY}}
PARTNER = {"endpoint": NOBODY, "auth_type": "bearer", "secret": "a-key", "details": {}}


class Form(NamedTuple):
    """The way to a form, what it asks for, and where address and credential stand in it."""

    steps: tuple[str, ...]
    filled: Mapping[str, Any]
    address: tuple[str, ...] = ("endpoint",)
    secret: str = ""


SERVER = ("server", "endpoint")
FORMS: Mapping[str, Form] = {
    "telegram": Form(("telegram",), {"bot_token": TOKEN, **IN_SERVER}, SERVER, "bot_token"),
    "discord": Form(("discord",), {"bot_token": "x" * 60, **IN_SERVER}, SERVER, "bot_token"),
    "discord_webhook": Form(("discord_webhook",), {"url": HOOK, "hello": False, **IN_SERVER}, SERVER, "url"),
    "homeassistant": Form(("homeassistant",), {"endpoint": NOBODY, "token": "x.y.z"}, secret="token"),
    "signal": Form(("signal",), {"endpoint": NOBODY, "number": "+491700000001"}, secret="number"),
    "ntfy": Form(("ntfy",), IN_SERVER, SERVER),
    "webhook": Form(("webhook", "hook_send"), {"url": NOBODY, "outgoing": {}}, ("url",)),
    "claude": Form(("ai", "claude"), {"secret": "sk-ant-nothing", **IN_SERVER}, SERVER, "secret"),
    "gemini": Form(("ai", "gemini"), {"secret": "AIza-nothing", **IN_SERVER}, SERVER, "secret"),
    "ollama": Form(("ai", "ollama"), PARTNER, secret="secret"),
    "openai-compatible": Form(("ai", "openai_compatible"), PARTNER, secret="secret"),
    "mcp": Form(("mcp",), PARTNER, secret="secret"),
    "http": Form(("http",), PARTNER, secret="secret"),
}

NO_ADDRESSES = {
    "half an IP address": "fe80::1%eth0",
    "no brackets are closed": "http://[::1",
    "user and password": "http://user:pass@127.0.0.1:1",
    "the same without a scheme": "user:pass@127.0.0.1:1",
    "no host": "http://",
    "only a dot": "http://.",
    "two dots": "http://kitchen..local",
    "broken escapes": "http://%zz",
    "no such port": "127.0.0.1:99999",
    "a blank": "http://living room",
    "a line break": "http://127.0.0.1\n:1",
    "another scheme": "ftp://127.0.0.1",
    "a script": "javascript:alert(1)",
    "a path": "/etc/hosts",
    "a NUL": "http://127.0.0.1:1\0",
    "far too long": f"http://{'a' * 3000}",
    "too long once it is written in our letters": f"http://{'ü' * 60}.example",
}
NO_SECRETS = {
    "empty": "",
    "blanks": "   ",
    "a line break": "abc\ndef",
    "a NUL": "abc\0def",
    "far too long": "x" * 20_000,
}


def filled(form: Form, path: tuple[str, ...], value: str) -> dict[str, Any]:
    """The form with another value in one place."""
    *outer, last = path
    found: dict[str, Any] = {name: dict(one) if isinstance(one, Mapping) else one for name, one in form.filled.items()}
    place = found
    for name in outer:
        place = place[name]
    place[last] = value
    return found


async def opened(hass: HomeAssistant, form: Form) -> ConfigFlowResult:
    """The empty form."""
    result = await hass.config_entries.flow.async_init("bach", context={"source": SOURCE_USER})
    for step in form.steps:
        result = await hass.config_entries.flow.async_configure(result["flow_id"], {"next_step_id": step})
    return result


def shown(result: ConfigFlowResult | SubentryFlowResult) -> Iterator[tuple[str, object]]:
    """All fields with what they show, also those in sections."""
    schema = result["data_schema"]
    assert schema
    for marker, box in schema.schema.items():
        inner = box.schema.schema if isinstance(box, section) else {marker: box}
        yield from ((str(one), (one.description or {}).get("suggested_value")) for one in inner)


def check_is_said(result: ConfigFlowResult, place: str, given: Mapping[str, Any]) -> None:
    """One error, at this place, which is open; one text, filled in; and everything is there that was typed."""
    assert result["type"] is FlowResultType.FORM, result
    assert result["errors"] is not None
    assert list(result["errors"]) == [place]
    schema = result["data_schema"]
    assert schema
    box = schema.schema[place]
    assert not (isinstance(box, section) and box.options["collapsed"]), "what has to be corrected is hidden"
    said = TEXTS[result["errors"][place]].format(**(result["description_placeholders"] or {}))
    assert "()" not in said
    assert "{" not in said.replace("{text}", ""), "only the place in a body is written so"
    assert "Error" not in said, "the name of a class is no reason"
    boxes = dict(shown(result))
    typed = {name: one for value in given.items() for name, one in (dict([value]) | _inner(value[1])).items()}
    assert not {name for name, one in typed.items() if isinstance(one, str) and boxes[name] != one}, "typed for nothing"


def _inner(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


@pytest.fixture
async def elsewhere(socket_enabled: None) -> AsyncGenerator[str]:
    """The address of something else that answers everything with a page for people."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html><body>Please log in</body></html>", content_type="text/html")

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", page)
    server = TestServer(application, host="127.0.0.1")
    await server.start_server()
    yield str(server.make_url("/")).rstrip("/")
    await server.close()


def test_every_kind_is_here() -> None:
    """A kind that is added later would have a dialog in which nobody ever made a mistake."""
    assert set(FORMS) == set(WITH_FORMS)


@pytest.mark.parametrize("type_", FORMS)
async def test_a_mistake_is_said_at_its_field_and_costs_nothing(
    hass: HomeAssistant, elsewhere: str, type_: str
) -> None:
    """People would look for the fault at the wrong end, or type everything once more."""
    form = FORMS[type_]
    place = form.address[0]
    result = await opened(hass, form)
    for address in [*NO_ADDRESSES.values(), "127.0.0.1:1"]:
        given = filled(form, form.address, address)
        result = await hass.config_entries.flow.async_configure(result["flow_id"], given)
        check_is_said(result, place, given)
    if type_ not in {"webhook", "http"}:  # any page is an answer there
        given = filled(form, form.address, elsewhere)
        result = await hass.config_entries.flow.async_configure(result["flow_id"], given)
        check_is_said(result, place, given)
        assert (result["errors"] or {})[place] == "bad_answer"
    for secret in NO_SECRETS.values() if form.secret else ():
        given = {**filled(form, form.address, elsewhere), form.secret: secret}
        result = await hass.config_entries.flow.async_configure(result["flow_id"], given)
        check_is_said(result, form.secret, given)
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()
    assert hass.config_entries.async_entries("bach") == []
    assert hass.config_entries.flow.async_progress() == []
    assert not Path(hass.config.path(".storage", "bach")).exists(), "a dialog that was closed leaves nothing behind"
    assert HUB not in hass.data or hass.data[HUB]._bach is None


@pytest.mark.parametrize("type_", sorted(set(FORMS) - {"webhook"}))
async def test_a_mistake_in_a_change_leaves_the_entry_as_it_is(hass: HomeAssistant, type_: str) -> None:
    """A slip in *Reconfigure* would stop a connection that works."""
    form = FORMS[type_]
    flat = {name: one for name, one in form.filled.items() if isinstance(one, str)}
    before = {"type": type_, **flat, "endpoint": NOBODY}
    entry = MockConfigEntry(domain="bach", title="It", unique_id="1", data=before)
    entry.add_to_hass(hass)
    result = await hass.config_entries.flow.async_init(
        "bach", context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )
    given = filled(form, form.address, "http://living room")
    given.pop("hello", None)
    result = await hass.config_entries.flow.async_configure(result["flow_id"], given)
    check_is_said(result, form.address[0], given)
    hass.config_entries.flow.async_abort(result["flow_id"])
    assert entry.data == before
