"""Converts the original's triggers to context rules: each with its hint, under a name made of the words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bach_lib.errors import InvalidRuleError
from bach_lib.inbound.rules import MAX_RULES, Rule, check_rule
from bach_lib.legacy.reading import OldTrigger
from bach_lib.registry.validation import look_alike

_LONGEST = 80
"""Characters of a name that is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Something that is not taken, and why."""

    what: str
    reason: str


def rules_of(triggers: Sequence[OldTrigger], there: Sequence[Rule]) -> tuple[tuple[Rule, ...], list[Left]]:
    """Those that become rules, and why the others do not. Who is there already is neither."""
    made: list[Rule] = []
    left: list[Left] = []
    known = {(rule.phrases, rule.hint) for rule in there}
    names = [rule.name for rule in there]
    for trigger in triggers:
        rule = Rule(
            name=_name(trigger.phrase, names),
            phrases=(trigger.phrase,) if trigger.phrase else (),
            is_active=trigger.is_active,
            hint=trigger.hint or None,
        )
        if (rule.phrases, rule.hint) in known:
            continue
        try:
            check_rule(rule)
            if len(names) >= MAX_RULES:
                raise InvalidRuleError(name=rule.name, reason=f"there are {MAX_RULES} rules already")
        except InvalidRuleError as error:
            left.append(Left(what=f"context trigger {trigger.id}", reason=str(error)))
            continue
        known.add((rule.phrases, rule.hint))
        names.append(rule.name)
        made.append(rule)
    return tuple(made), left


def _name(phrase: str, taken: Sequence[str]) -> str:
    """Made of the words; with a number where somebody has it."""
    plain = re.sub(r"[^\w.-]+", "-", phrase.lower()).strip("-.")[:_LONGEST] or "trigger"
    name, number = plain, 1
    while any(look_alike(name, one) for one in taken):
        number += 1
        name = f"{plain}-{number}"
    return name
