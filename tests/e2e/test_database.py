"""A home goes to a PostgreSQL server and comes back, by clicking in the frontend of a real Home Assistant."""

import pytest

from demo.world import World
from tests.e2e.frontend import Frontend
from tests.servers import Server

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]
"""Slow: two reloads of everything, and a server made for it. What is decided there is tested without a browser."""


async def open_step(frontend: Frontend) -> None:
    """Where messages are kept."""
    await frontend.open_integrations()
    await frontend.add_integration("BACH")
    await frontend.choose("Where messages are kept")


async def test_a_home_goes_to_a_server_and_comes_back(
    frontend: Frontend, world: World, postgresql: Server, database_address: str
) -> None:
    """If this fails, somebody with a server of their own finds no way to it, or no way back."""
    entity = await world.person() or await world.add_person(await world.add_connection())
    await world.send(entity, "in the file")
    await open_step(frontend)
    await frontend.see("Keep messages in PostgreSQL")
    await frontend.screenshot("database-1-address")
    await frontend.fill("Address", database_address.replace("empty", "nothing"))
    await frontend.fill("Password", "some password")
    await frontend.press("Submit")
    await frontend.see("This database cannot be used")
    await frontend.screenshot("database-2-refused")
    await frontend.fill("Address", database_address)
    await frontend.press("Submit")
    await frontend.see("Done. Messages moved")
    await frontend.screenshot("database-3-moved")
    await world.send(entity, "on the server")
    [(last,)] = postgresql.ask("SELECT text FROM bach.messages ORDER BY id DESC LIMIT 1", "empty")
    assert last == "on the server"

    await open_step(frontend)
    await frontend.see("All messages are in postgresql")
    await frontend.screenshot("database-4-where")
    await frontend.choose("Back into Home Assistant")
    await frontend.see("Everything that is stored moves out")
    await frontend.screenshot("database-5-back")
    await frontend.press("Submit")
    await frontend.see("Done. Messages moved")
    await world.send(entity, "in the file again")
    assert [row.text for row in await world.rows()][-3:] == ["in the file", "on the server", "in the file again"]
    assert postgresql.ask("SELECT text FROM bach.messages", "empty") == []
