"""Secret stores over config entries and forms: the library reads credentials there, and writes rotated refresh tokens.

Many OAuth servers invalidate a refresh token with its first use. So the new one is stored before anything else happens,
whatever becomes of the dialog or the check that used it.
"""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.core import HomeAssistant

from bach_lib.registry.secrets import Vault
from custom_components.bach.const import CONF_OWN_SECRET, CONF_REFRESH_TOKEN, CONF_SECRETS, DOMAIN, SECRET_FIELDS
from custom_components.bach.coordinator import BachConfigEntry


class EntryVault(Vault):
    """Vault over config entries: `<entry id>/<field>`, or `<entry id>/<subentry id>/<field>` for one sender.

    The secrets of another package's connector, whose names are its own, are `<entry id>/secrets/<name>`.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass

    @override
    def __call__(self, target: str, /) -> str | None:
        entry, field = self._find(target)
        if entry is None:
            return None
        subentry_id, _, own = field.partition("/")
        if subentry_id == CONF_SECRETS:
            return _of_other(entry.data, own)
        if own == CONF_OWN_SECRET:
            subentry = entry.subentries.get(subentry_id)
            return subentry.data.get(own) if subentry else None
        secret: str | None = entry.data.get(field) if field in SECRET_FIELDS else None
        return secret

    @override
    def store(self, target: str, secret: str, /) -> None:
        """Store a rotated refresh token, without a reload: the running connection has it already."""
        entry, field = self._find(target)
        if entry is None or field != CONF_REFRESH_TOKEN:
            raise LookupError(target)
        if coordinator := getattr(entry, "runtime_data", None):
            coordinator.entry_data = {**coordinator.entry_data, field: secret}
        self._hass.config_entries.async_update_entry(entry, data={**entry.data, field: secret})

    def _find(self, target: str) -> tuple[BachConfigEntry | None, str]:
        entry_id, _, field = target.partition("/")
        entry = self._hass.config_entries.async_get_entry(entry_id)
        return (entry if entry and entry.domain == DOMAIN else None), field


class FormVault(Vault):
    """Vault over the form data of a dialog.

    `successors` maps each used refresh token to the one that replaced it, over several tries of the dialog. `owner` is
    the entry that the dialog changes; its token may have been used as well.
    """

    def __init__(
        self, hass: HomeAssistant, data: dict[str, Any], successors: dict[str, str], owner: BachConfigEntry | None
    ) -> None:
        self._hass = hass
        self._data = data
        self._successors = successors
        self._owner = owner
        while (token := data.get(CONF_REFRESH_TOKEN)) in successors:
            data[CONF_REFRESH_TOKEN] = successors[token]

    @override
    def __call__(self, target: str, /) -> str | None:
        field, _, name = target.partition("/")
        return _of_other(self._data, name) if field == CONF_SECRETS else self._data.get(target)

    @override
    def store(self, target: str, secret: str, /) -> None:
        used = self._data[target]
        self._successors[used] = secret
        self._data[target] = secret
        if self._owner and self._owner.data.get(target) == used:
            EntryVault(self._hass).store(f"{self._owner.entry_id}/{target}", secret)


def _of_other(data: Mapping[str, Any], name: str) -> str | None:
    secrets: Mapping[str, str] = data.get(CONF_SECRETS, {})
    return secrets.get(name)
