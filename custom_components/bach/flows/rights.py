"""The form fields for a role and for the Home Assistant user behind somebody."""

from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol

from custom_components.bach.const import CONF_OWN_SECRET, CONF_ROLE, CONF_USER_ID
from custom_components.bach.home.attribution import Role
from custom_components.bach.home.users import Users
from custom_components.bach.kinds.form_fields import drop_down, labelled

_FIELDS: Final = (CONF_OWN_SECRET, CONF_ROLE, CONF_USER_ID)


_SHARED: Final = frozenset({"announcements", "channel", "group", "stage", "supergroup", "thread", "voice channel"})
"""Kinds of places in which several people write."""


def is_shared(kind: object) -> bool:
    """Whether several people write there, so that it can be no user of Home Assistant."""
    return kind in _SHARED


def rights_schema(users: Users, *, is_shared: bool = False) -> dict[vol.Marker, Any]:
    """The fields; a place that several people share is offered no user."""
    role: dict[vol.Marker, Any] = {
        vol.Required(CONF_ROLE, default=Role.USER): drop_down(list(Role), translation_key="role")
    }
    if is_shared:
        return role
    return role | {vol.Optional(CONF_USER_ID): drop_down(labelled(users.choices()), sort=True)}


def suggested_rights(users: Users, data: Mapping[str, Any]) -> dict[str, str]:
    """What the fields show of somebody: a user who may not log in any more cannot be chosen again."""
    rights = rights_values(data)
    rights.pop(CONF_OWN_SECRET, None)
    if not users.active(rights.get(CONF_USER_ID)):
        rights.pop(CONF_USER_ID, None)
    return rights


def rights_values(data: Mapping[str, Any]) -> dict[str, str]:
    """The fields that have a value."""
    return {field: str(data[field]) for field in _FIELDS if data.get(field)}


def without_rights(data: Mapping[str, Any]) -> dict[str, Any]:
    """The rest of the data."""
    return {field: value for field, value in data.items() if field not in _FIELDS}
