"""Sends to a companion app: by its entity, which tells of refusals, or by its action, which knows buttons and levels.

Which way a message goes follows from what it needs, unless its recipient was set to one. A long text becomes several
notifications, since the push services take about 4 KB with everything in it, and the action hides that they refused.
"""

from dataclasses import dataclass, replace
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from bach_lib.connecting import CallError, Clock, Limit, Loss, Message, Observation, Operation, split
from bach_lib.connectors.rung import Step
from bach_lib.said import Sentence
from bach_lib.text.buttons import in_words
from custom_components.bach.const import DOMAIN, LANGUAGES

from .home_calls import HomeCalls, gone, not_connected
from .phones import Phone
from .place_forms import notification_id, tag_of
from .press_tokens import LIFE, Meant, PressTokens, digest_of
from .recipient_choices import ChoicesOf, Way
from .rich_data import CLEAR, MOST_BUTTONS, Pressable, data_of, harmless, is_rich

_TEXT: Final = Limit(characters=1_500, written=2_000)
"""Of one notification: with title, buttons and what the service adds, and escaped, it stays below 4 KB."""
_LONGEST_TITLE: Final = 200
_FIRST: Final = "0"
"""The key of the first request of a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A message as it goes to a phone. `is_rich`: by the action. `lost`: what it goes without."""

    message: Message
    is_rich: bool
    lost: tuple[Loss, ...] = ()


