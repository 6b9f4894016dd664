"""One bad thing costs only itself, on every platform that hands over much at once."""

import asyncio
import gc
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bach_lib.connectors.base import Batch, Incoming, Unreadable
from bach_lib.connectors.tolerant import MAX_RAW, aside, decode, read_each, read_one
from bach_lib.inbound.batch_check import validate_batch
from tests.contracts.mail import Gateway, History_, Home, Mail, Ntfy, Signal, Telegram, written

PLATFORMS: list[type[Mail]] = [Telegram, History_, Signal, Ntfy, Home, Gateway]
QUICK: list[type[Mail]] = [Telegram, History_]
HOLE = "\0hole"
JUNK = (
    "null",
    "true",
    "5",
    "-1",
    "1.5",
    "NaN",
    "1e400",
    "9" * 25,
    "9" * 5000,
    '""',
    '"x"',
    r'"\ud800"',
    '"' + "y" * 100_000 + '"',
    "[]",
    "{}",
    "[null]",
    '[{"id": null}]',
    "[" * 3000 + "]" * 3000,
    '{"a":' * 100_000 + "1" + "}" * 100_000,
    str(1 << 52),
    '"99999999999999999999"',
)

type Path = tuple[str | int, ...]


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    """What tests before this one have left does not end while a nested element is read: so deep is no room for it."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def paths(value: object, above: Path = ()) -> Iterator[Path]:
    """All places in an element, itself included."""
    yield above
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield from paths(part, (*above, key))


def changed(value: object, path: Path, new: object) -> object:
    """The same with something else in one place; None for `new` leaves it out."""
    if not path:
        return new
    first, rest = path[0], path[1:]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    parts = {key: changed(part, rest, new) if key == first else part for key, part in items}
    if not rest and new is None:
        del parts[first]
    return parts if isinstance(value, dict) else list(parts.values())


def check(mail: Mail, bad: str) -> None:
    """Hand over good, bad, good."""
    found = asyncio.run(mail.hand_over([written(mail.good(1), ""), bad, written(mail.good(3), "")]))
    texts = [message.text for message in found if isinstance(message, Incoming)]
    assert "text 1" in texts
    assert "text 3" in texts
    kept = validate_batch(Batch(messages=tuple(one for one in found if isinstance(one, Incoming)), cursor=None))
    assert {"text 1", "text 3"} <= {message.text for message in kept.messages}, "it could not be stored"
    assert all(len(one.raw) <= MAX_RAW and one.reason for one in found if isinstance(one, Unreadable))


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow sockets; Home Assistant's test plugin has already limited them to 127.0.0.1."""


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda mail: mail.name)
def test_what_makes_no_sense_costs_only_itself(platform: type[Mail]) -> None:
    """Its neighbours would be lost with it, or come again for ever without ever being stored."""
    junk = JUNK if platform in QUICK else ("null", "5", r'"\ud800"', "[" * 3000 + "]" * 3000, "9" * 5000)
    for bad in junk:
        check(platform(), bad)


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda mail: mail.name)
def test_what_lacks_something_costs_only_itself(platform: type[Mail]) -> None:
    """A newer API that leaves a field out would end receiving."""
    mail = platform()
    good = mail.good(2)
    every = list(paths(good))[1:]
    for path in every if platform in QUICK else every[:: max(1, len(every) // 5)]:
        check(mail, written(changed(good, path, None), ""))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("platform", QUICK, ids=lambda mail: mail.name)
def test_a_wrong_value_anywhere_costs_only_itself(platform: type[Mail], data: st.DataObject) -> None:
    """Nobody lists every way in which one message can be broken."""
    mail = platform()
    good = mail.good(2)
    path, junk = data.draw(st.sampled_from(list(paths(good)))), data.draw(st.sampled_from(JUNK))
    check(mail, written(changed(good, path, HOLE), junk))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=12)
@given(data=st.data())
@pytest.mark.parametrize("platform", [Signal, Ntfy, Home, Gateway], ids=lambda mail: mail.name)
def test_a_wrong_value_in_a_frame_costs_only_itself(platform: type[Mail], data: st.DataObject) -> None:
    """Nobody lists every way in which one frame can be broken; a connection that ends with it loses all others."""
    mail = platform()
    good = mail.good(2)
    path, junk = data.draw(st.sampled_from(list(paths(good)))), data.draw(st.sampled_from(JUNK))
    check(mail, written(changed(good, path, HOLE), junk))


class Odd(BaseException):
    """What no library should raise, and some do."""


@pytest.mark.parametrize("error", [ValueError, Odd, asyncio.CancelledError, RecursionError, MemoryError])
def test_whatever_a_reader_raises_is_of_its_element(error: type[BaseException]) -> None:
    """A fault in reading one kind of message would stop all of them."""

    def read(element: int) -> list[Incoming]:
        if element == 2:
            raise error
        return []

    [found] = read_each([1, 2, 3], read)
    assert isinstance(found, Unreadable)
    assert (found.raw, found.reason.removesuffix("()")) == ("2", error.__name__)


def test_who_ends_the_program_is_obeyed() -> None:
    """Ctrl-C would be taken for a bad message."""

    def read(_: int) -> list[Incoming]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_one(1, read)


def test_what_cannot_be_written_down_is_shown_as_far_as_it_can() -> None:
    """Setting something aside would fail with what made it unreadable."""
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    for element in (deep, 10**5000, {(1,): 2}, {"a": object()}, b"\xff\xfe", "\ud800" * 50_000, [float("nan")], None):
        assert len(aside(element, "why").raw) <= MAX_RAW


def test_what_is_no_json_says_so() -> None:
    """Half an answer would be taken for a whole one."""
    for raw in ("", "{", '{"a": "', "[1, 2", b"\xff", "[" * 2_000_000):
        with pytest.raises(ValueError, match=r"levels|line|Expecting|Unterminated"):
            decode(raw)
