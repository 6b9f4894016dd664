"""The Telegram double as a process of its own."""

import asyncio
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from bach_lib.testing.process import options, serve
from bach_lib.testing.telegram.control import ControlledServer


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT. The first line of the output is the address."""
    asyncio.run(_serve(_parser().parse_args(arguments)))


def _parser() -> ArgumentParser:
    parser = options("A Telegram Bot API server", "123456:ABC-test-token")
    about = "a chat; ids of groups are negative: --chat=-1001:Family"
    parser.add_argument("--chat", action="append", default=[], metavar="ID:NAME", help=about)
    return parser


async def _serve(told: Namespace) -> None:
    # A killed server forgets its numbers. Hundredths of a second make sure that the next one does not use them again;
    # 30 bits, because the real numbers fit in 32.
    first_id = int(time.time() * 100) % (1 << 30)
    server = ControlledServer(port=told.port, enforce_limits=told.enforce_limits, first_id=first_id)
    server.latency = told.latency
    server.add_bot(told.token, username=told.username)
    for chat in told.chat:
        _add_chat(server, chat)
    await serve(server)


def _add_chat(server: ControlledServer, described: str) -> None:
    number, _, name = described.partition(":")
    if int(number) > 0:
        server.add_chat(int(number), first_name=name)
    else:
        server.add_chat(int(number), type="supergroup", title=name)
