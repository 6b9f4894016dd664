"""Sends to what is no phone: notify entities and actions, speakers, voice satellites, and the panel's notifications.

Each gets words in one call. What is missing or unavailable is looked for before: Home Assistant calls it a success to
have told nobody.
"""

from typing import Final

from homeassistant.components.notify import NotifyEntityFeature
from homeassistant.core import HomeAssistant, State

from bach_lib.connecting import CallError, Loss, Message, Observation, Operation
from bach_lib.said import Sentence
from bach_lib.text.buttons import in_words
from custom_components.bach.kinds.markdown_escape import escape_markdown

from .found_places import SATELLITE, SPEAKER, entity_at, is_own_action, leads_back
from .home_calls import PATIENCE_SPOKEN, HomeCalls, gone
from .place_forms import ACTION, PANEL
from .recipient_choices import ChoicesOf

_UNAVAILABLE: Final = "unavailable"


class PlaceSending:
    """Sends single messages of one connection to places that are no phones."""

    def __init__(self, hass: HomeAssistant, calls: HomeCalls, choices_of: ChoicesOf) -> None:
        self._hass = hass
        self._choices_of = choices_of
        self._calls = calls

    def lost(self, message: Message) -> list[Loss]:
        """What a message goes without there."""
        reason = Sentence("there_are_only_words_there", "There are only words there.")
        has = {"buttons": bool(message.buttons), "silent": message.silent and message.recipient != PANEL}
        return [Loss(what=what, reason=reason) for what, is_there in has.items() if is_there]

    async def post(self, message: Message) -> str | None:
        """Tell it; by what it is known, if it can be replaced. Raises `CallError`."""
        text = message.text
        if message.buttons:
            text = f"{text}\n\n{in_words(message.buttons, message.format)}"
        if message.recipient == PANEL:
            return await self._panel(message, text)
        if message.operation is not Operation.SEND:
            said = Sentence(
                "nothing_can_be_changed_there", "What was said there can be neither changed nor taken back."
            )
            raise CallError("unchangeable", said, Observation.REFUSED)
        if message.recipient.startswith(ACTION):
            await self._action(message, text)
            return None
        state = self._present(message.recipient)
        match state.domain:
            case "assist_satellite":
                await self._announce(state, message, text)
            case "media_player":
                await self._speak(state, message, text)
            case _:
                await self._notify(state, message, text)
        return None

    async def _panel(self, message: Message, text: str) -> str:
        named = message.target or f"bach_{message.tag or message.nonce}"
        if message.operation is Operation.DELETE:
            await self._calls.do(PANEL, f"{PANEL}.dismiss", {"notification_id": named})
            return named
        data = {"message": escape_markdown(text), "notification_id": named, **_title(message)}
        await self._calls.do(PANEL, f"{PANEL}.create", data)
        return named

    async def _action(self, message: Message, text: str) -> None:
        name = message.recipient.removeprefix(ACTION)
        if is_own_action(self._hass, name):
            raise _in_circles(f"notify.{name}")
        await self._calls.do(f"notify.{name}", f"notify.{name}", {"message": text, **_title(message)})

    async def _notify(self, state: State, message: Message, text: str) -> None:
        if leads_back(self._hass, state.entity_id):
            raise _in_circles(state.name)
        features: object = state.attributes.get("supported_features")
        takes_title = isinstance(features, int) and bool(features & NotifyEntityFeature.TITLE)
        data = {"entity_id": state.entity_id, "message": text if takes_title else _with_title(message, text, "\n\n")}
        await self._calls.do(state.name, "notify.send_message", data | (_title(message) if takes_title else {}))

    async def _announce(self, state: State, message: Message, text: str) -> None:
        data = {"entity_id": state.entity_id, "message": _with_title(message, text, ". ")}
        await self._calls.do(state.name, f"{SATELLITE}.announce", data, patience=PATIENCE_SPOKEN)

    async def _speak(self, state: State, message: Message, text: str) -> None:
        chosen = self._choices_of(message.recipient).speech
        engines = sorted(self._hass.states.async_entity_ids("tts"))
        speech = chosen if chosen in engines else next(iter(engines), None)
        if speech is None:
            said = Sentence("nothing_can_speak", "Nothing here can speak. Add text-to-speech to Home Assistant.")
            raise CallError("no_speech", said, Observation.NOT_NOW)
        data = {
            "entity_id": speech,
            f"{SPEAKER}_entity_id": state.entity_id,
            "message": _with_title(message, text, ". "),
        }
        await self._calls.do(state.name, "tts.speak", data, patience=PATIENCE_SPOKEN)

    def _present(self, recipient: str) -> State:
        entity_id = entity_at(self._hass, recipient)
        state = self._hass.states.get(entity_id) if entity_id else None
        if state is None or state.state == _UNAVAILABLE:
            raise gone(state.name if state else entity_id or recipient)
        return state


def _title(message: Message) -> dict[str, str]:
    return {"title": message.title} if message.title else {}


def _with_title(message: Message, text: str, between: str) -> str:
    return f"{message.title}{between}{text}" if message.title else text


def _in_circles(name: str) -> CallError:
    text = Sentence("place_leads_back", "{place} leads back to BACH, so the message would go in circles.", place=name)
    return CallError("in_circles", text, Observation.REFUSED)
