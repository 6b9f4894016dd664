"""Questions that are put to some first, and to others while nobody answers."""

from dataclasses import replace

import pytest

from bach_lib import Bach, Place
from bach_lib.errors import InvalidValueError
from bach_lib.questions.unanswered import NobodyAnsweredError, QuestionUndeliveredError
from bach_lib.testing import FakeClock, FakePlatform
from tests.lib.questions.test_asking import ADA, BEN, BOB, DEAD, ask, edits, home, press, question

__all__ = ["home"]
STEPS = replace(question(ADA, BOB, BEN), after={BOB: 20.0, BEN: 40.0})


def asked(platform: FakePlatform) -> list[str]:
    """Who got the question."""
    return [sent.recipient for sent in platform.sent if sent.text == "Open?"]


async def test_the_next_is_asked_while_nobody_answers(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """All would be woken at once although Ada is awake; or Ben although Bob has answered."""
    task = await ask(home, clock, STEPS)
    await clock.advance(19.9)
    assert asked(platform) == ["ada"]
    await clock.advance(0.1)
    assert asked(platform) == ["ada", "bob"]
    assert platform.sent[1].expires_at == clock.now() + 40, "it would be asked after the question is over"
    press(home, 1, "1")  # Ada after all
    await clock.settle()
    assert (task.result().value, task.result().name) == ("leave it", "Ada")
    assert edits(platform) == dict.fromkeys(("ada", "bob"), "Open?\n\nAnswered by Ada: No")
    await clock.advance(60)
    assert asked(platform) == ["ada", "bob"]


async def test_who_cannot_be_reached_is_not_waited_for(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """The door would stay shut for the time of somebody who never got the question."""
    platform.outcomes.extend([DEAD, DEAD])
    task = await ask(home, clock, STEPS)
    assert asked(platform) == ["ben"]
    await clock.advance(60)
    with pytest.raises(NobodyAnsweredError):
        await task


async def test_where_nobody_can_be_reached_it_is_over(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Whoever asks would wait for an answer that nobody can give."""
    platform.outcomes.extend([DEAD, DEAD, DEAD])
    with pytest.raises(QuestionUndeliveredError):
        await (await ask(home, clock, STEPS))
    nowhere = Place(connection="gone", recipient="ada")
    task = await ask(home, clock, replace(question(nowhere, BOB), after={BOB: 20.0}))
    assert asked(platform) == ["bob"]
    press(home, 4)
    await clock.settle()
    assert nowhere in task.result().unreached


async def test_a_step_that_is_known_to_be_down_is_not_waited_for(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """A bot that is down would cost the five minutes of its step, while somebody else stands beside the phone."""
    down = {ADA}
    asking = home._open_parts.asking.questions
    assert not asking.is_down(ADA), "it is known what is down"
    asking.is_down = down.__contains__
    task = await ask(home, clock, STEPS)
    assert asked(platform) == ["ada", "bob"], "what waits for her goes as soon as it can"
    await clock.advance(39)
    assert asked(platform) == ["ada", "bob"], "but Bob is waited for"
    down |= {BOB, BEN}
    await clock.advance(1)
    assert asked(platform) == ["ada", "bob", "ben"]
    press(home, 2)
    await clock.settle()
    assert task.result().name == "Ada"
    task = await ask(home, clock, STEPS)
    assert asked(platform)[3:] == ["ada"], "where all are down, each has their time"
    task.cancel()
    await clock.settle()


async def test_what_is_over_asks_nobody_any_more(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Bob would be asked by a program that has gone away."""
    task = await ask(home, clock, STEPS)
    task.cancel()
    await clock.settle()
    await clock.advance(60)
    assert asked(platform) == ["ada"]


@pytest.mark.parametrize("after", [20.0, {BOB: -1.0}, {BOB: "soon"}, {BOB: True}])
async def test_what_is_no_time_is_refused(home: Bach, after: object) -> None:
    """Bob would be asked at once, or never, and nobody would know why."""
    with pytest.raises(InvalidValueError):
        await home.ask(replace(STEPS, after=after))  # type: ignore[arg-type] # as callers without a type checker give it
