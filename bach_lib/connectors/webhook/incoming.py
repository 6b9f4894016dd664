"""Requests that others make to us: who may, and which message is in them.

Pure: whoever serves the address hands over headers and body and says where they come from, and gets a message or a
refusal. A request shows a bearer token or a signature after Standard Webhooks; without either being set up, nobody gets
in.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from uuid import uuid4

import orjson

from bach_lib.connectors.base import Incoming, Setup
from bach_lib.connectors.commands import content_of
from bach_lib.connectors.webhook.addresses import Addresses
from bach_lib.connectors.webhook.options import recipient_of
from bach_lib.connectors.webhook.signature import key_of, sign
from bach_lib.errors import InvalidRecipientError, InvalidValueError, PushRefusedError

MAX_BODY = 65_536
"""Bytes."""
REPLAY_SECONDS = 300.0
"""How old, or how far ahead, the time of a signed request may be."""

_DEFAULTS: Mapping[str, str] = {"text": "text", "sender": "sender", "id": "id", "recipient": "recipient"}
_PATH = re.compile(r"[^.\x00-\x1f]{1,100}(?:\.[^.\x00-\x1f]{1,100}){0,9}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_MAX_NAME = 200
_MAX_SIGNATURES = 10
_SHORTEST_TOKEN = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Whom a connection named `name` lets in, and where in a body things stand."""

    name: str
    token: str | None = field(repr=False)
    key: bytes | None = field(repr=False)
    paths: Mapping[str, str]
    addresses: Addresses = field(default_factory=Addresses)

    @classmethod
    def read(cls, setup: Setup) -> Self:
        """Raises `InvalidValueError`."""
        token = setup.secrets.get("incoming_token", "").strip() or None
        if token and len(token) < _SHORTEST_TOKEN:
            raise InvalidValueError(
                field="incoming_token", value="***", expected=f"at least {_SHORTEST_TOKEN} characters"
            )
        secret = setup.secrets.get("incoming_secret", "").strip()
        paths = setup.connection.settings.get("incoming", {})
        if not isinstance(paths, Mapping) or not _DEFAULTS.keys() >= paths.keys():
            raise InvalidValueError(
                field="incoming", value=str(paths)[:50], expected=f"paths for {', '.join(_DEFAULTS)}"
            )
        for path in paths.values():
            if not isinstance(path, str) or not _PATH.fullmatch(path):
                raise InvalidValueError(
                    field="incoming", value=str(path)[:50], expected='paths like "alerts.0.summary"'
                )
        return cls(
            name=setup.connection.name,
            token=token,
            key=key_of(secret, "incoming_secret") if secret else None,
            paths={**_DEFAULTS, **paths},
            addresses=Addresses.read(setup.connection.settings.get("incoming_addresses", [])),
        )

    @property
    def is_there(self) -> bool:
        """Whether anybody can get in."""
        return bool(self.token or self.key)

    def admit(self, headers: Mapping[str, str], body: bytes, now: float, address: str | None = None) -> Incoming:
        """The message in a request that came at `now` from `address`. Raises `PushRefusedError`."""
        if not self.addresses.include(address):
            raise self._refused("it comes from an address that is not in the list")
        if len(body) > MAX_BODY:
            raise self._refused(f"its body has more than {MAX_BODY} bytes")
        shown = {name.lower(): value for name, value in headers.items()}
        signed_at = self._verify(shown, body, now)
        try:
            found: object = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise self._unreadable("its body is no JSON") from None
        return self._read(found, shown.get("webhook-id", "") if self.key else "", signed_at, now)

    def _verify(self, headers: Mapping[str, str], body: bytes, now: float) -> float:
        """A signature if there is a key, else the token. Both are compared in constant time.

        Returns when it was signed, which nobody can make younger; who shows the token is here now.
        """
        if self.key:
            id_, time = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
            if not id_ or not _TIMESTAMP.fullmatch(time) or abs(now - int(time)) > REPLAY_SECONDS:
                raise self._refused("it is not signed, or not of now")
            wanted = sign(self.key, id_, int(time), body).encode()
            shown = headers.get("webhook-signature", "").split()[:_MAX_SIGNATURES]
            if not any(hmac.compare_digest(one.encode(errors="replace"), wanted) for one in shown):
                raise self._refused("its signature is wrong")
            return min(float(time), now)
        shown_token = headers.get("authorization", "").removeprefix("Bearer ").encode(errors="replace")
        if not self.token or not hmac.compare_digest(shown_token, self.token.encode()):
            raise self._refused("it does not show the token")
        return now

    def _read(self, body: object, signed_id: str, signed_at: float, now: float) -> Incoming:
        text = self._field(body, "text")
        if not text or not text.strip():
            raise self._unreadable(f'its body has no text at "{self.paths["text"]}"')
        named = {name: self._field(body, name) for name in ("sender", "id", "recipient")}
        if any(value and len(value) > _MAX_NAME for value in (*named.values(), signed_id)):
            raise self._unreadable(f"sender, id and recipient have at most {_MAX_NAME} characters")
        try:
            recipient = recipient_of(named["recipient"] or named["sender"] or "default")  # the place to answer to
        except InvalidRecipientError:
            raise self._unreadable("its recipient is none") from None
        sender = named["sender"] or "webhook"
        kind, content = content_of(text)
        return Incoming(
            remote_id=named["id"] or signed_id or uuid4().hex,
            recipient=recipient,
            recipient_title=recipient,
            sender_id=sender,
            sender_name=sender,
            kind=kind,
            text=text,
            content=content,
            sent_at=signed_at,
            told_at=now,
            metadata={"chat_type": "private"},
        )

    def _field(self, body: object, name: str) -> str | None:
        """What stands at a path, as text; None for nothing, and for what is neither text nor a number."""
        for part in self.paths[name].split("."):
            match body:
                case dict():
                    body = body.get(part)
                case list() if part.isascii() and part.isdecimal() and len(part) < 6 and int(part) < len(body):
                    body = body[int(part)]
                case _:
                    return None
        if isinstance(body, int | float) and not isinstance(body, bool):
            return str(body)
        return body if isinstance(body, str) else None

    def _refused(self, reason: str) -> PushRefusedError:
        return PushRefusedError(name=self.name, reason=reason)

    def _unreadable(self, reason: str) -> PushRefusedError:
        error = self._refused(reason)
        error.is_proven = True
        return error
