"""Home Assistant integration for BACH, a durable message queue between a home and its chat platforms.

Sets up config entries, actions and entities. The queue, the protocols and the promises live in `bach_lib`.
"""

from . import _vendor_path as _vendor_path  # isort: split

import asyncio
import logging
from contextlib import AsyncExitStack
from functools import partial

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryError, ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.typing import ConfigType

from bach_lib import Bach, BachError
from bach_lib.errors import MissingLibraryError, UnknownConnectionError

from .actions.services import async_setup_services
from .alerts.at_work import async_forget_alerts, async_keep_alerts
from .assist.agent_api import async_offer_agent_tools
from .assist.chat import async_chat
from .backup import async_join_backup
from .const import DOMAIN, TYPE_ROUTES, TYPE_THIS_HOME
from .coordinator import BachConfigEntry, BachCoordinator
from .entity import async_follow_version, connection_device
from .flows.claimed_names_repair import async_watch_claims
from .flows.own_home_steps import async_offer_own_home
from .flows.take_over_steps import async_offer_take_over
from .home.causes import CAUSES, Causes
from .home.entry import as_connection, connection_name, connections
from .home.errors import translation, update_failed
from .home.hub import HUB, get_hub
from .home.language import async_follow_language
from .home.loop_prevention import LOOP_PREVENTION, LoopPrevention
from .home.users import async_get_users
from .kinds.partners import is_partner, type_of
from .kinds.requirements import async_report_package, async_require
from .kinds.settings import MINOR_VERSION, VERSION, async_part, whole
from .kinds.webhook import sends
from .lifecycle.failed_setup import FOR_A_PERSON, async_try_again_when_changed, require_usable
from .lifecycle.inactive import ALL_DISABLED, async_follow_switch, async_track_inactive
from .lifecycle.kept_bridges import async_begin_lasting, async_remove_connection
from .lifecycle.kept_entities import (
    async_add_standby_entities,
    async_drop_kept_entities,
    async_keep_entities,
    async_resume_kept_entities,
)
from .lifecycle.lost import async_watch_lost
from .lifecycle.missing_connector import async_require_connector
from .lifecycle.readable_titles import async_mend_titles
from .lifecycle.recipients import async_tell_of_subentries
from .lifecycle.route_runs import async_follow_runs
from .lifecycle.trouble_events import async_tell_of_trouble
from .lifecycle.watcher import async_watch
from .messages.incoming import async_listen, name_of_user
from .messages.proven import async_tell_of_proofs
from .messages.recipient_changes import async_compare_recipients, async_follow_departed, async_settle_removed
from .messages.removed_recipients import REMOVED_RECIPIENTS, async_load_removed_recipients
from .messages.undelivered import async_report_dead_letters, async_report_held, async_tell_of_undelivered
from .taking_over.core_entries import rival_of
from .taking_over.old_uses_issue import async_watch_old_uses
from .this_home.press_tokens import get_press_tokens
from .web.hooks import async_serve, async_withdraw
from .web.panel import async_follow_entries, async_serve_panel
from .web.panel_commands import async_register_panel_commands
from .web.panel_files import async_register_panel_files
from .web.peer import async_register_commands
from .web.views import async_register_views

_LOGGER = logging.getLogger(__name__)

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.NOTIFY,
    Platform.SENSOR,
    Platform.SWITCH,
]

