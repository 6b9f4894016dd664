"""The double as a process of its own: it can be killed, and a benchmark does not share its event loop."""

import asyncio
import signal
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from bach_lib.testing.telegram.control import ControlledServer


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT. The first line of the output is the address."""
    asyncio.run(_serve(_parser().parse_args(arguments)))


def _parser() -> ArgumentParser:
    parser = ArgumentParser(description="A Telegram Bot API server on loopback, for demos, tests and benchmarks.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--token", default="123456:ABC-test-token", help="the token of its bot")
    parser.add_argument("--username", default="test_bot", help="the name of its bot")
    parser.add_argument(
        "--chat", action="append", default=[], metavar="ID:NAME", help="a chat; negative ids are groups"
    )
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before a stored message is confirmed")
    parser.add_argument("--enforce-limits", action="store_true", help="answer 429 as the real flood limits do")
    return parser


async def _serve(options: Namespace) -> None:
    # A killed server forgets its numbers. Hundredths of a second make sure that the next one does not use them again;
    # 30 bits, because the real numbers fit in 32.
    first_id = int(time.time() * 100) % (1 << 30)
    server = ControlledServer(port=options.port, enforce_limits=options.enforce_limits, first_id=first_id)
    server.latency = options.latency
    server.add_bot(options.token, username=options.username)
    for chat in options.chat:
        _add_chat(server, chat)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        await stopped.wait()


def _add_chat(server: ControlledServer, described: str) -> None:
    number, _, name = described.partition(":")
    if int(number) > 0:
        server.add_chat(int(number), first_name=name)
    else:
        server.add_chat(int(number), type="supergroup", title=name)
