"""Finding recipients: a person should pick from names, not look for numbers."""

import pytest

from bach_lib.connectors.discord import DiscordConnector
from bach_lib.models import Candidate
from bach_lib.models import Fault as Reason
from bach_lib.testing.discord_server import ChannelType, DiscordServer, Fault
from tests.lib.connectors.discord.conftest import Connect, World


async def test_all_places_of_all_servers_are_offered(
    connector: DiscordConnector, world: World, server: DiscordServer
) -> None:
    """A person would have to switch on the developer mode and copy numbers."""
    thread = server.add_thread(world.channel, "water")
    other = server.add_guild("Club")
    news = server.add_channel(other, "news", ChannelType.ANNOUNCEMENT)
    found = await connector.find("")
    assert found == [
        Candidate(recipient=world.recipient, title="#alarms (Home)", kind="channel"),
        Candidate(recipient=f"{world.recipient}/{thread.id}", title="water (Home)", kind="thread"),
        Candidate(recipient=str(news.id), title="#news (Club)", kind="announcements"),
    ]
    for candidate in found:
        assert DiscordConnector.normalize_recipient(candidate.recipient) == candidate.recipient


async def test_what_holds_no_messages_is_not_offered(connector: DiscordConnector, world: World) -> None:
    """A category or forum would be picked, and every message to it die."""
    world.server.add_channel(next(iter(world.server.guilds.values())), "topics", ChannelType.FORUM)
    found = await connector.find("")
    assert isinstance(found, list)
    assert [candidate.title for candidate in found] == ["#alarms (Home)"]


async def test_people_are_found_by_their_names(connector: DiscordConnector, world: World) -> None:
    """Direct messages would need a number that nobody knows."""
    other = world.server.add_guild("Club")
    other.members.append(world.ada)
    ada = Candidate(recipient=f"@{world.ada.id}", title="Ada (ada)", kind="private")
    assert await connector.find("ad") == [ada]
    assert await connector.find("bob") == []


@pytest.mark.parametrize("query", ["", "ada"])
async def test_what_stands_in_the_way_is_said(connector: DiscordConnector, server: DiscordServer, query: str) -> None:
    """An outage would look like a bot that is in no server."""
    server.fail(Fault.server_error())
    found = await connector.find(query)
    assert isinstance(found, Reason)
    assert found.code == "server_error"


async def test_one_server_that_lets_nobody_look_hides_no_other(
    connector: DiscordConnector, world: World, server: DiscordServer
) -> None:
    """One server with strict rules would take all others out of the dialog."""
    server.add_channel(server.add_guild("Club"), "news")
    server.fail(Fault.forbidden(), calls=["get_guild_channels"])
    found = await connector.find("")
    assert isinstance(found, list)
    assert [candidate.title for candidate in found] == ["#news (Club)"]


async def test_a_bot_in_no_server(connect: Connect, server: DiscordServer) -> None:
    """A new bot would be an error instead of an invitation."""
    server.guilds.clear()
    assert await connect().find("") == []
