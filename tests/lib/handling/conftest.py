"""A BACH without a file for programs that deal with what comes in."""

from collections.abc import AsyncIterator

import pytest

from bach_lib.testing import World, world


@pytest.fixture
async def here() -> AsyncIterator[World]:
    """BACH, a platform and a clock."""
    async with world() as found:
        yield found
