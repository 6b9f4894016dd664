"""A candidate of a pairing: somebody who may be picked as a recipient."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Someone who wrote while a person was looking for recipients, and who may be picked.

    `has_code`: they brought the code that is shown to whoever looks, so they are no stranger who happens to write.
    """

    recipient: str
    """Where to write to."""
    title: str
    """The name of the place."""
    kind: str
    """What it is, such as private, group or channel."""
    has_code: bool = False
    language: str = field(default="", compare=False)
    """What the app of whoever wrote is set to, as "de" or "pt-br", where the platform tells it: a guess, no more."""
