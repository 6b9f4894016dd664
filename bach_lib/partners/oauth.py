"""OAuth with refresh (RFC 6749, sections 5 and 6): short-lived access tokens for a long-lived refresh token.

Many servers give a new refresh token with every access token and forget the old one. The new one is written where the
old one was read before anything else is done with the answer.
"""

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from typing import override
from urllib.parse import quote_plus, urlencode

from aiohttp import ClientSession

from bach_lib.clock import Clock
from bach_lib.common_sentences import HOST_SAYS_WORDS
from bach_lib.errors import BachError
from bach_lib.models import Connection
from bach_lib.partners.credentials import Credentials, Shown
from bach_lib.partners.faults import FaultError, status_error, words_of
from bach_lib.partners.http import ASK_SECONDS, HttpClient, decode, read
from bach_lib.redact import Redactor
from bach_lib.registry.secrets import Secrets
from bach_lib.said import Sentence

_EARLY = 60.0
"""Seconds before its end at which an access token is not used any more: clocks differ, and requests take their time."""

_JUST_NOW = 5.0
_SETTLE_SECONDS = 5.0
_MAX_ANSWER = 65_536
_FOR_A_PERSON = frozenset({"access_denied", "invalid_client", "invalid_grant", "unauthorized_client"})


class OAuthCredentials(Credentials):
    """The tokens of one connection. Access tokens stay in memory."""

    def __init__(self, connection: Connection, *, session: ClientSession, secrets: Secrets, clock: Clock) -> None:
        self._config = connection.auth_config
        self._type = connection.type
        self._settings = connection.settings
        self._session = session
        self._secrets = secrets
        self._clock = clock
        self._renewing: asyncio.Task[None] | None = None
        self._access: str | None = None
        self._ends_at = float("inf")  # monotonic
        self._renewed_at = float("-inf")
        self._unsaved: str | None = None
        self._shown = Shown()

    @override
    async def headers(self) -> Mapping[str, str]:
        if self._unsaved is not None or self._access is None or self._clock.monotonic() >= self._ends_at:
            await self._once()
        return {"Authorization": f"Bearer {self._access}"}

    @override
    async def renew(self) -> bool:
        if self._clock.monotonic() - self._renewed_at >= _JUST_NOW:  # else another request has just done it
            self._access = None
            await self._once()
        return True

    @override
    async def settle(self) -> None:
        if self._renewing is not None:
            await asyncio.wait([self._renewing], timeout=_SETTLE_SECONDS)

    async def _once(self) -> None:
        """One renewal at a time, which all wait for. It goes on when they give up, for its answer comes only once."""
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew(), name="bach-oauth")
            self._renewing.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.shield(self._renewing)

    async def _renew(self) -> None:
        await self._save()
        if self._access is None or self._clock.monotonic() >= self._ends_at:
            await self._refresh()

    @override
    def redactor(self) -> Redactor:
        return self._shown.redactor()

    async def _refresh(self) -> None:
        """Get an access token, and keep what came with it."""
        found = await self._secrets.resolve(self._config, self._type)
        self._shown.add(*(value for name, value in found.items() if name != "client_id"))
        answer = await self._ask(found)
        self._access, successor, seconds = tokens_in(answer)
        self._renewed_at = self._clock.monotonic()
        self._ends_at = self._renewed_at + max(seconds - _EARLY, seconds / 2)
        self._shown.add(self._access, successor or self._access)
        if successor is not None and successor != found["refresh_token"]:
            self._unsaved = successor
        await self._save()

    async def _save(self) -> None:
        """Nothing is asked while the only copy of a refresh token is in memory: a person must see that."""
        if self._unsaved is None:
            return
        try:
            await self._secrets.store("refresh_token", self._config["refresh_token"], self._unsaved)
        except BachError as error:
            raise FaultError(error.code, error.sentence) from None
        self._unsaved = None

    async def _ask(self, found: Mapping[str, str]) -> object:
        form = {"grant_type": "refresh_token", "refresh_token": found["refresh_token"]}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if scope := self._settings.get("scope"):
            form["scope"] = str(scope)
        if self._settings.get("client_auth") == "basic":
            pair = f"{quote_plus(found['client_id'])}:{quote_plus(found.get('client_secret', ''))}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
            self._shown.add(headers["Authorization"].removeprefix("Basic "))
        else:
            form |= {name: found[name] for name in ("client_id", "client_secret") if name in found}
        endpoint = str(self._settings["token_endpoint"])
        link = HttpClient(session=self._session, endpoint=endpoint, credentials=_NoCredentials(), clock=self._clock)
        async with link.raw("POST", "", headers, urlencode(form).encode(), ASK_SECONDS) as response:
            answer = decode((await read(response, _MAX_ANSWER))[:_MAX_ANSWER])
            match answer:
                case {"error": str(code)} if code in _FOR_A_PERSON:
                    raise FaultError("auth_failed", HOST_SAYS_WORDS(host=link.host, words=words_of(answer)))
            if not 200 <= response.status < 300:
                raise status_error(response.status, response.headers, answer, link.host)
            return answer


class _NoCredentials(Credentials):
    """Error of the place that hands credentials out."""

    @override
    async def headers(self) -> Mapping[str, str]:
        return {}

    @override
    async def renew(self) -> bool:
        return False

    @override
    def redactor(self) -> Redactor:
        return Redactor()

    @override
    async def settle(self) -> None:
        """Nothing to wait for."""


def tokens_in(answer: object) -> tuple[str, str | None, float]:
    """Access token, the next refresh token if there is a new one, and seconds to its end. Raises `FaultError`."""
    match answer:
        case {"access_token": str(access), "token_type": str(kind), **rest} if kind.lower() == "bearer":
            successor = rest.get("refresh_token")
            seconds = rest.get("expires_in")
            return _header_safe(access), _text(successor), _seconds(seconds)
    raise FaultError(
        "bad_answer",
        Sentence("the_answer_to_the_refresh_token_holds_no", "The answer to the refresh token holds no bearer token."),
    )


def _header_safe(token: str) -> str:
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise FaultError(
            "bad_answer",
            Sentence(
                "the_access_token_has_characters_that_no_header",
                "The access token has characters that no header can carry.",
            ),
        )
    return token


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _seconds(value: object) -> float:
    """Where nothing is said, a token is good until it is refused."""
    try:
        seconds = float(value) if isinstance(value, int | float | str) else float("inf")
    except (ValueError, OverflowError):
        return float("inf")
    return seconds if seconds > 0 else float("inf")
