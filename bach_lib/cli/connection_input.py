"""Builds a new connection from command-line arguments, and stores the secrets that were typed."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Self

from bach_lib.cli import secret_files
from bach_lib.cli.options import settings
from bach_lib.control.sentences import SentenceError, UnansweredError

_REFERENCES = ("env:", "file:", "keyring:")


class NewSecrets:
    """The secrets that one command is told. What it has written goes again, unless the registry may have taken it."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self._may_be_taken = False

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """End; after a refusal nothing stays of what was written."""
        if error is not None and not self._may_be_taken:
            forget(self._written)

    @contextmanager
    def offered(self) -> Iterator[None]:
        """Around the question to the registry: whoever is interrupted in it cannot know what came of it."""
        self._may_be_taken = True
        try:
            yield
        except UnansweredError:
            raise
        except (SentenceError, import_module("bach_lib.errors").BachError):
            self._may_be_taken = False
            raise

    def references(self, name: str, needed: Iterable[str], given: Iterable[str]) -> dict[str, str]:
        """References for all of them; what was not given as a reference is asked for and kept in a file."""
        found: dict[str, str] = {}
        asked: list[str] = []
        for one in given:
            field, equals, reference = one.partition("=")
            if equals:
                found[field] = _reference(field, reference)
            else:
                asked.append(field)
        for field in dict.fromkeys([*asked, *(one for one in needed if one not in found)]):
            secret_files.reference(settings().database, name, field)  # refuses names before anybody types
            found[field] = secret_files.keep(settings().database, name, field, secret_files.ask_for(field, name))
            self._written.append(found[field])
        return found


def _reference(field: str, reference: str) -> str:
    """Raises `SentenceError` for what is none, or leads elsewhere for whoever stands in another folder."""
    scheme, colon, target = reference.partition(":")
    if not colon or f"{scheme}:" not in _REFERENCES:
        raise SentenceError(
            f'Never write a secret into a command line; others see it. Write "--secret {field}" to be asked for it,'
            f' or say where it is: "--secret {field}=env:NAME".'
        )
    return f"file:{Path(target).expanduser().absolute()}" if scheme == "file" and target else reference


def forget(references: Iterable[str], *, used: Iterable[str] = ()) -> None:
    """Delete the files of ours behind these, but for those that somebody uses."""
    for reference in set(references) - set(used):
        secret_files.forget(settings().database, reference)


def usual(name: str, field: str) -> str:
    """The reference that leads to a secret where it usually is."""
    return secret_files.reference(settings().database, name, field)


def usual_place(name: str, field: str, reference: str) -> str:
    """A secret that was just taken, under the name that its file usually has."""
    return secret_files.usual_place(settings().database, name, field, reference)


def setting(written: str) -> tuple[str, object]:
    """KEY=VALUE, where the value may be JSON. Raises `SentenceError`."""
    key, equals, value = written.partition("=")
    if not key or not equals:
        raise SentenceError(f'"{written}" is no setting. Write KEY=VALUE.')
    return key, json_or_text(value)


def json_or_text(value: str) -> object:
    """True, 5 and [1, 2] as what they are, everything else as text."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
