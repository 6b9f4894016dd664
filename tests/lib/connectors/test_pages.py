"""What the pages of the platforms say about lengths and files is what the connectors promise."""

from pathlib import Path

import pytest

from bach_lib.connectors.base import Connector
from bach_lib.connectors.discord import DiscordConnector
from bach_lib.connectors.ntfy import NtfyConnector
from bach_lib.connectors.signal import SignalConnector
from bach_lib.connectors.telegram import TelegramConnector
from bach_lib.connectors.webhook import WebhookConnector

DOCS = Path(__file__).parents[3] / "docs"
PAGES: dict[str, type[Connector]] = {
    "telegram": TelegramConnector,
    "discord": DiscordConnector,
    "ntfy": NtfyConnector,
    "signal": SignalConnector,
    "webhook": WebhookConnector,
}
NUMBERS = {1: "one file", 10: "ten files"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_how_long_a_text_may_be_and_how_large_files(name: str) -> None:
    """People would cut their texts for nothing, or wonder why a file is left out."""
    page, can = " ".join((DOCS / f"{name}.md").read_text().split()), PAGES[name].capabilities
    assert f"{can.max_text:,} characters" in page or f"at most {can.max_text:,} are taken" in page
    if can.max_files:
        assert NUMBERS[can.max_files] in page
        assert f"at most {can.file_bytes // 1_000_000} MB" in page
    if can.picture_bytes:
        assert f"Pictures have at most {can.picture_bytes // 1_000_000} MB" in page
    if can.max_caption:
        assert f"more than {can.max_caption:,} characters below a file" in page
