"""Real automations, and what they ran with."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import voluptuous as vol
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.trigger import async_validate_trigger_config
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_mock_service

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """One run: what the trigger told it, and the context it runs in."""

    trigger: Json
    context: Context


class Automation:
    """An automation whose only action is to say that it runs."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._calls = async_mock_service(hass, "test", "ran")

    @property
    def runs(self) -> list[Run]:
        """All runs so far."""
        return [Run(_plain(call.data["trigger"]), call.context) for call in self._calls]

    @property
    def told(self) -> list[Json]:
        """What the trigger told each run."""
        return [run.trigger for run in self.runs]


async def automate(hass: HomeAssistant, trigger: Json, conditions: Sequence[Json] = ()) -> Automation:
    """Load an automation as Home Assistant does."""
    automation = Automation(hass)
    config = {
        "id": "test",
        "alias": "Test",
        "mode": "parallel",
        "triggers": [trigger],
        "conditions": list(conditions),
        "actions": [{"action": "test.ran", "data": {"trigger": "{{ trigger | to_json }}"}}],
    }
    assert await async_setup_component(hass, "automation", {"automation": [config]})
    await hass.async_block_till_done()
    return automation


async def refused(hass: HomeAssistant, trigger: Json) -> str:
    """The sentence with which a trigger is refused."""
    with pytest.raises(vol.Invalid) as error:
        await async_validate_trigger_config(hass, cv.TRIGGER_SCHEMA(trigger))
    return str(error.value)


def _plain(value: str | Json) -> Json:
    """Templates make a dict of what looks like one, unless there is a null in it."""
    plain: Json = json.loads(value) if isinstance(value, str) else value
    return plain
