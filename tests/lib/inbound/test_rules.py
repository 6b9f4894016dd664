"""Context rules: kept, checked, and matched."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bach_lib.errors import InvalidRuleError, StoreFailedError, UnknownRuleError
from bach_lib.inbound import rules as rules_module
from bach_lib.inbound.rules import Match, Rule, Rules
from bach_lib.storage import Store, Transaction

LIGHT = Rule(name="light", phrases=("light on", "lamp"))
NUMBER = Rule(name="number", patterns=(r"^\d+$",))


@pytest.fixture
async def rules(store: Store) -> Rules:
    """The rules of an empty database."""
    rules = Rules(store)
    await rules.open()
    return rules


async def hits(rules: Rules, text: str, connection: str = "home") -> tuple[str, ...]:
    """Which rules match."""
    return (await rules.match(connection, text)).hits


async def test_what_matches_is_named(rules: Rules) -> None:
    """Automations would have to repeat every word themselves."""
    await rules.set(LIGHT)
    await rules.set(NUMBER)
    assert await hits(rules, "Light on, please") == ("light",)
    assert await hits(rules, "12") == ("number",)
    assert await hits(rules, "hello") == ()


async def test_a_hint_comes_with_what_matches(rules: Rules, store: Store) -> None:
    """Whoever answers would know that it is about the light, and not what is to be done about it."""
    await rules.set(replace(LIGHT, hint="Only until ten."))
    await rules.set(Rule(name="late", phrases=("lamp", "night"), hint="Only until ten."))
    await rules.set(Rule(name="night", phrases=("night",), hint="Nobody may be woken.", connection="other"))
    again = Rules(store)
    await again.open()
    for one in (rules, again):
        assert (await one.match("home", "lamp at night")).hints == ("Only until ten.",)
        assert (await one.match("other", "night")).hints == ("Only until ten.", "Nobody may be woken.")
        assert (await one.match("home", "hello")).hints == ()
    await rules.set(LIGHT)
    await rules.remove("late")
    await rules.set(Rule(name="late", phrases=("lamp",)))
    await again.open()
    assert (await again.match("home", "lamp")).hints == (await rules.match("home", "lamp")).hints == ()


@pytest.mark.parametrize(
    "rule",
    [
        replace(LIGHT, hint=" "),
        replace(LIGHT, hint="x" * 2001),
        replace(LIGHT, hint=5),  # type: ignore[arg-type] # as people without a type checker write
        replace(LIGHT, phrases="lamp"),  # type: ignore[arg-type] # the same
        replace(LIGHT, phrases=(5,)),  # type: ignore[arg-type] # the same
        replace(LIGHT, name=5),  # type: ignore[arg-type] # the same
        replace(LIGHT, connection=5),  # type: ignore[arg-type] # the same
        replace(LIGHT, is_active=1),  # type: ignore[arg-type] # the same
    ],
)
async def test_a_rule_of_wrong_kinds_is_refused(rules: Rules, rule: Rule) -> None:
    """A phrase that is read letter by letter would match everything; others would end in errors from the inside."""
    with pytest.raises(InvalidRuleError):
        await rules.set(rule)
    assert rules.list() == []


async def test_rules_outlive_a_restart(rules: Rules, store: Store) -> None:
    """After a restart no rule would match any more."""
    rule = Rule(name="both", phrases=("lamp",), patterns=("x+",), connection="home", is_active=False)
    await rules.set(LIGHT)
    await rules.set(rule)
    again = Rules(store)
    await again.open()
    assert again.list() == rules.list() == [rule, LIGHT]
    assert await hits(again, "the lamp") == ("light",)


async def test_rules_that_nobody_has_changed_cost_nothing(
    rules: Rules, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where processes share a database each reads them every few seconds: ten thousand phrases would keep it busy."""
    await rules.set(LIGHT)
    made: list[int] = []
    make = rules_module._matcher

    def counted(found: Mapping[str, Rule]) -> object:
        made.append(len(found))
        return make(found)

    monkeypatch.setattr(rules_module, "_matcher", counted)
    await rules.open()
    assert made == []
    beside = Rules(store)
    await beside.open()
    await beside.set(NUMBER)
    await rules.open()
    assert await hits(rules, "12") == ("number",)


async def test_a_rule_is_replaced_and_removed(rules: Rules, store: Store) -> None:
    """The old words would go on matching, or be back after the next start."""
    await rules.set(NUMBER)
    await rules.set(LIGHT)
    await rules.set(Rule(name="light", phrases=("torch",)))
    assert await hits(rules, "lamp") == ()
    assert await hits(rules, "torch") == ("light",)
    await rules.remove("light")
    assert await hits(rules, "torch") == ()
    again = Rules(store)
    await again.open()
    assert rules.list() == again.list() == [NUMBER]


