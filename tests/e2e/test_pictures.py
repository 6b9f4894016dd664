"""The pictures in the documents."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from demo.world import make_world
from tests.e2e.screenshots import IMAGES, take_for_documents

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.frontend,
    pytest.mark.slow,  # a home of its own, and twenty pages
    pytest.mark.asyncio(loop_scope="session"),
]

BY_HAND = {"another_connector.png"}
"""What no script makes: it needs a package of others beside Home Assistant."""


async def test_they_can_be_taken_anew(browser: Browser, tmp_path: Path) -> None:
    """If this fails, the documents go on showing what is there no more."""
    async with make_world() as world:
        taken = await take_for_documents(browser, world, tmp_path)
    assert {file.name for file in IMAGES.iterdir()} - set(taken) == BY_HAND
    for name in taken:
        assert (tmp_path / name).stat().st_size > 5_000, name
