"""What the validators of Home Assistant and HACS would refuse, rule by rule, without a network.

The workflow `validate.yml` runs those themselves, each night as well: their rules change without us. These here are for
whoever has no network, or no workflow, and they look at more. `broken.py` shows of each rule that it can fail.
"""

import pytest

from tests.component.validators import (
    hacs,
    hassfest_automation,
    hassfest_code,
    hassfest_icons,
    hassfest_manifest,
    hassfest_texts,
)
from tests.component.validators.broken import BROKEN, Broken
from tests.component.validators.package import Package, Rule, ours

MODULES = (hassfest_automation, hassfest_code, hassfest_icons, hassfest_manifest, hassfest_texts, hacs)
RULES: list[Rule] = [rule for module in MODULES for rule in module.RULES]


def name(rule: Rule) -> str:
    """What a rule is called."""
    return f"{rule.__module__.rpartition('.')[2]}-{rule.__name__}"


@pytest.fixture(scope="module")
def package() -> Package:
    """What is published."""
    return ours()


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_our_files_keep_the_rule(rule: Rule, package: Package) -> None:
    """The validator would refuse the release, HACS the repository, or a part of it would be shown to nobody."""
    assert [*rule(package)] == []


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: f"{name(one.rule)}-{one.says}")
def test_the_rule_finds_what_breaks_it(broken: Broken, package: Package) -> None:
    """A rule that finds nothing would let everything through."""
    assert [fault for fault in broken.rule(broken.change(package)) if broken.says in fault]


def test_every_rule_is_broken_once_and_says_where_it_is_from() -> None:
    """Nobody could tell whether a rule is still one, or whether it ever finds anything."""
    assert {name(broken.rule) for broken in BROKEN} == {*map(name, RULES)}
    assert [name(rule) for rule in RULES if "Source: " not in (rule.__doc__ or "")] == []
