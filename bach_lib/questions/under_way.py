"""A question that nobody has answered yet, for whoever looks at all of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from bach_lib.models import Place
from bach_lib.questions.question import Asked, Question


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """`unreached` says why some of those asked got nothing."""

    question: Question
    """What was asked, and whom."""
    ends_at: float
    """When time is up, in seconds since 1970."""
    unreached: Mapping[Place, str]


def under_way(asked: Asked) -> UnderWay:
    """As it stands now."""
    return UnderWay(question=asked.question, ends_at=asked.ends_at, unreached=asked.unreached)
