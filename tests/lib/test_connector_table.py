"""Finding the connector of a type: loaded when it is needed, and with a clear word if its library is missing."""

import asyncio
import re
import sys
import threading
import tomllib
from pathlib import Path

import pytest

from bach_lib import Connection, connectors
from bach_lib.connectors import Connectors
from bach_lib.connectors.base import Connector, Setup
from bach_lib.connectors.requirements import NEEDED, PICTURES, POSTGRESQL, SOCKS
from bach_lib.errors import (
    InvalidEndpointError,
    MissingLibraryError,
    SecretNotFoundError,
    UnknownTypeError,
    UnusableLibraryError,
)
from bach_lib.models import Fault, Identity
from bach_lib.runtime.credential_check import check_connection
from bach_lib.testing import FakePlatform, fake_connector

BUILT_IN = sorted(connectors._BUILT_IN)


@pytest.mark.parametrize("name", BUILT_IN)
async def test_every_built_in_type_keeps_to_the_protocol(name: str) -> None:
    """A platform would be offered that fails when it is chosen."""
    connector = await Connectors().load(name)
    for method in ("normalize_recipient", "rates", "send", "check", "receive", "reset", "close"):
        assert callable(getattr(connector, method))
    assert connector.capabilities.max_text > 0
    assert Connectors().types == BUILT_IN


@pytest.fixture
def not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connectors are imported anew."""
    for name in list(sys.modules):
        if name.startswith("bach_lib.connectors.") and name.split(".")[2] in NEEDED:
            monkeypatch.delitem(sys.modules, name)


MODULES = {"discord.py": "discord", "python-telegram-bot": "telegram"}


@pytest.mark.parametrize("name", sorted(NEEDED))
async def test_a_missing_library_is_named_with_the_way_to_get_it(
    name: str, monkeypatch: pytest.MonkeyPatch, not_loaded: None
) -> None:
    """A person would read the error of an import and not know what to do."""
    package = NEEDED[name]
    module = MODULES[package.name]
    for loaded in [one for one in sys.modules if one.split(".")[0] == module]:
        monkeypatch.delitem(sys.modules, loaded)
    path = [entry for entry in sys.path if "site-packages" not in entry]
    monkeypatch.setattr(sys, "path", path)
    with pytest.raises(MissingLibraryError) as caught:
        await Connectors().load(name)
    assert caught.value.placeholders == {"type": name, "package": package.name, "extra": package.extra}
    assert f"bach-lib[{package.extra}]" in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        ImportError("cannot import name 'Bot' from 'telegram'", name="telegram"),
        ModuleNotFoundError("No module named 'telegram.ext'", name="telegram.ext"),
        AttributeError("module 'telegram' has no attribute 'Bot'"),
    ],
    ids=["name", "module", "attribute"],
)
async def test_a_library_that_does_not_fit_is_not_called_missing(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People would install, again and again, what is there."""

    def break_off(name: str) -> None:
        raise error

    monkeypatch.setattr(connectors, "import_module", break_off)
    with pytest.raises(UnusableLibraryError) as caught:
        await Connectors().load("telegram")
    assert str(error) in str(caught.value)
    assert "python-telegram-bot>=22.7,<23" in str(caught.value)
    assert f"python-telegram-bot {NEEDED['telegram'].installed()} is installed" in str(caught.value)


async def test_a_connector_of_ours_that_is_broken_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs no package would be blamed on one."""

    def break_off(name: str) -> None:
        raise ImportError("half of it")

    monkeypatch.setattr(connectors, "import_module", break_off)
    with pytest.raises(ImportError, match="half of it"):
        await Connectors().load("signal")


def test_the_extras_say_the_same() -> None:
    """Home Assistant would install another version than pip does."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    for package in (*NEEDED.values(), PICTURES, POSTGRESQL, SOCKS):
        assert project["optional-dependencies"][package.extra] == [package.requirement]


