"""The histories of routes can fail: what each rule is there for is broken once on purpose."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from bach_lib import BachError, Message, RouteRun
from bach_lib.outbound import quieting
from bach_lib.outbound.letters import Beside, Letter, Letters
from bach_lib.routes import deciding, runner
from bach_lib.routes.carrying import Carried, Carrying
from bach_lib.routes.deadlines import Deadlines
from bach_lib.routes.deciding import Acknowledged, AllClear
from bach_lib.routes.runner import RouteRunner
from bach_lib.routes.withdrawal import Withdrawal
from tests.simulation.running import try_seed


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """A session of aiohttp needs an event loop, and that a pair of sockets."""


def _two_commits(patched: pytest.MonkeyPatch) -> None:
    put = Letters.put

    async def one_after_the_other(
        self: Letters, letters: Sequence[Letter], beside: Beside
    ) -> list[Message | BachError]:
        ids = list[int | None]()
        puts = await put(self, letters, lambda _, found: ids.extend(found))
        await self._queue._store.submit(lambda tx: beside(tx, ids))
        return puts

    patched.setattr(Letters, "put", one_after_the_other)


def _no_timer_rings(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(Deadlines, "arm", lambda _: None)


def _nobody_listens(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(RouteRunner, "_answered", lambda *_: None)


def _what_came_before_is_not_heard(patched: pytest.MonkeyPatch) -> None:
    async def hear_nothing(*_: object) -> None:
        pass

    patched.setattr(RouteRunner, "_hear_what_came", hear_nothing)


def _nothing_is_withdrawn(patched: pytest.MonkeyPatch) -> None:
    async def is_done(*_: object) -> bool:
        return True

    patched.setattr(Withdrawal, "is_done", is_done)


def _one_is_forgotten(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(runner, "AllClear", lambda text, told: AllClear(text, told[1:]))


def _older_ones_go_on(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(runner, "overtaken", lambda _: ())


def _whoever_wants_quiet_has_it(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(runner, "meant", lambda _, answer: Acknowledged(answer.name))


def _nobody_rests(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(quieting, "quiet_until", lambda *_: None)


def _quiet_is_short(patched: pytest.MonkeyPatch) -> None:
    quiet = deciding._quiet
    patched.setattr(deciding, "_quiet", lambda run, wish, now: quiet(run, replace(wish, seconds=1.0), now))


def _keys_are_not_known(patched: pytest.MonkeyPatch) -> None:
    start = RouteRunner.start
    patched.setattr(RouteRunner, "start", lambda self, run, _: start(self, run, None))


def _pictures_are_not_read_again(patched: pytest.MonkeyPatch) -> None:
    async def of(_: Carrying, run: RouteRun) -> Carried:
        return Carried(tuple(file for file in run.said.files if file.content), ())

    patched.setattr(Carrying, "of", of)


@pytest.mark.slow  # tells histories until one fails; the quick tests try each of these parts alone
@pytest.mark.parametrize(
    ("break_it", "rules"),
    [
        (_two_commits, {"told", "once", "all clear"}),
        (_no_timer_rings, {"an end"}),
        (_nobody_listens, {"heard", "to the second"}),
        (_what_came_before_is_not_heard, {"heard"}),
        (_nothing_is_withdrawn, {"shown", "left over"}),
        (_one_is_forgotten, {"all clear"}),
        (_older_ones_go_on, {"an end"}),
        (_whoever_wants_quiet_has_it, {"an end"}),
        (_nobody_rests, {"rests"}),
        (_quiet_is_short, {"to the second"}),
        (_keys_are_not_known, {"once"}),
        (_pictures_are_not_read_again, {"picture"}),
    ],
)
def test_what_is_broken_is_named(
    monkeypatch: pytest.MonkeyPatch, break_it: Callable[[pytest.MonkeyPatch], None], rules: set[str]
) -> None:
    """A judge who sees nothing would praise everything."""
    break_it(monkeypatch)
    found = next(failure for seed in range(120) if (failure := try_seed(seed, "alarms", shortest=False)))
    assert {complaint.rule for complaint in found.complaints} & rules
