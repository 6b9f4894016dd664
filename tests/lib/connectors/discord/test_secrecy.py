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
    press = world.server.presses(world.server.sent[0], "0123456789abcd-1.ok", sender=world.ada)
    world.server.says("her secret", channel=world.channel, sender=world.ada)
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


def test_the_errors_of_a_line_are_masked_with_all_that_led_to_them(
    connector: DiscordConnector, caplog: pytest.LogCaptureFixture
) -> None:
    """The traceback would quote the address of the webhook, one error further down."""
    try:
        try:
            raise OSError(f"GET https://discord.com/api/webhooks/1234/{'x' * 68}\x1b[2J {TOKEN}")
        except OSError as error:
            raise ValueError("no answer") from error
    except ValueError:
        logging.getLogger("discord.client").exception("a %s", "fault")
    assert "no answer" in caplog.text
    assert not [secret for secret in ("xxx", TOKEN, "\x1b") if secret in caplog.text]


def test_a_secret_in_two_pieces_of_a_line_is_masked(
    connector: DiscordConnector, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither of them looks like one."""
    logging.getLogger("discord.http").warning("%s%s failed", TOKEN[:30], TOKEN[30:])
    assert TOKEN not in caplog.text
    assert "failed" in caplog.text
