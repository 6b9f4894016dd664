"""What Telegram's description says of a call: its fields, and what it answers."""

import json
import re
from collections.abc import Mapping

from bach_lib.testing.loopback import Answer, Request
from tests.described.shapes import Faults, Schema, Shapes, as_schema

_CALL = re.compile(r"/bot[^/]*/(\w+)$")
_SIMPLE: Mapping[str, Schema] = {
    "Boolean": {"type": "boolean"},
    "Float": {"type": "number"},
    "Integer": {"type": "integer"},
    "String": {"type": "string"},
    "InputFile": {"type": "string"},
}
_ALWAYS = re.compile(r"(?:, always |, must be |^Always )[\"“]?(\w+)[\"”]?(?:$|\.)")
_REFUSAL: Schema = {
    "type": "object",
    "properties": {
        "ok": {"const": False},
        "error_code": {"type": "integer", "minimum": 400, "maximum": 599},
        "description": {"type": "string", "minLength": 1},
        "parameters": {"$ref": "ResponseParameters"},
    },
    "required": ["ok", "error_code", "description"],
}
"""https://core.telegram.org/bots/api#making-requests, which the description does not hold."""


class Telegram:
    """The description of the Bot API."""

    def __init__(self, description: Schema) -> None:
        self._types = {name: _type(as_schema(one)) for name, one in as_schema(description["types"]).items()}
        methods = as_schema(description["methods"])
        self._methods = {name.lower(): as_schema(one) for name, one in methods.items()}
        self._takes = {name: _fields(one) for name, one in self._methods.items()}
        self._answers = {name: _success(one) for name, one in self._methods.items()}
        self._shapes = Shapes(lambda name: self._types[name])

    def request(self, request: Request) -> Faults | None:
        """What is wrong with a request; None where it is no call, but of a file or of a test to its double."""
        name = self._call(request.path)
        if name is None:
            return None
        if name not in self._methods:
            return [f"there is no method {name}"]
        takes = self._takes[name]
        fields = as_schema(takes["properties"])
        asked = request.body if isinstance(request.body, Mapping) else {}
        given = {**request.query, **asked, **dict.fromkeys(request.files - _attached(asked), "")}
        values = {field: _parsed(value, fields.get(field)) for field, value in given.items()}
        return self._shapes.faults(takes, values, self._methods[name]["name"].__str__())

    def answer(self, answer: Answer) -> Faults | None:
        """What is wrong with an answer; None where it answers no call."""
        name = self._call(answer.path)
        if name is None:
            return None
        if not isinstance(answer.body, dict) or answer.body.get("ok") is not True:
            found = self._shapes.faults(_REFUSAL, answer.body, name)
            is_same = not isinstance(answer.body, dict) or answer.body.get("error_code") == answer.status
            return found if is_same else [*found, f"{name}: the status is {answer.status}"]
        if answer.status != 200 or name not in self._answers:
            return [f"{name}: status {answer.status} with {answer.body!r:.60}"]
        return self._shapes.faults(self._answers[name], answer.body, name)

    def _call(self, path: str) -> str | None:
        found = _CALL.search(path)
        return found[1].lower() if found and "/file/" not in path else None


def _attached(asked: Mapping[str, object]) -> set[str]:
    """The files that a field names itself, which is its own name or `attach://` and any."""
    return {name for value in asked.values() for name in re.findall(r"attach://([\w.-]+)", str(value))}


def _type(described: Schema) -> Schema:
    if isinstance(subtypes := described.get("subtypes"), list):
        return {"anyOf": [{"$ref": name} for name in subtypes]}
    return _fields(described)


def _fields(described: Schema) -> Schema:
    fields = described.get("fields", [])
    assert isinstance(fields, list)
    return {
        "type": "object",
        "properties": {field["name"]: _field(field) for field in fields},
        "required": [field["name"] for field in fields if field["required"]],
    }


def _field(field: Mapping[str, object]) -> Schema:
    kinds = field["types"]
    assert isinstance(kinds, list)
    if kinds == ["String"] and (always := _ALWAYS.search(str(field["description"]))):
        return {"const": always[1]}
    return _any(kinds)


_ARRAY = "Array of "


def _any(kinds: list[str]) -> Schema:
    """Arrays of one kind or of another are one of both, as an album of pictures and videos is."""
    of_arrays = [kind.removeprefix(_ARRAY) for kind in kinds if kind.startswith(_ARRAY)]
    shapes = [_kind(kind) for kind in kinds if len(of_arrays) < 2 or not kind.startswith(_ARRAY)]
    if len(of_arrays) > 1:
        shapes.append({"type": "array", "items": _any(of_arrays)})
    return shapes[0] if len(shapes) == 1 else {"anyOf": shapes}


def _kind(kind: str) -> Schema:
    if kind.startswith(_ARRAY):
        return {"type": "array", "items": _kind(kind.removeprefix(_ARRAY))}
    return _SIMPLE.get(kind) or {"$ref": kind}


def _success(method: Schema) -> Schema:
    returns = method["returns"]
    assert isinstance(returns, list)
    fields = {"ok": {"const": True}, "result": _any(returns), "description": {"type": "string"}}
    return {"type": "object", "properties": fields, "required": ["ok", "result"]}


def _parsed(value: object, shape: object) -> object:
    """A field of a form as what it stands for: all is text there, and what is nested is JSON."""
    if not isinstance(value, str) or not isinstance(shape, Mapping):
        return value
    shapes = shape.get("anyOf", [shape])
    assert isinstance(shapes, list)
    if any(one.get("type") == "string" or "const" in one for one in shapes):
        return value
    try:
        parsed: object = json.loads(value.lower() if value in {"True", "False"} else value)
    except ValueError:
        return value
    return parsed
