"""Triggers on what becomes of outgoing messages (sent, dead, proven), and on the state of connections.

They run with the context of the message, so that the logbook leads back to whoever sent it.
"""

import logging
from abc import abstractmethod
from typing import ClassVar, cast, override

import voluptuous as vol
from homeassistant.components.notify import DOMAIN as NOTIFY_DOMAIN
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import ATTR_CONFIG_ENTRY_ID, CONF_OPTIONS, CONF_TARGET
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.trigger import Trigger, TriggerActionRunner, TriggerConfig, TriggerNotTriggeredReporter
from homeassistant.helpers.typing import ConfigType
from homeassistant.util.json import JsonObjectType

from bach_lib import ConnectionState, Direction, Message, Operation, ProofKind
from bach_lib.events import ConnectionChanged, Event, MessageDead, MessageEvent, MessageProven, MessageSent
from bach_lib.redact import readable
from custom_components.bach.const import DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.attribution import SIGNAL_HAPPENED
from custom_components.bach.home.entry import connections, notify_unique_id
from custom_components.bach.home.language import in_home_language
from custom_components.bach.home.loop_prevention import DEAD_LETTER_TO, LOOP_PREVENTION
from custom_components.bach.home.origin import context_id
from custom_components.bach.home.roles import place
from custom_components.bach.lifecycle.status import connection_state
from custom_components.bach.messages.outgoing_payload import outgoing_payload, proof_payload

from .options import CONF_DIRECTION, CONF_KINDS, CONF_TO, one_of, require_connection, require_recipients, some
from .target import TARGET_SCHEMA, RecipientTarget

_LOGGER = logging.getLogger(__name__)

_ENTRY = {vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}
_STATES = [state.value for state in ConnectionState if state is not ConnectionState.STARTING]
_DIRECTIONS = [direction.value for direction in Direction]
_PROOFS = [kind.value for kind in ProofKind]


class _MessageTrigger[E: MessageEvent](Trigger):
    """Base class: filters messages to which something happened by recipient and entry."""

    _event: type[E]
    _schema: ClassVar[vol.Schema] = vol.Schema(
        {**TARGET_SCHEMA, vol.Required(CONF_OPTIONS, default=dict): {**_ENTRY}},
    )

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        checked = cast(ConfigType, cls._schema(config))
        require_recipients(hass, checked.get(CONF_TARGET))
        require_connection(hass, checked[CONF_OPTIONS].get(ATTR_CONFIG_ENTRY_ID))
        return checked

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        super().__init__(hass, config)
        self._key = config.key
        self._entry_id = (config.options or {}).get(ATTR_CONFIG_ENTRY_ID)
        self._target = RecipientTarget(hass, config.target)

    @override
    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: TriggerNotTriggeredReporter | None = None
    ) -> CALLBACK_TYPE:
        @callback
        def happened(entry_id: str, event: Event) -> None:
            if not isinstance(event, self._event) or self._entry_id not in (None, entry_id):
                return
            entry = self._hass.config_entries.async_get_entry(entry_id)
            if entry is None or not self._concerns(event):
                return
            recipient = place(entry.subentries.values(), event.message.recipient)
            if not self._target.includes(recipient.subentry_id if recipient else None):
                return
            if not self._may_run(event.message):
                return
            # a context with the id of the one that sent it, so that the logbook leads back to whoever that was
            context = Context(id=context_id(event.message))
            self._runs(context, event.message)
            name = recipient.title if recipient else readable(event.message.recipient)
            data = outgoing_payload(
                self._hass,
                event.message,
                entry_id=entry_id,
                recipient_name=name,
                entity_id=_notify_entity(self._hass, entry, recipient),
            )
            run_action(data | self._more(event), self._describe(name, event), context)

        self._target.warn_of_missing(self._key)
        return async_dispatcher_connect(self._hass, SIGNAL_HAPPENED, happened)

    @abstractmethod
    def _concerns(self, event: E) -> bool:
        """Whether the message, and what happened to it, is what the trigger is for."""

    @abstractmethod
    def _describe(self, recipient: str, event: E) -> str:
        """The description for logbook and trace, after "triggered by"."""

    def _more(self, event: E) -> JsonObjectType:  # noqa: ARG002 - for those who have more to tell
        """What automations are told beside the message."""
        return {}

    def _may_run(self, message: Message) -> bool:  # noqa: ARG002 - for those who can
        """Whether loop prevention lets the trigger run for this message; checked last."""
        return True

    def _runs(self, context: Context, message: Message) -> None:
        """Called before automations run with this context."""


class MessageSentTrigger(_MessageTrigger[MessageSent]):
    """Trigger on a sent message; edits, deletions and reactions do not count."""

    _event = MessageSent

    @override
    def _concerns(self, event: MessageSent) -> bool:
        return event.message.operation is Operation.SEND

    @override
    def _describe(self, recipient: str, event: MessageSent) -> str:
        return f"message sent to {recipient}"


