"""The refusals of an ntfy server, by its own numbers, in its own words."""

from collections.abc import Mapping
from typing import Final

REFUSALS: Final[Mapping[int, str]] = {
    40007: "invalid request: invalid priority parameter",
    40008: "invalid since parameter",
    40009: "invalid request: topic invalid",
    40010: "invalid request: topic name is not allowed",
    40014: "invalid request: attachments not allowed",
    40017: "invalid request: request body must be message JSON",
    40024: "invalid request: request body must be valid JSON",
    40101: "unauthorized",
    40301: "forbidden",
    40401: "page not found",
    41301: "attachment too large, or bandwidth limit reached",
    41303: "JSON body too large",
    42901: "limit reached: too many requests",
    42903: "limit reached: too many active subscriptions",
    42905: "limit reached: daily bandwidth reached",
    42908: "limit reached: daily message quota reached",
    50001: "internal server error",
    50701: "cannot publish to UnifiedPush topic without previously active subscriber",
}
"""Those that a publisher or a listener can meet."""


def refusal_body(code: int) -> dict[str, object]:
    """What the server answers with a refusal."""
    return {"code": code, "http": code // 100, "error": REFUSALS.get(code, "something new")}
