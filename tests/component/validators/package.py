"""What is published, as its files stand, so that a rule can be asked about it and about a broken copy of it."""

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import voluptuous as vol
import yaml

ROOT = Path(__file__).parents[3]
HERE = "custom_components/bach"
MANIFEST = f"{HERE}/manifest.json"
ENGLISH = f"{HERE}/translations/en.json"
ICONS = f"{HERE}/icons.json"
HACS = "hacs.json"


class Package:
    """The files that others look at; what is read of them is read once."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self._read: dict[str, dict[str, Any]] = {}

    def text(self, path: str) -> str:
        """What a file holds."""
        return self.files[path].decode()

    def data(self, path: str) -> dict[str, Any]:
        """The same, of JSON or YAML; an empty object where there is no such file, or it cannot be read."""
        if path not in self._read:
            try:
                self._read[path] = (json.loads if path.endswith(".json") else yaml.safe_load)(self.text(path))
            except KeyError, ValueError, yaml.YAMLError:
                self._read[path] = {}
        return self._read[path]

    def sources(self) -> Iterator[tuple[str, str]]:
        """Every module of the integration."""
        return ((path, self.text(path)) for path in self.files if path.endswith(".py"))

    def languages(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every language that there is, with its texts."""
        folder = f"{HERE}/translations/"
        return ((path[len(folder) : -5], self.data(path)) for path in sorted(self.files) if path.startswith(folder))

    def with_file(self, path: str, content: bytes) -> Package:
        """A copy with one file more, or with another in its place."""
        return Package({**self.files, path: content})

    def without(self, path: str) -> Package:
        """A copy that lacks a file."""
        return Package({name: content for name, content in self.files.items() if name != path})

    def changed(self, path: str, change: Callable[[dict[str, Any]], object]) -> Package:
        """A copy with something else in a file of JSON or YAML."""
        data = deepcopy(self.data(path))
        change(data)
        return self.with_file(path, json.dumps(data).encode())  # which is YAML as well


type Rule = Callable[[Package], Iterator[str]]
"""Says what is wrong with a package."""


def ours() -> Package:
    """This checkout, as it is published."""
    inside = (path for path in (ROOT / HERE).rglob("*") if not {"_vendor", "__pycache__"} & {*path.parts})
    files = [path for path in (*ROOT.iterdir(), *inside) if path.is_file()]
    return Package({path.relative_to(ROOT).as_posix(): path.read_bytes() for path in files})


def leaves(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every text with the keys that lead to it."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def refused(schema: Callable[[Any], object], data: object) -> Iterator[str]:
    """What a schema says of data, one sentence a place."""
    try:
        schema(data)
    except vol.MultipleInvalid as found:
        yield from (f"{'.'.join(map(str, error.path))}: {error.msg}" for error in found.errors)
    except vol.Invalid as error:
        yield f"{'.'.join(map(str, error.path))}: {error.msg}"


SLUG = vol.Match(r"^[a-z0-9]+(?:_[a-z0-9]+)*$", msg="a key is of small letters, digits and single underscores")