async def test_an_unknown_type_is_answered_with_those_there_are() -> None:
    """Somebody with a typing error would have to guess."""
    table = Connectors({"fake": fake_connector(FakePlatform())})
    for _ in range(2):
        with pytest.raises(UnknownTypeError, match=f"Known types: {re.escape(', '.join(table.types))}"):
            await table.load("fax")
    with pytest.raises(UnknownTypeError):
        table.get("fax")


async def test_what_an_application_brings_goes_first() -> None:
    """Home Assistant could not speak for itself, and a test would call the real platform."""
    fake = fake_connector(FakePlatform())
    table = Connectors({BUILT_IN[0]: fake, "own": fake})
    assert (await table.load(BUILT_IN[0])).inner is fake
    assert table.get("own").inner is fake
    assert table.types == sorted({*BUILT_IN, "own"})


async def test_importing_does_not_stop_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading a large library would freeze the house for a second."""
    threads: list[threading.Thread] = []
    fake = fake_connector(FakePlatform())

    def slow_import(name: str) -> type[Connector]:
        threads.append(threading.current_thread())
        return fake

    monkeypatch.setattr(connectors, "_import", slow_import)
    table = Connectors()
    await asyncio.gather(table.load(BUILT_IN[0]), table.load(BUILT_IN[0]))
    assert await table.load(BUILT_IN[0]) is table.get(BUILT_IN[0])
    assert table.get(BUILT_IN[0]).inner is fake
    assert threading.main_thread() not in threads


# -- asking a platform before anything is registered -----------------------------------------------------------------


async def check(setup: Setup, platform: FakePlatform, connection: Connection) -> Identity | Fault:
    """Ask whether a connection would work."""
    return await check_connection(
        connection,
        session=setup.session,
        secrets={"entry": lambda target: "s3cr3t-t0k3n" if target == "home" else None},
        connectors={"fake": fake_connector(platform)},
    )


async def test_good_credentials_are_answered_with_who_we_are(setup: Setup, platform: FakePlatform) -> None:
    """A person could not see which bot a token belongs to."""
    connection = Connection(name="home", type="fake", auth_config={"token": "entry:home"})
    assert await check(setup, platform, connection) == Identity(id="1", name="fake")


async def test_what_is_wrong_is_told_without_the_secret(setup: Setup, platform: FakePlatform) -> None:
    """The dialog would show the token to everybody who looks over the shoulder."""
    platform.fault = Fault(code="unreachable", text="GET /s3cr3t-t0k3n/getMe failed", retry_after=3)
    connection = Connection(name="home", type="fake", auth_config={"token": "entry:home"})
    expected = Fault(code="unreachable", text="GET /***/getMe failed", retry_after=3)
    assert await check(setup, platform, connection) == expected


@pytest.mark.parametrize(
    ("connection", "error"),
    [
        (Connection(name="home", type="fake", endpoint="example.org"), InvalidEndpointError),
        (Connection(name="home", type="fax"), UnknownTypeError),
        (Connection(name="home", type="fake", auth_config={"token": "entry:gone"}), SecretNotFoundError),
    ],
)
async def test_settings_that_cannot_be_right_are_refused_without_asking(
    setup: Setup, platform: FakePlatform, connection: Connection, error: type[Exception]
) -> None:
    """The platform would be asked nonsense, and answer something nobody understands."""
    with pytest.raises(error):
        await check(setup, platform, connection)
    assert platform.checks == 0


async def test_the_connector_is_closed_whatever_happens(
    setup: Setup, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every attempt of a person to find the right token would leave a connection open."""
    closed: list[bool] = []
    connector = fake_connector(platform)

    async def close(_: object) -> None:
        closed.append(True)

    async def raise_surprise(_: object) -> Identity:
        raise LookupError

    monkeypatch.setattr(connector, "close", close)
    monkeypatch.setattr(connector, "check", raise_surprise)
    answer = await check_connection(
        Connection(name="home", type="fake"), session=setup.session, connectors={"fake": connector}
    )
    assert isinstance(answer, Fault)
    assert "check raised LookupError" in answer.text
    assert closed == [True]
