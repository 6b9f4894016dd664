"""What every connector promises, by the suite that connectors of others are held to as well.

A new one adds its platform to `PLATFORMS`, and nothing else.
"""

import pytest

from bach_lib.connectors import Connectors
from bach_lib.testing import ConnectorContract
from bach_lib.testing.contract import Platform
from tests.contracts.homeassistant import HomeAssistantPlatform
from tests.contracts.ntfy import NtfyPlatform
from tests.contracts.platforms import DiscordPlatform, DiscordWebhookPlatform, TelegramPlatform
from tests.contracts.signal import SignalPlatform
from tests.contracts.webhook import WebhookPlatform

PLATFORMS: list[type[Platform]] = [
    DiscordPlatform,
    DiscordWebhookPlatform,
    HomeAssistantPlatform,
    NtfyPlatform,
    SignalPlatform,
    TelegramPlatform,
    WebhookPlatform,
]


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow sockets; Home Assistant's test plugin has already limited them to 127.0.0.1."""


def test_every_connector_is_held_to_the_contract() -> None:
    """A new connector could be forgotten here and break every promise unnoticed."""
    assert sorted(platform.name for platform in PLATFORMS) == Connectors().types
    assert {suite.platform for suite in SUITES} == set(PLATFORMS)


def suite_of(one: type[Platform]) -> type[ConnectorContract]:
    """The suite, about this platform."""

    class Suite(ConnectorContract):
        platform = one

    return Suite


SUITES = [suite_of(platform) for platform in PLATFORMS]
globals().update({f"Test{one.__name__}": suite for one, suite in zip(PLATFORMS, SUITES, strict=True)})
