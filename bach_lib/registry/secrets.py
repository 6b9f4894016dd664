"""Resolves references to secrets, so that the database never holds one.

`env:NAME` reads an environment variable, `file:/path` the first line of a file, `keyring:service/user` the system's key
ring (if the package `keyring` is installed). An application may serve further schemes, as Home Assistant does for its
config entries.

Some secrets change with use: a refresh token is often good for once, and comes with its successor. Such a successor is
written where the old one was read.
"""

import os
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from secrets import token_hex
from typing import Protocol, runtime_checkable

from bach_lib.common_sentences import AT_MOST_NUMBER_CHARACTERS
from bach_lib.errors import (
    InvalidSecretReferenceError,
    InvalidValueError,
    MissingLibraryError,
    SecretNotFoundError,
    SecretNotSavedError,
    SecretNotWritableError,
)
from bach_lib.registry import pasted
from bach_lib.threads import in_own_thread, read_regular

type Lookup = Callable[[str], str | None]
"""Called with what stands after the scheme of a reference; returns the secret, or None where there is none."""


@runtime_checkable
class Vault(Protocol):
    """A store of secrets: a look-up that can also write."""

    def __call__(self, target: str, /) -> str | None:
        """The secret, or None."""
        ...

    def store(self, target: str, secret: str, /) -> None:
        """Keep the secret over a restart. May raise whatever it likes."""
        ...


_MAX_FILE = 16_384
"""Bytes; a secret is short, and a path may lead to something endless."""
_LONGEST = 16_384
"""Characters, from wherever; what is shorter and still no token, a type finds out itself."""


_LONGEST_SHOWN = 8_000
"""Characters; servers take no longer header."""


def can_be_shown(secret: str) -> bool:
    """Whether a header or an address can carry it; aiohttp would quote one that they cannot, or blame the network."""
    return secret.isprintable() and len(secret) <= _LONGEST_SHOWN


class Secrets:
    """Resolves references to secrets.

    `schemes` adds to the built-in ones; its functions are called in the event loop and must not block. One that is a
    `Vault` can be written to.
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

    async def resolve(self, auth_config: Mapping[str, str], type_: str = "") -> dict[str, str]:
        """The secrets behind the references, without what was pasted around them, as far as the type tells.

        Raises `SecretNotFoundError`, `InvalidSecretReferenceError`, `InvalidValueError` or `MissingLibraryError`.
        """
        self.require_references(auth_config)
        found = {field: await self._resolve(reference) for field, reference in auth_config.items()}
        for field, secret in found.items():
            if len(secret) > _LONGEST:  # whatever looks through it would hold up the event loop
                raise InvalidValueError(field=field, value="***", expected=AT_MOST_NUMBER_CHARACTERS(number=_LONGEST))
        return pasted.secrets(type_, found)

    def require_writable(self, field: str, reference: str) -> None:
        """Raise `SecretNotWritableError` if nothing can be stored there."""
        scheme = reference.partition(":")[0]
        own = self._schemes.get(scheme)
        if not (isinstance(own, Vault) if own else scheme in _WRITERS):
            known = [*_WRITERS, *(name for name, one in self._schemes.items() if isinstance(one, Vault))]
            raise SecretNotWritableError(field=field, schemes=", ".join(f'"{name}:…"' for name in known))

    async def store(self, field: str, reference: str, secret: str) -> None:
        """Write a secret where a reference leads; it is there after a power cut.

        Raises `SecretNotSavedError` or `SecretNotWritableError`.
        """
        self.require_writable(field, reference)
        scheme, _, target = reference.partition(":")
        own = self._schemes.get(scheme)
        try:
            if isinstance(own, Vault):
                own.store(target, secret)
            else:
                await in_own_thread(partial(_WRITERS[scheme], target, secret))
        except Exception as error:  # noqa: BLE001 - a border: key rings and applications raise what they like
            reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise SecretNotSavedError(reference=reference, reason=reason) from None

    async def _resolve(self, reference: str) -> str:
        scheme, _, target = reference.partition(":")
        if lookup := self._schemes.get(scheme):
            secret = lookup(target)
        else:
            try:
                secret = await in_own_thread(partial(_BLOCKING[scheme], target))
            except (OSError, ValueError):  # cannot be read, is no text, or has a name that cannot be one
                secret = None
        if not secret or not isinstance(secret, str):  # an application's own lookup may answer anything
            raise SecretNotFoundError(reference=reference)
        return secret


def _from_file(path: str) -> str:
    content = read_regular(path, _MAX_FILE, or_device=True)
    written = content.decode("utf-8-sig")  # some editors begin a file with an invisible mark
    return written.strip().partition("\n")[0].strip()


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


def _to_file(path: str, secret: str) -> None:
    """All of the new or all of the old: what is written half is no secret at all."""
    file = Path(os.path.realpath(path))  # a link stays one
    fresh = file.with_name(f".{file.name}.{token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as writing:
            writing.write(f"{secret}\n")
            writing.flush()
            os.fsync(writing.fileno())
        fresh.replace(file)
    except BaseException:  # raised again
        fresh.unlink(missing_ok=True)
        raise
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _to_keyring(target: str, secret: str) -> None:
    service, _, user = target.partition("/")
    import_module("keyring").set_password(service, user, secret)


_BLOCKING: dict[str, Lookup] = {"env": os.environ.get, "file": _from_file, "keyring": _from_keyring}
_WRITERS: dict[str, Callable[[str, str], None]] = {"file": _to_file, "keyring": _to_keyring}
