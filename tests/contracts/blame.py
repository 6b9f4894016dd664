"""What the contract about blame needs of each connector that speaks HTTP: how to make one, and the platform's words."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, override

from bach_lib.connectors import discord, ntfy, signal, telegram, webhook
from bach_lib.connectors.base import Connector, Setup
from bach_lib.connectors.discord import DiscordConnector
from bach_lib.connectors.discord_webhook import DiscordWebhookConnector
from bach_lib.connectors.homeassistant import HomeAssistantConnector, Settings, Timeouts
from bach_lib.connectors.ntfy import NtfyConnector
from bach_lib.connectors.signal import SignalConnector
from bach_lib.connectors.telegram import TelegramConnector
from bach_lib.connectors.webhook import WebhookConnector
from bach_lib.models import Connection
from bach_lib.outcomes import Dead, Outcome, Retry, Sent, Uncertain, Wait
from tests.contracts.answering import WAYS, Answer, Asked, Effect

HASTE = {"connect": 60.0, "read": 0.3, "total": 60.0}
NOTHING_WRITTEN, CONNECTION, UNCERTAIN, DEAD, SENT = "nothing written", "connection", "uncertain", "dead", "sent"
WAIT_ALL, WAIT_HERE = "wait connection", "wait recipient"


def summary(outcome: Outcome) -> str:
    """An outcome in a word or two."""
    match outcome:
        case Sent():
            return SENT
        case Retry(scope=scope, written=written):
            return str(scope) if written else NOTHING_WRITTEN
        case Wait(scope=scope):
            return f"wait {scope}"
        case Dead():
            return DEAD
        case Uncertain():
            return UNCERTAIN


@dataclass(frozen=True, slots=True)
class Word:
    """Something the platform says itself, and what it means."""

    answer: Answer
    means: str


class Speaker(ABC):
    """One connector over HTTP, and the platform behind it.

    `words` has at least what it says of a message, of the account, when it wants us to wait and when it failed itself.
    `other` is what `WAYS` mean where that is not "uncertain".
    """

    name: ClassVar[str]
    connector: ClassVar[type[Connector]]
    recipient: ClassVar[str]
    secrets: ClassVar[Mapping[str, str]] = {}
    settings: ClassVar[Mapping[str, object]] = {}
    words: ClassVar[Mapping[str, Word]]
    other: ClassVar[Mapping[str, str]] = {}

    def setup(self, url: str) -> tuple[Connection, Mapping[str, str]]:
        """The connection to a platform at `url`, and the secrets of it."""
        return Connection(name="home", type=self.name, endpoint=url, settings=self.settings), self.secrets

    def meaning(self, way: str) -> str:
        """What is seen of one of `WAYS`."""
        return self.other.get(way, UNCERTAIN)

    @abstractmethod
    def make(self, setup: Setup) -> Connector:
        """A connector that gives up on silence within a third of a second."""

    @abstractmethod
    def is_message(self, asked: Asked) -> bool:
        """Whether this request is the one that has the message."""

    @abstractmethod
    def right(self, asked: Asked) -> Answer:
        """How the platform answers when all is well."""


class Telegram(Speaker):
    """A bot."""

    name = "telegram"
    connector = TelegramConnector
    recipient = "42"
    secrets: ClassVar[Mapping[str, str]] = {"bot_token": "123456789:AAH-the_token_of_the_contract_tests"}

    @staticmethod
    def _no(status: int, words: str, **more: object) -> Answer:
        return Answer(status=status, body={"ok": False, "error_code": status, "description": words, **more})

    words: ClassVar[Mapping[str, Word]] = {
        "message": Word(_no(400, "Bad Request: message text is empty"), DEAD),
        "recipient": Word(_no(403, "Forbidden: bot was blocked by the user"), DEAD),
        "account": Word(_no(401, "Unauthorized"), CONNECTION),
        "account, otherwise": Word(_no(400, "Logged out"), CONNECTION),
        "nobody knows of what": Word(_no(418, "I'm a teapot"), CONNECTION),
        "wait": Word(_no(429, "Too Many Requests: retry after 7", parameters={"retry_after": 7}), WAIT_ALL),
        "failure": Word(_no(500, "Internal Server Error"), UNCERTAIN),
    }

    @override
    def make(self, setup: Setup) -> Connector:
        haste = telegram.Timeouts(**HASTE)
        return TelegramConnector(setup, telegram.Settings(send=haste, poll=haste))

    @override
    def is_message(self, asked: Asked) -> bool:
        return asked.path.endswith("/sendMessage")

    @override
    def right(self, asked: Asked) -> Answer:
        if asked.path.endswith("/getMe"):
            return Answer(
                body={"ok": True, "result": {"id": 1, "is_bot": True, "first_name": "b", "username": "b_bot"}}
            )
        if asked.path.endswith("/getUpdates"):
            return Answer(effect=Effect.SILENCE)
        return Answer(body={"ok": True, "result": {"message_id": 5}})


class Discord(Speaker):
    """A bot that writes to a channel."""

    name = "discord"
    connector = DiscordConnector
    recipient = "1001001001001001001"
    secrets: ClassVar[Mapping[str, str]] = {"bot_token": "the.token.of-the-contract-tests"}

    @staticmethod
    def _no(status: int, code: int, words: str = "Some words") -> Answer:
        return Answer(status=status, body={"message": words, "code": code})

    words: ClassVar[Mapping[str, Word]] = {
        "message": Word(_no(400, 50035), DEAD),
        "recipient": Word(_no(403, 50013), DEAD),
        "account": Word(_no(401, 0, "401: Unauthorized"), CONNECTION),
        "account, otherwise": Word(_no(403, 40333), CONNECTION),
        "nobody knows of what": Word(_no(409, 0), CONNECTION),
        "wait": Word(Answer(status=429, body={"message": "", "retry_after": 7.0, "global": False}), WAIT_HERE),
        "wait, everywhere": Word(
            Answer(status=429, body={"message": "", "retry_after": 7.0, "global": True}), WAIT_ALL
        ),
        "failure": Word(_no(500, 0, "500: Internal Server Error"), UNCERTAIN),
    }

    @override
    def setup(self, url: str) -> tuple[Connection, Mapping[str, str]]:
        connection, secrets = super().setup(f"{url}/api/v10")
        return connection, secrets

    @override
    def make(self, setup: Setup) -> Connector:
        return DiscordConnector(setup, discord.Settings(timeouts=discord.Timeouts(**HASTE)))

    @override
    def is_message(self, asked: Asked) -> bool:
        return asked.method == "POST" and asked.path.endswith("/messages")

    @override
    def right(self, asked: Asked) -> Answer:
        if asked.path.endswith("/users/@me"):
            return Answer(body={"id": "900000000000000001", "username": "bot"})
        if asked.path.endswith("/gateway/bot"):
            return Answer(status=500)
        return Answer(body={"id": "1500000000000000000", "channel_id": self.recipient})


class DiscordWebhook(Speaker):
    """A webhook."""

    name = "discord_webhook"
    connector = DiscordWebhookConnector
    recipient = "channel"
    _path = "/webhooks/1001001001001001001/the-secret-of-the-webhook-of-the-contract-tests"
    secrets: ClassVar[Mapping[str, str]] = {"url": f"https://discord.com/api{_path}"}
    words: ClassVar[Mapping[str, Word]] = {
        **{name: word for name, word in Discord.words.items() if not name.startswith("wait")},
        "account, deleted": Word(Answer(status=404, body={"message": "Unknown Webhook", "code": 10015}), CONNECTION),
        "wait": Word(Answer(status=429, body={"message": "", "retry_after": 7.0, "global": False}), WAIT_ALL),
    }

    @override
    def setup(self, url: str) -> tuple[Connection, Mapping[str, str]]:
        connection, secrets = super().setup(f"{url}/api/v10")
        return connection, secrets

    @override
    def make(self, setup: Setup) -> Connector:
        return DiscordWebhookConnector(setup, discord.Timeouts(**HASTE))

    @override
    def is_message(self, asked: Asked) -> bool:
        return asked.method == "POST"

    @override
    def right(self, asked: Asked) -> Answer:
        return Answer(body={"id": "1500000000000000000", "name": "House", "channel_id": "1001001001001001002"})


class Ntfy(Speaker):
    """A server of one's own."""

    name = "ntfy"
    connector = NtfyConnector
    recipient = "our_doorbell"

    @staticmethod
    def _no(code: int, **headers: str) -> Answer:
        return Answer(status=code // 100, body={"code": code, "http": code // 100, "error": "Words"}, headers=headers)

    words: ClassVar[Mapping[str, Word]] = {
        "message": Word(_no(40024), DEAD),
        "recipient": Word(_no(40301), DEAD),
        "account": Word(_no(40101), CONNECTION),
        "another address": Word(_no(40401), CONNECTION),
        "nobody knows of what": Word(_no(41801), CONNECTION),
        "wait": Word(_no(42901, **{"Retry-After": "7"}), WAIT_ALL),
        "failure": Word(_no(50001), UNCERTAIN),
        "not now": Word(_no(50701), "message"),
    }

    @override
    def make(self, setup: Setup) -> Connector:
        return NtfyConnector(setup, ntfy.Settings(timeouts=ntfy.Timeouts(**HASTE)))

    @override
    def is_message(self, asked: Asked) -> bool:
        return asked.method == "POST" and asked.path == "/"

    @override
    def right(self, asked: Asked) -> Answer:
        if asked.path == "/v1/health":
            return Answer(body={"healthy": True})
        if self.is_message(asked):
            return Answer(body={"id": "hwQ2YpKdmg", "time": 1780171156, "event": "message", "topic": "our_doorbell"})
        return self._no(40401)


class Signal(Speaker):
    """An account on a server of one's own."""

    name = "signal"
    connector = SignalConnector
    recipient = "+491701234567"
    settings: ClassVar[Mapping[str, object]] = {"number": "+491700000001"}

    @staticmethod
    def _no(status: int, words: str, **headers: str) -> Answer:
        return Answer(status=status, body={"error": words}, headers=headers)

    words: ClassVar[Mapping[str, Word]] = {
        "message": Word(_no(400, "Couldn't process request - invalid request"), DEAD),
        "recipient": Word(_no(400, "User is not a member in group: Network timeout (eA==)"), DEAD),
        "account": Word(_no(400, "User +491700000001 is not registered."), CONNECTION),
        "nobody knows of what": Word(_no(400, "Failed to send message"), CONNECTION),
        "wait": Word(_no(429, "Failed to send message due to rate limiting", **{"Retry-After": "7"}), WAIT_ALL),
        "failure": Word(_no(500, "Something broke"), UNCERTAIN),
    }

    @override
    def make(self, setup: Setup) -> Connector:
        return SignalConnector(setup, signal.Settings(timeouts=signal.Timeouts(**HASTE)))

    @override
    def is_message(self, asked: Asked) -> bool:
        return asked.path == "/v2/send"

    @override
    def right(self, asked: Asked) -> Answer:
        if asked.path == "/v1/about":
            return Answer(body={"mode": "json-rpc", "version": "0.98"})
        if asked.path == "/v1/accounts":
            return Answer(body=["+491700000001"])
        if asked.path.startswith("/v1/search/"):
            return Answer(body=[{"number": "+491700000001", "registered": True}])
        if self.is_message(asked):
            return Answer(status=201, body={"timestamp": "1780171156320"})
        return Answer(status=404, body={"error": "no"})


class Webhook(Speaker):
    """Somebody's address. A status is all it has to say, unless a page comes with it."""

    name = "webhook"
    connector = WebhookConnector
    recipient = "default"
    words: ClassVar[Mapping[str, Word]] = {
        "message": Word(Answer(status=422, body={"detail": "no such field"}), DEAD),
        "account": Word(Answer(status=401), CONNECTION),
        "nobody knows of what": Word(Answer(status=404, body={}), CONNECTION),
        "wait": Word(Answer(status=429, headers={"Retry-After": "7"}), WAIT_ALL),
        "failure": Word(Answer(status=500, body={"message": "Error in workflow"}), UNCERTAIN),
    }
    other: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("cut off", "page 200", "empty 200", "JSON of another shape", "a list"), SENT
    )

    @override
    def setup(self, url: str) -> tuple[Connection, Mapping[str, str]]:
        connection, secrets = super().setup(f"{url}/hook")
        return connection, secrets

    @override
    def make(self, setup: Setup) -> Connector:
        return WebhookConnector(setup, webhook.Timeouts(**HASTE))

    @override
    def is_message(self, asked: Asked) -> bool:
        return asked.method == "POST"

    @override
    def right(self, asked: Asked) -> Answer:
        return Answer(status=204)


class HomeAssistant(Speaker):
    """Another home. Whatever answers instead of its WebSocket, nothing of a message has been written by then."""

    name = "homeassistant"
    connector = HomeAssistantConnector
    recipient = "event:doorbell"
    secrets: ClassVar[Mapping[str, str]] = {"token": "the-long-lived-token-of-the-contract-tests"}
    words: ClassVar[Mapping[str, Word]] = {}
    """They come over the WebSocket, see `test_what_another_home_says`."""
    other: ClassVar[Mapping[str, str]] = dict.fromkeys(WAYS, NOTHING_WRITTEN)

    @override
    def make(self, setup: Setup) -> Connector:
        return HomeAssistantConnector(setup, Settings(timeouts=Timeouts(connect=0.3, command=0.3)))

    @override
    def is_message(self, asked: Asked) -> bool:
        return False

    @override
    def right(self, asked: Asked) -> Answer:
        return Answer(status=503)


SPEAKERS: list[type[Speaker]] = [Discord, DiscordWebhook, HomeAssistant, Ntfy, Signal, Telegram, Webhook]
