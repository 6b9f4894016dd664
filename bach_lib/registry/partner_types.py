"""Types of AI, MCP and API connections, and what each must be told. Pure: nothing here asks anybody."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from yarl import URL

from bach_lib.common_sentences import A_TEXT, THE_NAME_OF_A_HEADER
from bach_lib.connectors.endpoint import check_endpoint
from bach_lib.errors import InvalidEndpointError, InvalidValueError, MissingSecretError, UnknownTypeError
from bach_lib.models import Category, Connection
from bach_lib.models.chat import TOKENS, thinking_in, tokens_in
from bach_lib.registry.secrets import Secrets
from bach_lib.said import Sentence

AS_USUAL = "token"
"""The `auth_type` of a connection about which nobody said anything: what its type usually asks for."""


class Auth(StrEnum):
    """How a request shows who we are."""

    NONE = "none"
    API_KEY = "api_key"
    BEARER = "bearer"
    BASIC = "basic"
    OAUTH = "oauth"


NEEDED: Mapping[Auth, tuple[str, ...]] = {
    Auth.NONE: (),
    Auth.API_KEY: ("api_key",),
    Auth.BEARER: ("token",),
    Auth.BASIC: ("username", "password"),
    Auth.OAUTH: ("client_id", "refresh_token"),
}
"""The names that must be in `auth_config`. `oauth` takes a `client_secret` too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerType:
    """A type of AI, MCP or API connection. `usual`: how it authenticates if not told; `key_header` carries a key."""

    category: Category
    endpoint: str | None = None
    usual: Auth = Auth.NONE
    key_header: str = "X-API-Key"
    may_query: bool = False


PARTNER_TYPES: Mapping[str, PartnerType] = {
    "claude": PartnerType(
        category=Category.AI, endpoint="https://api.anthropic.com", usual=Auth.API_KEY, key_header="x-api-key"
    ),
    "gemini": PartnerType(
        category=Category.AI,
        endpoint="https://generativelanguage.googleapis.com",
        usual=Auth.API_KEY,
        key_header="x-goog-api-key",
    ),
    "ollama": PartnerType(category=Category.AI, endpoint="http://localhost:11434"),
    "openai-compatible": PartnerType(category=Category.AI, endpoint="https://api.openai.com/v1"),
    "mcp": PartnerType(category=Category.MCP),
    "http": PartnerType(category=Category.API, may_query=True),
}

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_OURS = frozenset({"accept", "connection", "content-length", "content-type", "host", "transfer-encoding", "upgrade"})
"""Headers that a request needs for itself."""

_TEXTS = ("model", "scope", "system")
_CHOICES: Mapping[str, Collection[str]] = {"client_auth": ("post", "basic"), "method": ("GET", "HEAD")}


def partner_type_of(connection: Connection) -> PartnerType:
    """The partner type of a connection. Raises `UnknownTypeError`."""
    partner_type = PARTNER_TYPES.get(connection.type)
    if partner_type is None or partner_type.category is not connection.category:
        known = sorted(name for name, one in PARTNER_TYPES.items() if one.category is connection.category)
        raise UnknownTypeError(type=connection.type, known=", ".join(known))
    return partner_type


def auth_of(connection: Connection) -> Auth:
    """How this connection shows who we are. Raises `InvalidValueError`."""
    if connection.auth_type == AS_USUAL:
        usual = partner_type_of(connection).usual
        return Auth.BEARER if usual is Auth.NONE and "token" in connection.auth_config else usual
    try:
        return Auth(connection.auth_type)
    except ValueError:
        raise InvalidValueError(field="auth_type", value=connection.auth_type, expected=", ".join(Auth)) from None


def endpoint_of(connection: Connection) -> str:
    """Where it is; where paths of ours follow, without a slash at the end. Raises `InvalidEndpointError`."""
    endpoint = connection.endpoint or partner_type_of(connection).endpoint or ""
    check_endpoint(endpoint)
    try:
        URL(endpoint)  # what asks there is stricter
    except ValueError:
        raise InvalidEndpointError(endpoint=endpoint[:100]) from None
    if not partner_type_of(connection).may_query and ("?" in endpoint or "#" in endpoint):
        raise InvalidEndpointError(endpoint=endpoint.partition("?")[0][:100])  # a key may stand behind the ?
    return endpoint.rstrip("/") if connection.category is Category.AI else endpoint


def check_partner(connection: Connection, secrets: Secrets) -> None:
    """Everything that can be known of a connection without asking anybody. Raises an `InputError`."""
    endpoint_of(connection)
    auth = auth_of(connection)
    for field in NEEDED[auth]:
        if field not in connection.auth_config:
            raise MissingSecretError(auth_type=auth, field=field)
    settings = connection.settings
    if auth is Auth.OAUTH:
        check_endpoint(str(settings.get("token_endpoint", "")))
        secrets.require_writable("refresh_token", connection.auth_config["refresh_token"])
    header = settings.get("api_key_header", "X-API-Key")
    if not isinstance(header, str) or not _HEADER.fullmatch(header) or header.lower() in _OURS:
        raise InvalidValueError(field="api_key_header", value=str(header)[:100], expected=THE_NAME_OF_A_HEADER)
    for field in _TEXTS:
        if not isinstance(settings.get(field, ""), str):
            raise InvalidValueError(field=field, value=type(settings[field]).__name__, expected=A_TEXT)
    for field, known in _CHOICES.items():
        if settings.get(field, min(known)) not in known:
            raise InvalidValueError(field=field, value=str(settings[field])[:100], expected=", ".join(known))
    for field in TOKENS:
        tokens_in(field, settings.get(field))
    thinking_in(settings.get("thinking"))
    expected_statuses(connection)


def expected_statuses(connection: Connection) -> frozenset[int]:
    """The HTTP statuses that are good. Raises `InvalidValueError`."""
    wanted = connection.settings.get("expected_status", [*range(200, 400)])
    if not isinstance(wanted, list) or not wanted or not all(type(one) is int and 100 <= one < 600 for one in wanted):
        raise InvalidValueError(
            field="expected_status",
            value=str(wanted)[:100],
            expected=Sentence("a_list_like_200_204", "a list like [200, 204]"),
        )
    return frozenset(wanted)
