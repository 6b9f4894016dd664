"""Writes `docs/reference/`: every public name of the library, from its docstrings, signatures and fields.

A page for each public module. What a class says of a field stands below the field, or in a sentence of the docstring
that names it in backticks; that sentence is then repeated beside the field. `undescribed` names what has neither.

Usage: reference.py (writes), reference.py --check (only says what is stale; ends with 1 then).
"""

import dataclasses
import inspect
import re
import sys
from annotationlib import Format, get_annotations
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import TypeAliasType, is_protocol, is_typeddict

from bach_lib.errors import BachError
from script.lib.reference_fields import described, lines, set_at_start, statements, strings_below

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference"


@dataclass(frozen=True, slots=True)
class Entry:
    """A field, a member of an enumeration or a constant."""

    name: str
    type: str
    default: str
    text: str


def public_modules() -> dict[str, str]:
    """The modules that the guide names, and what each is for; the most particular first, the top last."""
    table = (ROOT / "docs" / "library.md").read_text("utf-8").split("## What may be relied on")[1]
    return dict(sorted(re.findall(r"^\| `(bach_lib[\w.]*)` \| (.*) \|$", table, re.MULTILINE), reverse=True))


def names_of(module: str) -> list[str]:
    """What a module offers."""
    loaded = import_module(module)
    offered: list[str] | None = getattr(loaded, "__all__", None)
    if offered is not None:
        return sorted(offered)
    own = (name for name, value in vars(loaded).items() if getattr(value, "__module__", None) == module)
    return sorted(name for name in own if not name.startswith("_"))


@cache
def _public_names() -> frozenset[str]:
    return frozenset(name for module in public_modules() for name in names_of(module))


def pages() -> dict[str, list[tuple[str, object]]]:
    """The names of each page; one that several modules offer stands on that of the most particular."""
    told: set[str] = set()
    found: dict[str, list[tuple[str, object]]] = {}
    for module in public_modules():
        loaded = import_module(module)
        found[module] = [(name, getattr(loaded, name)) for name in names_of(module) if name not in told]
        told.update(names_of(module))
    return found


def fields_of(cls: type) -> Iterator[Entry]:
    """What an object of this class holds, in the order in which it is declared."""
    if issubclass(cls, Enum):
        for member in cls:
            yield Entry(member.name, "", repr(member.value), described(cls, member.name))
        return
    known = {one.name: one for one in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else {}
    annotated: dict[str, str] = {}
    for one in reversed(list(lines(cls))):
        annotated |= {name: str(kind) for name, kind in get_annotations(one, format=Format.STRING).items()}
    for name, kind in annotated.items():
        if not name.startswith("_"):
            yield Entry(name, kind, _default(cls, name, known.get(name)), described(cls, name))
    if not known and not is_protocol(cls):
        given = set_at_start(cls, _public_names()).items()
        yield from (Entry(name, kind, "", described(cls, name)) for name, kind in given if name not in annotated)


def _default(cls: type, name: str, known: dataclasses.Field[object] | None) -> str:
    if known is None:
        value = vars(cls).get(name, dataclasses.MISSING)
        return repr(value) if isinstance(value, str | int | float | bool | None) else ""
    if known.default_factory is not dataclasses.MISSING:
        made = known.default_factory()
        return repr(made) if not made else f"{type(made).__name__}()"
    return "" if known.default is dataclasses.MISSING else _shown(known.default)


def _shown(value: object) -> str:
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(_shown, value)))}}}"
    return f"{type(value).__name__}.{value.name}" if isinstance(value, Enum) else repr(value)


def methods_of(cls: type) -> Iterator[tuple[str, str, str]]:
    """The public methods of a class: name, heading, docstring."""
    members: dict[str, object] = {}
    for one in reversed(list(lines(cls))):
        members |= vars(one)
    for name, member in sorted(members.items()):
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            kind = get_annotations(member.fget, format=Format.STRING).get("return", "") if member.fget else ""
            yield name, f"{name}: {kind}", inspect.getdoc(member) or ""
        elif isinstance(member, FunctionType | classmethod | staticmethod):
            doc = inspect.getdoc(getattr(cls, name)) or ""
            yield name, f"{_keyword(member)}{name}{_signature(getattr(cls, name))}", doc


def _keyword(member: object) -> str:
    function = getattr(member, "__func__", member)
    return "await " if inspect.iscoroutinefunction(function) else ""


def _signature(function: object) -> str:
    if not callable(function):
        return ""
    text = inspect.signature(function, annotation_format=Format.STRING).format(quote_annotation_strings=False)
    text = re.sub(r"<class '[\w.]*?(\w+)'>", r"\1", text)
    return re.sub(r"<function \w+ at 0x\w+>|<factory>", "…", text).replace("(self, ", "(").replace("(self)", "()")


