"""The place on loopback that hands out access tokens (RFC 6749, section 6)."""

from itertools import count
from typing import override

from aiohttp.web import BaseRequest, Response, StreamResponse, json_response

from bach_lib.testing.partners.base import Asked, PartnerServer


class TokenServer(PartnerServer):
    """It knows one client and one refresh token, `refresh_token`, which is good for once if it `rotates`.

    Every access token it gives is from then on the `key` of the partner it works for.
    """

    def __init__(self, partner: PartnerServer, *, rotates: bool = True, seconds: float | None = 3600) -> None:
        super().__init__()
        self.partner = partner
        """Whose tokens it gives."""
        self.rotates = rotates
        self.seconds = seconds
        """How long a token is good; None: it does not say."""
        self.refresh_token: str = "refresh-token-0"  # noqa: S105 - of nobody
        self._numbers = count(1)

    @override
    async def respond(self, asked: Asked, request: BaseRequest, /) -> StreamResponse:
        match asked.body:
            case {"grant_type": "refresh_token", "refresh_token": token} if token == self.refresh_token:
                return self._issue()
        words = "The refresh token is unknown or was used before."
        return json_response({"error": "invalid_grant", "error_description": words}, status=400)

    def _issue(self) -> Response:
        number = next(self._numbers)
        self.partner.key = f"access-token-{number}"
        answer: dict[str, object] = {"access_token": self.partner.key, "token_type": "Bearer"}
        if self.rotates:
            answer["refresh_token"] = self.refresh_token = f"refresh-token-{number}"
        if self.seconds is not None:
            answer["expires_in"] = self.seconds
        return json_response(answer)
