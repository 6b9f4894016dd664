"""Who looks at the daemon's page: whoever has shown its token, to whom everything belongs."""

from collections.abc import Sequence

from bach_lib.bach import Bach
from bach_lib.errors import BachError
from bach_lib.models import Category
from bach_lib.models.bridge import Bridge
from bach_lib.web.viewer import Aim, BridgeKeeper, Known, Origin, Right


class NamedBridges:
    """The bridges of the database, under the names that they were given."""

    are_named = True

    def __init__(self, bach: Bach) -> None:
        self._bach = bach

    def title(self, name: str) -> str:
        """Its name."""
        return name

    async def set(self, bridge: Bridge, *, is_new: bool) -> None:
        """Keep it. Raises an `InputError` or a `StorageError`."""
        del is_new
        await self._bach.bridges.set(bridge)

    async def remove(self, name: str) -> None:
        """Forget it. Raises `UnknownBridgeError` or a `StorageError`."""
        await self._bach.bridges.remove(name)


class Owner:
    """Whoever has the token of the daemon: everything is theirs."""

    sees_all = True

    def __init__(self, bach: Bach, name: str = "") -> None:
        """`name`: what they called themselves when they logged in; the token says of nobody who it is."""
        self._bach = bach
        self.bridges: BridgeKeeper = NamedBridges(bach)
        self.name: str = name or "Somebody"

    def may(self, connection: str, recipient: str) -> bool:
        """Everything."""
        del connection, recipient
        return True

    def places(self) -> Sequence[Known]:
        """The connections by their names, with those who are let in."""
        return [
            Known(id=row.name, title=row.name, recipients=[Known(id=one, title=one) for one in sorted(row.allowed)])
            for row in self._bach.registry.list(category=Category.CONNECTOR)
        ]

    def title(self, connection: str) -> str:
        """Its name."""
        return connection

    def alarm(self, route: str) -> str:
        """Its name."""
        return route

    def link(self, connection: str) -> str | None:
        """There are no pages with settings."""
        del connection
        return None

    async def origin(self, context: str | None) -> Origin | None:
        """Nobody has a name here."""
        del context
        return None

    def aim(self, context: str | None) -> Aim | None:
        """It is for its recipient."""
        del context
        return None

    @property
    def context(self) -> str | None:
        """Nobody has a name here."""
        return None

    async def rights(self) -> Sequence[Right]:
        """Whoever is let in may all that the program lets them."""
        return [
            Right(connection=place.title, place=one.title, person=None, role="let_in")
            for place in self.places()
            for one in place.recipients
        ]

    def sentence(self, error: BachError) -> str:
        """As the library says it."""
        return error.sentence
