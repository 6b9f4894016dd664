"""Who looks at the web app in tests."""

from collections.abc import Sequence
from typing import override

from bach_lib.errors import BachError
from bach_lib.web.viewer import Aim, BridgeKeeper, Known, Origin, Right


class Everybody:
    """Somebody who may do everything."""

    sees_all = True
    name = "Ada"
    context: str | None = None

    def __init__(self, places: Sequence[Known] = (), bridges: BridgeKeeper | None = None) -> None:
        self._places, self._bridges = places, bridges

    def may(self, connection: str, recipient: str) -> bool:
        """Yes."""
        return True

    def places(self) -> Sequence[Known]:
        """Those that have a title."""
        return self._places

    def title(self, connection: str) -> str:
        """As it was given."""
        return next((place.title for place in self._places if place.id == connection), connection)

    def alarm(self, route: str) -> str:
        """As it was given."""
        titles = {one.id: one.title for place in self._places for one in place.recipients}
        return titles.get(route, route)

    def link(self, connection: str) -> str | None:
        """None."""
        return None

    async def origin(self, context: str | None) -> Origin | None:
        """Nobody."""
        return None

    def aim(self, context: str | None) -> Aim | None:
        """Nobody."""
        return None

    async def rights(self) -> list[Right]:
        """Everybody who has a title may everything."""
        return [
            Right(connection=place.title, place=one.title, person=None, role="admin")
            for place in self._places
            for one in place.recipients
        ]

    @property
    def bridges(self) -> BridgeKeeper:
        """As the test says."""
        assert self._bridges is not None
        return self._bridges

    def sentence(self, error: BachError) -> str:
        """As it is."""
        return str(error)


class OnlyAda(Everybody):
    """Somebody to whom only one place belongs."""

    sees_all = False

    @override
    def may(self, connection: str, recipient: str) -> bool:
        """Only there."""
        return recipient == "ada"
