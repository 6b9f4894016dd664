"""The histories of messages that wait can fail: what each rule is there for is broken once on purpose."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta, timezone, tzinfo
from secrets import token_hex

import pytest

from bach_lib.clock import next_shown
from bach_lib.models import Message, Receipt
from bach_lib.outbound import going_together, quieting, sender
from bach_lib.outbound.corrections import Corrections
from bach_lib.outbound.rows import Draft
from bach_lib.registry.gathering import Gathering
from bach_lib.routes.snoozing import Snoozing
from tests.simulation.running import try_seed


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """A session of aiohttp needs an event loop, and that a pair of sockets."""


def _nobody_rests(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(quieting, "quiet_until", lambda *_: None)


def _nothing_is_gathered(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(sender, "gatherable", lambda draft, *_: draft)


def _the_last_is_in_no_list(patched: pytest.MonkeyPatch) -> None:
    whole = going_together._list

    def shorter(some: Sequence[Message], entry: Gathering | None) -> str:
        return whole(some[:-1], entry)

    patched.setattr(going_together, "_list", shorter)


def _a_list_comes_beside(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(going_together, "end_message", lambda *_, **__: None)


def _what_is_gathered_comes_soon(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(Gathering, "next_at", lambda _, now: now + 60.0)


def _no_press_is_heard(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(Snoozing, "_heard", lambda *_: None)


def _a_press_is_heard_again(patched: pytest.MonkeyPatch) -> None:
    send_again = Snoozing._send_again

    async def under_another_key(
        self: Snoozing, message: Message, key: str | None, name: str, until: datetime | str
    ) -> Receipt:
        return await send_again(self, message, f"{key}{token_hex(4)}", name, until)

    patched.setattr(Snoozing, "_send_again", under_another_key)
    patched.setattr(Snoozing, "_is_outdated", _never)


def _an_hour_has_no_end(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(going_together, "_limited", lambda *_: None)


def _alike_is_nothing(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(going_together, "_same", lambda *_: None)


def _another_time_is_none(patched: pytest.MonkeyPatch) -> None:
    amend = Corrections.amend

    async def as_before(
        self: Corrections, message: Message, draft: Draft, *, is_moved: bool = False
    ) -> tuple[Message, Message] | None:
        return await amend(self, message, replace(draft, next_retry_at=message.next_retry_at), is_moved=is_moved)

    patched.setattr(Corrections, "amend", as_before)


def _clocks_are_never_set(patched: pytest.MonkeyPatch) -> None:
    def in_winter(time_: time, after: datetime, zone: tzinfo | None) -> datetime:
        return next_shown(time_, after, zone and timezone(timedelta(hours=1)))

    patched.setattr("bach_lib.registry.quiet_hours.next_shown", in_winter)


async def _never(*_: object) -> bool:
    return False


@pytest.mark.slow  # tells histories until one fails; the quick tests try each of these parts alone
@pytest.mark.parametrize(
    ("break_it", "rules"),
    [
        (_nobody_rests, {"rests"}),
        (_nothing_is_gathered, {"to the second"}),
        (_the_last_is_in_no_list, {"lists"}),
        (_a_list_comes_beside, {"twice", "trouble", "to the second"}),
        (_what_is_gathered_comes_soon, {"to the second"}),
        (_no_press_is_heard, {"put off", "to the second"}),
        (_a_press_is_heard_again, {"twice"}),
        (_an_hour_has_no_end, {"to the second"}),
        (_alike_is_nothing, {"to the second"}),
        (_another_time_is_none, {"to the second"}),
        (_clocks_are_never_set, {"to the second", "rests", "not late"}),  # in summer by an hour
    ],
)
def test_what_is_broken_is_named(
    monkeypatch: pytest.MonkeyPatch, break_it: Callable[[pytest.MonkeyPatch], None], rules: set[str]
) -> None:
    """A judge who sees nothing would praise everything."""
    break_it(monkeypatch)
    found = next(failure for seed in range(120) if (failure := try_seed(seed, "later", shortest=False)))
    assert {complaint.rule for complaint in found.complaints} & rules
