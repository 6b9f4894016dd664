"""The same account twice: every way to it is refused at the registry, and what does not matter is let through."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import override

import pytest

from bach_lib import Bach, Connection, InputError
from bach_lib.connectors.base import Connector
from bach_lib.errors import AccountTakenError, BachError, InvalidValueError
from bach_lib.registry.accounts import Accounts, Beside
from bach_lib.registry.examining import Examiner
from bach_lib.storage import MemoryDatabase
from bach_lib.testing import FakePlatform, fake_connector

HOOK = "https://discord.com/api/webhooks/123456789012345678/abcdefghijklmnopqrstuvwxyz"
SECRETS = {
    "BOT": "123456:AAFakeTokenFakeTokenFakeTokenFakeTok",
    "RENEWED": "123456:BBFakeTokenFakeTokenFakeTokenFakeTok",
    "OTHER": "654321:AAFakeTokenFakeTokenFakeTokenFakeTok",
    "APP": "MTIzNDU2Nzg5.Gabcde.secret-of-an-application",
    "APP_RENEWED": "Bot MTIzNDU2Nzg5.Gvwxyz.another-of-the-same-one",
    "HOOK": HOOK,
    "HOOK_AGAIN": HOOK.replace("discord.com/api", "canary.discordapp.com/api/v10"),
    "OTHER_HOOK": HOOK.replace("1234", "9234"),
    "ADDRESS": "https://example.org/in/secret",
    "ADDRESS_AGAIN": "https://EXAMPLE.org:443/in/secret/",
    "OTHER_ADDRESS": "https://example.org/in/other",
    "HOUSE": "header.eyJpc3MiOiJhYmMifQ.signature",
    "OTHER_HOUSE": "header.eyJpc3MiOiJkZWYifQ.signature",
}


def lookup(name: str) -> str | None:
    """The secret `test:NAME`."""
    return SECRETS.get(name)


def a(type_: str, name: str = "one", **fields: object) -> Connection:
    """A connection that rests, so that nobody is asked. Other fields than these are its secrets, by name."""
    own = {key: fields.pop(key) for key in ("endpoint", "settings") if key in fields}
    config = {key: f"test:{value}" for key, value in fields.items()}
    return Connection(name=name, type=type_, is_active=False, auth_config=config, **own)  # type: ignore[arg-type] # as named


SIGNAL = a("signal", endpoint="http://signal:8080", settings={"number": "+491700000001"})

SAME = {
    "the same token": (a("telegram", bot_token="BOT"), a("telegram", bot_token="BOT")),
    "a renewed token": (a("telegram", bot_token="BOT"), a("telegram", bot_token="RENEWED")),
    "the usual endpoint said": (
        a("telegram", bot_token="BOT"),
        a("telegram", bot_token="BOT", endpoint="https://API.telegram.org:443/"),
    ),
    "an address that ends with /bot": (
        a("telegram", bot_token="BOT", endpoint="http://127.0.0.1:1"),
        a("telegram", bot_token="BOT", endpoint="http://127.0.0.1:1/bot/"),
    ),
    "a server of one's own": (
        a("telegram", bot_token="BOT"),
        a("telegram", bot_token="BOT", endpoint="http://127.0.0.1:1"),
    ),
    "a proxy before Discord": (a("discord", bot_token="APP"), a("discord", bot_token="APP", endpoint="http://proxy")),
    "a webhook of Discord's through a proxy": (
        a("discord_webhook", url="HOOK"),
        a("discord_webhook", url="HOOK_AGAIN", endpoint="http://proxy"),
    ),
    "a bot of Discord's": (a("discord", bot_token="APP"), a("discord", bot_token="APP_RENEWED")),
    "a webhook of Discord's by another host": (
        a("discord_webhook", url="HOOK"),
        a("discord_webhook", url="HOOK_AGAIN", settings={"username": "Garage"}),
    ),
    "an address written otherwise": (a("webhook", url="ADDRESS"), a("webhook", url="ADDRESS_AGAIN")),
    "an address that is no secret": (
        a("webhook", url="ADDRESS"),
        a("webhook", endpoint="https://example.org/in/secret"),
    ),
    "a number with blanks": (
        SIGNAL,
        a("signal", endpoint="http://SIGNAL:8080/", settings={"number": "+49 170 0000001"}),
    ),
    "a home": (
        a("homeassistant", token="HOUSE", endpoint="http://house:8123"),
        a("homeassistant", token="HOUSE", endpoint="http://house:8123/"),
    ),
}
DIFFERENT = {
    "another bot": (a("telegram", bot_token="BOT"), a("telegram", bot_token="OTHER")),
    "another webhook": (a("discord_webhook", url="HOOK"), a("discord_webhook", url="OTHER_HOOK")),
    "another address": (a("webhook", url="ADDRESS"), a("webhook", url="OTHER_ADDRESS")),
    "another account at one address": (
        a("webhook", url="ADDRESS", settings={"body": {"user": "ada", "text": "{text}"}}),
        a("webhook", url="ADDRESS", settings={"body": {"user": "bob", "text": "{text}"}}),
    ),
    "another key at one address": (
        a("webhook", url="ADDRESS", api_key="BOT"),
        a("webhook", url="ADDRESS", api_key="OTHER"),
    ),
    "two that only receive": (a("webhook", incoming_token="BOT"), a("webhook", incoming_token="BOT")),
    "another number": (SIGNAL, replace(SIGNAL, settings={"number": "+491700000002"})),
    "another server with the number": (SIGNAL, replace(SIGNAL, endpoint="http://signal:8081")),
    "another user of a home": (
        a("homeassistant", token="HOUSE", endpoint="http://house:8123"),
        a("homeassistant", token="OTHER_HOUSE", endpoint="http://house:8123"),
    ),
    "another type with the same secret": (a("telegram", bot_token="BOT"), a("discord", bot_token="BOT")),
}


def a_bach(path: Path, **connectors: type[Connector]) -> Bach:
    """One with these secrets."""
    return Bach(path / "bach.db", secrets={"test": lookup}, connectors=connectors, autostart=False)


@pytest.mark.parametrize("case", SAME)
async def test_the_same_account_is_not_added_twice(tmp_path: Path, case: str) -> None:
    """Two connections would take each other's messages away, and each would complain of another program."""
    first, second = SAME[case]
    async with a_bach(tmp_path) as bach:
        await bach.registry.add(first)
        with pytest.raises(AccountTakenError, match=r'^"one" is the same account already'):
            await bach.registry.add(replace(second, name="two"))
        assert [row.name for row in bach.registry.list()] == ["one"]