def undescribed() -> list[str]:
    """Every public class, function, method and field that says nothing about itself, or not of which type it is."""
    found: list[str] = []
    for module, names in pages().items():
        texts = _constants(module)
        for name, value in names:
            if isinstance(value, type):
                found += [] if inspect.getdoc(value) else [name]
                is_enum = issubclass(value, Enum)
                found += [f"{name}.{one.name}" for one in fields_of(value) if not (one.text and (one.type or is_enum))]
                found += [f"{name}.{one}()" for one, _, doc in methods_of(value) if not doc]
            elif not (_text_of(value, name) or texts.get(name)):
                found.append(name)
    return found


def _constants(module: str) -> dict[str, str]:
    """What stands below the names of a module, or of one that it takes them from."""
    below = [name for name in sorted(sys.modules) if name == module or name.startswith(f"{module}.")]
    return {name: text for one in below for name, text in strings_below(statements(one).body).items()}


def _text_of(value: object, name: str) -> str:
    if isinstance(value, TypeAliasType):
        return strings_below(statements(value.__module__).body).get(name, "")
    return inspect.getdoc(value) or "" if isinstance(value, FunctionType) else ""


def _section(name: str, value: object, constants: dict[str, str]) -> Iterator[str]:
    """What the page says of one name."""
    yield f"## {name}"
    if isinstance(value, type):
        yield from _class(value)
    elif isinstance(value, FunctionType):
        yield f"```python\n{_keyword(value)}{name}{_signature(value)}\n```"
        yield _text_of(value, name)
    elif isinstance(value, TypeAliasType):
        yield f"`{value.__value__}`"
        yield _text_of(value, name)
    else:
        yield f"`{value!r}`"
        yield constants.get(name, "")


def _class(cls: type) -> Iterator[str]:
    above = [one.__name__ for one in cls.__bases__ if one.__name__ in _public_names()]
    kind = "Enumeration" if issubclass(cls, Enum) else "Protocol" if is_protocol(cls) else "Class"
    yield f"{'Dictionary' if is_typeddict(cls) else kind}{f' ({", ".join(above)})' if above else ''}"
    if issubclass(cls, BachError):
        yield f"`{cls.code}`: {cls.template}"
    yield inspect.getdoc(cls) or ""
    if "__init__" in vars(cls) and not dataclasses.is_dataclass(cls) and not is_protocol(cls):
        yield f"```python\n{cls.__name__}{_signature(cls)}\n```"
    if entries := list(fields_of(cls)):
        yield "\n".join(_table(entries, is_enum=issubclass(cls, Enum)))
    for _, heading, doc in methods_of(cls):
        yield f"### `{heading}`"
        yield doc


def _table(entries: list[Entry], *, is_enum: bool) -> Iterator[str]:
    columns = ["member", "value"] if is_enum else ["field", "type", "default"]
    yield f"| {' | '.join(columns)} | |"
    yield "|---" * (len(columns) + 1) + "|"
    for one in entries:
        cells = [f"`{one.name}`", *([] if is_enum else [_code(one.type)]), _code(one.default), one.text]
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def written() -> dict[str, str]:
    """The file names of the pages, and what stands in each."""
    purposes = public_modules()
    result: dict[str, str] = {}
    listed: list[str] = []
    for module, names in pages().items():
        constants = _constants(module)
        parts = [f"# {module}", f"{purposes[module][0].upper()}{purposes[module][1:]}.", _SOURCE]
        parts += [text for name, value in names for text in _section(name, value, constants) if text]
        result[f"{module}.md"] = "\n\n".join(parts) + "\n"
        listed.append(f"| [{module}]({module}.md) | {', '.join(f'`{name}`' for name, _ in names)} |")
    head = f"# Reference\n\nEvery public name of the library. The guide is [library.md](../library.md). {_SOURCE}"
    result["README.md"] = "\n".join([f"{head}\n", "| module | names |", "|---|---|", *reversed(listed)]) + "\n"
    return result


_SOURCE = (
    "Times are seconds since 1970 (UTC), spans are seconds. A class without a signature is made with its fields, each "
    "by its name: `Button(text=…, value=…)`. Written by `script/reference` from the docstrings."
)


def main(arguments: list[str]) -> int:
    """Write the pages, or only say which are stale."""
    wanted = written()
    there = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")}
    stale = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
    wrong = [f"no description: {name}" for name in undescribed()]
    if arguments == ["--check"]:
        wrong += [f"docs/reference/{name} is stale; run script/reference" for name in stale]
    else:
        FOLDER.mkdir(exist_ok=True)
        for name in stale:
            (FOLDER / name).write_text(wanted[name], "utf-8") if name in wanted else (FOLDER / name).unlink()
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
