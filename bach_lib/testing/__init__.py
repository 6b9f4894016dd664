"""Public test doubles for programs that use BACH.

A world for a test is a BACH without a file, a platform that does as it is told, and a clock to turn by hand:

```python
from bach_lib import Fault
from bach_lib.testing import world

async with world() as (bach, platform, clock):
    platform.fault = Fault(code="refused", text="away")
    receipt = await bach.send("home", "ada", "Hello")
    await clock.advance(3600)
    platform.fault = None
    await clock.advance(30)
    assert platform.texts == ["Hello"]
    platform.says("/light on")
    await clock.settle()
    assert [message.content.args for message in await bach.inbox()] == ["on"]
```

With pytest it is the fixture `bach_world` (`bach, platform, clock = bach_world`), which comes with the package. Made by
hand, with a file:

```python
from bach_lib import Bach, Connection, Fault
from bach_lib.outcomes import Scope, Wait
from bach_lib.testing import FakeClock, FakePlatform, fake_connector

platform, clock = FakePlatform(), FakeClock()
async with Bach("bach.db", clock=clock, connectors={"fake": fake_connector(platform)}) as bach:
    await bach.registry.ensure(Connection(name="home", type="fake"))
    later = Fault(code="rate_limited", text="later")
    platform.outcomes.append(Wait(seconds=3, fault=later, scope=Scope.CONNECTION))
    await bach.send("home", "ada", "Hello")
    await clock.advance(3)
    assert [message.text for message in platform.sent] == ["Hello"]
```

`advance` and `settle` wait for the database's thread and for other work in threads, so the program does the same each
time, with a file and without one (`":memory:"`); the clock knows nothing of what comes over a network.

On loopback there are a Telegram, a Discord, a Signal and an ntfy server and a Home Assistant.
The AI partners and MCP servers on loopback (`OllamaServer` and its like) answer as documented, or as they are `Told`.
A connector of your own is held to the contract by `ConnectorContract` (`docs/write-a-connector.md`).
`bach_lib.testing.telegram_server` and `bach_lib.testing.discord_server` have the rest of these two: their faults, their
places and what was sent.
"""

from bach_lib.testing.clock import FakeClock
from bach_lib.testing.connector import FakeConnector, FakePlatform, fake_connector
from bach_lib.testing.contract import ConnectorContract, PartnerPlatform, PlatformOn
from bach_lib.testing.discord.server import DiscordServer
from bach_lib.testing.double import Double
from bach_lib.testing.homeassistant.server import HomeAssistantServer
from bach_lib.testing.ntfy.server import NtfyServer
from bach_lib.testing.partners.ai import ClaudeServer, GeminiServer, OllamaServer, OpenAIServer
from bach_lib.testing.partners.base import Asked, PartnerServer, Told
from bach_lib.testing.partners.mcp import McpServer
from bach_lib.testing.partners.oauth import TokenServer
from bach_lib.testing.signal.server import SignalServer
from bach_lib.testing.telegram.server import TelegramServer
from bach_lib.testing.world import World, world

__all__ = [
    "Asked",
    "ClaudeServer",
    "ConnectorContract",
    "DiscordServer",
    "Double",
    "FakeClock",
    "FakeConnector",
    "FakePlatform",
    "GeminiServer",
    "HomeAssistantServer",
    "McpServer",
    "NtfyServer",
    "OllamaServer",
    "OpenAIServer",
    "PartnerPlatform",
    "PartnerServer",
    "PlatformOn",
    "SignalServer",
    "TelegramServer",
    "TokenServer",
    "Told",
    "World",
    "fake_connector",
    "world",
]
