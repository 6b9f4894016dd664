"""Opens what memory holds of the database: connections, rules, and the names of places."""

from bach_lib.errors import UnknownConnectionError
from bach_lib.inbound.rules import Rules
from bach_lib.registry import Registry
from bach_lib.registry.directory import Directory
from bach_lib.runtime.parts import Base
from bach_lib.storage import Store


async def open_registry(base: Base) -> Registry:
    """All connections."""
    registry = Registry(base.store, base.bus, base.connectors, base.secrets, base.home)
    await registry.open()
    return registry


async def open_directory(base: Base, registry: Registry) -> Directory:
    """Under which names places and people are known."""

    def form_of(name: str, written: str, *, of_sender: bool = False) -> str | None:
        try:
            return base.connectors.form(registry.get(name).type, written, of_sender=of_sender)
        except UnknownConnectionError:  # it has been removed; what it left is known as it was written
            return None

    directory = Directory(base.store, base.bus, lambda name: registry.get(name).allowed, form_of)
    await directory.open()
    return directory


async def open_rules(base: Base) -> Rules:
    """The rules of what comes in."""
    rules = Rules(base.store, base.home)
    await rules.open()
    return rules


async def read_instance(store: Store) -> str:
    """What tells this database from every other. Raises a `StorageError`."""
    row = await store.submit(lambda tx: tx.row("instance"), writes=False)
    return str(row["value"]) if row else ""
