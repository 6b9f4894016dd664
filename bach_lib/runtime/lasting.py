"""What goes on by itself over every restart: routes with their runs, and bridges."""

from dataclasses import dataclass

from bach_lib.runtime.bridging import Bridging, open_bridging
from bach_lib.runtime.parts import Base, Parts
from bach_lib.runtime.routing import Routing, open_routing


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """Both of one database, while it is open."""

    routing: Routing
    bridging: Bridging
    is_automatic: bool
    """Whether they go on without being asked."""

    async def begin(self) -> None:
        """Go on with what was under way, now that connections are at work. Raises a `StorageError`."""
        self.routing.runner.begin()
        if self.is_automatic:
            self.routing.snoozing.open()
            await self.bridging.runner.open()

    async def close(self) -> None:
        """Go on with nothing. What is under way is on disk."""
        try:
            await self.bridging.runner.close()
            await self.routing.snoozing.close()
        finally:
            await self.routing.runner.close()


async def open_lasting(base: Base, parts: Parts) -> Lasting:
    """Read all of it. Raises a `StorageError`."""
    routing = await open_routing(base, parts)
    return Lasting(routing=routing, bridging=await open_bridging(base, parts, routing), is_automatic=base.autostart)
