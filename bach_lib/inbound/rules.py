"""Context rules: names for what messages are about, by phrases and patterns, kept in the database.

The router writes the names of the rules that match into a message's metadata, so that automations ask for a name
instead of repeating the words.
"""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bach_lib.common_sentences import NONE
from bach_lib.errors import InvalidRuleError, UnknownRuleError
from bach_lib.field_logger import FieldLogger
from bach_lib.home_loop import HomeLoop
from bach_lib.inbound.patterns import BadPatternError, Patterns, compile_pattern
from bach_lib.inbound.phrases import Phrases, fold
from bach_lib.said import Sentence
from bach_lib.storage import Row, Store, Transaction
from bach_lib.storage.columns import Columns
from bach_lib.storage.values import text, words
from bach_lib.threads import in_thread

_LOGGER = FieldLogger(__name__)
_NAME = re.compile(r"[\w.-]{1,100}")
MAX_RULES = 1000
_MAX_PHRASES = 1000
_MAX_ALL_PHRASES = 10_000
_MAX_PATTERNS = 20
_MAX_LENGTH = 200
"""Characters of a phrase or a pattern."""
_MAX_HINT = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A name for messages that hold one of the `phrases` (whole words, in any case) or match one of the `patterns`.

    Patterns are regular expressions in the dialect of the package regex, searched anywhere in the text, in any case.
    `connection`: only for messages of this one. `hint`: what is to be done about such a message, in words for whoever
    answers it, a person or an AI partner.
    """

    name: str
    """What it calls such messages."""
    phrases: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    connection: str | None = None
    is_active: bool = True
    """Whether it is looked at."""
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The names of the rules that matched, and of those with a pattern that took too long; the `hints` of the hits."""

    hits: tuple[str, ...] = ()
    """Rules that matched."""
    hints: tuple[str, ...] = ()
    cut_off: tuple[str, ...] = ()
    """Rules with a pattern that took too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matcher:
    """All active rules, ready for use."""

    phrases: Phrases[str]
    patterns: Patterns[str]


class Rules:
    """The rules of one database. Reading is from memory; a change is on disk when it returns."""

    def __init__(self, store: Store, home: HomeLoop | None = None) -> None:
        self._store, self._home = store, home
        self._rules: dict[str, Rule] = {}
        self._matcher = _matcher({})
        self._told: set[str] = set()
        """Rules whose slowness the log knows already."""
        self._lock = asyncio.Lock()

    async def open(self) -> None:
        """Read all rules from the disk, also again: others may have changed them."""
        rules = {rule.name: rule for rule in await self._store.submit(read_rules, writes=False)}
        if rules != self._rules:
            await self._take(rules)

    def list(self) -> list[Rule]:
        """All, by name."""
        return [rule for _, rule in sorted(self._rules.items())]

    async def set(self, rule: Rule) -> None:
        """Keep a new rule, or another of the same name. Raises `InvalidRuleError` or a `StorageError`."""
        if self._home is not None:
            self._home.check()
        await asyncio.shield(self._set(rule))

    async def remove(self, name: str) -> None:
        """Forget a rule. Raises `UnknownRuleError` or a `StorageError`."""
        if self._home is not None:
            self._home.check()
        await asyncio.shield(self._remove(name))

    async def match(self, connection: str, message: str) -> Match:
        """Which rules a text of this connection falls under."""
        if self._home is not None:
            self._home.check_not_another()
        matcher = self._matcher
        hits, cut_off = matcher.phrases.find(message), frozenset[str]()
        if matcher.patterns:
            found = await in_thread(partial(matcher.patterns.find, message))
            hits, cut_off = hits | found.hits, found.cut_off
        self._tell(cut_off)
        ours = {name: rule.hint for name, rule in self._rules.items() if rule.connection in (None, connection)}
        names = sorted(hits & ours.keys())
        return Match(
            hits=tuple(names),
            hints=tuple(dict.fromkeys(hint for name in names if (hint := ours[name]))),
            cut_off=tuple(sorted((cut_off & ours.keys()) - hits)),
        )

    def _tell(self, cut_off: frozenset[str]) -> None:
        for name in sorted(cut_off - self._told):
            self._told.add(name)
            _LOGGER.warning('A pattern of the rule "%s" took too long and was given up; make it simpler', name)

    async def _set(self, rule: Rule) -> None:
        async with self._lock:
            rules = self._rules | {rule.name: rule}
            check_rule(rule)
            if len(rules) > MAX_RULES:
                raise InvalidRuleError(
                    name=rule.name,
                    reason=Sentence(
                        "there_are_number_rules_already", "there are {number} rules already", number=MAX_RULES
                    ),
                )
            if sum(len(one.phrases) for one in rules.values()) > _MAX_ALL_PHRASES:
                raise InvalidRuleError(
                    name=rule.name,
                    reason=Sentence(
                        "all_rules_together_have_over_number_phrases",
                        "all rules together have over {number} phrases",
                        number=_MAX_ALL_PHRASES,
                    ),
                )
            await self._store.submit(lambda tx: write_rule(tx, rule))
            self._told.discard(rule.name)
            await self._take(rules)

    async def _remove(self, name: str) -> None:
        async with self._lock:
            if name not in self._rules:
                raise UnknownRuleError(name=name, known=", ".join(sorted(self._rules)) or NONE)
            await self._store.submit(lambda tx: tx.run("remove_rule", name=name))
            await self._take({other: rule for other, rule in self._rules.items() if other != name})

    async def _take(self, rules: dict[str, Rule]) -> None:
        """In a thread, because the tree of many phrases takes a moment."""
        self._matcher = await in_thread(partial(_matcher, rules))
        self._rules = rules


def _matcher(rules: Mapping[str, Rule]) -> _Matcher:
    active = [rule for rule in rules.values() if rule.is_active]
    return _Matcher(
        phrases=Phrases((phrase, rule.name) for rule in active for phrase in rule.phrases),
        patterns=Patterns((pattern, rule.name) for rule in active for pattern in rule.patterns),
    )


def check_rule(rule: Rule) -> None:
    """Raise `InvalidRuleError` for a rule that cannot be used as it is."""
    if not isinstance(rule.name, str) or not _NAME.fullmatch(rule.name):
        raise InvalidRuleError(
            name=str(rule.name)[:100],
            reason=Sentence(
                "a_name_has_1_to_100_letters_digits", 'a name has 1 to 100 letters, digits, "_", "-" or "."'
            ),
        )
    if not rule.phrases and not rule.patterns:
        raise InvalidRuleError(
            name=rule.name,
            reason=Sentence("it_has_neither_phrases_nor_patterns", "it has neither phrases nor patterns"),
        )
    if rule.hint is not None:
        _check_texts(rule.name, "hints", (rule.hint,), 1, _MAX_HINT)
    if rule.connection is not None and not isinstance(rule.connection, str):
        raise InvalidRuleError(
            name=rule.name, reason=Sentence("its_connection_is_no_name", "its connection is no name")
        )
    if not isinstance(rule.is_active, bool):
        raise InvalidRuleError(
            name=rule.name,
            reason=Sentence("is_active_is_neither_true_nor_false", "is_active is neither true nor false"),
        )
    _check_texts(rule.name, "phrases", rule.phrases, _MAX_PHRASES)
    _check_texts(rule.name, "patterns", rule.patterns, _MAX_PATTERNS)
    for pattern in rule.patterns:
        try:
            compile_pattern(pattern)
        except BadPatternError as error:
            raise InvalidRuleError(
                name=rule.name,
                reason=Sentence(
                    "the_pattern_pattern_is_broken_error",
                    "the pattern {pattern} is broken ({error})",
                    pattern=repr(pattern),
                    error=error,
                ),
            ) from error


def _check_texts(name: str, field: str, texts: Sequence[str], most: int, longest: int = _MAX_LENGTH) -> None:
    if isinstance(texts, str) or not all(isinstance(one, str) for one in texts):
        raise InvalidRuleError(
            name=name,
            reason=Sentence("its_field_must_be_a_list_of_texts", "its {field} must be a list of texts", field=field),
        )
    if len(texts) > most:
        raise InvalidRuleError(
            name=name,
            reason=Sentence(
                "it_has_more_than_number_field", "it has more than {number} {field}", number=most, field=field
            ),
        )
    if any(not fold(text) for text in texts):
        raise InvalidRuleError(
            name=name, reason=Sentence("one_of_its_field_is_empty", "one of its {field} is empty", field=field)
        )
    if any(len(text) > longest for text in texts):
        raise InvalidRuleError(
            name=name,
            reason=Sentence(
                "one_of_its_field_is_longer_than_number",
                "one of its {field} is longer than {number} characters",
                field=field,
                number=longest,
            ),
        )
    if any("\ud800" <= character <= "\udfff" for text in texts for character in text):
        raise InvalidRuleError(
            name=name,
            reason=Sentence(
                "one_of_its_field_has_half_of_a_character", "one of its {field} has half of a character", field=field
            ),
        )


_COLUMNS = Columns({"phrases": (words, "[]"), "patterns": (lambda value: [*map(compile_pattern, words(value))], "[]")})


def write_rule(tx: Transaction, rule: Rule) -> None:
    """Write a rule, which is checked."""
    tx.run(
        "save_rule",
        name=rule.name,
        connection=rule.connection,
        phrases=json.dumps(rule.phrases),
        patterns=json.dumps(rule.patterns),
        is_active=rule.is_active,
        hint=rule.hint,
    )


def read_rules(tx: Transaction) -> list[Rule]:
    """All rules that are on the disk."""
    return [_rule(row) for row in tx.rows("list_rules")]


def _rule(row: Row) -> Rule:
    if damaged := _COLUMNS.damaged(row):
        said = 'The rule "%s" is damaged in the database, and rests until it is set anew: this cannot be read: %s'
        _LOGGER.error(said, row["name"], ", ".join(damaged))
        row = {**_COLUMNS.mended(row, damaged), "is_active": False}
    return Rule(
        name=str(row["name"]),
        connection=text(row["connection"]),
        phrases=tuple(words(row["phrases"])),
        patterns=tuple(words(row["patterns"])),
        is_active=bool(row["is_active"]),
        hint=text(row["hint"]),
    )
