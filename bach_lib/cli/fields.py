"""What a new connection is made from, as it stands on a command line."""

import json
from collections.abc import Iterable

from bach_lib.cli import secret_files
from bach_lib.cli.faults import SentenceError
from bach_lib.cli.options import settings

_REFERENCES = ("env:", "file:", "keyring:")


def secrets(name: str, needed: Iterable[str], given: Iterable[str]) -> dict[str, str]:
    """References for all of them; what was not given as a reference is asked for and kept in a file."""
    found: dict[str, str] = {}
    for one in given:
        field, equals, reference = one.partition("=")
        if equals and not reference.startswith(_REFERENCES):
            raise SentenceError(
                f'Never write a secret into a command line; others see it. Write "--secret {field}" to be asked for it,'
                f' or say where it is: "--secret {field}=env:NAME".'
            )
        found[field] = reference if equals else ask_and_keep(name, field)
    return found | {field: ask_and_keep(name, field) for field in needed if field not in found}


def ask_and_keep(name: str, field: str) -> str:
    """A reference to a secret that a person types."""
    return secret_files.keep(settings().database, name, field, secret_files.ask_for(field, name))


def forget(references: Iterable[str]) -> None:
    """Delete the files of ours behind these."""
    for reference in references:
        secret_files.forget(settings().database, reference)


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
    except ValueError:
        return value
