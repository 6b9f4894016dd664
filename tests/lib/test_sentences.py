"""What BACH itself says can be said in any language: every sentence is declared, and has its text."""

import ast
import copy
import json
import pickle
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from bach_lib.errors import StoreFailedError
from bach_lib.models import Fault
from bach_lib.redact import Redactor
from bach_lib.said import Sentence, packed, said, together, unpacked

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "bach_lib"
FOR_PROGRAMS = {
    "cli": "a terminal, which speaks English",
    "client": "programs that call a daemon",
    "control": "the answers to the command",
    "errors": "where the sentences of errors are declared",
    "handling": "who writes a program with handlers",
    "legacy": "the command that takes over old data",
    "rest": "programs, by contract in English",
    "testing": "the doubles of platforms",
}
"""Rooms whose sentences reach nobody in another language, and who reads them."""
BY_AUTHORS = {
    "bus.py": "who writes a program",
    "policy.py": "who writes a program",
    "connectors/answer_check.py": "who wrote a connector",
    "connectors/capabilities.py": "who wrote a connector",
    "connectors/checked.py": "who wrote a connector",
    "connectors/mistakes.py": "who wrote a connector",
    "connectors/tolerant.py": "who looks at what could not be read",
    "threads.py": "the errors of the system, whose words are English",
    "foreign.py": "logs",
    "web/page/serving.py": "the daemon's page before anybody has logged in",
    "web/page/sockets.py": "the daemon's page",
}
SAYS = {"about", "advice", "expected", "reason", "text"}
"""Arguments that are nothing but a sentence."""
PLAIN = {
    *("AssertionError", "NotImplementedError", "OSError", "OverflowError", "RuntimeError", "TimeoutError"),
    *("TypeError", "UnreadableError", "ValueError", "WrongAnswerError", "RefusedError", "SentenceError"),
}
"""What is raised for whoever wrote a program, or is answered to one."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    """All files of the library, with what is in them."""
    for path in sorted(LIBRARY.rglob("*.py")):
        yield path.relative_to(LIBRARY).as_posix(), _tree(path)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def everywhere() -> Iterator[tuple[str, ast.Module]]:
    """The same, and what the integration says as the library does."""
    yield from modules()
    for path in sorted((ROOT / "custom_components" / "bach").rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), _tree(path)


def name_of(call: ast.Call) -> str:
    """What is called."""
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


@cache
def declared() -> dict[str, str]:
    """Each sentence of the library and of this home, by its key."""
    found: dict[str, str] = {}
    for module, tree in everywhere():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and name_of(node) == "Sentence" and module != "said.py":
                key, template = (ast.literal_eval(one) for one in node.args)
                assert key not in found, f"{module}: {key} is declared twice; declare it once"
                found[key] = template
    return found


def names(text: str) -> set[str]:
    """The places of a template."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_sentence_has_its_text() -> None:
    """In another language people would read English in the middle of a sentence."""
    path = ROOT / "custom_components" / "bach" / "translations" / "en.json"
    texts = {key: text["message"] for key, text in json.loads(path.read_text("utf-8"))["exceptions"].items()}
    assert {key: texts.get(key) for key in declared()} == declared()


def test_every_sentence_is_filled_with_what_it_needs() -> None:
    """Where something is told that nearly never happens, a TypeError would be told instead."""
    wrong = list[str]()
    for module, tree in everywhere():
        if module == "said.py":
            continue
        templates = _templates(tree) | _imported(tree)
        called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        called |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                given = {keyword.arg for keyword in node.keywords}
                if name_of(node) == "Sentence" and given and given != names(ast.literal_eval(node.args[1])):
                    wrong.append(f"{module}:{node.lineno}")
                if isinstance(node.func, ast.Name) and node.func.id in templates and None not in given:
                    wrong += [f"{module}:{node.lineno}"] if given != names(templates[node.func.id]) else []
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in called:
                wrong += [f"{module}:{node.lineno} unfilled"] if names(templates.get(node.id, "")) else []
    assert wrong == []


def _templates(tree: ast.Module) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in tree.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.Call) and name_of(value) == "Sentence":
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
            if isinstance(target, ast.Name):
                found[target.id] = ast.literal_eval(value.args[1])
    return found


def _imported(tree: ast.Module) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bach_lib."):
            path = ROOT / f"{(node.module or '').replace('.', '/')}.py"
            there = _templates(_tree(path)) if path.exists() else {}
            found |= {one.asname or one.name: there[one.name] for one in node.names if one.name in there}
    return found


def bare() -> Iterator[str]:
    """Where something is told in bare English."""
    for module, tree in modules():
        if module.split("/")[0] in FOR_PROGRAMS or module in BY_AUTHORS:
            continue
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
                continue
            english = set() if isinstance(function, ast.Module) else _english_names(function)
            for call in _calls(function):
                yield from (f"{module}:{one.lineno}" for one in _said_by(call) if _is_english(one, english))


