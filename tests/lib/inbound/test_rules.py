"""Context rules: kept, checked, and matched."""

import pytest

from bach_lib.errors import InvalidRuleError, StoreFailedError, UnknownRuleError
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


async def test_rules_outlive_a_restart(rules: Rules, store: Store) -> None:
    """After a restart no rule would match any more."""
    rule = Rule(name="both", phrases=("lamp",), patterns=("x+",), connection="home", is_active=False)
    await rules.set(LIGHT)
    await rules.set(rule)
    again = Rules(store)
    await again.open()
    assert again.list() == rules.list() == [rule, LIGHT]
    assert await hits(again, "the lamp") == ("light",)


async def test_a_rule_is_replaced_and_removed(rules: Rules) -> None:
    """The old words would go on matching."""
    await rules.set(LIGHT)
    await rules.set(Rule(name="light", phrases=("torch",)))
    assert await hits(rules, "lamp") == ()
    assert await hits(rules, "torch") == ("light",)
    await rules.remove("light")
    assert await hits(rules, "torch") == ()
    assert rules.list() == []


async def test_a_rule_may_be_for_one_connection_or_rest(rules: Rules) -> None:
    """Words of the family would mean something at work."""
    await rules.set(Rule(name="home", phrases=("lamp",), connection="home"))
    await rules.set(Rule(name="resting", phrases=("lamp",), is_active=False))
    assert await hits(rules, "lamp", "home") == ("home",)
    assert await hits(rules, "lamp", "work") == ()


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (Rule(name="", phrases=("x",)), "a name has"),
        (Rule(name="with space", phrases=("x",)), "a name has"),
        (Rule(name="n" * 101, phrases=("x",)), "a name has"),
        (Rule(name="empty"), "neither phrases nor patterns"),
        (Rule(name="blank", phrases=("lamp", " ")), "phrases is empty"),
        (Rule(name="blank", patterns=("",)), "patterns is empty"),
        (Rule(name="long", phrases=("x" * 201,)), "longer than 200"),
        (Rule(name="many", phrases=("x",) * 1001), "more than 1000 phrases"),
        (Rule(name="many", patterns=("x",) * 21), "more than 20 patterns"),
        (Rule(name="half", phrases=("\ud83d",)), "half of a character"),
        (Rule(name="broken", patterns=("(",)), r"the pattern '\(' is broken"),
    ],
)
async def test_a_rule_that_cannot_work_is_refused(rules: Rules, rule: Rule, reason: str) -> None:
    """A rule would be kept that never matches, matches everything, or cannot be read after a restart."""
    with pytest.raises(InvalidRuleError, match=reason):
        await rules.set(rule)
    assert rules.list() == []


async def test_there_is_an_end_to_rules(rules: Rules) -> None:
    """A runaway automation could fill memory and disk."""
    for number in range(10):
        await rules.set(Rule(name=f"r{number}", phrases=tuple(f"word{number} {index}" for index in range(1000))))
    with pytest.raises(InvalidRuleError, match="over 10000 phrases"):
        await rules.set(Rule(name="one-more", phrases=("x",)))
    await rules.set(Rule(name="r0", phrases=("x",)))


async def test_a_rule_that_is_not_there(rules: Rules) -> None:
    """A mistyped name would look like a success."""
    await rules.set(LIGHT)
    with pytest.raises(UnknownRuleError, match=r'"lihgt"\. Known rules: light'):
        await rules.remove("lihgt")


async def test_what_the_disk_refuses_does_not_match_either(rules: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule would work until the next restart and then be gone."""

    def full_disk(*args: object, **values: object) -> int:
        raise StoreFailedError(path="bach.db", reason="disk full")

    monkeypatch.setattr(Transaction, "run", full_disk)
    with pytest.raises(StoreFailedError):
        await rules.set(LIGHT)
    assert await hits(rules, "lamp") == ()


async def test_a_pattern_that_never_ends_is_named_and_logged_once(
    rules: Rules, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody would know why a rule does not match; or the log would repeat it with every message."""
    await rules.set(Rule(name="endless", patterns=(r"(a|aa|aaa)+$",)))
    await rules.set(LIGHT)
    for _ in range(2):
        assert await rules.match("home", "a" * 60 + "! lamp") == Match(hits=("light",), cut_off=("endless",))
    assert caplog.text.count("took too long") == 1
