"""Config flow steps that take over a bot of Home Assistant's own integrations: what comes over is shown, then done.

The click stops the old bot, makes BACH's connection, waits until that works, and only then disables the old entry. If
it does not work, all is as it was before.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import Any, ClassVar, Final, override

import voluptuous as vol
from homeassistant.config_entries import (
    SOURCE_INTEGRATION_DISCOVERY,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentry,
    ConfigSubentryData,
)
from homeassistant.const import CONF_TYPE
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.discovery_flow import async_create_flow
from homeassistant.helpers.start import async_at_started

from bach_lib import BachError, Fault, Identity
from bach_lib.connectors import Connectors
from bach_lib.errors import InputError
from custom_components.bach.actions.legacy_notify import free_name
from custom_components.bach.const import (
    CONF_KIND,
    CONF_LINK,
    CONF_NOTIFY_ACTION,
    CONF_OLD_NAMES,
    CONF_RECIPIENT,
    CONF_ROLE,
    CONF_TAKEN_FROM,
    DOMAIN,
    SUBENTRY_RECIPIENT,
)
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import recipient_unique_id
from custom_components.bach.home.language import in_home_language
from custom_components.bach.kinds.form_fields import labelled, radio_buttons
from custom_components.bach.kinds.markdown_escape import escape_links, escape_markdown, with_escaped
from custom_components.bach.kinds.settings import stored
from custom_components.bach.taking_over.core_entries import Chat, Found, is_ours
from custom_components.bach.taking_over.handover import async_put_back, async_retire, async_stop, async_works
from custom_components.bach.taking_over.old_uses_issue import async_report_old_uses
from custom_components.bach.taking_over.yaml_notifiers import async_found

from .naming import new_title
from .normalizing import normalized
from .trying import async_try

CONF_FOUND: Final = "found"
NOT_STOPPED: Final = "old_not_stopped"
PUT_BACK: Final = "put_back"
NOTHING_FOUND: Final = "nothing_to_take_over"
NOT_TRIED: Final = "take_over_failed"
TAKEN_OVER: Final = "taken_over"
TAKEN_OVER_YAML: Final = "taken_over_yaml"


class TakeOverSteps(ConfigFlow):
    """Mixin with the steps that take a bot over. `works_seconds`: how long BACH's connection may need to work."""

    works_seconds: ClassVar[float] = 20.0

    def __init__(self) -> None:
        super().__init__()
        self._old: Found | None = None

    async def async_step_take_over(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which one, if there are several."""
        found = {one.key: one for one in await async_found(self.hass)}
        if not found:
            return self.async_abort(reason=NOTHING_FOUND)
        if user_input is None and len(found) > 1:
            choices = radio_buttons(labelled({key: one.title for key, one in found.items()}))
            return self.async_show_form(
                step_id="take_over", data_schema=vol.Schema({vol.Required(CONF_FOUND): choices})
            )
        self._old = found.get(user_input[CONF_FOUND]) if user_input else next(iter(found.values()))
        return await self._confirm()

    async def async_step_take_over_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what comes over of an entry and what will happen, after the bot was tried; then do it."""
        return await self._confirm(tries=True, is_submitted=user_input is not None)

    async def async_step_take_over_yaml(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """The same for what stands in YAML, where nothing is changed."""
        return await self._confirm(tries=True, is_submitted=user_input is not None)

    @override
    async def async_step_integration_discovery(self, found: dict[str, Any]) -> ConfigFlowResult:
        """Offer it as a card. It is tried only when somebody takes it: that may install what speaks to the platform."""
        if not (key := found.get(CONF_FOUND)):
            return await super().async_step_integration_discovery(found)
        self._old = next((one for one in await async_found(self.hass) if one.key == key), None)
        if self._old:
            await self.async_set_unique_id(self._old.account)
            self._abort_if_unique_id_configured()  # somebody wants to hear no more of it
            self.context["title_placeholders"] = {"name": self._old.title}
        return await self._confirm(tries=False)

    async def _confirm(self, *, tries: bool = True, is_submitted: bool = False) -> ConfigFlowResult:
        if (old := self._old) is None or is_ours(self.hass, old):
            return self.async_abort(reason=NOTHING_FOUND)
        answer = await self._try(old) if tries else None
        if isinstance(answer, Identity) and is_submitted:
            await self.async_set_unique_id(answer.id)
            self._abort_if_unique_id_configured()
            return await self._take(old, answer)
        name, reason = (answer.name, "") if isinstance(answer, Identity) else (old.title, answer or "")
        words = {"chats": _listed(old), "count": str(len(old.chats)), "reason": reason}
        return self.async_show_form(
            step_id="take_over_confirm" if old.entry_id else "take_over_yaml",
            data_schema=vol.Schema({}),
            errors={"base": NOT_TRIED} if reason else {},
            description_placeholders=words | with_escaped({"name": name}),
            last_step=True,
        )

    async def _try(self, old: Found) -> Identity | str:
        """Log in with what the old entry has, which disturbs nobody; or say why that does not work."""
        try:
            answer = await async_try(self.hass, normalized(old.data), {}, None)
        except InputError as error:
            return escape_links(in_home_language(self.hass, error.sentence))
        return escape_links(in_home_language(self.hass, answer.text)) if isinstance(answer, Fault) else answer

    async def _take(self, old: Found, identity: Identity) -> ConfigFlowResult:
        if not await async_stop(self.hass, old):
            return self.async_abort(reason=NOT_STOPPED, description_placeholders=with_escaped({"name": old.title}))
        data = normalized(old.data) | {CONF_LINK: identity.link, CONF_TAKEN_FROM: old.origin}
        data[CONF_OLD_NAMES] = list(old.old_names)
        return self.async_create_entry(
            title=new_title(data, identity.name, self._async_current_entries()),
            **stored(data),
            subentries=recipients_of(self.hass, [one for one in old.chats if not one.spellings]),
        )

    async def _settle(self, result: ConfigFlowResult) -> None:
        """Disable the old entry once the new one works; put it back if it does not, and end the dialog so."""
        old, entry = self._old, result["result"]
        if old is None:
            return
        if fault := await async_works(entry, self.works_seconds):
            await async_put_back(self.hass, old, entry)
            reason = escape_links(in_home_language(self.hass, fault.text))
            raise AbortFlow(PUT_BACK, {"reason": reason, **with_escaped({"name": entry.title})})
        await _seek(self.hass, old, entry)
        await async_retire(self.hass, old, entry)
        count = async_report_old_uses(self.hass, entry)
        result["description"] = TAKEN_OVER if old.entry_id else TAKEN_OVER_YAML
        result["description_placeholders"] = {"name": escape_markdown(entry.title), "count": str(count)}


def _listed(old: Found) -> str:
    """The chats as a list, each with the entity whose id BACH's will have."""
    lines = [f"- {escape_markdown(one.name)}{f' (`{one.entity_id}`)' if one.entity_id else ''}" for one in old.chats]
    return "\n".join(lines)


async def _seek(hass: HomeAssistant, old: Found, entry: BachConfigEntry) -> None:
    """Add whoever was known by an id only, under the name that the platform has; else under the id."""
    found = [await _named(entry, one) for one in old.chats if one.spellings]
    for one in recipients_of(hass, filter(None, found)):
        subentry = ConfigSubentry(
            data=MappingProxyType(dict(one["data"])),
            subentry_type=one["subentry_type"],
            title=one["title"],
            unique_id=one["unique_id"],
        )
        hass.config_entries.async_add_subentry(entry, subentry)


@callback
def async_offer_take_over(hass: HomeAssistant) -> None:
    """Once Home Assistant has started, offer as cards what can be taken over, for who has BACH already."""

    async def offer(_: HomeAssistant) -> None:
        for one in await async_found(hass):
            async_create_flow(
                hass, DOMAIN, context={"source": SOURCE_INTEGRATION_DISCOVERY}, data={CONF_FOUND: one.key}
            )

    async_at_started(hass, offer)


async def _named(entry: BachConfigEntry, chat: Chat) -> Chat | None:
    """The chat as the platform knows it, or as it stood there; None if that is no address at all."""
    coordinator, kept = entry.runtime_data, None
    connector = await Connectors().load(entry.data[CONF_TYPE])
    for spelling in chat.spellings:
        with suppress(BachError):
            address = connector.normalize_recipient(spelling)
            kept = kept or replace(chat, recipient=address)
            answer = await coordinator.bach.find(coordinator.connection, address)
            if answer and not isinstance(answer, Fault):
                return replace(chat, recipient=answer[0].recipient, name=answer[0].title, kind=answer[0].kind)
    return kept


def recipients_of(hass: HomeAssistant, chats: Iterable[Chat]) -> list[ConfigSubentryData]:
    """The chats as recipients, each with an action of its own where its name is free."""
    taken, found = set[str](), list[ConfigSubentryData]()
    for one in chats:
        data = {CONF_RECIPIENT: one.recipient, **({CONF_KIND: one.kind} if one.kind else {}), CONF_ROLE: one.role.value}
        if (action := free_name(hass, one.name)) and action not in taken:
            taken.add(action)
            data[CONF_NOTIFY_ACTION] = action
        found.append(
            ConfigSubentryData(
                data=data,
                subentry_type=SUBENTRY_RECIPIENT,
                title=one.name,
                unique_id=recipient_unique_id(one.recipient),
            )
        )
    return found
