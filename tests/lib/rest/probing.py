"""Requests that no well-meaning program makes, for each operation of the OpenAPI document, made from the document.

Whoever adds an operation or a field gets its probes without doing anything.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from bach_lib.rest.openapi import DOCUMENT
from bach_lib.rest.requests import MAX_BODY
from tests.described.openapi import OpenApi
from tests.described.shapes import Schema, as_schema

JSON = {"Content-Type": "application/json"}
METHODS = ("get", "post", "put", "delete", "patch")

VALUES: Mapping[str, bytes] = {
    "an empty text": b'""',
    "a blank": b'" "',
    "a text": b'"5"',
    "half a character": rb'"\ud800"',
    "bytes that are no text": b'"\xff\xfe"',
    "a NUL": rb'"\u0000"',
    "a line of its own": rb'"\n\u0085\u2028"',
    "a very long text": b'"' + b"x" * 60_000 + b'"',
    "a text of many wide characters": b'"' + "🔥".encode() * 15_000 + b'"',
    "true": b"true",
    "false": b"false",
    "0": b"0",
    "more than 63 bit": b"9223372036854775808",
    "more than 64 bit": b"18446744073709551616",
    "less than 63 bit": b"-9223372036854775809",
    "five thousand digits": b"9" * 5000,
    "the largest there is": b"1.7976931348623157e308",
    "more than that": b"1e999",
    "NaN": b"NaN",
    "less than infinity": b"-Infinity",
    "a list": b"[]",
    "an object": b"{}",
    "a list of odd things": b'[1, true, "x", null, [], 9223372036854775807, -1]',
    "a list of one that is too large": b"[9223372036854775808]",
    "a list of one in floating point": b"[1e30]",
    "a long list": b"[" + b",".join([b"1"] * 5000) + b"]",
    "a deep list": b"[" * 900 + b"]" * 900,
    "a bottomless list": b"[" * 20_000 + b"]" * 20_000,
}
WHOLE: Mapping[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "two": b"{} {}",
    "a mark of the order of bytes": b"\xef\xbb\xbf{}",
    "UTF-16": '{"ids": [1]}'.encode("utf-16"),
    "too much": b'{"content": "' + b"x" * MAX_BODY + b'"}',
    "empty": b"{}",
    "null": b"null",
    **VALUES,
}
WORDS: Mapping[str, str] = {
    "nothing": "",
    "a blank": " ",
    "a word": "x",
    "a number below 0": "-1",
    "a half": "0.5",
    "a power": "1e3",
    "NaN": "NaN",
    "foreign digits": "٣",
    "18 digits": "9" * 18,
    "63 bit": "9223372036854775808",
    "many digits": "9" * 5000,
    "true": "true",
    "a list": "[1]",
    "a long word": "x" * 5000,
    "a colon": ":",
    "another's": "nowhere:x",
}
ODD_BYTES: Mapping[str, str] = {
    "a NUL": "%00",
    "no text": "%ff%fe",
    "half a character": "%ed%a0%80",
    "a line": "%0a%0d",
}
UNKNOWN = {"an unknown field": "colour", "an unnamed field": "", "an odd field": "\n" * 90, "a dunder": "__class__"}


@dataclass(frozen=True)
class Probe:
    """One request. `is_bad`: the document does not allow it, so it has to be refused."""

    what: str
    method: str
    path: str
    data: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_bad: bool = False


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    name: str
    method: str
    path: str
    described: Schema
    parameters: list[Schema]

    def probes(self, places: Mapping[str, str], good: Mapping[str, object] | None) -> Iterator[Probe]:
        """All of them. `places`: what the names in the path are; `good`: a body that is right, where there is one."""
        path = self.path
        for name, value in places.items():
            path = path.replace(f"{{{name}}}", value)
        data = None if good is None else json.dumps(good).encode()
        yield from self._in_path(places, data)
        yield from self._in_query(path, data)
        yield from self._in_headers(path, data)
        if good is not None:
            yield from self._in_body(path, good)

    def _in_path(self, places: Mapping[str, str], data: bytes | None) -> Iterator[Probe]:
        words = {what: quote(word, safe="") for what, word in WORDS.items()} | dict(ODD_BYTES)
        for name in places:
            for what, word in words.items():
                path = self.path.replace(f"{{{name}}}", word)
                yield Probe(f"{name} is {what}", self.method, path, data, JSON if data else {}, is_bad=True)

    def _in_query(self, path: str, data: bytes | None) -> Iterator[Probe]:
        headers = JSON if data else {}
        shapes = {str(one["name"]): as_schema(one["schema"]) for one in self.parameters if one["in"] == "query"}
        for name, shape in shapes.items():
            for what, word in WORDS.items():
                is_bad = shape["type"] == "integer" and not word.isascii()
                address = f"{path}?{name}={quote(word, safe='')}"
                yield Probe(f"?{name} is {what}", self.method, address, data, headers, is_bad=is_bad)
            for what, word in ODD_BYTES.items():
                yield Probe(f"?{name} is {what}", self.method, f"{path}?{name}={word}", data, headers)
            yield Probe(f"?{name} twice", self.method, f"{path}?{name}=1&{name}=1", data, headers, is_bad=True)
        if "security" not in self.described:  # what is public takes what comes
            yield Probe("?colour", self.method, f"{path}?colour=red", data, headers, is_bad=True)
            yield Probe("?%00", self.method, f"{path}?%00=%ff", data, headers, is_bad=True)

    def _in_headers(self, path: str, data: bytes | None) -> Iterator[Probe]:
        headers = JSON if data else {}
        for name in [str(one["name"]) for one in self.parameters if one["in"] == "header"]:
            for what, word in {"too long": "x" * 256, "two words": "a b", "accented": "é"}.items():
                yield Probe(f"{name}: {what}", self.method, path, data, {**headers, name: word}, is_bad=True)
        if data is not None:
            for kind in ("", "text/plain", "application/json-seq", "multipart/form-data"):
                yield Probe(f"the kind {kind!r}", self.method, path, data, {"Content-Type": kind}, is_bad=True)
            kind = "application/json; charset=nowhere"
            yield Probe("a charset of its own", self.method, path, data, {"Content-Type": kind})
            yield Probe("packed, it says", self.method, path, data, JSON | {"Content-Encoding": "gzip"}, is_bad=True)

    def _in_body(self, path: str, good: Mapping[str, object]) -> Iterator[Probe]:
        kinds = as_schema(as_schema(self.described["requestBody"])["content"])
        schema = as_schema(as_schema(kinds["application/json"])["schema"])
        reader = OpenApi(as_schema(DOCUMENT))
        reference = schema.get("$ref")
        shape = reader.resolve(reference) if isinstance(reference, str) else schema
        bodies = {f"the body is {what}": data for what, data in WHOLE.items()}
        fields = as_schema(shape.get("properties", {}))
        for name in fields:
            bodies |= {f"{name} is {what}": _with(good, name, value) for what, value in VALUES.items()}
            bodies[f"{name} alone"] = _with({}, name, json.dumps(good.get(name, "x")).encode())
            bodies[f"{name} twice"] = _with(good, name, b"5")[:-1] + b", " + _with({}, name, b"null")[1:]
        for name in good:
            bodies[f"without {name}"] = json.dumps({one: value for one, value in good.items() if one != name}).encode()
        for what, name in UNKNOWN.items():
            bodies |= {f"{what} is {how}": _with(good, name, VALUES[how]) for how in ("a text", "a deep list", "NaN")}
        is_free = not fields
        for what, data in bodies.items():
            is_bad = not is_free and _is_bad(reader, shape, data)
            yield Probe(what, self.method, path, data, JSON, is_bad=is_bad)


def operations() -> Iterator[Operation]:
    """All of the document."""
    for path, methods in as_schema(DOCUMENT["paths"]).items():
        common = as_schema(methods).get("parameters", [])
        for method in METHODS:
            if method not in as_schema(methods):
                continue
            described = as_schema(as_schema(methods)[method])
            parameters = [as_schema(one) for some in (common, described.get("parameters", [])) for one in some]  # type: ignore[attr-defined]
            yield Operation(str(described["operationId"]), method.upper(), path, described, parameters)


def _with(body: Mapping[str, object], name: str, value: bytes) -> bytes:
    """The body with a value in one field, whatever JSON says of it."""
    fields = {json.dumps(one).encode(): json.dumps(what).encode() for one, what in body.items() if one != name}
    fields[json.dumps(name).encode()] = value
    return b"{" + b", ".join(key + b": " + one for key, one in fields.items()) + b"}"


def _is_bad(reader: OpenApi, shape: Schema, data: bytes) -> bool:
    """Whether it is no JSON in UTF-8 without halves of characters, or not of this shape."""
    try:
        value = json.loads(data.decode(), parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return True
    return bool(reader.shapes.faults(shape, value, "body"))


def _refuse(name: str) -> object:
    raise ValueError(name)
