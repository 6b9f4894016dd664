"""Judges a story by the promises, from outside: what callers, people and listeners saw, and what is on disk at the end.

Where nobody outside can know what is right (a crash at the very moment, a slow disk between a decision and what
follows), the judge believes BACH; everywhere else it does not.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import override

from tests.simulation import ends, hand_judge, meeting, order, reports, rows, scheduling, ways
from tests.simulation.story import Story


@dataclass(frozen=True, slots=True)
class Complaint:
    """A promise that was not kept."""

    rule: str
    text: str

    @override
    def __str__(self) -> str:
        """For a person."""
        return f"{self.rule}: {self.text}"


RULES: dict[str, Callable[[Story], Iterator[str]]] = {
    "trouble": lambda story: iter(story.trouble),
    "durable": ends.durable,
    "an end": ends.every_message_ends,
    "left hanging": ends.no_time_to_live_is_left_hanging,
    "a reason": ends.every_end_has_a_reason,
    "waiting": ends.everyone_who_waits_is_told,
    "order": order.in_order,
    "one at a time": order.one_at_a_time,
    "no repeat": ways.no_repeat_without_a_cause,
    "bounded": ways.nothing_is_tried_without_end,
    "not early": scheduling.nothing_is_early,
    "not late": ways.nothing_is_late,
    "told to wait": ways.who_is_told_to_wait_waits,
    "events": reports.events_tell_the_same_story,
    "counters": reports.counters_add_up,
    "history": rows.every_attempt_has_its_row,
    "the right place": meeting.goes_where_its_place_is,
    "learned": meeting.what_was_learned_stays,
    "listened": meeting.who_listened_has_learned,
    "limits": meeting.limits_meet,
    "account": lambda story: iter(story.foreign),
    "tags": meeting.tags_meet,
    "tidied": meeting.what_goes_is_followed,
    "by hand": hand_judge.what_is_done_by_hand_counts,
    "corrected": hand_judge.what_is_corrected_counts,
    "amended": hand_judge.amended_words_arrive,
    "removed": hand_judge.what_is_removed_is_gone,
    "left over": reports.nothing_is_left_over,
}


def judge(story: Story) -> list[Complaint]:
    """Every complaint there is."""
    return [Complaint(name, text) for name, rule in RULES.items() for text in rule(story)]
