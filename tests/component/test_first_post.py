"""The first post after a set-up as it is documented: it comes in, or the connection says who is not a recipient yet."""

import asyncio
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.bach.received import Received
from tests.component.conftest import the_bach, until
from tests.lib.connectors.webhook.test_senders import RECORDED
from tests.senders import alertmanager, disk_full, need, run

KUMA = json.dumps(RECORDED["uptime-kuma"][1])
JSON = ("-H", "Content-Type: application/json")
CURLED: Mapping[str, tuple[str | None, tuple[str, ...], str, str, str]] = {
    "plain curl": (None, (*JSON, "-d", '{"text": "ding"}'), "", "webhook", "ding"),
    "Uptime Kuma": ("uptime-kuma", (*JSON, "-d", KUMA), "", RECORDED["uptime-kuma"][3], RECORDED["uptime-kuma"][2]),
    "Shelly": ("shelly", ("-G",), "?token={token}&text=Hall+switch&sender=hall", "hall", "Hall switch"),
}
"""Who posts: what is chosen in the dialog, what curl is told, what stands behind the address, and what comes."""


class House:
    """A Home Assistant, and a connection that was made by clicking."""

    def __init__(self, hass: HomeAssistant, client: TestClient[Any, Any]) -> None:
        self.hass = hass
        self._client = client
        self.token = self.url = ""

    async def set_up(self, from_: str | None) -> None:
        """Fill in what docs/webhook.md says, copy what is shown."""
        flows = self.hass.config_entries.flow
        menu = await flows.async_init("bach", context={"source": SOURCE_USER})
        form = await flows.async_configure(menu["flow_id"], {"next_step_id": "webhook"})
        form = await flows.async_configure(form["flow_id"], {"next_step_id": "hook_take"})
        given = {"takes": "token", "incoming": {"incoming_addresses": ["local"]}}
        given |= {"incoming_from": from_} if from_ else {}
        shown = await flows.async_configure(form["flow_id"], given)
        assert shown["data_schema"] is not None
        copied = shown["data_schema"]({})
        made = await flows.async_configure(shown["flow_id"], {})
        assert made["type"] is FlowResultType.CREATE_ENTRY
        await self.hass.async_block_till_done()
        self.entry = made["result"]
        self.token = copied["incoming_token"]
        path = copied["address"][copied["address"].index("/api/webhook/") :]
        self.url = str(self._client.make_url(path))

    async def add_who_posts(self, who: str) -> None:
        """The dialog that opened by itself has the name in its list."""
        [flow] = self.hass.config_entries.subentries.async_progress()
        flows = self.hass.config_entries.subentries
        picking = await flows.async_configure(flow["flow_id"])
        assert picking["step_id"] == "pick"
        await flows.async_configure(flow["flow_id"], {"recipient": who})
        await self.hass.async_block_till_done()

    async def wait_for_post(self) -> None:
        """Choose that in the dialog."""
        [flow] = self.hass.config_entries.subentries.async_progress()
        await self.hass.config_entries.subentries.async_configure(flow["flow_id"], {"next_step_id": "pair"})

    async def refused(self, client: ClientSessionGenerator) -> str:
        """What the connection's diagnostics say of the last post that was not let in."""
        found = await get_diagnostics_for_config_entry(self.hass, client, self.entry)
        return json.dumps(found["refused"])


@pytest.fixture
async def house(hass: HomeAssistant, socket_enabled: None, hass_client_no_auth: ClientSessionGenerator) -> House:
    """One on a real port."""
    for domain in ("bach", "notify", "diagnostics"):
        assert await async_setup_component(hass, domain, {})
    return House(hass, await hass_client_no_auth())


@pytest.mark.parametrize("name", CURLED)
async def test_the_first_post(
    house: House,
    heard: list[Received],
    name: str,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Somebody who did all that is written would get "taken", and nothing would ever come."""
    from_, post, query, who, text = CURLED[name]
    await house.set_up(from_)
    await house.wait_for_post()
    token = () if query else ("-H", f"Authorization: Bearer {house.token}")
    words = ("-s", "-o", os.devnull, "-w", "%{http_code}", *token, *post, house.url + query.format(token=house.token))
    assert await run(need("curl"), *words) == "204"
    await house.hass.async_block_till_done()
    assert f'\\"{who}\\"' in await house.refused(hass_client), "the page does not say who is no recipient yet"
    assert f'"{who}"' in caplog.text
    await house.add_who_posts("default" if who == "webhook" else who)
    assert await run(need("curl"), *words) == "204"
    await until(house.hass, lambda: bool(heard))
    assert [one.message.text for one in heard] == [text]


async def test_the_first_alert(
    house: House,
    heard: list[Received],
    tmp_path: Path,
    free_tcp_port: int,
    hass_client: ClientSessionGenerator,
) -> None:
    """The alarm that a person tries the set-up with would be lost without a word."""
    await house.set_up("alertmanager")
    await house.wait_for_post()
    began = datetime.now(UTC) - timedelta(minutes=5)
    async with (
        ClientSession() as session,
        alertmanager(house.url, house.token, tmp_path, free_tcp_port) as alerts,
    ):
        await session.post(alerts, json=[disk_full("nas", began)])
        bach = the_bach(house.hass)
        async with asyncio.timeout(60):
            while not any(bach.refused(row.name) for row in bach.registry.list()):
                await house.hass.async_block_till_done()
        assert '\\"prometheus\\"' in await house.refused(hass_client)
        await house.add_who_posts("prometheus")
        await session.post(alerts, json=[disk_full("pi", began)])
        await until(house.hass, lambda: bool(heard))
    assert "firing: disk of pi is full" in [one.message.text for one in heard]
