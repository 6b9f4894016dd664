"""What is told to whoever collects metrics: true numbers, by the rules of OpenMetrics, and nothing that is private."""

import builtins
import re
import sys
from collections.abc import Callable, Iterable, Mapping

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics import parser
from prometheus_client.parser import text_string_to_metric_families as parsed_text

from bach_lib import Bach, Category, Connection, Dead, Fault, MissingExtraError, Retry, Scope
from bach_lib.errors import StoreLostError
from bach_lib.metrics.negotiation import wants_openmetrics
from bach_lib.testing import FakeClock, FakePlatform
from bach_lib.version import VERSION

PLAIN = "text/plain;version=0.0.4"
PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
"""What Prometheus 2 and 3 send by themselves."""

type Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
async def home(bach: Bach, clock: FakeClock) -> Bach:
    """A connection that is at work, and one that is no chat platform."""
    await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"42"})))
    await bach.registry.add(Connection(name="tools", type="mcp", category=Category.MCP, endpoint="http://127.0.0.1:9/"))
    await clock.settle()
    return bach


def parsed_openmetrics(text: str) -> list[Metric]:
    """What the library's own parser reads, which refuses what keeps no rule of OpenMetrics."""
    return list(parser.text_string_to_metric_families(text))  # type: ignore[no-untyped-call] # the library has none


def samples(families: Iterable[Metric]) -> Samples:
    """Every number by its name and labels."""
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


async def asked(bach: Bach) -> Callable[..., float | None]:
    """Ask once; then look numbers up."""
    found = samples(parsed_openmetrics(str(await bach.metrics())))

    def number(name: str, **labels: str) -> float | None:
        return found.get((name, frozenset(labels.items())))

    return number