_LET_GO = [platform for platform in PLATFORMS if platform is not Platform.NOTIFY]
"""What a reload takes away."""

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what all entries share, and register the actions, so that automations validate before any is loaded."""
    await _know_what_is_stored(hass)
    await async_follow_language(hass)
    await async_join_backup(hass)
    hass.data[LOOP_PREVENTION] = LoopPrevention(hass)
    hass.data[CAUSES] = Causes(hass)
    await async_get_users(hass)
    await async_track_inactive(hass)
    async_setup_services(hass)
    async_register_views(hass)
    async_register_commands(hass)
    async_register_panel_commands(hass)
    async_register_panel_files(hass)
    await async_serve_panel(hass)
    async_offer_agent_tools(hass)
    async_offer_own_home(hass)
    async_offer_take_over(hass)
    for entry in connections(hass):
        async_serve(hass, entry)  # before they are set up: who posts early is told to come again
    return True


async def async_migrate_entry(hass: HomeAssistant, entry: BachConfigEntry) -> bool:
    """Bring an entry of an older version to the present form; refuse one that a later version has made anew."""
    if entry.version > VERSION:
        return False
    async_part(hass, entry)
    hass.config_entries.async_update_entry(entry, minor_version=max(entry.minor_version, MINOR_VERSION))
    return True


async def async_setup_entry(hass: HomeAssistant, entry: BachConfigEntry) -> bool:
    """Start a connection without waiting for its platform: offline, its entities exist and messages are queued."""
    async_part(hass, entry)
    async_mend_titles(hass, entry)
    await async_follow_entries(hass)
    try:
        bach = await _begin(hass, entry)
    except Exception:  # raised again: whatever it is, who writes to a recipient now must not do so in vain
        await async_add_standby_entities(hass, entry)
        async_try_again_when_changed(hass, entry)
        raise
    dr.async_get(hass).async_get_or_create(config_entry_id=entry.entry_id, **connection_device(entry))
    await _set_up_platforms(hass, entry)
    async_follow_version(hass, entry)
    async_watch(hass, entry, bach, lambda: rival.title if (rival := rival_of(hass, entry)) else None)
    async_tell_of_undelivered(hass, entry, bach)
    async_tell_of_proofs(hass, entry, bach)
    async_report_dead_letters(hass, entry, bach)
    async_report_held(hass, entry)
    async_follow_switch(hass, entry)
    async_tell_of_trouble(hass, entry)
    async_follow_departed(hass, entry, bach)
    async_chat(hass, entry, bach)
    async_listen(hass, entry, bach)
    async_serve(hass, entry)
    async_watch_lost(hass, entry)
    async_watch_claims(hass, entry)
    async_watch_old_uses(hass, entry)
    entry.async_on_unload(entry.add_update_listener(_updated))
    return True


async def async_unload_entry(hass: HomeAssistant, entry: BachConfigEntry) -> bool:
    """Stop a connection. Its queued messages stay in the database."""
    if not await hass.config_entries.async_unload_platforms(entry, _LET_GO):
        return False
    async_keep_entities(hass, entry)
    await async_follow_entries(hass)
    if entry.disabled_by:
        await async_drop_kept_entities(hass, entry)
    return True


async def async_remove_entry(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Delete a connection with its queued messages, and the database with the last entry."""
    await _know_what_is_stored(hass)  # if all are disabled, Home Assistant calls this without `async_setup` before
    hub = hass.data[HUB]
    await async_drop_kept_entities(hass, entry)
    async_withdraw(hass, entry)
    await async_follow_entries(hass)
    await hass.data[REMOVED_RECIPIENTS].forget(entry.entry_id)
    if type_of(entry.data) == TYPE_THIS_HOME:
        await get_press_tokens(hass).remove()
    if type_of(entry.data) == TYPE_ROUTES:
        await async_forget_alerts(hass)
    if not connections(hass):
        ir.async_delete_issue(hass, DOMAIN, ALL_DISABLED)
        await hub.remove_files()
        return
    try:
        async with hub.hold() as bach:
            await async_remove_connection(hass, bach, connection_name(entry))
    except UnknownConnectionError:
        pass  # it was never set up
    except BachError as error:
        _LOGGER.warning("The messages of %s could not be removed: %s", entry.title, error)


async def _know_what_is_stored(hass: HomeAssistant) -> None:
    """Create the hub and load the removed recipients, unless that is done."""
    get_hub(hass)
    if REMOVED_RECIPIENTS not in hass.data:
        await async_load_removed_recipients(hass)