@pytest.mark.parametrize("case", SAME)
async def test_a_change_does_not_make_it_the_same(tmp_path: Path, case: str) -> None:
    """What is refused when it is added could be had by changing it afterwards."""
    first, second = SAME[case]
    async with a_bach(tmp_path) as bach:
        await bach.registry.add(first)
        before = await bach.registry.add(Connection(name="two", type=second.type, is_active=False))
        with pytest.raises(AccountTakenError):
            await bach.registry.update(
                "two", endpoint=second.endpoint, auth_config=second.auth_config, settings=second.settings
            )
        assert bach.registry.get("two") == before


@pytest.mark.parametrize("case", DIFFERENT)
async def test_another_account_may_be_beside_it(tmp_path: Path, case: str) -> None:
    """A second account could not be added."""
    first, second = DIFFERENT[case]
    async with a_bach(tmp_path) as bach:
        await bach.registry.add(first)
        await bach.registry.add(replace(second, name="two"))


async def test_one_field_alone_can_make_it_the_same(tmp_path: Path) -> None:
    """A changed number or address would not be looked at, as no secret was."""
    async with a_bach(tmp_path) as bach:
        await bach.registry.add(SIGNAL)
        await bach.registry.add(replace(SIGNAL, name="two", settings={"number": "+491700000002"}))
        await bach.registry.add(replace(SIGNAL, name="three", endpoint="http://elsewhere:8080"))
        with pytest.raises(AccountTakenError):
            await bach.registry.update("two", settings=SIGNAL.settings)
        with pytest.raises(AccountTakenError):
            await bach.registry.update("three", endpoint=SIGNAL.endpoint)
        with pytest.raises(InvalidValueError, match="number"):
            await bach.registry.update("two", settings={"number": "our number"})


async def test_two_that_are_there_already_can_be_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has two of an older version could neither rename a token nor go on."""
    async with a_bach(tmp_path) as bach:
        await bach.registry.add(a("telegram", bot_token="BOT"))
        with monkeypatch.context() as patched:
            patched.setattr(Accounts, "_digest", lambda *_: None)
            await bach.registry.add(a("telegram", "two", bot_token="BOT"))
    async with a_bach(tmp_path) as bach:
        await bach.registry.update("two", settings={"sender_tag": "Two"})
        await bach.registry.update("two", auth_config={"bot_token": "test:RENEWED"})
        await bach.registry.update("two", auth_config={"bot_token": "test:OTHER"})
        with pytest.raises(AccountTakenError):
            await bach.registry.update("two", auth_config={"bot_token": "test:BOT"})


async def test_a_second_one_is_not_switched_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused when it is added would begin to take messages away as soon as somebody switches it on."""
    async with a_bach(tmp_path) as bach:
        await bach.registry.add(a("telegram", bot_token="BOT"))
        with monkeypatch.context() as patched:
            patched.setattr(Accounts, "_digest", lambda *_: None)
            patched.setattr(Examiner, "_knows", lambda *_: None)
            await bach.registry.add(a("telegram", "two", bot_token="BOT"))
            await bach.registry.add(a("telegram", "three", bot_token="OTHER", settings={"sender_tga": "Two"}))
    async with a_bach(tmp_path) as bach:
        with pytest.raises(AccountTakenError):
            await bach.registry.update("two", is_active=True)
        with pytest.raises(InputError, match="sender_tga"):
            await bach.registry.update("three", is_active=True)
        monkeypatch.delitem(SECRETS, "BOT")
        with pytest.raises(BachError, match="secret"):
            await bach.registry.update("one", is_active=True)
        assert not any(row.is_active for row in bach.registry.list())
        await bach.registry.update("three", settings={}, is_active=True)