async def test_everything_is_counted(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Whoever watches a fleet of these would be woken for nothing, or not at all."""
    platform.outcomes += [
        Retry(scope=Scope.MESSAGE, fault=Fault(code="busy", text="Busy.")),
        Dead(fault=Fault(code="refused", text="No.")),
    ]
    await home.send("home", "ada", "first")
    await home.send("home", "bob", "second")
    await clock.settle()
    await home.send("home", "cyd", "third")
    platform.write("hello", remote_id="1", cursor="1")
    await clock.settle()
    number = await asked(home)
    assert number("bach_messages_queued_total", connection="home") == 3
    outcomes = {one: number("bach_attempts_total", connection="home", outcome=one) for one in ("sent", "retry", "dead")}
    assert outcomes == {"sent": 1, "retry": 1, "dead": 1}
    assert number("bach_messages_finished_total", connection="home", status="sent") == 1
    assert number("bach_messages_finished_total", connection="home", status="dead") == 1
    assert number("bach_messages_finished_total", connection="home", status="expired") == 0
    depths = [number("bach_queue_messages", connection="home", state=one) for one in ("pending", "failed", "dead")]
    assert depths == [0, 1, 1]
    assert number("bach_attempt_duration_seconds_count", connection="home") == 3
    assert number("bach_attempt_duration_seconds_bucket", connection="home", le="0.05") == 3
    assert number("bach_messages_received_total", connection="home") == 1
    assert number("bach_inbox_unread_messages", connection="home") == 1
    assert number("bach_storage_writable") == 1
    assert number("bach_build_info", version=VERSION) == 1
    success = number("bach_connection_last_success_timestamp_seconds", connection="home", direction="sending")
    assert success == clock.now()
    assert number("bach_connection_info", connection="tools", type="mcp", category="mcp") == 1
    assert number("bach_queue_messages", connection="tools", state="pending") is None


async def test_what_stands_still_is_told(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """An outage is what all this is for: the queue grows old, the breaker is open, and the disk takes nothing."""
    platform.fault = Fault(code="network", text="Unreachable.")
    await home.send("home", "ada", "waits")
    await clock.advance(600)
    home._storage_changed(StoreLostError(path="bach.db", what="was deleted", advice="."))
    number = await asked(home)
    assert number("bach_queue_oldest_age_seconds", connection="home") == pytest.approx(600)
    assert number("bach_breaker_state", connection="home", bach_breaker_state="open") == 1
    assert number("bach_breaker_state", connection="home", bach_breaker_state="closed") == 0
    assert (number("bach_breaker_openings_total", connection="home") or 0) >= 1
    labels = {"connection": "home", "direction": "sending"}
    assert number("bach_connection_state", **labels, bach_connection_state="disconnected") == 1
    assert number("bach_storage_writable") == 0


async def test_nothing_private_is_in_it(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """What is collected is kept for years by whoever runs the monitoring, and shown on a wall."""
    platform.outcomes.append(Dead(fault=Fault(code="refused", text="wordsofplatform")))
    await home.send("home", "adasnumber", "wordsofmessage", title="wordsoftitle", tag="wordsoftag")
    platform.write("wordsofsender", remote_id="1", cursor="1")
    await clock.settle()
    told = str(await home.metrics())
    for private in ("adasnumber", "wordsof", "refused", "42", "127.0.0.1"):
        assert private not in re.sub(r" [\d.e+]+$", "", told, flags=re.MULTILINE), private


async def test_names_and_units_keep_the_rules(home: Bach) -> None:
    """Prometheus' own linter would complain, and dashboards show milliseconds for seconds."""
    told = str(await home.metrics())
    assert told.endswith("# EOF\n")
    families = parsed_openmetrics(told)
    assert len(families) > 10
    for family in families:
        assert re.fullmatch(r"bach_[a-z_]+", family.name)
        assert family.documentation.endswith(".")
        assert not re.search(r"_(total|count|sum|bucket|info)$", family.name), "these are endings of samples"
        assert not re.search(r"_(milliseconds|minutes|ms|s|percent)$", family.name) or family.name.endswith("messages")
        assert family.unit == next((one for one in ("seconds", "bytes") if family.name.endswith(f"_{one}")), "")
        assert {name for one in family.samples for name in one.labels} <= {
            *("connection", "direction", "outcome", "state", "status", "le", "type", "category", "version"),
            family.name,  # of a state set
        }


async def test_both_formats_say_the_same(home: Bach) -> None:
    """An older collector would see other numbers than a newer one."""
    new, old = await home.metrics(PROMETHEUS), await home.metrics(PLAIN)
    assert new.content_type.startswith("application/openmetrics-text; version=1.0.0")
    assert old.content_type.startswith("text/plain; version=0.0.4")
    assert samples(parsed_openmetrics(str(new))) == samples(parsed_text(str(old)))


@pytest.mark.parametrize(
    ("accept", "wants"),
    [
        (PROMETHEUS, True),
        ("application/openmetrics-text", True),
        ('Application/OpenMetrics-Text; version="1.0.0"', True),
        ("application/openmetrics-text;version=2.0.0", False),
        ("application/openmetrics-text;q=0", False),
        ("application/openmetrics-text;q=0.3, text/plain;q=0.5", False),
        ("application/openmetrics-text;q=x", False),
        ("application/openmetrics-text;q=nan", False),
        (PLAIN, False),
        ("*/*", False),
        ("", False),
        (";;,=,;q", False),
    ],
)
def test_the_format_that_is_asked_for_comes(accept: str, wants: bool) -> None:
    """A collector that does not know the newer one would take nothing."""
    assert wants_openmetrics(accept) is wants


async def test_what_is_removed_is_forgotten(home: Bach, clock: FakeClock) -> None:
    """Names that come and go would fill the memory of BACH and of whoever collects."""
    await home.send("home", "ada", "ding")
    await clock.settle()
    await home.registry.remove("home")
    await clock.settle()
    assert 'connection="home"' not in str(await home.metrics())
    assert "home" not in home._open_parts.counters._of


async def test_without_the_extra_a_sentence_says_which(home: Bach, monkeypatch: pytest.MonkeyPatch) -> None:
    """A traceback of an import would not tell what to install."""
    real = builtins.__import__

    def without(name: str, *args: object) -> object:
        if name.startswith("prometheus_client"):
            raise ModuleNotFoundError(name=name)
        return real(name, *args)  # type: ignore[arg-type] # as it is called

    monkeypatch.delitem(sys.modules, "bach_lib.metrics.families", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"prometheus-client\. Install bach-lib\[metrics\]\."):
        await home.metrics()
