"""pytest plugin of `bach_lib` with a fixture for the tests of programs that use it.

pytest finds it by itself where bach-lib is installed, and imports it in every run there, whether a test uses it or not.
So it lies beside the package, and not in it: nothing of `bach_lib` is imported before a test asks for the fixture.

`bach_world` is a `bach_lib.testing.World`, open, new for each test; `@pytest.mark.bach_world(idempotent=True)` passes
on what `bach_lib.testing.world` takes. With pytest-asyncio in both of its modes, and with anyio's plugin.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bach_lib.testing import World

if TYPE_CHECKING or not find_spec("pytest_asyncio"):  # anyio's plugin takes pytest's own
    fixture = pytest.fixture
else:
    from pytest_asyncio import fixture


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known, also to `--strict-markers`."""
    config.addinivalue_line("markers", "bach_world(**options): what bach_lib.testing.world makes `bach_world` of")


@fixture
async def bach_world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """An open BACH, its platform and its clock."""
    from bach_lib.testing import world  # noqa: PLC0415 - see above

    mark = request.node.get_closest_marker("bach_world")
    async with world(**(mark.kwargs if mark else {})) as made:
        yield made
