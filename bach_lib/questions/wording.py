"""Words that stand below a question when it is over, which an application may say in another language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Texts below a question that is over."""

    answered: str = "Answered by {name}: {answer}"
    """With `{name}` and `{answer}`."""
    unanswered: str = "Nobody answered"
    """When time is up."""
    interrupted: str = "This question is over"
    """When nobody waits for it any more."""
