"""What a program says of a connection against what is there: which fields it means, and which are other people's.

A program says the same at each start. What a person did meanwhile, switched it off or let somebody in, is not taken
back by that.
"""

from dataclasses import dataclass
from enum import StrEnum

from bach_lib.errors import InvalidValueError
from bach_lib.models import Connection
from bach_lib.said import Sentence

_SAID = ("endpoint", "auth_type", "auth_config", "settings")


class EnsureResult(StrEnum):
    """What `Registry.ensure` did."""

    ADDED = "added"
    """There was none of that name."""
    UPDATED = "updated"
    """Some fields differed."""
    UNCHANGED = "unchanged"
    """Nothing had to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensured:
    """The connection as it is now, and what was done for that. `changed`: the names of the fields that differed."""

    connection: Connection
    """As it is now."""
    result: EnsureResult
    """What was done."""
    changed: frozenset[str] = frozenset()


def differing(wanted: Connection, there: Connection) -> dict[str, object]:
    """The fields that a program wants otherwise. Raises `InvalidValueError` where another kind of connection is there.

    `is_active` is for new ones only. `allowed` counts where it is not empty; an empty one says nothing, so that who was
    let in by hand stays.
    """
    for field in ("type", "category"):
        if (found := getattr(there, field)) != (value := getattr(wanted, field)):
            raise InvalidValueError(
                field=field,
                value=value,
                expected=Sentence(
                    "found_which_name_is_remove_that_one_first",
                    "{found}, which {name} is; remove that one first",
                    found=found,
                    name=there.name,
                ),
            )
    fields = (*_SAID, "allowed") if wanted.allowed else _SAID
    return {field: value for field in fields if (value := getattr(wanted, field)) != getattr(there, field)}
