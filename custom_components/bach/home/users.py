"""In-memory view of Home Assistant's users, so that looking one up needs no await.

Messages thus keep their order while their senders are looked up. Home Assistant changes its user objects in place, so
the answers are up to date.
"""

from collections.abc import Mapping

from homeassistant.auth import EVENT_USER_ADDED, EVENT_USER_REMOVED, EVENT_USER_UPDATED
from homeassistant.auth.models import User
from homeassistant.core import CALLBACK_TYPE, Context, Event, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from custom_components.bach.const import DOMAIN


async def name_of_caller(hass: HomeAssistant, context: Context | None) -> str:
    """What the user is called who calls; automations are the home itself."""
    user = await hass.auth.async_get_user(context.user_id) if context and context.user_id else None
    return (user.name if user else None) or hass.config.location_name


class Users:
    """The users of this Home Assistant."""

    def __init__(self) -> None:
        self._users: dict[str, User] = {}
        self._subscribers: list[CALLBACK_TYPE] = []

    def active(self, user_id: str | None) -> str | None:
        """Return the user id if that user is a person who may log in, else None."""
        user = self._users.get(user_id) if user_id else None
        return user.id if user and _is_person(user) else None

    def choices(self) -> Mapping[str, str]:
        """Ids and names of the users a person can be mapped to."""
        return {user.id: user.name or user.id for user in self._users.values() if _is_person(user)}

    @callback
    def subscribe(self, changed: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call `changed` after each change of users, until the returned function is called."""
        self._subscribers.append(changed)
        return lambda: self._subscribers.remove(changed)

    async def follow(self, hass: HomeAssistant) -> None:
        """Load the users, and follow their changes."""

        async def look(_: Event) -> None:
            self._users = {user.id: user for user in await hass.auth.async_get_users()}
            for changed in list(self._subscribers):
                changed()

        for event_type in (EVENT_USER_ADDED, EVENT_USER_UPDATED, EVENT_USER_REMOVED):
            hass.bus.async_listen(event_type, look)
        self._users = {user.id: user for user in await hass.auth.async_get_users()}


def _is_person(user: User) -> bool:
    return user.is_active and not user.system_generated


USERS: HassKey[Users] = HassKey(f"{DOMAIN}_users")


async def async_get_users(hass: HomeAssistant) -> Users:
    """Return the view, created on first use: a dialog may need it before any entry is loaded."""
    if USERS not in hass.data:
        hass.data[USERS] = users = Users()
        await users.follow(hass)
    return hass.data[USERS]
