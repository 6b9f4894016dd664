"""Notify entities: one for every recipient, and for people; sending queues a message for each by whom they are told.

An entity stays available while the platform is down: sending means that the message is on disk, and it goes out when it
can. Its state, which the Activity shows as "Sent", is the time at which the platform took a message, not that of
queueing.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, override

from homeassistant.components.notify import (
    DATA_COMPONENT,
    DOMAIN,
    NotifyEntity,
    NotifyEntityDescription,
    NotifyEntityFeature,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from bach_lib import Operation
from bach_lib.errors import NotOpenError, UnknownConnectionError
from bach_lib.events import MessageSent

from .const import CONF_RECIPIENT
from .const import DOMAIN as BACH
from .coordinator import BachConfigEntry
from .entity import async_keep_only, recipient_device
from .home.causes import CAUSES
from .home.entry import connection_name, notify_unique_id
from .home.errors import translated_errors
from .home.hub import HUB
from .home.loop_prevention import LOOP_PREVENTION
from .home.origin import context_id, context_to_keep
from .home.permissions import require_recipient_control
from .home.recipient_subentries import people_subentries, recipient_subentries
from .home.roles import place
from .home.run_causes import kept_for
from .home.whom import Told, told_of_people
from .kinds.webhook import sends
from .lifecycle.kept_entities import async_on_resume
from .lifecycle.recipients import async_add_for_recipients

PARALLEL_UPDATES = 0

_MAX_CALLS: Final = 200
"""Of so many calls is known who made them when their message has been sent. A call that is older has no user."""


async def async_setup_entry(
    hass: HomeAssistant, entry: BachConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add a notify entity for each recipient, if the connection can send."""
    if not sends(entry.data):
        async_keep_only(hass, entry, DOMAIN, frozenset())
        return
    entities, names = hass.data[DATA_COMPONENT], er.async_get(hass)

    def is_there(subentry_id: str) -> bool:
        """No, if a person had disabled it and enables it now: what reloads the entry to add it."""
        entity_id = names.async_get_entity_id(DOMAIN, BACH, notify_unique_id(entry, subentry_id))
        return entity_id is not None and entities.get_entity(entity_id) is not None

    looks = [
        async_add_for_recipients(hass, entry, async_add_entities, make, those=those, is_there=is_there)
        for make, those in ((BachNotifyEntity, recipient_subentries), (PeopleNotifyEntity, people_subentries))
    ]

    @callback
    def resume() -> None:
        for look in looks:
            look()

    async_on_resume(hass, entry, resume)


class BachNotifyEntity(NotifyEntity):
    """Notify entity of one recipient."""

    entity_description = NotifyEntityDescription(key="recipient", translation_key="recipient", name=None)
    _attr_has_entity_name = True
    _attr_supported_features = NotifyEntityFeature.TITLE

    def __init__(self, hass: HomeAssistant, entry: BachConfigEntry, subentry: ConfigSubentry) -> None:
        self._attr_unique_id = notify_unique_id(entry, subentry.subentry_id)
        self._attr_device_info = recipient_device(hass, entry, subentry)
        self._entry = entry
        self._subentry_id = subentry.subentry_id
        self._calls = OrderedDict[str, Context]()

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to sent messages."""
        self.async_on_remove(self.hass.data[HUB].follow(MessageSent, self._sent))

    @override
    async def async_send_message(self, message: str, title: str | None = None) -> None:
        """Queue a message, for the action `notify.send_message`."""
        context = self._context
        connection = connection_name(self._entry)
        recipient = self._entry.subentries[self._subentry_id].data[CONF_RECIPIENT]  # a group may have moved
        # beside what Home Assistant has asked: in another home a message can be more than words
        await require_recipient_control(self.hass, context or Context(), self._entry, recipient)
        self.note_call(context)
        self.hass.data[LOOP_PREVENTION].require_no_loop(context, connection, recipient)
        with translated_errors(self.hass), self._told_why():
            await self.hass.data[HUB].bach.send(  # not the entry's: it has none while it reloads
                connection,
                recipient,
                message,
                title=title,
                context=kept_for(self.hass, context, self._entry) if context else None,
            )

    @contextmanager
    def _told_why(self) -> Iterator[None]:
        """Replace "not open" errors with the reason why the entry could not be set up."""
        try:
            yield
        except (NotOpenError, UnknownConnectionError) as error:
            if self._entry.reason is None:
                raise
            raise HomeAssistantError(
                translation_domain=BACH,
                translation_key="not_taken",
                translation_placeholders={"name": self._entry.title, "reason": self._entry.reason},
            ) from error

    def note_call(self, context: Context | None) -> None:
        """Remember the context of a call until its message has been sent, to attribute the state change."""
        if context:
            self._calls[context.id] = context
            if len(self._calls) > _MAX_CALLS:
                self._calls.popitem(last=False)

    @callback  # type: ignore[misc] # final, because Home Assistant knows no queue
    @override
    def _async_record_notification(self) -> None:
        """Do nothing where Home Assistant records the time: the message is only queued by now."""

    @callback
    def _sent(self, event: MessageSent) -> None:
        """Record the time when the platform took a message, whichever way it was queued."""
        message = event.message
        if event.connection != connection_name(self._entry) or message.operation is not Operation.SEND:
            return
        recipient = place(self._entry.subentries.values(), message.recipient)
        if recipient is None or recipient.subentry_id != self._subentry_id:
            return
        if sent_in := context_id(message):
            self.async_set_context(self._calls.get(sent_in) or Context(id=sent_in))
        super()._async_record_notification()


class PeopleNotifyEntity(NotifyEntity):
    """Notify entity of a person, or of several: each is told where they are when it is called.

    Its state is the time at which it was: what becomes of the messages is shown by the entities of the recipients.
    """

    entity_description = NotifyEntityDescription(key="people", translation_key="people", name=None)
    _attr_has_entity_name = True
    _attr_supported_features = NotifyEntityFeature.TITLE

    def __init__(self, hass: HomeAssistant, entry: BachConfigEntry, subentry: ConfigSubentry) -> None:
        self._attr_unique_id = notify_unique_id(entry, subentry.subentry_id)
        self._attr_device_info = recipient_device(hass, entry, subentry)
        self._entry = entry
        self._subentry_id = subentry.subentry_id

    @override
    async def async_send_message(self, message: str, title: str | None = None) -> None:
        """Queue a message for each recipient. One that takes none costs the others nothing, and is told of."""
        context = self._context or Context()
        people = self._entry.subentries[self._subentry_id]
        found = told_of_people(self.hass, people, self.hass.data[CAUSES].of(context))
        for told in found:
            await require_recipient_control(self.hass, context, *_address(told))
        errors = list[HomeAssistantError]()
        for told in found:
            try:
                await self._tell(told, context, message, title)
            except HomeAssistantError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    async def _tell(self, told: Told, context: Context, message: str, title: str | None) -> None:
        entry, recipient = _address(told)
        connection = connection_name(entry)
        self.hass.data[LOOP_PREVENTION].require_no_loop(context, connection, recipient)
        with translated_errors(self.hass):
            await self.hass.data[HUB].bach.send(
                connection, recipient, message, title=title, context=context_to_keep(context, told.person)
            )


def _address(told: Told) -> tuple[BachConfigEntry, str]:
    entry, subentry = told.recipient
    return entry, subentry.data[CONF_RECIPIENT]
