"""A poll that a message puts to its readers."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class PollLimits:
    """How much of a poll a platform takes; a poll that has more goes in words."""

    options: int = 12
    """Answers to choose from."""
    option: int = 100
    """Characters of each."""
    question: int = 300
    """Characters."""

    def hold(self, poll: "Poll") -> bool:
        """Whether a poll keeps to them."""
        texts = max(map(len, poll.options), default=0)
        return len(poll.options) <= self.options and texts <= self.option and len(poll.question) <= self.question


LARGEST_POLL: Final = PollLimits()
"""Of Telegram (https://core.telegram.org/bots/api#sendpoll), which takes the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """A question with answers to choose from. Who chose what is seen by everybody there."""

    question: str
    """1 to 300 characters."""
    options: tuple[str, ...]
    """2 to 12 answers, of 1 to 100 characters each; no two are the same."""
    multiple: bool = False
    """Whether somebody may choose several."""


def poll_of(found: object) -> Poll:
    """The poll in JSON. Raises TypeError for what is none."""
    if not isinstance(found, Mapping) or not found.keys() <= {one.name for one in fields(Poll)}:
        raise TypeError("no poll")
    question, options, multiple = found.get("question"), found.get("options"), found.get("multiple", False)
    if not isinstance(question, str) or not isinstance(options, list | tuple) or not isinstance(multiple, bool):
        raise TypeError("no poll")
    return Poll(question=question, options=tuple(map(_option, options)), multiple=multiple)


def _option(found: object) -> str:
    if not isinstance(found, str):
        raise TypeError("no option")
    return found