async def test_a_rule_may_be_for_one_connection_or_rest(rules: Rules) -> None:
    """Words of the family would mean something at work."""
    await rules.set(Rule(name="home", phrases=("lamp",), connection="home"))
    await rules.set(Rule(name="resting", phrases=("lamp",), is_active=False))
    assert await hits(rules, "lamp", "home") == ("home",)
    assert await hits(rules, "lamp", "work") == ()


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (Rule(name="", phrases=("x",)), 'a name has 1 to 100 letters, digits, "_", "-" or "."'),
        (Rule(name="with space", phrases=("x",)), 'a name has 1 to 100 letters, digits, "_", "-" or "."'),
        (Rule(name="n" * 101, phrases=("x",)), 'a name has 1 to 100 letters, digits, "_", "-" or "."'),
        (Rule(name="empty"), "it has neither phrases nor patterns"),
        (Rule(name="blank", phrases=("lamp", " ")), "one of its phrases is empty"),
        (Rule(name="blank", patterns=("",)), "one of its patterns is empty"),
        (Rule(name="long", phrases=("x" * 201,)), "one of its phrases is longer than 200 characters"),
        (Rule(name="long", patterns=("x", "x" * 201)), "one of its patterns is longer than 200 characters"),
        (Rule(name="many", phrases=("x",) * 1001), "it has more than 1000 phrases"),
        (Rule(name="many", patterns=("x",) * 21), "it has more than 20 patterns"),
        (Rule(name="half", phrases=("\ud800",)), "one of its phrases has half of a character"),
        (Rule(name="half", patterns=("x\udfff",)), "one of its patterns has half of a character"),
        (Rule(name="broken", patterns=("(",)), "the pattern '(' is broken (missing ) at position 1)"),
    ],
)
async def test_a_rule_that_cannot_work_is_refused(rules: Rules, rule: Rule, reason: str) -> None:
    """A rule would be kept that never matches, matches everything, or cannot be read after a restart."""
    with pytest.raises(InvalidRuleError) as caught:
        await rules.set(rule)
    assert caught.value.placeholders == {"name": rule.name[:100], "reason": reason}
    assert rules.list() == []


async def test_what_is_just_within_the_bounds_is_kept(rules: Rules) -> None:
    """An error would name bounds that are others, and letters of some languages be taken for halves."""
    rule = Rule(
        name="n" * 100, phrases=("x" * 200, "\ud7ff", "\ue000", *("y",) * 997), patterns=("x" * 200, *("y",) * 19)
    )
    await rules.set(rule)
    assert rules.list() == [rule]


async def test_only_so_many_rules_are_kept(rules: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    """A runaway automation could fill the memory with rules of one word each."""
    monkeypatch.setattr(rules_module, "MAX_RULES", 2)
    for name in ("a", "b", "b"):
        await rules.set(Rule(name=name, phrases=("x",)))
    with pytest.raises(InvalidRuleError) as caught:
        await rules.set(Rule(name="c", phrases=("x",)))
    assert caught.value.placeholders == {"name": "c", "reason": "there are 2 rules already"}


async def test_there_is_an_end_to_rules(rules: Rules) -> None:
    """A runaway automation could fill memory and disk."""
    for number in range(10):
        await rules.set(Rule(name=f"r{number}", phrases=tuple(f"word{number} {index}" for index in range(1000))))
    with pytest.raises(InvalidRuleError) as caught:
        await rules.set(Rule(name="one-more", phrases=("x",)))
    assert caught.value.placeholders == {"name": "one-more", "reason": "all rules together have over 10000 phrases"}
    await rules.set(Rule(name="r0", phrases=("x",)))


async def test_a_rule_that_is_not_there(rules: Rules) -> None:
    """A mistyped name would look like a success."""
    for rules_there, known in (((), "none"), ((NUMBER, LIGHT), "light, number")):
        for rule in rules_there:
            await rules.set(rule)
        with pytest.raises(UnknownRuleError) as caught:
            await rules.remove("lihgt")
        assert caught.value.placeholders == {"name": "lihgt", "known": known}


async def test_what_the_disk_refuses_does_not_match_either(rules: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule would work until the next restart and then be gone."""

    def full_disk(*args: object, **values: object) -> int:
        raise StoreFailedError(path="bach.db", reason="disk full")

    monkeypatch.setattr(Transaction, "run", full_disk)
    with pytest.raises(StoreFailedError):
        await rules.set(LIGHT)
    assert await hits(rules, "lamp") == ()


ENDLESS = Rule(name="endless", patterns=(r"(a|aa|aaa)+$",))
LONG = "a" * 60 + "! lamp"


async def test_a_pattern_that_never_ends_is_named_and_logged_once(
    rules: Rules, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody would know why a rule does not match; or the log would repeat it with every message."""
    await rules.set(ENDLESS)
    await rules.set(LIGHT)
    for _ in range(2):
        assert await rules.match("home", LONG) == Match(hits=("light",), cut_off=("endless",))
    told = 'A pattern of the rule "endless" took too long and was given up; make it simpler'
    assert told_of(caplog) == [told]
    await rules.set(ENDLESS)
    await rules.match("home", LONG)
    assert told_of(caplog) == [told, told], "whoever has changed it wants to know whether that helped"


def told_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The warnings in the log."""
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


async def test_a_rule_that_matched_or_is_for_others_is_not_cut_off(rules: Rules) -> None:
    """An automation would be told of a rule that has nothing to do with its message, or of one that did match."""
    await rules.set(replace(ENDLESS, phrases=("lamp",)))
    await rules.set(replace(ENDLESS, name="work", connection="work"))
    await rules.set(replace(ENDLESS, name="more"))
    assert await rules.match("home", LONG) == Match(hits=("endless",), cut_off=("more",))


async def test_before_any_rule_was_read_nothing_matches(store: Store) -> None:
    """A message that is early would stop the router."""
    assert await Rules(store).match("home", "lamp") == Match()
