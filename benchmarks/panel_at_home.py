"""What the panel costs inside Home Assistant's own page: a real one, with the panel opened by its address.

Most of the time until something is seen there is Home Assistant's: its own page, its socket, its translations. BACH's
part begins when the panel's file is asked for; the element is made when that is there. Nothing is cached.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.measuring import Effort
from benchmarks.table import Aim, Row
from demo.world import World, make_world

BROWSER: Final = Path(__file__).parents[1] / ".venv" / "chromium-path"
_NAMES: Final[Mapping[str, tuple[str, Aim | None]]] = {
    "painted": ("panel in Home Assistant: from navigation to its first paint", None),
    "asked": ("panel in Home Assistant: its files asked for, to its first paint", Aim(limit=300)),
    "made": ("panel in Home Assistant: its element made, to its first paint", Aim(limit=300)),
    "listed": ("panel in Home Assistant: its element made, to the first row of the list", None),
}
_WATCH: Final = """
  const create = Document.prototype.createElement;
  Document.prototype.createElement = function (name, ...more) {
    const made = create.call(this, name, ...more);
    if (name === 'bach-panel') look(made, performance.now());
    return made;
  };
  const afterPaint = (tell) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => tell(performance.now());
    channel.port2.postMessage(0);
  });
  const look = (panel, made) => {
    const app = () => panel.querySelector('bach-app')?.shadowRoot;
    const wait = (there, tell) => requestAnimationFrame(() => there() ? afterPaint(tell) : wait(there, tell));
    wait(() => app()?.querySelector('h1')?.offsetHeight, (painted) => {
      wait(() => app()?.querySelector('bach-waiting')?.shadowRoot?.querySelector('tbody tr'), (listed) => {
        const own = performance.getEntriesByType('resource').find((one) => one.name.includes('/panel.js'));
        window.bachTimes = {painted, asked: painted - own.startTime, made: painted - made, listed: listed - made};
      });
    });
  };
"""
"""Frames are looked at as they come, so a figure is at most a frame (16 ms) too high."""


def rows(effort: Effort) -> Sequence[Row]:
    """Each from several loads."""
    times = asyncio.run(_loads(max(3, effort.samples // 100))) if BROWSER.exists() else None
    note = "" if times else "not measured: script/setup --browser"
    return [
        Row(name=name, unit="ms", ours=median(times[key]) if times else None, aim=aim, note=note)
        for key, (name, aim) in _NAMES.items()
    ]


async def _loads(count: int) -> Mapping[str, Sequence[float]]:
    from playwright.async_api import async_playwright  # noqa: PLC0415 - not everybody has it

    from tests.e2e.frontend import open_frontend  # noqa: PLC0415 - the same

    times: dict[str, list[float]] = {key: [] for key in _NAMES}
    async with make_world() as world, async_playwright() as playwright:
        await _furnish(world)
        browser = await playwright.chromium.launch(executable_path=BROWSER.read_text("utf-8").strip())
        with TemporaryDirectory() as folder:
            for _ in range(count):
                async with open_frontend(browser, world.home.client, Path(folder)) as frontend:
                    await frontend.page.add_init_script(_WATCH)
                    await frontend.page.goto("/bach")
                    found = await frontend.page.wait_for_function("window.bachTimes")
                    for key, milliseconds in (await found.json_value()).items():
                        times[key].append(milliseconds)
        await browser.close()
    return times


async def _furnish(world: World) -> None:
    """One message that was not delivered, to be listed."""
    await world.telegram.start()
    await world.home.start()
    entity = await world.add_person(await world.add_connection())
    entry = await world.home.client.render(f"{{{{ config_entry_id('{entity}') }}}}")
    lost = {"config_entry_id": entry, "recipient": "777", "message": "Nobody has this chat"}
    await world.home.client.act("bach", "send_message", lost)
