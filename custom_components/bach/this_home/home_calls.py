"""One call of an action of this home, and what its end says of the message: told by keys, never by words.

An action that is waited for and raises has said no, whoever wrote it. What ends otherwise (a time-out, an exception
that no action should raise) leaves nobody sure. Which of the two is a companion app's, its translation keys tell.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceNotFound, ServiceValidationError

from bach_lib.connecting import CallError, Clock, Observation, Redactor, Scope
from bach_lib.said import Sentence

from .phones import MOBILE_APP

PATIENCE: Final = 30.0
"""Seconds for one call; a companion app's own time-out is 10."""
PATIENCE_SPOKEN: Final = 120.0
"""The same for what is waited for until it was spoken."""
_SOON: Final = 30.0
"""Seconds until somebody is looked for again who is not there."""
_MARGIN: Final = 60.0
"""Seconds after midnight: another machine's clock says when that is."""
_LONGEST: Final = 300
"""Characters of what an action says."""


def gone(name: str) -> CallError:
    """A place is not there now. It may be on its way, as while its integration starts anew."""
    text = Sentence("place_is_not_there", "{place} is not there now.", place=name)
    return CallError("not_there", text, Observation.NOT_NOW)


def not_connected(name: str) -> CallError:
    """A phone that only hears us in the home's network is not there, which costs no attempt: nobody is to blame."""
    text = Sentence("phone_is_not_connected", "{phone} is not connected to this home now.", phone=name)
    return CallError("not_connected", text, Observation.TOLD_TO_WAIT, retry_after=_SOON, scope=Scope.RECIPIENT)


class HomeCalls:
    """Calls actions of this home. `hidden`: what must not stand in what they say."""

    def __init__(self, hass: HomeAssistant, clock: Clock) -> None:
        self._hass = hass
        self._clock = clock

    async def do(
        self,
        name: str,
        action: str,
        data: Mapping[str, object],
        *,
        hidden: str = "",
        patience: float = PATIENCE,
    ) -> None:
        """Call `domain.action` for the place of this name, and wait until it is done. Raises `CallError`."""
        domain, _, service = action.partition(".")
        try:
            async with asyncio.timeout(patience):
                await self._hass.services.async_call(domain, service, dict(data), blocking=True)
        except ServiceNotFound as error:
            raise gone(name) from error
        except (ServiceValidationError, vol.Invalid) as error:
            raise CallError("refused", _said(name, error, hidden), Observation.REFUSED) from None
        except HomeAssistantError as error:
            raise self._seen(name, error, hidden) from None
        except TimeoutError as error:
            text = Sentence("place_did_not_answer", "{place} did not answer in time.", place=name)
            raise CallError("timeout", text, Observation.NO_ANSWER) from error
        except Exception as error:  # noqa: BLE001 - a border: any integration may answer
            kind = type(error).__name__
            text = Sentence("place_failed", "{place} failed without saying why ({kind}).", place=name, kind=kind)
            raise CallError("failed", text, Observation.NO_ANSWER) from None

    def _seen(self, name: str, error: HomeAssistantError, hidden: str) -> CallError:
        key = error.translation_key if error.translation_domain == MOBILE_APP else None
        match key:
            case "rate_limit_exceeded_sending_notification":
                text = Sentence(
                    "phone_has_had_all_of_today",
                    "{phone} has had all notifications that one day allows. It goes on after midnight (UTC).",
                    phone=name,
                )
                wait = self._until_midnight()
                return CallError(
                    "rate_limited", text, Observation.TOLD_TO_WAIT, retry_after=wait, scope=Scope.RECIPIENT
                )
            case "device_not_connected_for_local_push_notifications":
                return not_connected(name)
            case "timeout_sending_notification":
                text = Sentence(
                    "push_service_did_not_answer", "The push service of {phone} did not answer in time.", phone=name
                )
                return CallError("timeout", text, Observation.NO_ANSWER)
            case "error_sending_notification":
                text = Sentence(
                    "push_service_did_not_take_it", "The push service of {phone} did not take it.", phone=name
                )
                return CallError("push_failed", text, Observation.NOT_NOW)
            case _:
                return CallError("refused", _said(name, error, hidden), Observation.NOT_NOW)

    def _until_midnight(self) -> float:
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return (midnight - now).total_seconds() + _MARGIN


def _said(name: str, error: Exception, hidden: str) -> Sentence:
    reason = Redactor([hidden] if hidden else [])(str(error))[:_LONGEST] or type(error).__name__
    return Sentence("place_did_not_take_it", "{place} did not take it: {reason}", place=name, reason=reason)
