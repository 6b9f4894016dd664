"""Connections of every type, as people type them: what is missing is asked for, or said."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bach_lib import Connection, InputError, SystemClock
from bach_lib.cli.connection_options import needs_of
from bach_lib.connectors import Connectors
from bach_lib.connectors.base import Setup
from bach_lib.testing.homeassistant import HomeAssistantServer
from bach_lib.testing.ntfy.server import NtfyServer
from bach_lib.testing.signal import SignalServer
from tests.lib.cli.conftest import Run, served
from tests.lib.cli.loop_thread import LoopThread
from tests.proxies import HOST, LOGIN, PASSWORD, USER, ProxyServer, proxy_server


def test_signal_is_added_with_its_address_and_number(bach_: Run) -> None:
    """Whoever has Signal would have to write Python, and would not hear that nothing can come in."""
    with served(server := SignalServer()) as url:
        words = ("connector", "add", "signal", "home", "--endpoint", url, "--setting", f"number={server.number}")
        said = bach_(*words)
        assert said.code == 0, said
        assert f"It answers as {server.number}." in said.output + said.errors
        assert bach_("connections", "show", "home", "--json").row()["endpoint"] == url
        [row] = bach_("connections", "check", "--json").rows()
        assert (row["is_good"], row["version"], row["notice"]) == (True, "0.98", None)

        server.mode = "native"
        refused = bach_("connector", "add", "signal", "other", f"{url}/", "--setting", f"number={server.number}")
        assert (refused.code, '"home" is the same account already' in refused.errors) == (1, True)
        assert bach_("connector", "remove", "home", "--yes").code == 0
        said = bach_("connector", "add", "signal", "other", url, "--setting", f"number={server.number}")
        assert said.code == 0
        assert f'But: {url.removeprefix("http://")} runs in mode "native".' in said.output + said.errors


def test_a_token_of_signals_proxy_is_asked_for(bach_: Run) -> None:
    """A server behind a proxy could not be used, or its token would stand in the command line."""
    with served(SignalServer(key="of-the-proxy")) as url:
        words = ["connector", "add", "signal", "home", url, "--setting", "number=+491700000001"]
        assert bach_(*words).code == 1
        said = bach_(*words, "--secret", "token", typed="of-the-proxy\n")
        assert said.code == 0, said
        assert "of-the-proxy" not in said.output + bach_("connections", "show", "home", "--json").output


def test_another_home_asks_for_its_token(bach_: Run) -> None:
    """Whoever does not know how its secret is called could not add it."""
    with served(HomeAssistantServer(key="long-lived")) as url:
        said = bach_("connector", "add", "homeassistant", "cabin", "--endpoint", url, typed="long-lived\n")
        assert said.code == 0, said
        assert [row["type"] for row in bach_("connector", "list", "--json").rows()] == ["homeassistant"]


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (["signal"], ["--endpoint http://", "--setting number=+49"]),
        (["signal", "--endpoint", "http://127.0.0.1:9"], ["--setting number=+49"]),
        (["homeassistant"], ["--endpoint http://"]),
        (["mcp"], ["--endpoint https://"]),
        (["ollama", "--auth-type", "oauth"], ["--setting token_endpoint=https://"]),
    ],
)
def test_what_is_missing_is_said_before_a_secret_is_typed(
    bach_: Run, words: Sequence[str], missing: Sequence[str]
) -> None:
    """A person would type a secret for nothing, and then read that "" is no address."""
    said = bach_("connector", "add", words[0], "home", *words[1:])
    assert said.code == 1
    assert all(one in said.errors for one in missing)
    assert said.errors.count("--") == len(missing)


@pytest.mark.parametrize(
    "words",
    [
        ["https://example.org/alerts"],
        ["--endpoint", "https://example.org/alerts"],
        ["--secret", "incoming_token=env:INCOMING"],
        ["--secret", "url=env:ADDRESS"],
    ],
)
def test_a_webhook_is_asked_for_nothing_that_it_can_do_without(
    bach_: Run, monkeypatch: pytest.MonkeyPatch, words: Sequence[str]
) -> None:
    """Nobody could add one that only takes what comes in, or whose address is no secret."""
    monkeypatch.setenv("INCOMING", "long-enough-for-a-token")
    monkeypatch.setenv("ADDRESS", "https://example.org/alerts")
    said = bach_("connector", "add", "webhook", "alerts", *words, "--no-check", "--disabled")
    assert said.code == 0, said


def test_a_webhook_asks_for_its_address(bach_: Run) -> None:
    """One with neither would only fail when the first message goes."""
    said = bach_("connector", "add", "webhook", "alerts", "--no-check", typed="https://example.org/secret-way\n")
    assert said.code == 0, said
    assert "secret-way" not in bach_("connections", "show", "alerts", "--json").output


@pytest.mark.parametrize("type_", Connectors().types)
async def test_no_type_is_forgotten(type_: str) -> None:
    """A new connector would be added without what it needs, or be asked for what it can do without."""
    connector = await Connectors().load(type_)
    bare = Setup(
        connection=Connection(name="home", type=type_),
        secrets={},
        session=ClientSession(),
        new_session=ClientSession,
        clock=SystemClock(),
    )
    try:
        connector(bare)
    except InputError:
        works_with_nothing = False
    else:
        works_with_nothing = True
    finally:
        await bare.session.close()
    needed = needs_of(type_, "token", endpoint=None, given=())
    assert works_with_nothing is not bool(needed.secrets or needed.endpoint)


def test_a_key_changes_in_two_steps(bach_: Run, database: Path) -> None:
    """The old key would be lost in the moment in which the new one comes, with all that others still check by it."""
    words = ("connector", "add", "webhook", "porter", "--endpoint", "http://127.0.0.1:9/", "--no-check")
    assert bach_(*words, "--secret", "secret", typed="the-old-key-of-the-porter\n").code == 0
    old = secrets_of(bach_("connections", "show", "porter", "--json").row())["secret"]
    assert bach_("connector", "configure", "porter", "old_secret", old).code == 0
    row = bach_("connector", "configure", "porter", "secret", "--json", typed="the-new-key-of-the-porter\n").row()
    keys = {name: Path(one.removeprefix("file:")).read_text("utf-8").strip() for name, one in secrets_of(row).items()}
    assert keys == {"secret": "the-new-key-of-the-porter", "old_secret": "the-old-key-of-the-porter"}
    row = bach_("connector", "configure", "porter", "old_secret", "", "--json").row()
    assert list(secrets_of(row)) == ["secret"]
    kept = [one.read_text("utf-8").strip() for one in database.with_name("bach.db.secrets").iterdir()]
    assert kept == ["the-new-key-of-the-porter"]


def secrets_of(row: Mapping[str, object]) -> dict[str, str]:
    """The references of a connection."""
    found = row["auth_config"]
    assert isinstance(found, dict)
    return found


@contextmanager
def served_proxy(login: str) -> Iterator[ProxyServer]:
    """A proxy, in a thread of its own."""
    beside, making = LoopThread(), proxy_server(login=login)
    try:
        yield beside.do(making.__aenter__())
    finally:
        beside.do(making.__aexit__(None, None, None))
        beside.close()


def test_a_proxy_with_a_password(bach_: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home behind one could not be set up; or its password would stand in the command line, or in what is shown."""
    monkeypatch.setenv("PROXY_USER", USER)
    with served(NtfyServer()) as url, served_proxy(LOGIN) as proxy:
        words = ["connector", "add", "ntfy", "bell", url.replace(HOST, "bell.test"), "--setting"]
        refused = bach_(*words, f"proxy=socks5h://ada:hunter2@{proxy.place}")
        assert (refused.code, "hunter2" in refused.errors + refused.output) == (1, False)
        assert "the secrets proxy_user and proxy_password" in refused.errors
        secrets = ["--secret", "proxy_user=env:PROXY_USER", "--secret", "proxy_password"]
        said = bach_(*words, f"proxy=socks5h://{proxy.place}", *secrets, typed=f"{PASSWORD}\n")
        assert said.code == 0, said
        shown = bach_("connections", "show", "bell", "--json")
        assert shown.row()["settings"] == {"proxy": f"socks5h://{proxy.place}"}
        assert PASSWORD not in said.output + said.errors + shown.output
        [row] = bach_("connections", "check", "--json").rows()
        assert row["is_good"], row
