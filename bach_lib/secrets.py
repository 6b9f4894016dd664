"""References to secrets, so that the database never holds one.

`env:NAME` reads an environment variable, `file:/path` the first line of a file, `keyring:service/user` the system's key
ring (if the package `keyring` is installed). An application may serve further schemes, as Home Assistant does for its
config entries.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from bach_lib.errors import InvalidSecretReferenceError, MissingLibraryError, SecretNotFoundError

type Lookup = Callable[[str], str | None]

_MAX_FILE = 16_384
"""Bytes; a secret is short, and a path may lead to something endless."""


class Secrets:
    """Resolves references.

    `schemes` adds to the built-in ones; its functions are called in the event loop and must not block.
    """

    def __init__(self, schemes: Mapping[str, Lookup] | None = None) -> None:
        self._schemes = dict(schemes or {})

    def require_references(self, auth_config: Mapping[str, str]) -> None:
        """Raise `InvalidSecretReferenceError` for the first value that is not a reference."""
        known = [*_BLOCKING, *self._schemes]
        for field, reference in auth_config.items():
            scheme, colon, target = reference.partition(":")
            if scheme not in known or not colon or not target:
                raise InvalidSecretReferenceError(field=field, schemes=", ".join(f'"{name}:…"' for name in known))

    async def resolve(self, auth_config: Mapping[str, str]) -> dict[str, str]:
        """The secrets behind the references.

        Raises `SecretNotFoundError`, `InvalidSecretReferenceError` or `MissingLibraryError`.
        """
        self.require_references(auth_config)
        return {field: await self._resolve(reference) for field, reference in auth_config.items()}

    async def _resolve(self, reference: str) -> str:
        scheme, _, target = reference.partition(":")
        if lookup := self._schemes.get(scheme):
            secret = lookup(target)
        else:
            try:
                secret = await asyncio.to_thread(_BLOCKING[scheme], target)
            except OSError, ValueError:  # cannot be read, is no text, or has a name that cannot be one
                secret = None
        if not secret:
            raise SecretNotFoundError(reference=reference)
        return secret


def _from_file(path: str) -> str:
    with Path(path).open(encoding="utf-8-sig") as file:  # some editors begin a file with an invisible mark
        return file.read(_MAX_FILE).strip().partition("\n")[0].strip()


def _from_keyring(target: str) -> str | None:
    service, _, user = target.partition("/")
    try:
        keyring = import_module("keyring")
    except ImportError as error:
        raise MissingLibraryError(type="keyring", package="keyring", extra="keyring") from error
    try:
        secret = keyring.get_password(service, user)
    except Exception:  # noqa: BLE001 - key rings are plug-ins that raise what they like; locked or missing, it has no secret for us
        return None
    return None if secret is None else str(secret)


_BLOCKING: dict[str, Lookup] = {"env": os.environ.get, "file": _from_file, "keyring": _from_keyring}
