"""Tokens and texts stay out of what discord.py logs, whatever the level."""

import logging

import pytest

from bach_lib.connectors.discord import DiscordConnector
from bach_lib.models import Button
from tests.lib.connectors.discord.conftest import TOKEN, World, a_message, hear, listen


async def test_logs_at_the_lowest_level(
    connector: DiscordConnector, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever is asked for a log would hand out the bot, or what people wrote."""
    caplog.set_level(logging.DEBUG)
    cursor = (await listen(connector)).cursor
    await connector.send(a_message(world.channel, "my secret", buttons=((Button(text="ok", value="ok"),),)))
    press = world.server.press(world.server.sent[0], "0123456789abcd-1.ok", world.ada)
    world.server.write(world.channel, "her secret", world.ada)
    [message, _], _ = await hear(connector, cursor, 2)
    await connector.acknowledge(message)
    world.server.gateway.cut(forget=True)
    await world.server.pause()
    await connector.receive(cursor)
    assert "secret" not in caplog.text
    assert TOKEN not in caplog.text
    assert press.token not in caplog.text


def test_lines_that_are_kept_are_masked(connector: DiscordConnector, caplog: pytest.LogCaptureFixture) -> None:
    """A warning of a later version might quote an address."""
    logging.getLogger("discord.http").warning("%s failed", f"https://discord.com/api/webhooks/1234/{'x' * 68} {TOKEN}")
    assert "failed" in caplog.text
    assert "xxx" not in caplog.text
    assert TOKEN not in caplog.text
