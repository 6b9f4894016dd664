"""The automations in the documents: somebody who copies one must get what it says."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.condition import async_validate_condition_config
from homeassistant.helpers.trigger import async_validate_trigger_config
from pytest_homeassistant_custom_component.common import MockConfigEntry

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(document: Path) -> list[str]:
    """All examples in YAML."""
    return re.findall(r"```yaml\n(.*?)```", document.read_text("utf-8"), re.DOTALL)


def parts(value: object, name: str) -> Iterator[dict[str, Any]]:
    """Every trigger or condition, however deep."""
    if isinstance(value, list):
        for item in value:
            yield from parts(item, name)
    elif isinstance(value, dict):
        if isinstance(value.get(name), str):
            yield value
        for item in value.values():
            yield from parts(item, name)


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(block, id=f"{document.name}-{number}")
        for document in DOCUMENTS
        for number, block in enumerate(blocks(document))
    ],
)
async def test_every_example_is_taken(hass: HomeAssistant, loaded: MockConfigEntry, example: str) -> None:
    """A reader would copy an automation and get an error."""
    value = yaml.safe_load(example.replace("01JDEMO", loaded.entry_id))
    for trigger in parts(value, "trigger"):
        await async_validate_trigger_config(hass, cv.TRIGGER_SCHEMA(trigger))
    for condition in parts(value, "condition"):
        await async_validate_condition_config(hass, cv.CONDITION_SCHEMA(condition))
