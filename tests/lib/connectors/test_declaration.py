"""Names of secrets and settings: what is misspelt is said, and what an older version took goes on."""

from dataclasses import replace
from pathlib import Path

import pytest

from bach_lib import Bach, Category, Connection, InputError
from bach_lib.connectors import Connectors
from bach_lib.connectors.base import Connector
from bach_lib.connectors.declaration import Known, Knows
from bach_lib.connectors.declared import DECLARED
from bach_lib.connectors.ours import OF_CONNECTOR, SECRETS_OF_NETWORK
from bach_lib.errors import InvalidValueError, MissingFieldError, UnknownNameError
from bach_lib.registry.partner_types import PARTNER_TYPES
from bach_lib.registry.rows import connection_values
from bach_lib.storage.database import Database
from bach_lib.testing import FakePlatform, fake_connector


def lookup(_: str) -> str:
    """Every secret."""
    return "123456:AAFakeTokenFakeTokenFakeTokenFakeTok"


def a_bach(path: Path, **connectors: type[Connector]) -> Bach:
    """One that finds every secret."""
    return Bach(path / "bach.db", secrets={"test": lookup}, connectors=connectors, autostart=False)


def named(*names: str) -> str:
    """As a sentence names them."""
    return ", ".join(sorted(names))


OURS = named(*(one.name for one in OF_CONNECTOR))
"""What every connector's connection can be told."""
SECRETS = named(*(one.name for one in SECRETS_OF_NETWORK))

MISSPELT = {
    "the name another platform has": (
        Connection(name="x", type="homeassistant", endpoint="http://x", auth_config={"bot_token": "test:x"}),
        f'There is no secret "bot_token" for homeassistant. Did you mean "token"? Known: {SECRETS}, token.',
    ),
    "a letter too few": (
        Connection(name="x", type="telegram", auth_config={"bot_tokn": "test:x"}),
        f'There is no secret "bot_tokn" for telegram. Did you mean "bot_token"? Known: bot_token, {SECRETS}.',
    ),
    "a field among the settings": (
        Connection(name="x", type="telegram", settings={"endpont": "http://x"}),
        (
            'There is no setting "endpont" for telegram. "endpoint" is no setting, but a field of the connection. '
            f"Known: {OURS}."
        ),
    ),
    "a secret among the settings": (
        Connection(name="x", type="telegram", settings={"bot_token": "123:secret"}),
        (
            'There is no setting "bot_token" for telegram. It is a secret: give a reference to it in auth_config. '
            f"Known: {OURS}."
        ),
    ),
    "a setting among the secrets": (
        Connection(name="x", type="signal", endpoint="http://x", auth_config={"number": "test:x"}),
        f'There is no secret "number" for signal. It is a setting. Known: {SECRETS}, token.',
    ),
    "nothing like anything": (
        Connection(name="x", type="telegram", settings={"nonsense": 1}),
        f'There is no setting "nonsense" for telegram. Known: {OURS}.',
    ),
    "another case": (
        Connection(name="x", type="signal", endpoint="http://x", settings={"Number": "+491700000001"}),
        f'There is no setting "Number" for signal. Did you mean "number"? Known: {named("number", *OURS.split(", "))}.',
    ),
    "an AI partner's": (
        Connection(name="x", type="ollama", category=Category.AI, settings={"modell": "gemma3"}),
        (
            'There is no setting "modell" for ollama. Did you mean "model"? Known: api_key_header, client_auth, '
            "ip_family, max_tokens, model, num_ctx, proxy, scope, system, thinking, token_endpoint."
        ),
    ),
}


@pytest.mark.parametrize("case", MISSPELT)
async def test_a_misspelt_name_is_said(tmp_path: Path, case: str) -> None:
    """It would be taken, and do nothing; days later somebody would look for the reason."""
    connection, sentence = MISSPELT[case]
    async with a_bach(tmp_path) as bach:
        with pytest.raises(UnknownNameError) as refused:
            await bach.registry.add(connection)
        assert str(refused.value) == sentence
        assert bach.registry.list() == []


WRONG_KINDS: dict[str, tuple[str, dict[str, object]]] = {
    "a number that is none": ("signal", {"number": 491700000001}),
    "a text for a list": ("webhook", {"incoming_addresses": "192.0.2.1"}),
    "a list for names": ("webhook", {"headers": ["X-Key: secret-of-mine"]}),
    "a switch for a text": ("discord_webhook", {"username": True}),
    "a list for a text": ("telegram", {"sender_tag": ["a"]}),
}


@pytest.mark.parametrize("case", WRONG_KINDS)
async def test_a_setting_of_another_kind_is_said(tmp_path: Path, case: str) -> None:
    """The connection would be there and not start; and what somebody typed may be a key, so it is not repeated."""
    type_, settings = WRONG_KINDS[case]
    async with a_bach(tmp_path) as bach:
        with pytest.raises(InvalidValueError, match=f"settings.{next(iter(settings))}") as refused:
            await bach.registry.add(Connection(name="x", type=type_, endpoint="http://x", settings=settings))
        assert "secret-of-mine" not in str(refused.value)


async def test_a_change_is_looked_at_as_well(tmp_path: Path) -> None:
    """What cannot be added could be had by changing it."""
    async with a_bach(tmp_path) as bach:
        await bach.registry.add(Connection(name="x", type="telegram", is_active=False))
        for change in ({"settings": {"tag": "x"}}, {"auth_config": {"token": "test:x"}}):
            with pytest.raises(UnknownNameError):
                await bach.registry.update("x", **change)  # type: ignore[arg-type] # one of both
        await bach.registry.update("x", settings={"sender_tag": "x"}, auth_config={"bot_token": "test:x"})


