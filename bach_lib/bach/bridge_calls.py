"""The calls of `Bach` about bridges: what comes in at one place goes out at others."""

from collections.abc import Callable

from bach_lib.bach.call_group import CallGroup
from bach_lib.bridges.defined_bridges import Bridges
from bach_lib.models.incoming import IncomingMessage


class BridgeCalls(CallGroup):
    """Mixin of `Bach` with the calls about bridges."""

    @property
    def bridges(self) -> Bridges:
        """All bridges: `list`, `get`, `set`, `remove`, and how each stands (`sides`)."""
        return self._open_lasting.bridging.bridges

    async def begin_bridges(self, name_of: Callable[[IncomingMessage], str | None] | None = None) -> None:
        """Let bridges carry where nothing begins by itself (`autostart=False`).

        `name_of`: what whoever wrote a message is called, for all to read; None: as they call themselves. Raises a
        `StorageError`.
        """
        bridging = self._open_lasting.bridging
        bridging.name_of = name_of
        await bridging.runner.open()
