"""The command behind `script/demo`."""

import asyncio
import signal
import sys
from argparse import ArgumentParser
from pathlib import Path

from aiohttp import ClientError

from demo import story
from demo.client import PASSWORD, USER, RefusedError
from demo.home import Released
from demo.process import EndedError
from demo.screen import Screen
from demo.waiting import NotInTimeError
from demo.watching import Sources, watch
from demo.world import EVENT, FIRST_PORT, World, make_world

_DAY = 86_400.0
_RECORDS = 20
_FAILURES = (story.BrokenPromiseError, NotInTimeError, EndedError, TimeoutError, RefusedError, ClientError)


def main() -> int:
    """Tell the story and, unless it is for `--once`, stay. Returns 0 if all happened as promised."""
    parser = ArgumentParser(
        prog="script/demo", description="BACH in a real Home Assistant, through an outage and a crash."
    )
    parser.add_argument("--once", action="store_true", help="end after the story; the exit code says if it came true")
    parser.add_argument(
        "--watch", action="store_true", help="no story: start Home Assistant again whenever a file of BACH is saved"
    )
    parser.add_argument("--zip", type=Path, help="with what a release publishes, in place of this checkout")
    parser.add_argument("--python", help="of an environment with Home Assistant alone, for --zip")
    options = parser.parse_args()
    if options.once and options.watch:
        parser.error("--once ends, and --watch does not: choose one")
    if bool(options.zip) != bool(options.python):
        parser.error("--zip and --python belong together")
    released = Released(archive=options.zip.absolute(), python=options.python) if options.zip else None
    try:
        return asyncio.run(_run(Screen(), once=options.once, watching=options.watch, released=released))
    except KeyboardInterrupt, asyncio.CancelledError:
        return 130  # what shells say of a command that was interrupted


async def _run(screen: Screen, *, once: bool, watching: bool, released: Released | None) -> int:
    _end_on_sigterm()
    screen.heading("BACH: a real Home Assistant, Telegram and Discord, all on this machine, all gone in the end")
    async with make_world(preferred_port=0 if once else FIRST_PORT, released=released) as world:
        try:
            sources = Sources()  # before it is read, so that nothing saved meanwhile is missed
            await story.set_up(world, screen)
            if watching:
                await _work(world, screen, sources)
            else:
                await story.tell(world, screen)
                await (story.end if once else _stay)(world, screen)
        except _FAILURES as error:
            screen.heading(f"FAILED: {error}")
            _show_log(world, screen)
            return 1
    return 0


async def _work(world: World, screen: Screen, sources: Sources) -> None:
    """Show what arrives and what a change does, until Ctrl-C."""
    await asyncio.gather(watch(world, screen, sources), _stay(world, screen))


async def _stay(world: World, screen: Screen) -> None:
    """Show what arrives, until Ctrl-C."""
    screen.heading("Look around")
    screen.line(f"{world.home.client.url}   user {USER}   password {PASSWORD}")
    screen.line("Settings > Devices & services > BACH")
    screen.line("Settings > Tools > Actions > bach.send_message")
    screen.line(f'Settings > Tools > Events > fire {EVENT} with the data  {{"text": "Hello"}}')
    screen.line("What arrives at Telegram is shown here. Ctrl-C ends everything.")
    screen.line()
    seen = len(await world.telegram.arrived())
    while True:
        for message in (await world.telegram.arrived(seen + 1, seconds=_DAY))[seen:]:
            screen.line(f"to {message.chat_id}: {message.text!r}")
            seen += 1


def _show_log(world: World, screen: Screen) -> None:
    screen.heading("The last that Home Assistant's log says about BACH")
    for record in world.home.tail(_RECORDS):
        screen.line(record)


def _end_on_sigterm() -> None:
    """Let SIGTERM do what Ctrl-C does: cancel, and clean up on the way out."""
    task = asyncio.current_task()
    if task:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


if __name__ == "__main__":
    sys.exit(main())
