"""What a connection to an AI partner, an MCP server or an API must say before it is written."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from bach_lib import Category, Connection, InputError
from bach_lib.errors import (
    InvalidEndpointError,
    InvalidValueError,
    MissingSecretError,
    SecretNotWritableError,
    UnknownTypeError,
)
from bach_lib.registry.partner_types import Auth, auth_of, check_partner, endpoint_of
from bach_lib.registry.secrets import Secrets
from tests.lib.partners.make import connection

CLAUDE = Connection(name="c", type="claude", category=Category.AI, auth_config={"api_key": "env:KEY"})
HTTP = connection("http", "https://example.org/health?full=1")
OAUTH = replace(
    HTTP,
    auth_type="oauth",
    auth_config={"client_id": "env:ID", "refresh_token": "file:/t"},
    settings={"token_endpoint": "https://example.org/token"},
)

GOOD = {
    "claude with its usual key": CLAUDE,
    "claude with a bearer token": replace(CLAUDE, auth_type="bearer", auth_config={"token": "env:T"}),
    "ollama, as it is installed": Connection(name="o", type="ollama", category=Category.AI),
    "an address with a query": HTTP,
    "a header of its own": replace(HTTP, settings={"api_key_header": "X-Auth"}),
    "statuses of its own": replace(HTTP, settings={"expected_status": [204, 418], "method": "HEAD"}),
    "oauth": OAUTH,
}

BAD: dict[str, tuple[Connection, type[InputError]]] = {
    "a type nobody knows": (replace(CLAUDE, type="hal"), UnknownTypeError),
    "a type of another category": (replace(CLAUDE, category=Category.MCP), UnknownTypeError),
    "a connector's type": (replace(CLAUDE, type="telegram"), UnknownTypeError),
    "no key": (replace(CLAUDE, auth_config={}), MissingSecretError),
    "half of a login": (replace(HTTP, auth_type="basic", auth_config={"username": "env:U"}), MissingSecretError),
    "a way to authenticate nobody knows": (replace(HTTP, auth_type="kerberos"), InvalidValueError),
    "an MCP server without address": (Connection(name="m", type="mcp", category=Category.MCP), InvalidEndpointError),
    "an API without address": (Connection(name="h", type="http", category=Category.API), InvalidEndpointError),
    "a key in the address": (replace(CLAUDE, endpoint="https://example.org/?key=123"), InvalidEndpointError),
    "oauth without an address for tokens": (replace(OAUTH, settings={}), InvalidEndpointError),
    "a refresh token where nothing can be written": (
        replace(OAUTH, auth_config={"client_id": "env:ID", "refresh_token": "env:T"}),
        SecretNotWritableError,
    ),
    "a header that would break requests": (
        replace(HTTP, settings={"api_key_header": "Content-Length"}),
        InvalidValueError,
    ),
    "two headers in one": (replace(HTTP, settings={"api_key_header": "X-A: 1\r\nX-B"}), InvalidValueError),
    "no header": (replace(HTTP, settings={"api_key_header": 5}), InvalidValueError),
    "a method that changes things": (replace(HTTP, settings={"method": "DELETE"}), InvalidValueError),
    "a status that is none": (replace(HTTP, settings={"expected_status": [2000]}), InvalidValueError),
    "no status at all": (replace(HTTP, settings={"expected_status": []}), InvalidValueError),
    "statuses as a text": (replace(HTTP, settings={"expected_status": "200"}), InvalidValueError),
    "a model that is no name": (replace(CLAUDE, settings={"model": ["a"]}), InvalidValueError),
}


@pytest.mark.parametrize("row", GOOD.values(), ids=GOOD.keys())
def test_what_can_work_is_accepted(row: Connection) -> None:
    """A good connection could not be added."""
    check_partner(row, Secrets())


@pytest.mark.parametrize(("row", "error"), BAD.values(), ids=BAD.keys())
def test_what_cannot_work_is_refused(row: Connection, error: type[InputError]) -> None:
    """It would be written, and fail at every check without anybody knowing why."""
    with pytest.raises(error) as caught:
        check_partner(row, Secrets())
    assert "123" not in str(caught.value)


def test_what_nobody_said_is_as_usual() -> None:
    """Everybody would have to look up what every type wants."""
    ollama = Connection(name="o", type="ollama", category=Category.AI)
    assert auth_of(CLAUDE) is Auth.API_KEY
    assert auth_of(ollama) is Auth.NONE
    assert auth_of(replace(ollama, auth_config={"token": "env:T"})) is Auth.BEARER
    assert endpoint_of(CLAUDE) == "https://api.anthropic.com"
    assert endpoint_of(replace(ollama, endpoint="http://ollama.local:11434/")) == "http://ollama.local:11434"


@given(rest=st.text(max_size=30), type_=st.sampled_from(["http", "mcp", "ollama"]))
def test_every_endpoint_is_refused_or_can_be_asked(rest: str, type_: str) -> None:
    """A strange address would raise at the first check, far from the person who wrote it."""
    row = connection(type_, f"http://{rest}")
    try:
        check_partner(row, Secrets())
    except InputError:
        return
    assert URL(endpoint_of(row)).host
