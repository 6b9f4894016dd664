"""The Discord double as a process of its own."""

import asyncio
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from bach_lib.testing.discord.control import ControlledServer
from bach_lib.testing.process import options, serve


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT. The first line of the output is the address."""
    asyncio.run(_serve(_parser().parse_args(arguments)))


def _parser() -> ArgumentParser:
    parser = options("A Discord", "test.discord.token")
    parser.add_argument("--guild", default="Home", help="the name of its server")
    parser.add_argument("--channel", action="append", default=[], metavar="NAME", help="a channel in that server")
    parser.add_argument("--user", action="append", default=[], metavar="NAME", help="a person in that server")
    parser.add_argument("--without-texts", action="store_true", help="switch the intent that shows texts off")
    return parser


async def _serve(told: Namespace) -> None:
    server = ControlledServer(port=told.port, enforce_limits=told.enforce_limits)
    server.latency = told.latency
    server.add_bot(told.token, username=told.username, may_read_texts=not told.without_texts)
    guild = server.add_guild(told.guild)
    guild.members += [server.add_user(name) for name in told.user]
    for name in told.channel:
        server.add_webhook(server.add_channel(guild, name), name)
    await serve(server)
