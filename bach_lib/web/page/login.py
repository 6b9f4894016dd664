"""The log-in: who shows the token once gets a cookie, from which the token cannot be read.

Nothing is kept of it. A cookie says when it was made, and what whoever showed the token calls themselves, and proves
both by the token; a new token ends all of them.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from aiohttp import web

from bach_lib.clock import Clock

_COOKIE: Final = "bach_page"
_LASTS: Final = 30 * 86_400
"""Seconds until somebody has to show the token again."""
_LONGEST_NAME: Final = 50


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

    def let_in(self, response: web.Response, name: object, *, is_secure: bool) -> None:
        """Give the browser its cookie. No script can read it, and no other site makes a browser show it.

        `name`: what they call themselves, if they say so.
        """
        said = " ".join(name.split())[:_LONGEST_NAME] if isinstance(name, str) else ""
        written = urlsafe_b64encode(said.encode("utf-8", "ignore")).decode().rstrip("=")
        made = f"{int(self._clock.now())}.{written}" if written else f"{int(self._clock.now())}"
        value = f"{made}.{self._proof(made)}"
        response.set_cookie(_COOKIE, value, max_age=_LASTS, httponly=True, samesite="Strict", secure=is_secure)

    def let_out(self, response: web.Response) -> None:
        """Take it away."""
        response.del_cookie(_COOKIE, httponly=True, samesite="Strict")

    def knows(self, request: web.Request) -> bool:
        """Whether a request comes from somebody who has logged in."""
        made, _, proof = request.cookies.get(_COOKIE, "").rpartition(".")
        is_ours = hmac.compare_digest(proof.encode("utf-8", "surrogateescape"), self._proof(made).encode())
        return is_ours and 0 <= self._clock.now() - int(made.partition(".")[0]) < _LASTS

    def name_in(self, request: web.Request) -> str:
        """What they call themselves, of a request that is known; empty: they did not say."""
        written = request.cookies[_COOKIE].split(".")[1:-1]
        return "".join(urlsafe_b64decode(f"{one}==").decode() for one in written)

    def _proof(self, made: str) -> str:
        return hmac.new(self._token, f"page {made}".encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
