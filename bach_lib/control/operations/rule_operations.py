"""Operations on context rules."""

from collections.abc import Sequence

from bach_lib.bach import Bach
from bach_lib.control.operations.json_rows import Row, rule_row
from bach_lib.inbound.rules import Rule


async def rules(bach: Bach) -> list[Row]:
    """All, by name."""
    return [rule_row(rule) for rule in bach.rules.list()]


async def set_rule(
    bach: Bach,
    name: str,
    phrases: Sequence[str],
    patterns: Sequence[str],
    connection: str | None = None,
    *,
    is_active: bool = True,
    hint: str | None = None,
) -> Row:
    """Keep a new one, or another of the same name."""
    rule = Rule(
        name=name,
        phrases=tuple(phrases),
        patterns=tuple(patterns),
        connection=connection,
        is_active=is_active,
        hint=hint,
    )
    await bach.rules.set(rule)
    return rule_row(rule)


async def remove_rule(bach: Bach, name: str) -> Row:
    """Forget one; what it was."""
    found = [rule_row(rule) for rule in bach.rules.list() if rule.name == name]
    await bach.rules.remove(name)
    return found[0]
