"""Subentry flow steps that pair a recipient: somebody writes to the account, and is picked from a list.

An invitation link with a one-time code shows which of several new senders is the right one. Nobody has to know an id.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from typing import Any, ClassVar, Final, override

import voluptuous as vol
from homeassistant.config_entries import ConfigEntryState, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.core import callback
from homeassistant.helpers.selector import (
    QrCodeSelector,
    QrCodeSelectorConfig,
    QrErrorCorrectionLevel,
)

from bach_lib import Candidate, Invitation, Pairing
from bach_lib.errors import CannotReceiveError
from bach_lib.events import SenderBlocked
from custom_components.bach.const import (
    CONF_KIND,
    CONF_LANGUAGE,
    CONF_LINK,
    CONF_RECIPIENT,
    KIND_PRIVATE,
    LANGUAGES,
)
from custom_components.bach.home.language import spoken
from custom_components.bach.home.users import Users, async_get_users
from custom_components.bach.kinds.form_fields import labelled, radio_buttons
from custom_components.bach.kinds.markdown_escape import with_escaped

from .role_fields import rights_values

KEEP_WAITING: Final = "keep_waiting"
"""The choice of somebody who is not in the list yet."""
MAX_TITLE: Final = 100
"""Characters; strangers choose their names themselves."""

PAIRING_SECONDS: Final = 600
"""How long to wait for somebody to write before asking what to do: as long as their code is good."""

_CONF_QR_CODE: Final = "qr_code"
_MARK: Final = "✓"
_SCALE: Final = 5


class PairingSteps(ConfigSubentryFlow, ABC):
    """Mixin that waits for senders. `waiting_for` is the key of the text that says what they should write."""

    waiting_for: ClassVar[str] = "wait_for_message"

    def __init__(self) -> None:
        super().__init__()
        self._candidates: dict[str, Candidate] = {}
        self._listening = ExitStack()
        self._somebody_wrote = asyncio.Event()
        self._waiting: asyncio.Task[None] | None = None
        self._pairing: Pairing | None = None
        self._is_invited = False
        self._link_with_code: str | None = None
        self._words: dict[str, str] = {}

    async def async_step_pair(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show progress until somebody writes, or the time is over."""
        if self._waiting is not None and self._waiting.done():  # whatever has become of the connection meanwhile
            self._waiting = None
            return self.async_show_progress_done(next_step_id="pick" if self._candidates else "nobody")
        if self._waiting is None:
            if self._get_entry().state is not ConfigEntryState.LOADED:
                return self.async_abort(reason="entry_not_loaded")
            try:
                self._listen()
            except CannotReceiveError as error:
                return self.async_abort(reason=error.code)
            if self._link_with_code and not self._is_invited:
                schema = _invitation_schema(self._link_with_code)
                return self.async_show_form(step_id="invite", data_schema=schema, description_placeholders=self._words)
            self._waiting = self.hass.async_create_background_task(self._wait(), "bach: wait for a recipient")
        return self.async_show_progress(
            step_id="pair",
            progress_action=self.waiting_for,
            description_placeholders=self._words,
            progress_task=self._waiting,
        )

    async def async_step_invite(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Continue after the page with link and QR code."""
        self._is_invited = True
        return await (self.async_step_pick() if self._somebody_wrote.is_set() else self.async_step_pair())

    async def async_step_nobody(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Offer to wait on or to type an id, as nobody wrote."""
        return self.async_show_menu(step_id="nobody", menu_options=["pair", "manual"])

    async def async_step_pick(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose among those who wrote."""
        picked = user_input[CONF_RECIPIENT] if user_input else None
        if picked == KEEP_WAITING:
            return await self.async_step_pair()
        if picked is not None:
            candidate = self._candidates[picked]
            found = {CONF_KIND: candidate.kind, **self._speaks(candidate), **rights_values(user_input or {})}
            return await self._create(candidate.recipient, candidate.title[:MAX_TITLE], found, user_input)
        self._somebody_wrote.clear()
        rights = self._rights(await async_get_users(self.hass))
        fields = {**_pick_fields(self._candidates), **rights, **self._hello_box()}
        return self.async_show_form(step_id="pick", data_schema=vol.Schema(fields))

    @callback
    @override
    def async_remove(self) -> None:
        """Stop pairing when the flow ends, in whatever way."""
        self._listening.close()

    def _listen(self) -> None:
        """Start pairing, unless it runs with a valid code: unknown senders become candidates."""
        coordinator = self._get_entry().runtime_data
        if self._pairing and self._pairing.is_good:
            return

        def seen(event: SenderBlocked) -> None:
            if event.connection == coordinator.connection:
                self._candidates[event.candidate.recipient] = event.candidate
                self._somebody_wrote.set()

        self._listening.close()
        self._pairing = self._listening.enter_context(coordinator.bach.pairing(coordinator.connection))
        self._is_invited = False
        account = self._get_entry().data.get(CONF_LINK) or None
        invitation = coordinator.bach.invitation(coordinator.connection, self._pairing.code, account)
        self._link_with_code = invitation.link if invitation else None
        self._words = _invitation_words(invitation, self._get_entry().title, account or "")
        self._candidates.update(self._pairing.candidates)
        if self._pairing.candidates:  # pressed Start before
            self._somebody_wrote.set()
        self._listening.callback(coordinator.bach.subscribe(SenderBlocked, seen))

    def _speaks(self, candidate: Candidate) -> dict[str, str]:
        """The language of a person's app, if it is another than the home's. A group has none: one of many wrote."""
        language = spoken(candidate.language.lower())
        is_home = language == spoken(self.hass.config.language)
        is_known = candidate.kind == KIND_PRIVATE and language in LANGUAGES and not is_home
        return {CONF_LANGUAGE: language} if is_known else {}

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(PAIRING_SECONDS):
                await self._somebody_wrote.wait()

    @abstractmethod
    def _rights(self, users: Users) -> dict[vol.Marker, Any]:
        """The form fields for the role."""

    @abstractmethod
    def _hello_box(self, *, ticked: bool | None = None) -> dict[vol.Marker, Any]:
        """The form field that asks whether to send a first message."""

    @abstractmethod
    async def _create(
        self, recipient: str, title: str, extra: Mapping[str, Any], user_input: Mapping[str, Any] | None
    ) -> SubentryFlowResult:
        """Create the subentry."""


def _invitation_schema(link: str) -> vol.Schema:
    """The page with the QR code; it has no input."""
    quality = QrErrorCorrectionLevel.MEDIUM
    config = QrCodeSelectorConfig(data=link, scale=_SCALE, error_correction_level=quality)
    return vol.Schema({vol.Optional(_CONF_QR_CODE): QrCodeSelector(config)})


def _invitation_words(invitation: Invitation | None, name: str, link: str) -> dict[str, str]:
    """The placeholders of the pages; `link` is the account's own link."""
    words = with_escaped({"name": name, "link": link})
    if invitation is None:
        return words
    return {
        **words,
        "link": invitation.link or link,
        "group_link": invitation.group_link or link,
        "code": invitation.code,
    }


def _pick_fields(candidates: Mapping[str, Candidate]) -> dict[vol.Marker, Any]:
    """The senders to choose from; one with the right code is first, marked and preselected."""
    ordered = sorted(candidates.values(), key=lambda one: not one.has_code)
    labels = {**{one.recipient: _label(one) for one in ordered}, KEEP_WAITING: KEEP_WAITING}
    chosen = ordered[0].recipient if ordered and ordered[0].has_code else vol.UNDEFINED
    return {vol.Required(CONF_RECIPIENT, default=chosen): radio_buttons(labelled(labels), translation_key="pick")}


def _label(candidate: Candidate) -> str:
    mark = f"{_MARK} " if candidate.has_code else ""
    return f"{mark}{candidate.title[:MAX_TITLE].replace(_MARK, '')} ({candidate.recipient})"
