"""Form fields for the role of a recipient or person, and for the Home Assistant user they are mapped to.

Shared by all subentry flows, so that the same choice looks alike and is stored alike everywhere.
"""

from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol

from custom_components.bach.const import CONF_OWN_SECRET, CONF_ROLE, CONF_USER_ID
from custom_components.bach.home.attribution import Role
from custom_components.bach.home.users import Users
from custom_components.bach.kinds.form_fields import drop_down, labelled

_FIELDS: Final = (CONF_OWN_SECRET, CONF_ROLE, CONF_USER_ID)
_SHARED: Final = frozenset({"announcements", "channel", "group", "stage", "supergroup", "thread", "voice channel"})
"""Kinds of chats with several members."""


def is_shared(kind: object) -> bool:
    """Whether a chat of this kind has several members, so that it cannot be mapped to one user."""
    return kind in _SHARED


def rights_schema(users: Users, *, is_shared: bool = False) -> dict[vol.Marker, Any]:
    """The role field, and unless the chat is shared the user field."""
    role: dict[vol.Marker, Any] = {
        vol.Required(CONF_ROLE, default=Role.USER): drop_down(list(Role), translation_key="role")
    }
    if is_shared:
        return role
    return role | {vol.Optional(CONF_USER_ID): drop_down(labelled(users.choices()), sort=True)}


def suggested_rights(users: Users, data: Mapping[str, Any]) -> dict[str, str]:
    """Suggested values for the fields, without a user who can no longer log in."""
    rights = rights_values(data)
    rights.pop(CONF_OWN_SECRET, None)
    if not users.active(rights.get(CONF_USER_ID)):
        rights.pop(CONF_USER_ID, None)
    return rights


def rights_values(data: Mapping[str, Any]) -> dict[str, str]:
    """The fields of `data` that are about role and user and have a value."""
    return {field: str(data[field]) for field in _FIELDS if data.get(field)}


def without_rights(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data without the fields about role and user."""
    return {field: value for field, value in data.items() if field not in _FIELDS}
