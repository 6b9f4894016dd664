"""Config flow steps that make no connection: keep all messages in a PostgreSQL database, or in the home's file again.

What was typed is checked completely before anything changes. Then everything moves at once, so that what waits is sent
from one place only.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import voluptuous as vol
from homeassistant.config_entries import ConfigEntryState, ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_ADDRESS
from homeassistant.helpers.selector import BooleanSelector, TextSelector, TextSelectorConfig, TextSelectorType

from bach_lib import BachError
from bach_lib.errors import (
    MissingLibraryError,
    StoreAddressError,
    StoreFillingError,
    StoreForeignError,
    StoreInUseError,
    StoreOccupiedError,
    StoreTooNewError,
    StoreUnreachableError,
    StoreUnsafeError,
    StoreUnsuitableError,
)
from bach_lib.runtime.relocation import Address, Ended, is_address
from custom_components.bach.const import CONF_PASSWORD, DOMAIN
from custom_components.bach.home.entry import connections
from custom_components.bach.home.hub import get_hub
from custom_components.bach.home.language import in_home_language
from custom_components.bach.kinds.markdown_escape import with_escaped
from custom_components.bach.kinds.requirements import told

from .form_errors import BASE, FAULT_ERRORS

EXAMPLE: Final = "postgresql://bach@db.home:5432/bach"
IN_BACKUP: Final = "database_in_backup"
FAILED: Final = "database_failed"
REFUSALS: Final = tuple(
    error.code
    for error in (
        StoreAddressError,
        StoreFillingError,
        StoreForeignError,
        StoreInUseError,
        StoreOccupiedError,
        StoreTooNewError,
        StoreUnreachableError,
        StoreUnsafeError,
        StoreUnsuitableError,
    )
)
"""What may be wrong with an address, each with a text of its own."""

_LEAVE: Final = "leave"
_LONGEST: Final = 2000
"""Characters of an address."""
_BEGUN: Final = (ConfigEntryState.LOADED, ConfigEntryState.SETUP_RETRY, ConfigEntryState.SETUP_ERROR)
_PASSWORD_BOX = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))


class DatabaseSteps(ConfigFlow):
    """Mixin with the steps about where messages are kept."""

    def __init__(self) -> None:
        super().__init__()
        self._goes_to: Address | None = None
        self._moving: asyncio.Task[Ended] | None = None
        self._told_unsafe = ""
        """The address of which was said that a power cut may cost messages; whoever submits it again wants it so."""

    async def async_step_database(self, _: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for an address; where there is one already, offer another one, or the file again."""
        if (address := await get_hub(self.hass).place.address()) is None:
            return await self.async_step_database_address()
        return self.async_show_menu(
            step_id="database",
            menu_options=["database_address", "database_file"],
            description_placeholders=_words(address),
        )

    async def async_step_database_address(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for an address, and try it."""
        if user_input is None:
            return await self._ask_address()
        try:
            address = await self._named(user_input)
            await get_hub(self.hass).place.check(address, is_safe=str(address) != self._told_unsafe)
        except StoreUnsafeError as error:
            self._told_unsafe = str(address)
            return await self._ask_address(error, user_input)
        except BachError as error:
            return await self._ask_address(error, user_input)
        self._goes_to = address
        return await self.async_step_database_moving()

    async def async_step_database_file(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask whether everything shall move back into the file."""
        if user_input is None:
            return self._ask_file()
        self._goes_to = None
        return await self._begin(leave=user_input.get(_LEAVE, False))

    async def async_step_database_moving(self, _: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Move everything, and show how far that is. Whoever closes the dialog ends it; nothing has changed then."""
        return await self._begin(leave=False)

    async def async_step_database_moved(self, _: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say what has moved, or ask again."""
        moving, self._moving = self._moving, None
        try:
            ended = await moving if moving else Ended()
        except BachError as error:
            return await self._ask_address(error) if self._goes_to else self._ask_file(error)
        moved = str(ended.rows.get("messages", 0))
        left = sum(ended.left.values())
        return self.async_abort(
            reason="database_moved_in_part" if left else "database_moved" if ended.rows else "database_kept",
            description_placeholders={**_words(self._goes_to), "count": moved, "left": str(left)},
        )

    async def _begin(self, *, leave: bool) -> ConfigFlowResult:
        if self._moving is None:
            if get_hub(self.hass).is_in_backup:
                return self.async_abort(reason=IN_BACKUP)
            work = self._leave() if leave else self._move(self._goes_to)
            self._moving = self.hass.async_create_background_task(work, f"{DOMAIN} moves its messages")
        if self._moving.done():
            return self.async_show_progress_done(next_step_id="database_moved")
        return self.async_show_progress(
            step_id="database_moving",
            progress_action="database_moving",
            progress_task=self._moving,
            description_placeholders=_words(self._goes_to),
        )

    async def _move(self, address: Address | None) -> Ended:
        with self._reloading():
            async with get_hub(self.hass).closed(address) as place:
                return await place.change(address, self._bar)

    async def _leave(self) -> Ended:
        with self._reloading():
            async with get_hub(self.hass).closed(None) as place:
                await place.leave()
        return Ended()

    @contextmanager
    def _reloading(self) -> Iterator[None]:
        """Reload all entries afterwards, whatever has become of it: they had the database that is closed now."""
        entries = connections(self.hass, include_disabled=False)
        begun = [entry.entry_id for entry in entries if entry.state in _BEGUN]
        try:
            yield
        finally:
            for entry_id in begun:
                self.hass.config_entries.async_schedule_reload(entry_id)

    @contextmanager
    def _bar(self, total: int) -> Iterator[Callable[[int], None]]:
        yield lambda done: self.async_update_progress(min(1.0, done / max(1, total)))

    async def _named(self, user_input: Mapping[str, Any]) -> Address:
        """What was typed. As the address is shown without what is secret, it means the kept one where it is the same.

        Raises `StoreAddressError`.
        """
        typed, password = str(user_input[CONF_ADDRESS]).strip(), str(user_input.get(CONF_PASSWORD, ""))
        if not is_address(typed) or len(typed) + len(password) > _LONGEST:
            raise StoreAddressError(path="this")
        kept = await get_hub(self.hass).place.address()
        address = kept if kept and typed == str(kept) else Address(typed)
        return address.with_password(password) if password else address

    async def _ask_address(
        self, error: BachError | None = None, user_input: Mapping[str, Any] | None = None
    ) -> ConfigFlowResult:
        kept = self._goes_to or await get_hub(self.hass).place.address()
        schema = vol.Schema(
            {
                vol.Required(CONF_ADDRESS): TextSelector(),
                vol.Optional(CONF_PASSWORD): _PASSWORD_BOX,
            }
        )
        at_address, words = self._told(error)
        return self.async_show_form(
            step_id="database_address",
            data_schema=self.add_suggested_values_to_schema(schema, user_input or {CONF_ADDRESS: str(kept or "")}),
            errors={BASE if at_address in FAULT_ERRORS else CONF_ADDRESS: at_address} if at_address else {},
            description_placeholders=words,
        )

    def _ask_file(self, error: BachError | None = None) -> ConfigFlowResult:
        """After it did not work, offer to leave what is there, as a server may never come back."""
        at_base, words = self._told(error)
        return self.async_show_form(
            step_id="database_file",
            data_schema=vol.Schema({vol.Optional(_LEAVE, default=False): BooleanSelector()} if error else {}),
            errors={BASE: at_base} if at_base else {},
            description_placeholders=words,
        )

    def _told(self, error: BachError | None) -> tuple[str, dict[str, str]]:
        """The key of the text for an error, and what fills the texts of the form."""
        words = {"example": EXAMPLE, "reason": ""}
        if error is None:
            return "", words
        if isinstance(error, MissingLibraryError):
            fault = told(self.hass, error)
            return FAULT_ERRORS[fault.code], {**words, "reason": fault.text}
        code = error.code if error.code in REFUSALS else FAILED
        reason = error.placeholders.get("reason", error.sentence) if code != FAILED else error.sentence
        return code, {**words, "reason": in_home_language(self.hass, reason)}


def _words(address: Address | None) -> dict[str, str]:
    """Where messages are, for people; without a password."""
    return with_escaped({"name": str(address)}) if address else {"name": "", "name_text": ""}
