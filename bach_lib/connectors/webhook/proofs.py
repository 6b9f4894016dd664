"""Authenticates requests: by a token that they show, or a signature over their body.

Who knows a token of sixteen characters has proven it, in whichever header it stands. In the address it is written into
the logs of every server on the way, so that way must be chosen.
"""

import binascii
import hmac
import re
from base64 import b64decode
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from bach_lib.connectors.webhook.signature import sign
from bach_lib.said import Sentence

REPLAY_SECONDS: Final = 300.0
"""How old, or how far ahead, the time of a signed request may be."""

ADDRESS: Final = "address"
"""The token may stand in the address, as `?token=…`."""
ADDRESS_HEADER: Final = "x-bach-address-token"
"""Whoever serves the address puts it here, and nothing that the client put here."""

_TOKEN_HEADERS: Final = ("x-api-key", "x-auth-token", "x-gitlab-token", "x-token", "x-webhook-token")
_STANDARD: Final = ("webhook", "svix")
"""The beginnings of the headers of Standard Webhooks, and of the service that it came from."""
_OF_THE_BODY: Final = ("x-hub-signature-256", "x-gitea-signature", "x-forgejo-signature", "x-gogs-signature")
"""GitHub and its relatives: HMAC-SHA256 of the body in hexadecimal digits, with or without `sha256=`."""
_GRAFANA: Final = "x-grafana-alerting-signature"
_GRAFANA_TIME: Final = "x-grafana-alerting-timestamp"
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_MAX_SIGNATURES: Final = 10


class NotProvenError(Exception):
    """Why a request does not prove anything, for the one who set the connection up."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof says beside: the id that was signed with it, and when that was.

    `of_the_body`: the signature is over the body alone. What begins with another sender's signed id and time, and is
    no JSON, must not be taken for a text then; and the id is made of what was signed, as nothing else in it cannot be
    changed by whoever overhears it. `is_undated`: not even the time was signed.
    """

    signed_at: float
    id: str = ""
    of_the_body: bool = False
    is_undated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """Credentials that requests have to show. With keys, nothing but a signature counts."""

    token: str | None = field(repr=False)
    keys: Sequence[bytes] = field(repr=False)
    ways: Collection[str] = ()

    def __bool__(self) -> bool:
        return bool(self.token or self.keys)

    def check(self, headers: Mapping[str, str], body: bytes, now: float) -> Proof:
        """The proof in a request; the names of `headers` are small. Raises `NotProvenError`."""
        if self.keys:
            return self._signed(headers, body, now)
        if not self.token:
            raise NotProvenError(
                Sentence(
                    "nothing_is_set_up_by_which_anybody_could_prove",
                    "nothing is set up by which anybody could prove that they may",
                )
            )
        wanted = self.token.encode()
        if _GRAFANA in headers or not headers.keys().isdisjoint(_OF_THE_BODY):  # a secret is a secret
            return Proofs(token=None, keys=(wanted,))._signed(headers, body, now)
        shown = list(_shown(headers, with_address=ADDRESS in self.ways))
        if not shown:
            if ADDRESS_HEADER in headers:
                raise NotProvenError(
                    Sentence(
                        "it_shows_no_token_but_in_its_address",
                        "it shows no token, but in its address, where this connection takes none",
                    )
                )
            raise NotProvenError(Sentence("it_shows_no_token", "it shows no token"))
        if not any(hmac.compare_digest(one, wanted) for one in shown):
            raise NotProvenError(
                Sentence("the_token_that_it_shows_is_another_one", "the token that it shows is another one")
            )
        return Proof(signed_at=now)

    def _signed(self, headers: Mapping[str, str], body: bytes, now: float) -> Proof:
        for prefix in _STANDARD:
            if f"{prefix}-signature" in headers:
                return self._standard(prefix, headers, body, now)
        if _GRAFANA in headers:
            return self._grafana(headers, body, now)
        for name in _OF_THE_BODY:
            if name in headers:
                self._fits([headers[name].removeprefix("sha256=")], lambda key: _hex(key, body))
                return Proof(signed_at=now, id=_id_of(body), of_the_body=True, is_undated=True)
        raise NotProvenError(Sentence("it_is_not_signed", "it is not signed"))

    def _standard(self, prefix: str, headers: Mapping[str, str], body: bytes, now: float) -> Proof:
        """Over id, time and body: https://github.com/standard-webhooks (spec/standard-webhooks.md)."""
        id_ = headers.get(f"{prefix}-id", "")
        if not id_:
            raise NotProvenError(Sentence("it_has_no_header_prefix_id", "it has no header {prefix}-id", prefix=prefix))
        signed_at = _time(headers.get(f"{prefix}-timestamp", ""), now)
        shown = headers[f"{prefix}-signature"].split()
        self._fits(shown, lambda key: sign(key, id_, signed_at, body))
        return Proof(signed_at=min(float(signed_at), now), id=id_)

    def _grafana(self, headers: Mapping[str, str], body: bytes, now: float) -> Proof:
        """https://grafana.com/docs/grafana/latest/alerting/configure-notifications (webhook notifier, HMAC)."""
        signed_at, signed = now, body
        if _GRAFANA_TIME in headers:
            time = _time(headers[_GRAFANA_TIME], now)
            signed_at, signed = min(float(time), now), f"{time}:".encode() + body
        self._fits([headers[_GRAFANA]], lambda key: _hex(key, signed))
        is_undated = _GRAFANA_TIME not in headers
        return Proof(signed_at=signed_at, id=_id_of(signed), of_the_body=True, is_undated=is_undated)

    def _fits(self, shown: Sequence[str], sign_with: Callable[[bytes], str]) -> None:
        wanted = [sign_with(key).encode() for key in self.keys]
        given = [one.strip().encode(errors="replace") for one in shown[:_MAX_SIGNATURES]]
        if not any(hmac.compare_digest(one, key) for one in given for key in wanted):
            raise NotProvenError(Sentence("its_signature_is_wrong", "its signature is wrong"))


def _shown(headers: Mapping[str, str], *, with_address: bool) -> list[bytes]:
    """Everything in a request that may be a token."""
    scheme, _, rest = headers.get("authorization", "").strip().partition(" ")
    shown = [headers.get(name, "") for name in _TOKEN_HEADERS]
    if scheme.lower() == "basic":
        shown.append(_password(rest))
    else:  # "Bearer …", "Token …", or the token alone
        shown.append(rest.strip() or scheme)
    if with_address:
        shown.append(headers.get(ADDRESS_HEADER, ""))
    return [one.encode(errors="replace") for one in shown if one]


def _password(encoded: str) -> str:
    """Of user name and password (RFC 7617), whatever the name is."""
    try:
        return b64decode(encoded.strip(), validate=True).decode(errors="replace").partition(":")[2]
    except binascii.Error:
        return ""


def _time(written: str, now: float) -> int:
    if not _TIMESTAMP.fullmatch(written):
        raise NotProvenError(Sentence("it_does_not_say_when_it_was_signed", "it does not say when it was signed"))
    if abs(now - int(written)) > REPLAY_SECONDS:
        raise NotProvenError(
            Sentence(
                "it_was_signed_too_long_ago_or_one_of_the_two",
                "it was signed too long ago, or one of the two clocks is wrong",
            )
        )
    return int(written)


def _id_of(signed: bytes) -> str:
    return sha256(signed).hexdigest()


def _hex(key: bytes, body: bytes) -> str:
    return hmac.digest(key, body, sha256).hex()