class PhoneSending:
    """Sends single notifications of one connection to phones."""

    def __init__(
        self, hass: HomeAssistant, calls: HomeCalls, choices_of: ChoicesOf, tokens: PressTokens, clock: Clock
    ) -> None:
        self._hass = hass
        self._choices_of = choices_of
        self._calls = calls
        self._tokens = tokens
        self._clock = clock

    def fitted(self, message: Message, phone: Phone) -> Fitted:
        """Choose the way, and put into words what the phone cannot have by it. Raises `CallError`."""
        choices = self._choices_of(message.recipient)
        changes = message.operation is not Operation.SEND
        wants = changes or choices.way is Way.RICH or (choices.way is Way.FITTING and is_rich(message, choices))
        if wants and phone.action is not None:
            return self._rich(message, phone)
        if changes:  # what is there can be changed by the action only
            raise gone(phone.name)
        reason = (
            Sentence("phone_is_told_the_checked_way", "This phone was set to be told the checked way.")
            if choices.way is Way.CHECKED
            else Sentence(
                "phone_has_no_action", "Home Assistant has no action for this phone, as when two have the same name."
            )
        )
        has = {"buttons": bool(message.buttons), "silent": message.silent}
        lost = tuple(Loss(what=what, reason=reason) for what, is_there in has.items() if is_there)
        return Fitted(message=_said_in_words(message), is_rich=False, lost=lost)

    def parts(self, message: Message) -> list[Message]:
        """The notifications that it becomes: the title above the first, the buttons below the last."""
        if message.operation is Operation.DELETE:
            return [message]
        title = (message.title or "").strip()
        text = f"{title}\n\n{message.text}" if len(title) > _LONGEST_TITLE else message.text
        texts = split(text, _TEXT) or [text]
        shown = title if 0 < len(title) <= _LONGEST_TITLE else None
        last = len(texts) - 1
        return [
            replace(message, text=one, title=None if at else shown, buttons=message.buttons if at == last else ())
            for at, one in enumerate(texts)
        ]

    async def post(self, step: Step, phone: Phone, *, is_rich: bool) -> str | None:
        """Make one notification; by what it is known, if it can be replaced. Raises `CallError`."""
        message = step.message
        if not is_rich:
            await self._post_checked(message, phone)
            return None
        if phone.action is None:
            raise gone(phone.name)
        remote_id = await self._remote_id(step, phone)
        tag = tag_of(remote_id)
        if message.operation is Operation.DELETE:
            data: dict[str, object] = {"message": CLEAR, "data": {"tag": tag}}
        else:
            data = await self._rich_data(step, phone, remote_id, tag)
        try:
            await self._calls.do(phone.name, f"notify.{phone.action}", data, hidden=phone.webhook_id)
        except CallError as error:
            if error.code == "refused" and error.seen is Observation.NOT_NOW:  # the only thing that the action tells
                raise not_connected(phone.name) from None
            raise
        return remote_id

    async def _post_checked(self, message: Message, phone: Phone) -> None:
        state = self._hass.states.get(phone.entity_id) if phone.entity_id else None
        if state is None or state.state == "unavailable":
            raise gone(phone.name)
        data: dict[str, object] = {
            "entity_id": phone.entity_id,
            "message": harmless(message.text, is_apple=phone.is_apple),
        }
        if message.title:
            data["title"] = harmless(message.title, is_apple=phone.is_apple)
        await self._calls.do(phone.name, "notify.send_message", data, hidden=phone.webhook_id)

    async def _rich_data(self, step: Step, phone: Phone, remote_id: str, tag: str) -> dict[str, object]:
        message, choices = step.message, self._choices_of(step.message.recipient)
        text = harmless(message.text, is_apple=phone.is_apple)
        buttons = [(one.text, one.value) for row in message.buttons for one in row]
        wanted: list[tuple[str, str | None]] = [*buttons]
        if choices.takes_replies and len(buttons) < MOST_BUTTONS[phone.is_apple]:
            wanted.append((await self._reply_word(choices.language), None))
        until = self._clock.now() + LIFE
        meant = [
            Meant(
                recipient=message.recipient,
                user_id=phone.user_id,
                remote_id=remote_id,
                text=shown,
                value=value,
                until=until,
            )
            for shown, value in wanted
        ]
        sign = Meant(
            recipient=message.recipient,
            user_id=phone.user_id,
            remote_id=remote_id,
            text=digest_of(text),
            value="",
            until=until,
        )
        tokens = await self._tokens.issue(f"{message.nonce}:{step.key}", meant, self._clock.now(), (tag, sign))
        pressables = [
            Pressable(action=token, title=shown, takes_text=value is None)
            for token, (shown, value) in zip(tokens, wanted, strict=True)
        ]
        data = data_of(message, choices, is_apple=phone.is_apple, tag=tag, buttons=pressables)
        title = {"title": harmless(message.title, is_apple=phone.is_apple)} if message.title else {}
        return {"message": text, **title, "data": data}

    async def _remote_id(self, step: Step, phone: Phone) -> str:
        """A change goes to the notification that it changes; what is longer now than it was, to new ones behind it."""
        message = step.message
        if message.target and (message.operation is Operation.DELETE or step.key == _FIRST):
            return message.target
        named = ("named", message.tag) if message.tag else ("single", message.nonce)
        return notification_id(await self._tokens.tag(phone.recipient, *named, step.key), message.nonce)

    async def _reply_word(self, language: str) -> str:
        spoken = language if language in LANGUAGES else language.partition("-")[0]
        texts = await async_get_translations(self._hass, spoken, "common", [DOMAIN])
        return texts.get(f"component.{DOMAIN}.common.reply", "Reply")

    def _rich(self, message: Message, phone: Phone) -> Fitted:
        most = MOST_BUTTONS[phone.is_apple]
        if sum(map(len, message.buttons)) <= most:
            return Fitted(message=message, is_rich=True)
        reason = Sentence("phone_shows_few_buttons", "This phone shows at most {number} buttons.", number=most)
        return Fitted(message=_said_in_words(message), is_rich=True, lost=(Loss(what="buttons", reason=reason),))


def _said_in_words(message: Message) -> Message:
    if not message.buttons:
        return message
    return replace(message, text=f"{message.text}\n\n{in_words(message.buttons, message.format)}", buttons=())
