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


async def test_a_place_is_known_by_its_id(connector: DiscordConnector, world: World, server: DiscordServer) -> None:
    """Whoever types an id would learn of a slip from a dead letter, days later."""
    thread = server.add_thread(world.channel, "water")
    address = f"{world.recipient}/{thread.id}"
    assert await connector.find(world.recipient) == [
        Candidate(recipient=world.recipient, title="alarms", kind="channel")
    ]
    assert await connector.find(f"<#{thread.id}>") == [
        Candidate(recipient=str(thread.id), title="water", kind="thread")
    ]
    assert await connector.find(address) == [Candidate(recipient=address, title="water", kind="thread")]
    ada = Candidate(recipient=f"@{world.ada.id}", title="Ada (ada)", kind="private")
    assert await connector.find(f"@{world.ada.id}") == [ada]


async def test_an_id_that_leads_nowhere_finds_nothing(
    connector: DiscordConnector, world: World, server: DiscordServer
) -> None:
    """What nobody can be written to at would be kept."""
    guild = next(iter(server.guilds.values()))
    other = server.add_channel(guild, "other")
    thread = server.add_thread(other, "water")
    heading = server.add_channel(guild, "Topics", ChannelType.CATEGORY)
    for query in ("123456789012345678", "@123456789012345678", f"{world.recipient}/{thread.id}", str(heading.id)):
        assert await connector.find(query) == [], query
    server.fail(Fault.forbidden(), calls=["get_channel"])
    assert await connector.find(str(other.id)) == [], "the bot may not look into it"


async def test_an_id_that_cannot_be_asked_for_is_not_unknown(
    connector: DiscordConnector, world: World, server: DiscordServer
) -> None:
    """An outage would look like a wrong id."""
    server.fail(Fault.server_error())
    found = await connector.find(world.recipient)
    assert isinstance(found, Reason)
    assert found.code == "server_error"
