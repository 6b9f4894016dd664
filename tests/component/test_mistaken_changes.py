"""What people mistype where a connection is changed, where a webhook takes posts, and in what a recipient is called.

The mistakes of new connections are in `test_dialogs_mistaken`; both say of every one that it is told at its field, that
the field can be seen, and that nothing is half written. Many rows share one Home Assistant, as each is a single click.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pytest
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigFlowContext,
    ConfigFlowResult,
    ConfigSubentryData,
    SubentryFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib import Fault, Identity
from custom_components.bach.config_flow import BachConfigFlow
from tests.component.conftest import TOKEN, recipient
from tests.component.dialogs import choose, go_on, reconfigure
from tests.component.test_dialogs_mistaken import (
    FORMS,
    HOOK,
    NO_ADDRESSES,
    NO_SECRETS,
    NOBODY,
    Form,
    check_is_said,
    filled,
    opened,
    shown,
)

LONG: Final = "x" * 20_000
UNSENDABLE: Final = {what: one for what, one in NO_SECRETS.items() if one.strip()}
"""Secrets that are no secrets. An empty box is none of these: where something is changed, it keeps what there is."""
OPEN_AUTH: Final = {"ollama", "openai-compatible", "mcp", "http"}
CHANGE: Final = Form((), {"url": NOBODY, "outgoing": {}, "incoming": {}}, ("url",))

HOOKS: Final[Mapping[str, Iterable[object]]] = {
    "incoming.incoming_key": ["abc", "x" * 15, "abc\ndef" * 6, "abc\0" * 10, LONG],
    "incoming.incoming_addresses": [
        [one]
        for one in ("living room", "300.1.1.1", "10.0.0.0/99", "", NOBODY, "example.org", "10.0.0.1, 10.0.0.2", LONG)
    ],
    "incoming.each_path": ["..", "a..b", LONG],
    "incoming.text_path": ["..", "a..b", "a\n..", LONG],
    "incoming.sender_path": ["..", LONG],
    "incoming.id_path": ["..", LONG],
    "incoming.recipient_path": ["..", LONG],
    "outgoing.headers": [
        "nonsense",
        "A: b\nA: c",
        "A b: c",
        "Host: x",
        ": x",
        "X: \x07",
        "a: b\n" * 5000,
        "Ä: b",
        f"X: {LONG}",
    ],
    "outgoing.body": ["{", "nonsense", "[" * 20_000, '{"a": NaN}', '"{unknown}"', "1e999"],
    "outgoing.authorization": ["a\nb", "ä", "\0", LONG],
    "outgoing.login": ["a:b", LONG],
    "outgoing.password": [LONG],
    "outgoing.api_key": ["a\nb", "ä", "\0", LONG],
    "outgoing.api_key_header": ["A b", "X:", "Ä", "Host", "a\nb"],
    "outgoing.secret": ["short", "whsec_!", LONG],
}
BESIDE: Final[Mapping[str, Mapping[str, object]]] = {
    "outgoing.login": {"password": "p"},
    "outgoing.password": {"login": "u"},
    "outgoing.api_key_header": {"api_key": "abc"},
    "outgoing.secret": {"signs": True},
}
"""What else has to be given, so that this is the only mistake."""

NO_RECIPIENTS: Final[Mapping[str, Iterable[str]]] = {
    "telegram": ["Ada", "@", "+49 170", "0", "12a", "1/2/3", "1\n2", "9" * 40, "-", "https://t.me/+abc", "@a b"],
    "discord": ["general", "#general", "12", "user:", "1" * 40, "https://discord.com/channels/1/2", "<#12>"],
    "discord_webhook": ["abc", "1/2"],
    "homeassistant": ["notify", "notify.", "notify.a b", "action:", "action:x", "event:", "event: a", "person.ada"],
    "signal": [
        *("0170 1234567", "+", "+49", "+49abc", f"+{'1' * 40}", "++491700000002", "+49 170\n123"),
        *("group.", "group.!!", "group.YQ", "abc", "@ada", "ada.01", "u:", "u:ada", "group.YQ==\n"),
    ],
    "ntfy": [
        *("a b", "a/b", "a,b", "a\nb", "topic?x=1", "#topic", "ä", "x" * 65, "docs", "v1", "login"),
        *("https://ntfy.sh/", "https://ntfy.sh/a", "ntfy.sh/a"),
    ],
    "webhook": ["a\nb", "x" * 201],
}
NOWHERE: Final = ("", "  ", "\0", "x" * 5000)
DOOR: Final = {"telegram": "1234", "discord": "1" * 18, "signal": "+491700000009", "homeassistant": "notify.door"}

ADDRESSES: Final[Mapping[str, str]] = {
    "bücher.example": "https://bücher.example",
    "http://例え.jp:8080/base/": "http://例え.jp:8080/base",
    "https://xn--bcher-kva.example": "https://xn--bcher-kva.example",
    "HTTP://EXAMPLE.ORG": "http://EXAMPLE.ORG",
    "example.org:443": "https://example.org:443",
    "192.168.1.5:80": "http://192.168.1.5:80",
    "::1": "http://[::1]",
    "[::1]:2586": "http://[::1]:2586",
    "http:/example.org": "http://example.org",
    "<http://a.example>": "http://a.example",
    '"http://a.example/"': "http://a.example",
    "https://example.org/ntfy/": "https://example.org/ntfy",
    "https://example.org/app": "https://example.org",
    "http://a.example/\u200b": "http://a.example",
}
"""What people give as the address of a server, and what it means."""
SECRETS: Final[Mapping[str, tuple[str, str]]] = {
    "telegram": ("bot_token", TOKEN),
    "discord": ("bot_token", f"{'M' * 26}.{'a' * 6}.{'b' * 38}"),
    "discord_webhook": ("url", HOOK),
    "homeassistant": ("token", f"eyJhbGciOi.eyJpc3Mi.{'c' * 43}"),
    "ntfy": ("token", "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2"),
    "claude": ("secret", "sk-ant-api03-abcdefgh"),
    "gemini": ("secret", f"AIza{'d' * 35}"),
    "openai-compatible": ("secret", "sk-proj-abcdefgh"),
}
WRAPPINGS: Final = ("  {}\n", '"{}"', "`{}`", "<{}>", "{}\u200b", "'{}',", "“{}”")
NAMINGS: Final = ("TOKEN={}", "export API_KEY='{}'", "Authorization: Bearer {}", '"token": "{}",')


def entry_of(hass: HomeAssistant, type_: str, *recipients: ConfigSubentryData) -> MockConfigEntry:
    """A connection that leads nowhere."""
    flat = {name: one for name, one in FORMS[type_].filled.items() if isinstance(one, str)}
    hook = {"url": NOBODY, "incoming_token": "x" * 32, "webhook_id": "abc"}
    data = {"type": type_, **(hook if type_ == "webhook" else {**flat, "endpoint": NOBODY})}
    entry = MockConfigEntry(domain="bach", title=type_, unique_id=type_, data=data, subentries_data=recipients)
    entry.add_to_hass(hass)
    return entry


async def changing(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """The form that changes a connection."""
    context = ConfigFlowContext(source=SOURCE_RECONFIGURE, entry_id=entry.entry_id)
    result = await hass.config_entries.flow.async_init("bach", context=context)
    if result["type"] is FlowResultType.MENU:
        result = await submitted(hass, result, {"next_step_id": "change_webhook"})
    return result


async def submitted(hass: HomeAssistant, result: ConfigFlowResult, given: Mapping[str, Any]) -> ConfigFlowResult:
    """What a form answers."""
    return await hass.config_entries.flow.async_configure(result["flow_id"], dict(given))


@pytest.mark.slow
async def test_a_mistake_in_a_change_is_said_and_changes_nothing(hass: HomeAssistant, socket_enabled: None) -> None:
    """A slip in *Reconfigure* would stop a connection that works."""
    for type_, form in {**FORMS, "webhook": CHANGE}.items():
        entry = entry_of(hass, type_)
        before = dict(entry.data)
        result = await changing(hass, entry)
        for path, values in (form.address, NO_ADDRESSES), ((form.secret,), UNSENDABLE if form.secret else {}):
            for value in values.values():
                given = filled(form, path, value)
                given.pop("hello", None)
                result = await submitted(hass, result, given)
                check_is_said(result, path[0], given)
                assert dict(entry.data) == before, (type_, path, value)


async def test_a_mistake_in_new_credentials_is_said_and_changes_nothing(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    """Whoever pastes half a token into *Reauthenticate* would lose what was left of the connection."""
    for type_ in FORMS:
        entry = entry_of(hass, type_)
        before = dict(entry.data)
        context = ConfigFlowContext(source=SOURCE_REAUTH, entry_id=entry.entry_id)
        result = await hass.config_entries.flow.async_init("bach", context=context, data=before)
        schema = result["data_schema"]
        assert schema
        for field in [str(name) for name in schema.schema if str(name) not in {"auth_type", "oauth", "login"}]:
            values = [LONG] if type_ == "webhook" and field in {"password", "secret"} else UNSENDABLE.values()
            for value in values:
                way = {"auth_type": "bearer"} if type_ in OPEN_AUTH else {}
                result = await submitted(hass, result, {field: value, **way})
                check_is_said(result, field, {field: value})
                assert dict(entry.data) == before, (type_, field, value)


async def test_what_is_missing_of_a_login_is_said_where_it_is_missing(hass: HomeAssistant) -> None:
    """Whoever left the user name out would type the password once more, and once more."""
    form = FORMS["mcp"]
    result = await opened(hass, form)
    oauth = {"oauth": {"token_endpoint": f"{NOBODY}/token"}}
    for given, place in (
        ({"auth_type": "basic", "secret": "a-password"}, "login"),
        ({"auth_type": "basic", "login": "ada"}, "secret"),
        ({"auth_type": "oauth", "secret": "", **oauth}, "oauth"),
    ):
        result = await submitted(hass, result, {"endpoint": NOBODY, "details": {}, **given})
        check_is_said(result, place, given)


@pytest.mark.parametrize("step", ["hook_take", "hook_send", "hook_both"])
async def test_a_mistake_about_a_webhook_is_said_in_its_section(hass: HomeAssistant, step: str) -> None:
    """Nobody could post at an address whose token no request can show."""
    form: dict[str, Any] = {} if step == "hook_take" else {"url": NOBODY, "outgoing": {}}
    form |= {} if step == "hook_send" else {"takes": "token", "incoming": {}}
    result = await submitted(hass, await choose(hass, "webhook"), {"next_step_id": step})
    for path, values in HOOKS.items():
        place, _, field = path.partition(".")
        for value in values if place in form else ():
            given = {**form, place: {field: value, **BESIDE.get(path, {})}}
            result = await submitted(hass, result, given)
            check_is_said(result, place, given)
            assert (result["errors"] or {})[place] != "invalid_value", f"nothing is said of {path}"
    assert hass.config_entries.async_entries("bach") == []


async def asked(hass: HomeAssistant, entry: MockConfigEntry, subentry_id: str | None) -> SubentryFlowResult:
    """The form in which a recipient is typed: of a new one, or of one that is there."""
    if subentry_id:
        return await reconfigure(hass, entry, subentry_id)
    manager = hass.config_entries.subentries
    result = await manager.async_init((entry.entry_id, "recipient"), context={"source": SOURCE_USER})
    while result["type"] is FlowResultType.MENU or result["step_id"] == "post_here":
        step = {one for one in ("manual", "hook", "other") if one in (result.get("menu_options") or ())}
        result = await go_on(hass, result, **({"next_step_id": step.pop()} if step else {}))
    return result


async def test_what_is_no_recipient_is_said_and_nothing_is_added(hass: HomeAssistant) -> None:
    """It would become a dead letter with the first message, or a topic that nobody can subscribe to."""
    for type_, wrong in NO_RECIPIENTS.items():
        entry = entry_of(hass, type_, recipient("Door", DOOR.get(type_, "door")))
        [before] = entry.subentries.values()
        for subentry_id in (None, before.subentry_id):
            result = await asked(hass, entry, subentry_id)
            for value in (*wrong, *NOWHERE):
                result = await go_on(hass, result, recipient=value)
                assert result["type"] is FlowResultType.FORM, (type_, value)
                assert result["errors"] == {"recipient": "invalid_recipient"}, (type_, value)
                assert (result["description_placeholders"] or {})["expected"], type_
                assert dict(shown(result))["recipient"] == value, (type_, value)
        assert list(entry.subentries.values()) == [before]


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """With what a dialog has tried to log in; nothing answers."""
    found: list[dict[str, Any]] = []

    async def check(_: object, data: dict[str, Any]) -> Identity | Fault:
        found.append(dict(data))
        return Fault(code="rate_limited", text="Not now.")

    monkeypatch.setattr(BachConfigFlow, "_check", check)
    return found


async def test_an_address_is_taken_as_it_is_meant(hass: HomeAssistant, tried: list[dict[str, Any]]) -> None:
    """A machine with letters of its own language, a port or a path would be unreachable, or another one."""
    form = FORMS["ntfy"]
    result = await opened(hass, form)
    for given in ADDRESSES:
        result = await submitted(hass, result, filled(form, form.address, given))
    assert [one["endpoint"] for one in tried] == list(ADDRESSES.values())


async def test_a_secret_is_found_in_what_was_pasted(hass: HomeAssistant, tried: list[dict[str, Any]]) -> None:
    """Whoever copies a token with its quotes or its name would be told that it is refused."""
    for type_, (field, secret) in SECRETS.items():
        form = FORMS[type_]
        result = await opened(hass, form)
        for wrapping in (*WRAPPINGS, *(NAMINGS if field != "url" else ())):
            result = await submitted(hass, result, {**form.filled, field: wrapping.format(secret)})
            assert tried[-1][field] == secret, (type_, wrapping)