class MessageProvenTrigger(_MessageTrigger[MessageProven]):
    """Trigger on what becomes known of a sent message: that it was delivered, seen or answered."""

    _event = MessageProven
    _schema = vol.Schema(
        {
            **TARGET_SCHEMA,
            vol.Required(CONF_OPTIONS, default=dict): {
                **_ENTRY,
                vol.Required(CONF_KINDS, default=[ProofKind.SEEN.value]): some(CONF_KINDS, one_of(CONF_KINDS, _PROOFS)),
            },
        },
    )

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        super().__init__(hass, config)
        self._kinds: list[str] = (config.options or {}).get(CONF_KINDS, [ProofKind.SEEN.value])

    @override
    def _concerns(self, event: MessageProven) -> bool:
        return event.proof.kind.value in self._kinds

    @override
    def _describe(self, recipient: str, event: MessageProven) -> str:
        return f"message to {recipient} {event.proof.kind.value}"

    @override
    def _more(self, event: MessageProven) -> JsonObjectType:
        return proof_payload(event.proof)


class MessageDeadTrigger(_MessageTrigger[MessageDead]):
    """Trigger on a message, or a change of one, that failed for good."""

    _event = MessageDead

    @override
    def _concerns(self, event: MessageDead) -> bool:
        return True

    @override
    def _describe(self, recipient: str, event: MessageDead) -> str:
        return f"{DEAD_LETTER_TO}{recipient}"

    @override
    def _may_run(self, message: Message) -> bool:
        if self._hass.data[LOOP_PREVENTION].is_from_dead_letter(context_id(message)):
            _LOGGER.warning(
                "An automation tells of dead letters with a message that died too (%s); it is not run again for that",
                message.id,
            )
            return False
        return True

    @override
    def _runs(self, context: Context, message: Message) -> None:
        self._hass.data[LOOP_PREVENTION].register_trigger(context, message)


class ConnectionChangedTrigger(Trigger):
    """Trigger on a changed state of sending or receiving.

    "Starting" is skipped: a restart or reload of a working connection is no change.
    """

    _schema: ClassVar[vol.Schema] = vol.Schema(
        {
            vol.Required(CONF_OPTIONS, default=dict): {
                **_ENTRY,
                vol.Optional(CONF_DIRECTION): one_of(CONF_DIRECTION, _DIRECTIONS),
                vol.Optional(CONF_TO): some(CONF_TO, one_of(CONF_TO, _STATES)),
            }
        }
    )

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        checked = cast(ConfigType, cls._schema(config))
        require_connection(hass, checked[CONF_OPTIONS].get(ATTR_CONFIG_ENTRY_ID))
        return checked

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        super().__init__(hass, config)
        options = config.options or {}
        self._entry_id: str | None = options.get(ATTR_CONFIG_ENTRY_ID)
        self._direction: str | None = options.get(CONF_DIRECTION)
        self._to: list[str] = options.get(CONF_TO, _STATES)
        self._known: dict[tuple[str, Direction], ConnectionState] = {}

    @override
    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: TriggerNotTriggeredReporter | None = None
    ) -> CALLBACK_TYPE:
        @callback
        def happened(entry_id: str, event: Event) -> None:
            if not isinstance(event, ConnectionChanged) or self._entry_id not in (None, entry_id):
                return
            old, new = self._learn(entry_id, event.direction, event.health.state), event.health.state
            if self._is_meant(event.direction, old, new):
                entry = self._hass.config_entries.async_get_entry(entry_id)
                name = entry.title if entry else event.connection
                run_action(
                    _changed(self._hass, entry_id, name, event, old),
                    f"{event.direction.value} through {name}: {new.value}",
                )

        for entry in connections(self._hass):
            for direction in Direction:
                if state := connection_state(self._hass, entry.entry_id, direction):
                    self._learn(entry.entry_id, direction, state)
        return async_dispatcher_connect(self._hass, SIGNAL_HAPPENED, happened)

    def _learn(self, entry_id: str, direction: Direction, state: ConnectionState) -> ConnectionState | None:
        """Store the new state; return the old one."""
        old = self._known.get((entry_id, direction))
        if state is not ConnectionState.STARTING:
            self._known[entry_id, direction] = state
        return old

    def _is_meant(self, direction: Direction, old: ConnectionState | None, new: ConnectionState) -> bool:
        if self._direction not in (None, direction.value) or new.value not in self._to or new is old:
            return False
        return old is not None or new is not ConnectionState.CONNECTED  # that it works at all is no change


def _notify_entity(hass: HomeAssistant, entry: BachConfigEntry, recipient: ConfigSubentry | None) -> str | None:
    if recipient is None:
        return None
    unique_id = notify_unique_id(entry, recipient.subentry_id)
    return er.async_get(hass).async_get_entity_id(NOTIFY_DOMAIN, DOMAIN, unique_id)


def _changed(
    hass: HomeAssistant, entry_id: str, name: str, event: ConnectionChanged, old: ConnectionState | None
) -> dict[str, object]:
    fault = event.health.fault
    return {
        ATTR_CONFIG_ENTRY_ID: entry_id,
        "name": name,
        CONF_DIRECTION: event.direction.value,
        "state": event.health.state.value,
        "old_state": old.value if old else None,
        "error": in_home_language(hass, fault.text) if fault else None,
        "error_code": fault.code if fault else None,
    }
