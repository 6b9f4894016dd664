"""Quiet hours in a terminal: set in one line, and said of what waits."""

from pathlib import Path

import pytest

from tests.lib.cli.conftest import Run
from tests.lib.cli.test_odd_words import behind

ALWAYS = '[{"recipient": "default", "from": "00:00", "until": "00:00", "below": 5}]'


def test_who_sends_reads_that_it_waits_and_until_when(
    bach_: Run, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody would take the platform for slow, or for what says so."""
    database.touch()
    with behind(monkeypatch, None):
        wrong = bach_("connector", "configure", "w", "settings.quiet_hours", ALWAYS.replace("00:00", "0 h"))
        assert (wrong.code, wrong.errors) == (1, '"0 h" is not possible for settings.quiet_hours.from. Use 22:00.\n')
        assert bach_("connector", "configure", "w", "settings.quiet_hours", ALWAYS).code == 0
        sent = bach_("connector", "send", "w", "default", "The washing is done")
        assert (sent.code, sent.output.splitlines()[-1][:12]) == (0, "Quiet until ")
        assert "Quiet" not in bach_("connector", "send", "w", "default", "Water!", "--priority", 5).output
