"""What an OpenAPI description (3.1, or Swagger 2) says of a call: its fields, and what it answers.

Discord and signal-cli-rest-api describe themselves so. What is said unasked (events, lines of a WebSocket) is added by
`discord` and `signal`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bach_lib.testing.loopback import Answer, Request
from tests.described.shapes import Faults, Schema, Shapes, as_schema


@dataclass(frozen=True, slots=True)
class Operation:
    """One call."""

    name: str
    pattern: re.Pattern[str]
    parameters: Mapping[str, Schema]
    body: Schema | None
    answers: Mapping[str, Schema | None]


class OpenApi:
    """A description. `prefix` stands before its paths."""

    def __init__(self, description: Schema, *, prefix: str = "", null_is_absent: bool = False) -> None:
        self.description = description
        self.shapes = Shapes(self.resolve, null_is_absent=null_is_absent)
        self._prefix = prefix
        self._operations: dict[str, list[Operation]] = {}
        for path, methods in as_schema(description["paths"]).items():
            common = as_schema(methods).get("parameters", [])
            for method, described in as_schema(methods).items():
                if method != "parameters":
                    operation = self._operation(path, common, as_schema(described))
                    self._operations.setdefault(method.upper(), []).append(operation)

    def resolve(self, reference: str) -> Schema:
        """What a `$ref` means."""
        found = self.description
        for name in reference.removeprefix("#/").split("/"):
            found = as_schema(found[name])
        return found

    def find(self, method: str, path: str) -> Operation | None:
        """The call; of several, the one with the most fixed words, so that `@me` is nobody's id."""
        inner = path.removeprefix(self._prefix)
        fitting = [one for one in self._operations.get(method, []) if one.pattern.fullmatch(inner)]
        return max(fitting, key=lambda one: -one.pattern.groups, default=None)

    def request(self, request: Request) -> Faults | None:
        """What is wrong with a request; None where that cannot be known."""
        if (request.method, request.path) == ("HEAD", "/"):  # whether anybody is there (`runtime.way`): no call at all
            return None
        operation = self.find(request.method, request.path)
        if operation is None:
            return [f"there is no call {request.method} {request.path}"]
        found: Faults = []
        for name, value in request.query.items():
            shape = operation.parameters.get(name)
            where = f"{operation.name}?{name}"
            found += self._in_query(shape, value, where) if shape else [f"{where}: there is no such"]
        if operation.body is None:
            return [*found, f"{operation.name}: takes no body"] if request.body else found
        body = {**request.body, **dict.fromkeys(request.files, "")} if isinstance(request.body, dict) else request.body
        return found + self.shapes.faults(operation.body, body, operation.name)

    def answer(self, answer: Answer) -> Faults | None:
        """What is wrong with an answer; None where that cannot be known."""
        operation = self.find(answer.method, answer.path)
        if operation is None:
            return [] if answer.status == 404 else [f"there is no call {answer.method} {answer.path}"]
        status = next((one for one in _kinds(answer.status) if one in operation.answers), None)
        if status is None:
            return [f"{operation.name}: never answers with status {answer.status}"]
        where = f"{operation.name} {answer.status}"
        shape = operation.answers[status]
        if isinstance(answer.body, bytes) or shape is None or shape == {"type": "string"}:
            is_right = answer.body is None if shape is None else not isinstance(answer.body, dict | list)
            return [] if is_right else [f"{where}: {answer.body!r:.60} is no JSON of its"]
        return self.shapes.faults(shape, answer.body, where)

    def _in_query(self, shape: Schema, value: str, where: str) -> Faults:
        """All is text there; some of it stands for something else."""
        meanings = [value, *_meanings(value)]
        tried = [self.shapes.faults(shape, meaning, where) for meaning in meanings]
        return [] if [] in tried else tried[-1]

    def _operation(self, path: str, common: object, described: Schema) -> Operation:
        parameters: dict[str, Schema] = {}
        bodies: list[Schema] = []
        for parameter in (*_each(common), *_each(described.get("parameters", []))):
            place = parameter["in"]
            if place == "query":
                parameters[str(parameter["name"])] = _of_parameter(parameter)
            elif place == "body":
                bodies.append(as_schema(parameter["schema"]))
        if "requestBody" in described:
            bodies += [as_schema(one["schema"]) for one in self._contents(as_schema(described["requestBody"]))]
        answers = as_schema(described["responses"])
        return Operation(
            name=str(described.get("operationId") or path),
            pattern=re.compile(re.sub(r"\\?\{[^}]*\\?\}", "([^/]+)", path)),
            parameters=parameters,
            body={"anyOf": bodies} if bodies else None,
            answers={status: self._answer(as_schema(one)) for status, one in answers.items()},
        )

    def _contents(self, body: Schema) -> Iterator[Schema]:
        yield from map(as_schema, as_schema(body["content"]).values())

    def _answer(self, described: Schema) -> Schema | None:
        if isinstance(reference := described.get("$ref"), str):
            return self._answer(self.resolve(reference))
        if "schema" in described:
            return as_schema(described["schema"])
        if "content" not in described:
            return None
        kinds = as_schema(described["content"])
        return as_schema(as_schema(kinds["application/json"])["schema"]) if "application/json" in kinds else None


def _kinds(status: int) -> Iterator[str]:
    """Under what an answer may be described. A server that fails says so as one that refuses."""
    yield str(status)
    if status >= 400:
        yield from ("4XX", "400")


def _each(parameters: object) -> Iterator[Schema]:
    assert isinstance(parameters, list)
    yield from map(as_schema, parameters)


def _of_parameter(parameter: Schema) -> Schema:
    """Swagger 2 writes the shape of a parameter beside it."""
    schema = parameter.get("schema")
    return as_schema(schema) if schema else {"type": parameter["type"]} | _items(parameter)


def _items(parameter: Schema) -> dict[str, object]:
    return {"type": ["array", "string"]} if parameter["type"] == "array" else {}


def _meanings(value: str) -> Iterator[object]:
    """What a value of a query may stand for; yes and no may be written as a number, too."""
    if value.isdecimal():
        yield int(value)
    if value in {"true", "false", "1", "0"}:
        yield value in {"true", "1"}
