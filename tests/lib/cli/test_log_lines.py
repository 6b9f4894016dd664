"""The daemon's log in JSON: a line a record, with what it is about, for programs that collect logs."""

import json
import logging

import pytest

from bach_lib.cli.log_lines import JsonLine
from bach_lib.cli.logs import telling
from bach_lib.field_logger import FieldLogger


def test_a_record_is_a_line_with_its_fields(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks for one connection would have to read sentences."""
    monkeypatch.setattr(logging, "raiseExceptions", logging.raiseExceptions)  # it is put back afterwards
    root, level = logging.getLogger(), logging.getLogger().level
    log = FieldLogger("bach_lib.outbound")
    try:
        with telling(is_json=True):
            log.warning("Sending through %s\nfails", "home", connection="home", message_id=7)
            log.info("BACH works")
            try:
                raise ValueError("bad")
            except ValueError:
                logging.getLogger("aiohttp").exception("An error")
    finally:
        root.setLevel(level)
    first, second, third = map(
        json.loads, (line for line in capsys.readouterr().err.splitlines() if line.startswith("{"))
    )
    assert first.pop("time").endswith("Z")
    assert first == {
        "level": "warning",
        "logger": "bach_lib.outbound",
        "message": "Sending through home fails",
        "connection": "home",
        "message_id": 7,
    }
    assert second["message"] == "BACH works"
    assert second.keys() == {"time", "level", "logger", "message"}
    assert third["exception"].splitlines()[-1] == "ValueError: bad"


def test_the_time_is_that_of_the_record() -> None:
    """Lines of several machines could not be put in order."""
    record = logging.LogRecord("bach_lib", logging.INFO, "", 0, "Now", None, None)
    record.created = 1_700_000_000.1236
    assert json.loads(JsonLine().format(record))["time"] == "2023-11-14T22:13:20.123Z"


def test_what_others_said_acts_on_nothing() -> None:
    """Half a character would end the line in an error, and a name could turn the rest of it around in a terminal."""
    record = logging.LogRecord("bach_lib", logging.INFO, "", 0, "%s", ("Ada\u202e \ud800",), None)
    assert json.loads(JsonLine().format(record))["message"] == "Ada\ufffd \ufffd"
