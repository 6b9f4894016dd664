"""The description of the interface as a page for people: the OpenAPI document, written as HTML.

There is one description. What a program reads at `/api/v1/openapi.json` a person reads here, without scripts and
without anything from elsewhere.
"""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Final, cast
from xml.etree.ElementTree import Element, tostring

from aiohttp import web

from bach_lib.rest.answers import Json
from bach_lib.rest.openapi import DOCUMENT

DOCS: Final = "/docs"

type _Object = Mapping[str, Json]
type _Part = Element | str

_STYLE: Final = """
:root { color-scheme: light dark; }
body { max-width: 960px; margin: 0 auto; padding: 16px; font: 16px/1.5 system-ui, sans-serif; }
h1, h2, h3 { line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin-top: 48px; padding-top: 16px; border-top: 1px solid GrayText; }
a { color: inherit; }
:focus-visible { outline: 2px solid CanvasText; outline-offset: 2px; }
code, pre { font: 14px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { padding: 12px; border: 1px solid GrayText; border-radius: 8px; white-space: pre-wrap; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 8px 8px 8px 0; border-bottom: 1px solid GrayText; text-align: start; vertical-align: top; }
th { font-weight: 600; white-space: nowrap; }
h2 code { font-size: 20px; }
@media (max-width: 600px) {
  thead { display: none; }
  tr { display: block; padding: 12px 0; border-bottom: 1px solid GrayText; }
  th, td { display: block; padding: 0; border: none; }
}
"""
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_METHODS: Final = ("get", "post", "put", "delete")
_NUMBERS: Final = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most"}
_SIZES: Final = {
    "maxLength": "at most {} characters",
    "minItems": "at least {}",
    "maxItems": "at most {}",
}
_KINDS: Final = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
_FORMATS: Final = {"date-time": "time as 2026-11-28T16:06:36+00:00", "binary": "file"}


async def docs(request: web.Request) -> web.Response:
    """The page, for the place at which it is served."""
    headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
    text = _page(request.path.removesuffix(DOCS))
    return web.Response(text=text, content_type="text/html", headers=headers)


@lru_cache(maxsize=4)  # everybody may ask for it, and to write it takes 20 ms in which nobody else is answered
def _page(prefix: str) -> str:
    title = "The REST interface of BACH"
    operations = list(_operations())
    index = [
        _of("li", _link(name, f"{method} {prefix}{path}"), f": {said['summary']}.")
        for name, method, path, said in operations
    ]
    main = _of(
        "main",
        _of("h1", title),
        _of(
            "p",
            "Every request needs the header ",
            _of("code", "Authorization: Bearer TOKEN"),
            ", unless it says otherwise; ",
            _of("code", "bach open"),
            " tells in which file the token is. A program finds the same in ",
            _of("a", "openapi.json", href=f"{prefix}/api/v1/openapi.json"),
            ".",
        ),
        _of("nav", _of("ul", *index), **{"aria-label": "What can be asked"}),
        *(_operation(prefix, *one) for one in operations),
        _of("h2", "What the fields hold"),
        *(_schema(name, _object(schema)) for name, schema in _schemas().items()),
    )
    head = _of(
        "head",
        _of("meta", charset="utf-8"),
        _of("meta", name="viewport", content="width=device-width"),
        _of("title", title),
        _of("link", rel="icon", href="data:,"),
        _of("style", _STYLE),
    )
    return "<!doctype html>\n" + tostring(_of("html", head, _of("body", main), lang="en"), "unicode", method="html")


def _operations() -> Iterator[tuple[str, str, str, _Object]]:
    """Name, method, path and description of all that can be asked."""
    for path, methods in _object(DOCUMENT["paths"]).items():
        shared = _list(_object(methods).get("parameters"))
        for method in _METHODS:
            if said := _object(_object(methods).get(method, {})):
                parameters = [*shared, *_list(said.get("parameters"))]
                yield f"{said['operationId']}", method.upper(), path, {**said, "parameters": parameters}


def _operation(prefix: str, name: str, method: str, path: str, said: _Object) -> Element:
    parameters = [_object(one) for one in _list(said["parameters"])]
    bodies = _object(_object(said.get("requestBody", {})).get("content", {}))
    parts: list[_Part] = [_of("h2", _of("code", f"{method} {prefix}{path}")), _of("p", f"{said['summary']}.")]
    if "description" in said:
        parts.append(_of("p", f"{said['description']}"))
    if said.get("security") == []:
        parts.append(_of("p", "It needs no token."))
    if parameters:
        rows = [(one["name"], _where(one), _kind(one["schema"]), one["description"]) for one in parameters]
        parts += [_of("h3", "Parameters"), _table(("name", "where", "what", "meaning"), rows)]
    if bodies:
        kinds = [(kind, _kind(_object(body)["schema"])) for kind, body in bodies.items()]
        parts += [_of("h3", "Body"), _table(("type", "what"), kinds)]
    answers = [(status, _content(_object(one)), _object(one)["description"]) for status, one in _answers(said)]
    parts += [_of("h3", "Answers"), _table(("status", "what", "when"), answers)]
    return _of("section", *parts, id=name)


