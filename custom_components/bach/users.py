"""The users of Home Assistant at hand without waiting, so that messages keep their order while their senders are told.

Home Assistant changes its user objects in place; only users that come and go have to be followed.
"""

from collections.abc import Mapping

from homeassistant.auth import EVENT_USER_ADDED, EVENT_USER_REMOVED
from homeassistant.auth.models import User
from homeassistant.core import Event, HomeAssistant
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN


class Users:
    """Everybody who can log in."""

    def __init__(self) -> None:
        self._users: dict[str, User] = {}

    def active(self, user_id: str | None) -> str | None:
        """The same id if it is that of a person who may log in now."""
        user = self._users.get(user_id) if user_id else None
        return user.id if user and _is_person(user) else None

    def choices(self) -> Mapping[str, str]:
        """The people who may be somebody's user, as ids and names."""
        return {user.id: user.name or user.id for user in self._users.values() if _is_person(user)}

    async def follow(self, hass: HomeAssistant) -> None:
        """Know everybody, now and as they come and go."""

        async def look(_: Event) -> None:
            self._users = {user.id: user for user in await hass.auth.async_get_users()}

        hass.bus.async_listen(EVENT_USER_ADDED, look)
        hass.bus.async_listen(EVENT_USER_REMOVED, look)
        self._users = {user.id: user for user in await hass.auth.async_get_users()}


def _is_person(user: User) -> bool:
    return user.is_active and not user.system_generated


USERS: HassKey[Users] = HassKey(f"{DOMAIN}_users")


async def async_get_users(hass: HomeAssistant) -> Users:
    """The users of this Home Assistant. A dialog may ask before any connection is enabled."""
    if USERS not in hass.data:
        hass.data[USERS] = users = Users()
        await users.follow(hass)
    return hass.data[USERS]
