"""The double as a process of its own: it can be killed, and a benchmark does not share its event loop."""

import asyncio
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from bach_lib.testing.discord.control import ControlledServer
from bach_lib.testing.discord.models import User


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT. The first line of the output is the address."""
    asyncio.run(_serve(_parser().parse_args(arguments)))


def _parser() -> ArgumentParser:
    parser = ArgumentParser(description="A Discord on loopback, for demos, tests and benchmarks.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--token", default="test.discord.token", help="the token of its bot")
    parser.add_argument("--username", default="test_bot", help="the name of its bot")
    parser.add_argument("--guild", default="Home", help="the name of its server")
    parser.add_argument("--channel", action="append", default=[], metavar="NAME", help="a channel in that server")
    parser.add_argument("--user", action="append", default=[], metavar="NAME", help="a person in that server")
    parser.add_argument("--without-texts", action="store_true", help="switch the intent that shows texts off")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before a stored message is confirmed")
    parser.add_argument("--enforce-limits", action="store_true", help="answer 429 as the real limits do")
    return parser


async def _serve(options: Namespace) -> None:
    server = ControlledServer(port=options.port, enforce_limits=options.enforce_limits)
    server.latency = options.latency
    server.add_bot(options.token, username=options.username, may_read_texts=not options.without_texts)
    guild = server.add_guild(options.guild)
    members: list[User] = [server.add_user(name) for name in options.user]
    guild.members += members
    for name in options.channel:
        channel = server.add_channel(guild, name)
        server.add_webhook(channel, name)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        await stopped.wait()
