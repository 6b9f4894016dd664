"""What the tests of this folder make things from."""

from collections.abc import Mapping

from aiohttp import ClientSession

from bach_lib import Category, Connection
from bach_lib.models.chat import ChatMessage, Role
from bach_lib.partners.partner import Partner
from bach_lib.registry.secrets import Secrets
from bach_lib.testing import FakeClock

KEY = "sk-l00pback-k3y-of-nobody-at-all"


def connection(type_: str, endpoint: str, **fields: object) -> Connection:
    """A connection of that type; `fields` are the rest of it."""
    category = {"mcp": Category.MCP, "http": Category.API}.get(type_, Category.AI)
    row = {"name": "partner", "type": type_, "category": category, "endpoint": endpoint, **fields}
    return Connection(**row)  # type: ignore[arg-type]


def partner(row: Connection, session: ClientSession, vault: Mapping[str, str] | None = None) -> Partner:
    """One that asks there. `vault`: the secrets behind `test:…`."""
    return Partner(row, session=session, secrets=Secrets({"test": (vault or {}).get}), clock=FakeClock())


def said(*texts: str) -> list[ChatMessage]:
    """A conversation that the person began."""
    return [ChatMessage(role=Role.ASSISTANT if n % 2 else Role.USER, text=text) for n, text in enumerate(texts)]
