"""The log-in: who shows the token once gets a cookie, from which the token cannot be read.

Nothing is kept of it. A cookie says when it was made, and proves that by the token; a new token ends all of them.
"""

import hashlib
import hmac
from typing import Final

from aiohttp import web

from bach_lib.clock import Clock

_COOKIE: Final = "bach_page"
_LASTS: Final = 30 * 86_400
"""Seconds until somebody has to show the token again."""


class Login:
    """Makes and judges the cookies of one token."""

    def __init__(self, token: str, clock: Clock) -> None:
        self._token = token.encode()
        self._clock = clock

    def is_token(self, shown: object) -> bool:
        """Whether somebody has shown the token."""
        return isinstance(shown, str) and hmac.compare_digest(
            shown.strip().encode("utf-8", "surrogateescape"), self._token
        )

    def let_in(self, response: web.Response, *, is_secure: bool) -> None:
        """Give the browser its cookie. No script can read it, and no other site makes a browser show it."""
        made = str(int(self._clock.now()))
        value = f"{made}.{self._proof(made)}"
        response.set_cookie(_COOKIE, value, max_age=_LASTS, httponly=True, samesite="Strict", secure=is_secure)

    def let_out(self, response: web.Response) -> None:
        """Take it away."""
        response.del_cookie(_COOKIE, httponly=True, samesite="Strict")

    def knows(self, request: web.Request) -> bool:
        """Whether a request comes from somebody who has logged in."""
        made, _, proof = request.cookies.get(_COOKIE, "").partition(".")
        is_ours = hmac.compare_digest(proof.encode("utf-8", "surrogateescape"), self._proof(made).encode())
        return is_ours and 0 <= self._clock.now() - int(made) < _LASTS

    def _proof(self, made: str) -> str:
        return hmac.new(self._token, f"page {made}".encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
