"""Spans for programs that use OpenTelemetry: what they are around, and that they tell nothing private."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bach_lib import Bach, Connection, Dead, Fault
from bach_lib.spans import span
from bach_lib.testing import FakeClock, FakePlatform, fake_connector


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """What a program has set up. The API lets that be done once a process, so here it is put in its place."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    yield exporter
    provider.shutdown()


async def test_attempts_receiving_and_transactions_are_spans(
    exporter: InMemorySpanExporter, tmp_path: Path, platform: FakePlatform, clock: FakeClock
) -> None:
    """Whoever looks why a message took so long would see nothing between the program and the platform."""
    home = Connection(name="home", type="fake", allowed=frozenset({"42"}))
    connectors = {"fake": fake_connector(platform, receives=True)}
    async with Bach(tmp_path / "bach.db", clock=clock, connectors=connectors, connections=[home]) as bach:
        platform.outcomes.append(Dead(fault=Fault(code="refused", text="wordsofplatform")))
        await bach.send("home", "adasnumber", "wordsofmessage")
        await clock.settle()
        receipt = await bach.send("home", "adasnumber", "wordsofmessage")
        platform.write("wordsofsender", remote_id="1", cursor="1")
        await clock.settle()
    spans = exporter.get_finished_spans()
    attempts = [dict(one.attributes or {}) for one in spans if one.name == "bach.attempt"]
    assert attempts == [
        {"bach.connection": "home", "bach.message_id": receipt.id - 1, "bach.outcome": "dead"},
        {"bach.connection": "home", "bach.message_id": receipt.id, "bach.outcome": "sent"},
    ]
    received = [dict(one.attributes or {}) for one in spans if one.name == "bach.receive"]
    assert {"bach.connection": "home", "bach.messages": 1} in received
    transactions = [dict(one.attributes or {}) for one in spans if one.name == "bach.storage.transaction"]
    assert transactions
    assert all(int(str(one["bach.requests"])) >= 1 for one in transactions)
    told = "".join(one.to_json() for one in spans)
    assert not [word for word in ("adasnumber", "wordsof") if word in told]
    assert all(one.parent is None for one in spans)


def test_what_fails_is_told_by_its_type_alone(exporter: InMemorySpanExporter) -> None:
    """The words of an error may hold what was sent, and who looks at traces is somebody else."""
    with pytest.raises(ValueError, match="adasnumber"), span("bach.attempt", {}):
        raise ValueError("adasnumber")
    [one] = exporter.get_finished_spans()
    assert dict(one.attributes or {}) == {"error.type": "ValueError"}
    assert not one.events
    assert "adasnumber" not in one.to_json()


def test_nothing_is_imported_for_them() -> None:
    """A program without OpenTelemetry would pay for it at each start, or need it."""
    program = "import sys, bach_lib, bach_lib.spans; print([one for one in sys.modules if 'opentelemetry' in one])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"


def test_without_it_a_span_is_nothing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """What happens in the block would depend on who watches."""
    monkeypatch.delitem(sys.modules, "opentelemetry.trace")
    with caplog.at_level(logging.DEBUG), span("bach.attempt", {"bach.connection": "home"}) as nothing:
        nothing.set_attribute("bach.outcome", "sent")
    with pytest.raises(KeyError), span("bach.attempt", {}):
        raise KeyError
    assert caplog.records == []