LACKING = {
    "a secret": (
        Connection(name="x", type="telegram"),
        'A connection of type "telegram" needs auth_config.bot_token: the token of the bot.',
    ),
    "an address": (
        Connection(name="x", type="homeassistant", auth_config={"token": "test:x"}),
        'A connection of type "homeassistant" needs endpoint: an address, such as http://homeassistant.local:8123.',
    ),
    "a setting": (
        Connection(name="x", type="signal", endpoint="http://x"),
        'A connection of type "signal" needs settings.number: the number of the account, such as +491701234567.',
    ),
    "either way": (
        Connection(name="x", type="webhook", settings={"incoming_from": "github"}),
        'A connection of type "webhook" needs auth_config.url: the address to send to.',
    ),
}


@pytest.mark.parametrize("case", LACKING)
async def test_what_it_cannot_work_without_is_said_before_it_is_written(tmp_path: Path, case: str) -> None:
    """It would be taken, and only a health sensor would say that it can do nothing; at each start again."""
    connection, sentence = LACKING[case]
    async with a_bach(tmp_path) as bach:
        for adding in (bach.registry.add, bach.registry.ensure):
            with pytest.raises(MissingFieldError) as refused:
                await adding(connection)
            assert str(refused.value) == sentence
        assert bach.registry.list() == []
        await bach.registry.add(replace(connection, is_active=False))  # prepared, with what is there already
        with pytest.raises(MissingFieldError):
            await bach.registry.update("x", is_active=True)
        assert not bach.registry.get("x").is_active


async def test_what_it_needs_cannot_be_taken_away_while_it_works(tmp_path: Path) -> None:
    """A change would stop a connection that works; and one that an older version took could not be mended stepwise."""
    async with a_bach(tmp_path) as bach:
        await bach.registry.add(Connection(name="x", type="telegram", auth_config={"bot_token": "test:x"}))
        with pytest.raises(MissingFieldError):
            await bach.registry.update("x", auth_config={})
        hook = Connection(name="y", type="webhook", auth_config={"incoming_token": "test:x"})  # it only takes
        await bach.registry.add(hook)
        with pytest.raises(MissingFieldError):
            await bach.registry.update("y", auth_config={})
        await bach.registry.update("y", auth_config={}, endpoint="http://x")


async def on_disk(path: Path, row: Connection) -> None:
    """Write what the registry of today would refuse."""
    store = Database(path / "bach.db")
    await store.open()
    await store.submit(lambda tx: tx.run("add_connection", **connection_values(row)))
    await store.close()


async def test_what_an_older_version_took_incomplete_can_be_changed(tmp_path: Path) -> None:
    """After an update nobody could change a connection that lacks something, before all of it is there."""
    await on_disk(tmp_path, Connection(name="old", type="signal"))  # it lacks its address, too
    async with a_bach(tmp_path) as bach:
        await bach.registry.update("old", settings={"number": "+491700000001"})
        with pytest.raises(MissingFieldError):
            await bach.registry.update("old", settings={})
        await bach.registry.update("old", endpoint="http://x")


async def test_what_an_older_version_took_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """After an update a home would lose a connection because of a word that nobody ever read."""
    await on_disk(tmp_path, Connection(name="old", type="telegram", settings={"poll": 1}, is_active=False))
    async with a_bach(tmp_path) as bach:
        assert bach.registry.get("old").settings == {"poll": 1}
        assert "old is told what telegram does not know: poll" in caplog.text
        await bach.registry.update("old", settings={"poll": 2, "sender_tag": "x"})
        with pytest.raises(UnknownNameError):
            await bach.registry.update("old", settings={"pol": 2})
        await bach.registry.update("old", settings={})


async def test_who_declares_nothing_takes_everything(tmp_path: Path) -> None:
    """A connector of somebody else's could be told nothing any more."""
    async with a_bach(tmp_path, fake=fake_connector(FakePlatform())) as bach:
        told = await bach.registry.add(
            Connection(name="x", type="fake", auth_config={"any": "test:x"}, settings={"thing": [1]})
        )
        assert (told.auth_config, told.settings) == ({"any": "test:x"}, {"thing": [1]})


async def test_a_connector_of_somebody_elses_may_declare(tmp_path: Path) -> None:
    """Only ours would have their misspelt words named."""
    made = fake_connector(FakePlatform())
    made.knows = Knows(settings=(Known(name="city", about="where it is"),))
    async with a_bach(tmp_path, fake=made) as bach:
        await bach.registry.add(Connection(name="x", type="fake", settings={"city": "Bern", "sender_tag": "x"}))
        with pytest.raises(InputError, match='Did you mean "city"'):
            await bach.registry.update("x", settings={"citi": "Bern"})


def test_no_type_is_forgotten() -> None:
    """The settings of a new type would be misspelt without a word."""
    assert DECLARED.keys() == set(Connectors().types) | PARTNER_TYPES.keys()


@pytest.mark.parametrize("type_", Connectors().types)
async def test_a_loaded_connector_says_the_same(type_: str) -> None:
    """What the command explains would not be what the registry checks."""
    connectors = Connectors()
    before = connectors.knows(type_)
    assert before == DECLARED[type_] == (await connectors.load(type_)).knows == connectors.knows(type_)
