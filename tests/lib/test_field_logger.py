"""What BACH logs says what it is about, and shows itself to nobody who did not ask."""

import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bach_lib import Fault
from bach_lib.field_logger import FieldLogger
from bach_lib.testing import world

ROOT = Path(__file__).parents[2]


async def test_records_say_which_connection_and_message_they_are_about(caplog: pytest.LogCaptureFixture) -> None:
    """Who collects logs as JSON would have to read sentences to find what concerns one connection."""
    caplog.set_level(logging.DEBUG, "bach_lib")
    async with world() as (bach, platform, clock):
        platform.fault = Fault(code="refused", text="away")
        receipt = await bach.send("home", "ada", "Hello")
        await clock.settle()
    fields = {
        record.getMessage(): (record.__dict__.get("connection"), record.__dict__.get("message_id"))
        for record in caplog.records
        if record.name.startswith("bach_lib")
    }
    assert fields[f"MessageQueued home {receipt.id}"] == ("home", receipt.id)
    assert fields["Sending through home does not work: away"] == ("home", None)
    assert {connection for connection, _ in fields.values()} == {"home"}


def test_a_format_may_name_the_fields_wherever_a_record_comes_from(caplog: pytest.LogCaptureFixture) -> None:
    """A program's format would fail at the first record that is about no connection."""
    FieldLogger("bach_lib.any").warning("alone")
    FieldLogger("bach_lib.any").warning("of %s", "one", connection="home", message_id=7, extra={"more": 1})
    shown = [logging.Formatter("%(connection)s %(message_id)s %(message)s").format(one) for one in caplog.records]
    assert shown == ["None None alone", "home 7 of one"]
    assert caplog.records[1].funcName == "test_a_format_may_name_the_fields_wherever_a_record_comes_from"


def test_every_module_logs_with_fields() -> None:
    """The records of one module would lack them."""
    plain = re.compile(r"getLogger\(__name__\)")
    modules = [path for path in (ROOT / "bach_lib").rglob("*.py") if plain.search(path.read_text("utf-8"))]
    assert modules == [ROOT / "bach_lib" / "__init__.py"]  # where the root of them gets its handler


def test_nothing_is_shown_that_the_program_did_not_ask_for() -> None:
    """A program that set up no logging would have our warnings among its own output."""
    code = "import bach_lib.bus as bus; bus._LOGGER.warning('not for this terminal')"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert (done.stdout, done.stderr) == ("", "")
