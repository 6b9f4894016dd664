"""What a new connection cannot do without, so that a command line is refused before anybody is asked for a secret."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module

from bach_lib.cli.faults import SentenceError

USUAL = "token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """The secrets of a type, and examples of what else must be given: its endpoint, its settings."""

    secrets: tuple[str, ...] = ()
    endpoint: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


_CONNECTORS: Mapping[str, Needs] = {
    "discord": Needs(secrets=("bot_token",)),
    "discord_webhook": Needs(secrets=("url",)),
    "homeassistant": Needs(secrets=("token",), endpoint="http://homeassistant.local:8123"),
    "signal": Needs(endpoint="http://localhost:8080", settings={"number": "+491701234567"}),
    "telegram": Needs(secrets=("bot_token",)),
    "webhook": Needs(secrets=("url",)),
}
"""For the other categories `bach_lib.probes.kinds` knows."""

_ENDPOINTS: Mapping[str, str] = {"http": "https://example.org/health", "mcp": "https://example.org/mcp"}
_OAUTH: Mapping[str, str] = {"token_endpoint": "https://example.org/token"}


def category_of(type_: str) -> str:
    """The category of a type: that of a known partner, else it is a connector."""
    kind = import_module("bach_lib.probes.kinds").KINDS.get(type_)
    return "connector" if kind is None else str(kind.category)


def needs_of(type_: str, auth_type: str, *, endpoint: str | None, given: Iterable[str]) -> Needs:
    """What such a connection cannot do without; `given` are the names of the secrets that somebody wants to give."""
    kinds = import_module("bach_lib.probes.kinds")
    kind = kinds.KINDS.get(type_)
    if kind is None:
        if type_ == "webhook" and (endpoint or any(name.startswith("incoming_") for name in given)):
            return Needs()  # its address is no secret, or it only takes what comes in
        return _CONNECTORS.get(type_, Needs())
    auth = kind.usual if auth_type == USUAL else auth_type
    return Needs(
        secrets=tuple(kinds.NEEDED.get(auth, ())),
        endpoint=_ENDPOINTS.get(type_),
        settings=_OAUTH if auth == kinds.Auth.OAUTH else {},
    )


def required(
    type_: str, auth_type: str, *, endpoint: str | None, given: Iterable[str], settings: Mapping[str, object]
) -> tuple[str, ...]:
    """The names of the secrets that it cannot do without. Raises `SentenceError` if anything else is missing."""
    needs = needs_of(type_, auth_type, endpoint=endpoint, given=given)
    missing = [f"--endpoint {needs.endpoint}"] if needs.endpoint and not endpoint else []
    missing += [f"--setting {key}={example}" for key, example in needs.settings.items() if key not in settings]
    if missing:
        raise SentenceError(f'For "{type_}", say this too, with what is yours: {" ".join(missing)}')
    return needs.secrets
