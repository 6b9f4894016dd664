"""Whether a value has the shape that a schema describes: the part of JSON Schema that platforms' descriptions use.

Stricter than the standard in one thing: where fields are named, no other may be there. A double that answers with a
field of its own invention is as wrong as one that forgets a field.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import product

type Schema = Mapping[str, object]
type Resolve = Callable[[str], Schema]
type Faults = list[str]

_KINDS: Mapping[str, tuple[type, ...]] = {
    "array": (list, tuple),
    "boolean": (bool,),
    "integer": (int,),
    "null": (type(None),),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}


def as_schema(value: object) -> Schema:
    """A schema out of a description. Raises AssertionError for what is none."""
    assert isinstance(value, Mapping), value
    return value


class Shapes:
    """The schemas of one description. `resolve` follows a `$ref`; with `null_is_absent` null is as good as no field."""

    def __init__(self, resolve: Resolve, *, null_is_absent: bool = False) -> None:
        self._resolve = resolve
        self._null_is_absent = null_is_absent
        self._known: dict[int, tuple[Schema, list[list[Schema]]]] = {}

    def faults(self, schema: Schema, value: object, where: str) -> Faults:
        """What is wrong with `value`, each with the place where; nothing if it is right.

        Of several shapes that it may have, the one that fits best is named.
        """
        best: Faults | None = None
        for parts in self._shapes(schema):
            found = [*self._against(parts, value, where)]
            if not found:
                return []
            if best is None or _distance(found) < _distance(best):
                best = found
        return best or []

    def _shapes(self, schema: Schema) -> list[list[Schema]]:
        """The shapes that a schema allows, each as the parts that hold together."""
        known = self._known.get(id(schema))
        if known is None:
            known = self._known[id(schema)] = schema, [*self._expanded(schema)]
        return known[1]

    def _expanded(self, schema: Schema) -> Iterator[list[Schema]]:
        groups: list[list[list[Schema]]] = []
        if isinstance(reference := schema.get("$ref"), str):
            groups.append(self._shapes(self._resolve(reference)))
        if isinstance(every := schema.get("allOf"), list):
            groups += [self._shapes(as_schema(one)) for one in every]
        for word in ("oneOf", "anyOf"):
            if isinstance(some := schema.get(word), list):
                groups.append([shape for one in some for shape in self._shapes(as_schema(one))])
        for chosen in product(*groups):
            yield [schema, *(part for parts in chosen for part in parts)]

    def _against(self, parts: list[Schema], value: object, where: str) -> Iterator[str]:
        for part in parts:
            if fault := _plain(part, value):
                yield f"{where}: {fault}"
                return
        if isinstance(value, dict):
            yield from self._object(parts, value, where)
        elif isinstance(value, list | tuple):
            for part in parts:
                if isinstance(items := part.get("items"), Mapping):
                    for number, one in enumerate(value):
                        yield from self.faults(items, one, f"{where}[{number}]")

    def _object(self, parts: list[Schema], value: dict[str, object], where: str) -> Iterator[str]:
        described: dict[str, list[Schema]] = {}
        others: list[Schema] = []
        is_free = not any("properties" in part or part.get("additionalProperties") is False for part in parts)
        needed: set[str] = set()
        for part in parts:
            for name, shape in as_schema(part.get("properties", {})).items():
                described.setdefault(name, []).append(as_schema(shape))
            if isinstance(names := part.get("required"), list):
                needed |= set(names)
            if isinstance(rest := part.get("additionalProperties"), Mapping):
                others.append(rest)
            is_free |= part.get("additionalProperties") is True
        present = {name for name, one in value.items() if one is not None or not self._null_is_absent}
        yield from (f"{where}: {name!r} is missing" for name in sorted(needed - present))
        for name in sorted(present):
            if name not in described and not others and not is_free:
                yield f"{where}: {name!r} is unknown"
            for shape in described.get(name, others):
                yield from self.faults(shape, value[name], f"{where}.{name}")


def _distance(faults: Faults) -> tuple[int, int]:
    """How far a value is from a shape: what only fits less is nearer than what is something else altogether."""
    return sum(" is none of " in fault or " is no " in fault for fault in faults), len(faults)


def _plain(part: Schema, value: object) -> str | None:
    """What is wrong with a value whatever is in it."""
    kinds = part.get("type")
    names = [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else []
    if names and not any(_is(value, name) for name in names):
        return f"{value!r:.60} is no {' or '.join(map(str, names))}"
    if "const" in part and value != part["const"]:
        return f"{value!r:.60} is none of [{part['const']!r}]"
    if isinstance(choice := part.get("enum"), list) and value not in choice:
        return f"{value!r:.60} is none of {choice!r:.120}"
    if isinstance(pattern := part.get("pattern"), str) and isinstance(value, str) and not re.search(pattern, value):
        return f"{value!r:.60} does not match {pattern}"
    return _measure(part, value)


def _is(value: object, name: object) -> bool:
    if name == "integer" and isinstance(value, float) and value.is_integer():
        return True
    return isinstance(value, _KINDS[str(name)]) and (name == "boolean" or not isinstance(value, bool))


def _measure(part: Schema, value: object) -> str | None:
    words: list[tuple[str, float]] = []
    if isinstance(value, int | float) and not isinstance(value, bool):
        words = [("imum", value)]
    elif isinstance(value, str):
        words = [("Length", len(value))]
    elif isinstance(value, list | tuple):
        words = [("Items", len(value))]
    elif isinstance(value, dict):
        words = [("Properties", len(value))]
    for word, size in words:
        least, most = part.get(f"min{word}"), part.get(f"max{word}")
        if isinstance(least, int | float) and size < least:
            return f"{value!r:.60} is below min{word} {least}"
        if isinstance(most, int | float) and size > most:
            return f"{value!r:.60} is above max{word} {most}"
    return None