async def _begin(hass: HomeAssistant, entry: BachConfigEntry) -> Bach:
    """Do every step of the set-up that may fail. None of them contacts the platform."""
    require_usable(entry)
    try:
        await async_require(hass, type_of(entry.data), whole(entry))
        await async_require_connector(hass, entry)
        bach = await _start(hass, entry)
        if type_of(entry.data) == TYPE_ROUTES:
            await async_follow_runs(hass, entry, bach, partial(name_of_user, hass))
            await async_keep_alerts(hass, entry)
        async_begin_lasting(hass, entry, bach, partial(name_of_user, hass))
    except BachError as error:
        if isinstance(error, MissingLibraryError):
            async_report_package(hass, entry, error)
        is_for_a_person = isinstance(error, FOR_A_PERSON) and not isinstance(error, UnknownConnectionError)
        raise (ConfigEntryError if is_for_a_person else ConfigEntryNotReady)(**translation(hass, error)) from error
    entry.runtime_data = _coordinator(hass, entry, bach)
    await entry.runtime_data.async_config_entry_first_refresh()
    return bach


def _coordinator(hass: HomeAssistant, entry: BachConfigEntry, bach: Bach) -> BachCoordinator:
    return BachCoordinator(
        hass,
        entry,
        bach,
        connection=connection_name(entry),
        is_partner=is_partner(entry),
        is_replaced=lambda: hass.data[HUB].has_replaced(bach),
        explain=lambda error: update_failed(hass, error),
    )


async def _start(hass: HomeAssistant, entry: BachConfigEntry) -> Bach:
    """Start the entry's connection, until the entry is unloaded."""
    # No context managers here: Home Assistant stops without unloading, and would leave their generators unfinished.
    hub, name, resources = hass.data[HUB], connection_name(entry), AsyncExitStack()
    entry.async_on_unload(resources.aclose)
    bach = await hub.acquire()
    resources.push_async_callback(hub.release)
    await _reconcile(hass, bach, entry)
    await hub.start(name)
    resources.push_async_callback(hub.stop, name)
    return bach


async def _set_up_platforms(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Forward the entry to its entity platforms, except to notify if those entities have survived a reload."""
    if await async_resume_kept_entities(hass, entry, has_entities=sends(entry.data)):
        await hass.config_entries.async_forward_entry_setups(entry, _LET_GO)
        async_tell_of_subentries(hass, entry)
    else:
        await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)


async def _reconcile(hass: HomeAssistant, bach: Bach, entry: BachConfigEntry) -> None:
    """Bring the registry's row in line with the entry, and withdraw the messages of removed recipients."""
    wanted = as_connection(entry)
    try:
        bach.registry.get(wanted.name)
    except UnknownConnectionError:
        await bach.registry.add(wanted)
        await async_compare_recipients(hass, entry, bach)
    else:
        await async_compare_recipients(hass, entry, bach)
        await bach.registry.update(
            wanted.name,
            endpoint=wanted.endpoint,
            auth_type=wanted.auth_type,
            auth_config=wanted.auth_config,
            allowed=wanted.allowed,
            settings=wanted.settings,
        )


async def _updated(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Apply a change of the entry; the connection keeps running, unless it has to log in again."""
    hub, coordinator = hass.data[HUB], entry.runtime_data
    await asyncio.sleep(0)  # Home Assistant calls this in the middle of a change that may go on: a group and its people
    async_mend_titles(hass, entry)
    await async_settle_removed(hass, entry)
    if entry.state is ConfigEntryState.LOADED and coordinator.knows(entry):
        await _follow_subentries(hass, entry, coordinator.bach)
        return
    logs_in_anew = entry.data != coordinator.entry_data
    async with hub.hold() if logs_in_anew else hub.run(connection_name(entry)):
        await hass.config_entries.async_reload(entry.entry_id)


async def _follow_subentries(hass: HomeAssistant, entry: BachConfigEntry, bach: Bach) -> None:
    """Apply changed recipients and people without a reload: update who is let in, add and remove entities."""
    wanted = as_connection(entry)
    try:
        if bach.registry.get(wanted.name).allowed != wanted.allowed:
            await bach.registry.update(wanted.name, allowed=wanted.allowed)
    except BachError:  # the set-up tells of it, and is tried again
        await hass.config_entries.async_reload(entry.entry_id)
    else:
        async_tell_of_subentries(hass, entry)