def _calls(function: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        name = name_of(node) if isinstance(node, ast.Call) else ""
        is_told = name in {"Fault", "Loss", "Known", "replace"} or (name.endswith("Error") and name not in PLAIN)
        if is_told and isinstance(node, ast.Call):
            yield node


def _said_by(call: ast.Call) -> Iterator[ast.expr]:
    """What of a call is read by people: of an error all that has words in it."""
    yield from (one.value for one in call.keywords if one.arg in SAYS)
    if name_of(call) not in {"Fault", "Loss", "Known", "replace"}:
        rest = [*call.args, *(one.value for one in call.keywords if one.arg not in SAYS)]
        yield from (one for one in rest if isinstance(one, ast.Name) or " " in "".join(_literals(one)).strip())


def _is_english(value: ast.expr, english: set[str]) -> bool:
    if isinstance(value, ast.Name):
        return value.id in english
    return any(letter.isalpha() for one in _literals(value) for letter in one)


def _literals(value: ast.expr) -> Iterator[str]:
    """The bare words in an expression: not those of a sentence, and not what a call is asked for."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.JoinedStr):
        yield from (str(one.value) for one in value.values if isinstance(one, ast.Constant))
    elif isinstance(value, ast.IfExp):
        yield from _literals(value.body)
        yield from _literals(value.orelse)
    elif isinstance(value, ast.BinOp):
        yield from _literals(value.left)
        yield from _literals(value.right)
    elif isinstance(value, ast.BoolOp):
        for one in value.values:
            yield from _literals(one)
    elif isinstance(value, ast.Subscript):
        yield from _literals(value.value)


def _english_names(function: ast.AST) -> set[str]:
    """The variables of a function that hold bare English."""
    return {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and " " in "".join(_literals(node.value)).strip()
    }


def test_nothing_is_told_in_bare_english() -> None:
    """In the middle of a German sentence people would read an English one."""
    assert sorted(set(bare())) == []


def test_a_sentence_is_a_text_that_knows_what_it_says() -> None:
    """A log, a terminal or a program would not read English any more; or nobody could say it in another language."""
    template = Sentence("late", "{host} did not answer in time.")
    late = template(host="example.org")
    assert late == "example.org did not answer in time."
    assert (late.key, late.placeholders) == ("late", {"host": "example.org"})
    for twin in (copy.deepcopy(late), pickle.loads(pickle.dumps(late))):
        assert (twin, twin.key, twin.placeholders) == (late, "late", {"host": "example.org"})
    with pytest.raises(TypeError, match="late is made from"):
        template(hosts="example.org")


def test_a_sentence_within_a_sentence_can_be_said_as_well() -> None:
    """The outer one would be in German, and its reason in English."""
    inner = Sentence("closed", "{what} is closed.", what="the port")
    error = StoreFailedError(path="x.db", reason=inner)
    assert (
        str(error) == "x.db could not be read or written: the port is closed. Check the disk's free space and health."
    )
    sentence = error.sentence
    assert isinstance(sentence, Sentence)
    reason = sentence.placeholders["reason"]
    assert isinstance(reason, Sentence)
    assert (sentence.key, reason.key, reason.placeholders) == ("store_failed", "closed", {"what": "the port"})


def test_sentences_are_nested_so_deep_and_no_deeper() -> None:
    """What another process sends could be nested until this one has no memory or stack left."""
    deep: str = "end"
    for _ in range(50):
        deep = Sentence("outer", "({inner})", inner=deep)
    assert said(deep) == str(deep)
    layers = 0
    while isinstance(deep, Sentence):
        deep, layers = deep.placeholders["inner"], layers + 1
    assert layers <= 5
    beside: object = {"key": "outer", "placeholders": {}}
    for _ in range(50):
        beside = {"key": "outer", "placeholders": {"inner": {"text": "x", **dict(beside)}}}  # type: ignore[call-overload] # of whatever shape
    read = unpacked("x", beside)
    layers = 0
    while isinstance(read, Sentence):
        read, layers = read.placeholders.get("inner", ""), layers + 1
    assert layers <= 5


@pytest.mark.parametrize("beside", [None, 7, [], {"key": 7}, {"key": "a"}, {"key": "a", "placeholders": [1]}])
def test_what_is_no_sentence_stays_a_text(beside: object) -> None:
    """A damaged row or a foreign answer would end whoever reads it."""
    assert type(unpacked("words", beside)) is str


def test_a_sentence_goes_through_json() -> None:
    """Beside another process or after a restart it would be English only."""
    reason = Sentence("closed", "{what} is closed.", what="the port")
    sentence = Sentence("broken", "No connection: {reason}", reason=reason)
    read = unpacked(str(sentence), json.loads(json.dumps(packed(sentence))))
    assert isinstance(read, Sentence)
    assert packed(read) == packed(sentence)
    assert packed("words of a platform") is None


def test_what_is_secret_goes_and_the_sentence_stays() -> None:
    """A token would be shown in every language but English; or nothing could be translated that was looked at."""
    sentence = Sentence("refused", "{host} refuses {token}.", host="here", token="s3cr3t-token")
    shown = Redactor(["s3cr3t-token"]).within(Fault(code="x", text=sentence)).text
    assert shown == "here refuses ***."
    assert isinstance(shown, Sentence)
    assert shown.placeholders == {"host": "here", "token": "***"}


def test_sentences_in_a_row_are_one() -> None:
    """Of several reasons only the text would be left."""
    both = together([Sentence("one", "One."), Sentence("two", "Two.")])
    assert both == "One. Two."
    assert isinstance(both, Sentence)
    assert [getattr(one, "key", None) for one in both.placeholders.values()] == ["one", "two"]