def _schema(name: str, schema: _Object) -> Element:
    fields = _object(schema["properties"])
    required = _list(schema.get("required"))
    rows = [
        (field, _kind(one), "required" if field in required else "", _object(one).get("description", ""))
        for field, one in fields.items()
    ]
    return _of("section", _of("h3", name), _table(("field", "what", "", "meaning"), rows), id=f"{name}-fields")


def _answers(said: _Object) -> Iterator[tuple[str, Json]]:
    return iter(_object(said["responses"]).items())


def _content(answer: _Object) -> _Part:
    contents = _object(answer.get("content", {}))
    if not contents:
        return ""
    kind, body = next(iter(contents.items()))
    return _kind(_object(body)["schema"]) if kind == "application/json" else _of("code", ", ".join(contents))


def _where(parameter: _Object) -> str:
    return f"{parameter['in']}{', required' if parameter.get('required') else ''}"


def _kind(schema: Json) -> _Part:
    """What a value may be, in words."""
    said = _object(schema)
    if "$ref" in said:
        name = f"{said['$ref']}".rpartition("/")[2]
        return _link(f"{name}-fields", name)
    if "anyOf" in said:
        one, *_ = _list(said["anyOf"])  # or null
        return _of("span", _kind(one), ", or null")
    if "const" in said:
        return _of("code", json.dumps(said["const"]))
    if "enum" in said:
        return _of("code", ", ".join(map(str, _list(said["enum"]))))
    if said.get("type") == "array":
        return _of("span", "list", *_bounds(said), " of ", _kind(said["items"]))
    if said.get("type") == "object":
        return _map(said)
    kind = _FORMATS.get(f"{said.get('format')}", _KINDS[f"{said['type']}"])
    default = [f"; {json.dumps(said['default'])} if it is not named"] if "default" in said else []
    return _of("span", kind, *_bounds(said), *default)


def _map(schema: _Object) -> _Part:
    others = schema.get("additionalProperties")
    if isinstance(others, Mapping):
        return _of("span", "object, each with ", _kind(others))
    fields: list[_Part] = []
    for name, one in _object(schema.get("properties", {})).items():
        fields += [", " if fields else " with ", _of("code", name), " (", _kind(one), ")"]
    return _of("span", "object", *fields)


def _bounds(schema: _Object) -> list[_Part]:
    numbers = [f"{words} {schema[name]}" for name, words in _NUMBERS.items() if name in schema]
    sizes = ["not empty"] if schema.get("minLength") == 1 else []
    sizes += [words.format(schema[name]) for name, words in _SIZES.items() if name in schema]
    return [f" ({', '.join([*numbers, *sizes])})"] if numbers or sizes else []


def _table(heads: Sequence[str], rows: Sequence[Sequence[Json | Element]]) -> Element:
    head = _of("thead", _of("tr", *(_of("th", one, scope="col") for one in heads)))
    cells = [[one if isinstance(one, Element) else f"{one}" for one in row] for row in rows]
    body = [_of("tr", _of("th", _code(row[0]), scope="row"), *(_of("td", one) for one in row[1:])) for row in cells]
    return _of("table", head, _of("tbody", *body))


def _code(part: _Part) -> Element:
    return _of("code", part) if isinstance(part, str) else part


def _link(place: str, words: str) -> Element:
    return _of("a", _of("code", words), href=f"#{place}")


def _of(tag: str, *parts: _Part, **attributes: str) -> Element:
    """An element; what is text in it stays text."""
    element = Element(tag, attributes)
    for part in parts:
        if not isinstance(part, str):
            element.append(part)
        elif len(element):
            element[-1].tail = (element[-1].tail or "") + part
        else:
            element.text = (element.text or "") + part
    return element


def _schemas() -> _Object:
    return _object(_object(DOCUMENT["components"])["schemas"])


def _object(part: Json) -> _Object:
    return cast("_Object", part)


def _list(part: Json) -> Sequence[Json]:
    return cast("Sequence[Json]", part or ())
