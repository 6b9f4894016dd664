"""The histories of questions can fail: what each rule is there for is broken once on purpose."""

from collections.abc import Callable

import pytest

from bach_lib.models.incoming import IncomingMessage
from bach_lib.questions import Asked, Question
from bach_lib.questions.asking import QuestionService
from tests.simulation.running import try_seed


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """A session of aiohttp needs an event loop, and that a pair of sockets."""


def _everybody_may(patched: pytest.MonkeyPatch) -> None:
    take = Asked.take

    def taking(self: Asked, message: IncomingMessage) -> None:
        object.__setattr__(self.question, "name_of", None)
        take(self, message)

    patched.setattr(Asked, "take", taking)


def _any_question_will_do(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(Asked, "_addressed", lambda self, _: next(iter(self._deliveries.values()), None))


def _nobody_listens(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(Asked, "take", lambda *_: None)


def _they_stay_open(patched: pytest.MonkeyPatch) -> None:
    async def leave(*_: object) -> None:
        pass

    patched.setattr(QuestionService, "_take_back", leave)


def _time_does_not_end_them(patched: pytest.MonkeyPatch) -> None:
    timeout = Question.__init__

    def patient(self: Question, **fields: object) -> None:
        timeout(self, **fields | {"timeout": 86_400.0})  # type: ignore[arg-type] # as they were, but for one

    patched.setattr(Question, "__init__", patient)


def _all_are_asked_at_once(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(Question, "steps", property(lambda self: [(0.0, tuple(dict.fromkeys(self.places)))]))


def _only_the_first_are_asked(patched: pytest.MonkeyPatch) -> None:
    steps = vars(Question)["steps"].fget
    patched.setattr(Question, "steps", property(lambda self: steps(self)[:1]))


@pytest.mark.parametrize(
    ("break_it", "rules"),
    [
        (_everybody_may, {"answers"}),
        (_any_question_will_do, {"answers", "first"}),
        (_nobody_listens, {"first"}),
        (_they_stay_open, {"closed"}),
        (_time_does_not_end_them, {"in time", "not late"}),
        (_all_are_asked_at_once, {"in turn"}),
        (_only_the_first_are_asked, {"in turn"}),
    ],
)
def test_what_is_broken_is_named(
    monkeypatch: pytest.MonkeyPatch, break_it: Callable[[pytest.MonkeyPatch], None], rules: set[str]
) -> None:
    """A judge who sees nothing would praise everything."""
    break_it(monkeypatch)
    found = next(failure for seed in range(40) if (failure := try_seed(seed, "asking", shortest=False)))
    assert {complaint.rule for complaint in found.complaints} & rules
