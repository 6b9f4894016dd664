"""A session for the tests that ask somebody."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """The caller's."""
    async with ClientSession() as session:
        yield session
