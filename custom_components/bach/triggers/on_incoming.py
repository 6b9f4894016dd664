"""Triggers on incoming messages: a message, a command, the press of a button.

Only announced messages get here, so none of unknown senders. Each trigger checks the role once more: a door must not
open because another part has forgotten to.
"""

import unicodedata
from abc import abstractmethod
from typing import ClassVar, cast, override

import voluptuous as vol
from homeassistant.const import CONF_OPTIONS, CONF_TARGET
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.trigger import (
    NotTriggeredInfo,
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType

from bach_lib import Kind
from custom_components.bach.const import CONF_ROLE
from custom_components.bach.home.attribution import SIGNAL_RECEIVED, Received, Role
from custom_components.bach.messages.incoming_payload import incoming_payload

from .options import (
    CONF_COMMAND,
    CONF_CONTAINS,
    CONF_KINDS,
    CONF_SENDER,
    CONF_VALUE,
    command,
    one_of,
    require_recipients,
    require_senders,
    sender,
    some,
    words,
)
from .target import TARGET_SCHEMA, RecipientTarget

_ROLES = [role.value for role in Role if role is not Role.NOTIFY_ONLY]
_MESSAGES = [Kind.TEXT.value, Kind.MEDIA.value, Kind.LOCATION.value]
"""What people call a message; the other kinds are for who asks for them."""

_FROM: dict[vol.Marker, object] = {vol.Optional(CONF_SENDER): some(CONF_SENDER, sender)}
_NEEDS_ROLE: dict[vol.Marker, object] = {vol.Optional(CONF_ROLE, default=Role.USER.value): one_of(CONF_ROLE, _ROLES)}


def _schema(options: dict[vol.Marker, object]) -> vol.Schema:
    return vol.Schema({**TARGET_SCHEMA, vol.Required(CONF_OPTIONS, default=dict): {**_FROM, **options}})


class _ReceivedTrigger(Trigger):
    """Base class: filters incoming messages by recipient, sender and role."""

    _schema: ClassVar[vol.Schema]
    _least: ClassVar[Role] = Role.USER

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        checked = cast(ConfigType, cls._schema(config))
        require_recipients(hass, checked.get(CONF_TARGET))
        require_senders(hass, checked[CONF_OPTIONS].get(CONF_SENDER, []))
        return checked

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        super().__init__(hass, config)
        self._key = config.key
        self._options = config.options or {}
        self._target = RecipientTarget(hass, config.target)
        self._role = Role(self._options.get(CONF_ROLE, self._least))

    @override
    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: TriggerNotTriggeredReporter | None = None
    ) -> CALLBACK_TYPE:
        @callback
        def heard(received: Received) -> None:
            if not self._is_meant(received):
                return
            if received.is_heard and received.role.includes(self._role):
                run_action(incoming_payload(received), self._describe(received), received.context)
            elif did_not_trigger:
                reason = {"person": received.who, "role": received.role.value, "needed": self._role.value}
                did_not_trigger(NotTriggeredInfo("role_too_low", reason), received.context)

        self._target.warn_of_missing(self._key)
        return async_dispatcher_connect(self._hass, SIGNAL_RECEIVED, heard)

    def _is_meant(self, received: Received) -> bool:
        senders = self._options.get(CONF_SENDER)
        return (
            (senders is None or received.message.sender in senders)
            and self._concerns(received)
            and self._target.includes(received.subentry_id)
        )

    @abstractmethod
    def _concerns(self, received: Received) -> bool:
        """Whether the message is of the kind and content the trigger is for."""

    @abstractmethod
    def _describe(self, received: Received) -> str:
        """The description for logbook and trace, after "triggered by"; it never quotes the text."""


class MessageReceivedTrigger(_ReceivedTrigger):
    """Trigger on a message of one of the given kinds, optionally with one of some phrases."""

    _least = Role.NOTIFY_ONLY

    _schema = _schema(
        {
            vol.Optional(CONF_KINDS, default=list(_MESSAGES)): some(
                CONF_KINDS, one_of(CONF_KINDS, [kind.value for kind in Kind])
            ),
            vol.Optional(CONF_CONTAINS): some(CONF_CONTAINS, words(CONF_CONTAINS)),
        }
    )

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        super().__init__(hass, config)
        self._phrases = [_comparable(phrase) for phrase in self._options.get(CONF_CONTAINS, [])]

    @override
    def _concerns(self, received: Received) -> bool:
        if received.message.kind.value not in self._options[CONF_KINDS]:
            return False
        if not self._phrases:
            return True
        text = _comparable(received.message.text)
        return any(phrase in text for phrase in self._phrases)

    @override
    def _describe(self, received: Received) -> str:
        return f"{received.message.kind.value} message from {_who(received)}"


class CommandReceivedTrigger(_ReceivedTrigger):
    """Trigger on a command such as /door; old, repeated or edited messages never count as commands."""

    _schema = _schema({vol.Required(CONF_COMMAND): some(CONF_COMMAND, command), **_NEEDS_ROLE})

    @override
    def _concerns(self, received: Received) -> bool:
        message = received.message
        return message.kind is Kind.COMMAND and message.content.command in self._options[CONF_COMMAND]

    @override
    def _describe(self, received: Received) -> str:
        return f"command /{received.message.content.command} from {_who(received)}"


class ButtonPressedTrigger(_ReceivedTrigger):
    """Trigger on the press of a button below one of our messages."""

    _schema = _schema({vol.Optional(CONF_VALUE): some(CONF_VALUE, words(CONF_VALUE)), **_NEEDS_ROLE})

    @override
    def _concerns(self, received: Received) -> bool:
        message, values = received.message, self._options.get(CONF_VALUE)
        value = message.content.value  # none if it was no button of ours
        return message.kind is Kind.BUTTON and value is not None and (values is None or value in values)

    @override
    def _describe(self, received: Received) -> str:
        message = received.message
        return f"button {message.metadata.get('label') or message.content.value} pressed by {_who(received)}"


def _comparable(text: str) -> str:
    """Normalize for comparison: case-folded, NFC, single spaces."""
    composed = unicodedata.normalize("NFC", text).casefold()
    return " ".join(unicodedata.normalize("NFC", composed).split())


def _who(received: Received) -> str:
    if received.person == received.recipient_name:
        return received.person
    return f"{received.who} in {received.recipient_name}"