async def test_who_examines_many_reads_each_secret_once() -> None:
    """An import of a thousand connections would read half a million secrets, and take minutes."""
    read: list[str] = []
    tokens = {str(number): f"{100_000 + number}:AAFakeTokenFakeTokenFakeTokenFakeTok" for number in range(40)}
    tokens["again"] = tokens["17"]

    def look(name: str) -> str:
        read.append(name)
        return tokens[name]

    async with Bach(MemoryDatabase(), secrets={"test": look}, autostart=False) as bach:
        there = await bach.registry.add(a("telegram", "there", bot_token="39"))
        beside, taken, read[:] = Beside(), list[str](), []
        for name in tokens:
            try:
                row = a("telegram", f"bot{name}", bot_token=name)
                beside.append(await bach.registry.examine(row, beside=beside))
            except AccountTakenError as error:
                taken.append(str(error.placeholders["other"]))
    assert taken == [there.name, "bot17"]
    assert sorted(read) == sorted([*tokens, "39"])


async def test_a_lost_secret_of_another_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One broken connection would make every other one unchangeable."""
    async with a_bach(tmp_path) as bach:
        await bach.registry.add(a("telegram", bot_token="BOT"))
        monkeypatch.delitem(SECRETS, "BOT")
        await bach.registry.add(a("telegram", "two", bot_token="OTHER"))
        await bach.registry.update("one", endpoint="http://127.0.0.1:1")


async def test_no_secret_is_kept_or_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What tells two accounts apart may be all that is needed to use them."""
    async with a_bach(tmp_path) as bach:
        await bach.registry.add(a("discord_webhook", url="HOOK"))
        with pytest.raises(AccountTakenError) as refused:
            await bach.registry.add(a("discord_webhook", "two", url="HOOK_AGAIN"))
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"abcdefghijklm" not in written
    assert "abcdefghijklm" not in f"{refused.value!r} {refused.value.placeholders} {caplog.text}"


class _Odd(fake_connector(FakePlatform())):  # type: ignore[misc] # made at run time, as third parties' may be
    """Does with `account` what its settings say."""

    @override
    @classmethod
    def account(cls, connection: Connection, secrets: Mapping[str, str]) -> str | None:
        match connection.settings.get("does"):
            case "raise":
                raise KeyError("account")
            case "refuse":
                raise InvalidValueError(field="does", value="refuse", expected="anything else")
            case other:
                return other  # type: ignore[return-value] # whatever it is


@pytest.mark.parametrize("does", ["raise", None, 5, ""])
async def test_a_connector_that_cannot_tell_is_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, does: object
) -> None:
    """A fault in somebody's connector would make the registry unusable."""
    async with a_bach(tmp_path, odd=_Odd) as bach:
        for name in ("one", "two"):
            await bach.registry.add(a("odd", name, settings={"does": does}))
        assert ("made a mistake: account raised KeyError" in caplog.text) == (does == "raise")


async def test_a_connector_of_somebody_elses_may_tell(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Third parties could not have what ours have."""
    caplog.set_level(logging.WARNING)
    async with a_bach(tmp_path, odd=_Odd) as bach:
        await bach.registry.add(a("odd", settings={"does": "ada"}))
        with pytest.raises(AccountTakenError):
            await bach.registry.add(a("odd", "two", settings={"does": "ada"}))
        with pytest.raises(InputError, match="anything else"):
            await bach.registry.add(a("odd", "two", settings={"does": "refuse"}))


async def test_names_that_look_alike_are_one_name(tmp_path: Path) -> None:
    """Two connections could not be told apart in a list, and on some disks would share the file of their token."""
    async with a_bach(tmp_path, fake=fake_connector(FakePlatform())) as bach:
        await bach.registry.add(a("fake", "Küche"))
        for name in ("küche", "KÜCHE", "\uff2büche"):
            with pytest.raises(InputError, match='named "Küche" exists already'):
                await bach.registry.add(a("fake", name))
        await bach.registry.add(a("fake", "Kueche"))
