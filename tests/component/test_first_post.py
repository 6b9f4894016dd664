"""The first post after a set-up as it is documented: it comes in, or the connection says who is not a recipient yet."""

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigFlowContext, SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.bach.home.attribution import Received
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
        self.copied: Mapping[str, str] = {}
        hass.config.internal_url = str(client.make_url("")).rstrip("/")

    async def run(self, line: str) -> bool:
        """Paste a line into a shell, as it stands; whether it was taken."""
        said = await run("sh", "-c", line)
        assert "HTTP/1.1 204" in said, said
        await self.hass.async_block_till_done()
        return True

    async def set_up(self, from_: str | None, takes: str = "token") -> None:
        """Fill in what docs/webhook.md says, copy what is shown."""
        flows = self.hass.config_entries.flow
        menu = await flows.async_init("bach", context={"source": SOURCE_USER})
        form = await flows.async_configure(menu["flow_id"], {"next_step_id": "webhook"})
        form = await flows.async_configure(form["flow_id"], {"next_step_id": "hook_take"})
        given = {"takes": takes, "incoming": {"incoming_addresses": ["local"]}}
        given |= {"incoming_from": from_} if from_ else {}
        made = await flows.async_configure(form["flow_id"], given)
        assert made["type"] is FlowResultType.CREATE_ENTRY
        await self.hass.async_block_till_done()
        self.entry = made["result"]
        page = await self.page()
        assert page["data_schema"] is not None
        copied = self.copied = page["data_schema"]({})
        await self.hass.config_entries.subentries.async_configure(page["flow_id"], {})
        self.token = copied.get("incoming_token", "")
        path = copied["address"][copied["address"].index("/api/webhook/") :]
        self.url = str(self._client.make_url(path))

    async def page(self) -> SubentryFlowResult:
        """The page of the dialog to which the set-up led."""
        [flow] = self.hass.config_entries.subentries.async_progress()
        return await self.hass.config_entries.subentries.async_configure(flow["flow_id"])

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
async def house(
    hass: HomeAssistant, socket_enabled: None, hass_client_no_auth: ClientSessionGenerator
) -> AsyncGenerator[House]:
    """One on a real port, whose dialogs are closed in the end."""
    for domain in ("bach", "notify", "diagnostics"):
        assert await async_setup_component(hass, domain, {})
    yield House(hass, await hass_client_no_auth())
    for flow in hass.config_entries.subentries.async_progress():
        hass.config_entries.subentries.async_abort(flow["flow_id"])


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


@pytest.mark.parametrize(
    ("from_", "takes", "lines"),
    [
        (None, "token", {"curl", "curl_login"}),
        ("shelly", "token", {"curl", "curl_login", "curl_address"}),
        ("github", "signature", {"curl"}),
        ("alertmanager", "signature", {"curl"}),
    ],
)
async def test_the_line_that_is_shown_is_copied_and_run(
    house: House, heard: list[Received], from_: str | None, takes: str, lines: set[str]
) -> None:
    """Whoever only copies would be refused, or wait for a message that nobody hears."""
    need("curl")
    await house.set_up(from_, takes=takes)
    shown = {name: line for name, line in house.copied.items() if name.startswith("curl")}
    assert set(shown) == lines
    await house.wait_for_post()
    await house.run(shown["curl"])
    await house.add_who_posts("curl")
    for number, line in enumerate(shown.values()):
        await house.run(line)
        await until(house.hass, lambda wanted=number: len(heard) > wanted)  # type: ignore[misc] # of a default
    assert all(one.message.text.endswith("Hello from curl") and one.recipient_name == "curl" for one in heard)


async def test_a_dialog_that_is_closed_loses_nothing(house: House, hass: HomeAssistant) -> None:
    """The other program would post to an address at which nobody is, and Home Assistant answer 200."""
    await house.set_up(None)
    page = await house.page()
    hass.config_entries.subentries.async_abort(page["flow_id"])
    assert await house.run(house.copied["curl"])
    again = await hass.config_entries.subentries.async_init(
        (house.entry.entry_id, "recipient"), context={"source": SOURCE_USER}
    )
    assert again["step_id"] == "post_here", "and there is another way to it"
    assert again["data_schema"]
    assert again["data_schema"]({}) == house.copied
    hass.config_entries.subentries.async_abort(again["flow_id"])

    flows = hass.config_entries.flow
    menu = await flows.async_init(
        "bach", context=ConfigFlowContext(source=SOURCE_RECONFIGURE, entry_id=house.entry.entry_id)
    )
    page_of_it = await flows.async_configure(menu["flow_id"], {"next_step_id": "post_here"})
    assert page_of_it["data_schema"]
    assert page_of_it["data_schema"]({}) == house.copied
    before = dict(house.entry.data)
    done = await flows.async_configure(menu["flow_id"], {})
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "shown")
    assert dict(house.entry.data) == before


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
