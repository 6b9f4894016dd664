"""What people paste: the token in whatever hangs around it, and the address of a server in that of a page."""

import pytest

from bach_lib.registry.pasted import address, addresses, secret
from bach_lib.registry.secrets import Secrets

TELEGRAM = "123456789:AAFakeTokenFakeTokenFakeTokenFakeTok"
DISCORD = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.fakefakefakefakefakefakefakefakefakefa"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJmYWtlIn0.c2lnbmF0dXJlLWZha2U"
HOOK = "https://discord.com/api/webhooks/123456789012345678/fakefakefakefakefakefakefakefakefakefakefakefake"
CLAUDE, GEMINI = "sk-ant-api03-fakefake-fake_fake", "AIzaFakeFakeFakeFakeFakeFakeFakeFakeFake"
KEY = "sk-fakefakefakefake=="


@pytest.mark.parametrize(
    "pasted",
    [
        "{}",
        " {}\n",
        "bot{}",
        "https://api.telegram.org/bot{}/getMe",
        "api.telegram.org/bot{}",
        '"{}"',
        "“{}”",
        "`{}`,",
        "TELEGRAM_TOKEN={}",
        "export BOT_TOKEN='{}'",
        '"bot_token": "{}",',
        "\u200b{}\ufeff",
        "Use this token to access the HTTP API:\n{}\nKeep your token secure and store it safely",
        "Use this token to access the HTTP API:{}Keep your token secure and store it safely",
    ],
)
def test_a_telegram_token(pasted: str) -> None:
    """Whoever copies a word too much of BotFather's would be told to copy the token once more."""
    assert secret("telegram", "bot_token", pasted.format(TELEGRAM)) == TELEGRAM


def test_a_colon_that_an_address_has_spelt() -> None:
    """A token out of the address bar has %3A in it."""
    assert secret("telegram", "bot_token", f"bot{TELEGRAM.replace(':', '%3A')}") == TELEGRAM


@pytest.mark.parametrize(
    ("type_", "field", "token"),
    [
        ("discord", "bot_token", DISCORD),
        ("homeassistant", "token", JWT),
        ("claude", "api_key", CLAUDE),
        ("gemini", "api_key", GEMINI),
        ("ollama", "api_key", KEY),
        ("openai-compatible", "token", KEY),
        ("mcp", "token", KEY),
        ("signal", "token", KEY),
    ],
)
@pytest.mark.parametrize(
    "pasted",
    [
        "{}",
        "Bearer {}",
        "bearer:{}",
        "Authorization: Bearer {}",
        "-H 'Authorization: Bearer {}'",
        'curl https://example.org -H "Authorization: Bearer {}"',
        "x-api-key: {}",
        "OPENAI_API_KEY={}",
        'export MY_TOKEN="{}"',
        "SECRET: '{}'",
        '"apiKey": "{}",',
        "'{}'",
    ],
)
def test_other_tokens(type_: str, field: str, token: str, pasted: str) -> None:
    """A key would be refused because of the words before it, and nobody would see why."""
    assert secret(type_, field, pasted.format(token)) == token


def test_a_prefix_of_discord() -> None:
    """Libraries write "Bot" before the token."""
    assert secret("discord", "bot_token", f"Bot {DISCORD}") == DISCORD


@pytest.mark.parametrize("pasted", ["{}", '"{}"', "{}?wait=true", "{}/slack", "URL: {}", "curl -X POST {} -d x"])
def test_the_address_of_a_webhook(pasted: str) -> None:
    """The address is the secret; what a manual has before and behind it is not."""
    assert secret("discord_webhook", "url", pasted.format(HOOK)) == HOOK


@pytest.mark.parametrize("password", ['"quoted"', "Bearer x", "A_KEY=b", "token: x", "p, "])
def test_what_people_make_stays(password: str) -> None:
    """A password may look like anything; to change it would lock its owner out."""
    assert secret("http", "password", password) == password.strip()
    assert secret("webhook", "authorization", password) == password.strip()


@pytest.mark.parametrize("token", ["a=b", "abc==", "key", "x-y_z", "12:34", "no token at all", "two 1 tokens 2"])
def test_what_is_no_wrapping_stays(token: str) -> None:
    """A key in a form that nobody knows would be cut."""
    assert secret("mcp", "token", token) == token


def test_two_tokens_are_none() -> None:
    """Of two bots, nobody can say which was meant."""
    both = f"{TELEGRAM} {TELEGRAM[:-3]}two"
    assert secret("telegram", "bot_token", both) == both


async def test_every_way_to_a_secret_is_cleaned(monkeypatch: pytest.MonkeyPatch) -> None:
    """What works in the dialog would fail from a variable, a file, or through REST."""
    monkeypatch.setenv("BACH_TEST_TOKEN", f"bot{TELEGRAM}")
    found = await Secrets().resolve({"bot_token": "env:BACH_TEST_TOKEN"}, "telegram")
    assert found == {"bot_token": TELEGRAM}


@pytest.mark.parametrize(
    ("type_", "pasted", "meant"),
    [
        ("signal", "signal.local:8080", ("http://signal.local:8080", "https://signal.local:8080")),
        ("signal", "192.168.1.5:8080/v1/about", ("http://192.168.1.5:8080", "https://192.168.1.5:8080")),
        ("ollama", "localhost:11434", ("http://localhost:11434", "https://localhost:11434")),
        ("ollama", "http://nas:11434/api/tags", ("http://nas:11434",)),
        ("ollama", "[fd00::1]:11434", ("http://[fd00::1]:11434", "https://[fd00::1]:11434")),
        ("homeassistant", "http://homeassistant.local:8123/lovelace/0", ("http://homeassistant.local:8123",)),
        ("homeassistant", "https://my.duckdns.org/?auth_callback=1#x", ("https://my.duckdns.org",)),
        ("homeassistant", "my.duckdns.org:8123", ("https://my.duckdns.org:8123",)),
        ("homeassistant", "wss://ha.example.org/api/websocket", ("https://ha.example.org",)),
        ("homeassistant", "<http://ha:8123/>", ("http://ha:8123",)),
        ("homeassistant", "ha.local:443", ("https://ha.local:443",)),
        ("openai-compatible", "api.openai.com/v1/chat/completions", ("https://api.openai.com/v1",)),
        ("claude", "https://api.anthropic.com/v1/messages", ("https://api.anthropic.com",)),
        ("mcp", "example.org/mcp?x=1", ("https://example.org/mcp?x=1",)),
        ("mcp", "HTTP://nas/mcp", ("http://nas/mcp",)),
        ("mcp", "8.8.8.8/mcp", ("https://8.8.8.8/mcp",)),
        ("telegram", "ftp://example.org", ("ftp://example.org",)),
        ("telegram", "http://user:secret@127.0.0.1", ("http://user:secret@127.0.0.1",)),
        ("signal", "not an address", ("not an address",)),
        ("signal", "http://[bad", ("http://[bad",)),
        ("signal", "", ("",)),
    ],
)
def test_what_an_address_means(type_: str, pasted: str, meant: tuple[str, ...]) -> None:
    """A word that a machine could add would be asked of people, or a token would travel in the clear."""
    assert addresses(type_, pasted) == meant
    assert address(type_, pasted) == meant[0]
