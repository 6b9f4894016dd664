"""What phones say back: presses of our buttons, answers in words, and that a notification is there.

Each is held until what it became is stored; after a crash before that, a press can be made again. Home Assistant
vouches for the user in an event's context; all else in it is what the phone, or whoever poses as one, claims.
"""

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Final

from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback

from bach_lib.connecting import Batch, Clock, Content, Incoming, Kind, Proof, ProofKind, content_of
from bach_lib.connectors.wakeup import Wakeup

from .phones import person_of, phone_at
from .place_forms import nonce_of
from .press_tokens import Meant, PressTokens, digest_of

PRESSED: Final = "mobile_app_notification_action"
CLEARED: Final = "mobile_app_notification_cleared"
RECEIVED: Final = "mobile_app_notification_received"

_MOST: Final = 1_000
"""Events that wait to be stored; a phone that says more is not heard until they are."""
_BATCH: Final = 100
_LONGEST: Final = 4_000
"""Characters of an answer in words."""


class PhoneEvents:
    """Events of phones of one connection, as a platform would keep them: until the next poll has their cursor."""

    def __init__(self, hass: HomeAssistant, tokens: PressTokens, clock: Clock, mark: str) -> None:
        self._hass = hass
        self._tokens = tokens
        self._clock = clock
        self._mark = mark
        self._wakeup = Wakeup(clock)
        self._held = deque[tuple[int, Incoming | Proof, str]]()
        self._spent = set[str]()
        self._number = 0
        self._unlisten: list[CALLBACK_TYPE] = []

    @callback
    def listen(self) -> None:
        """From now on, nothing is missed."""
        if not self._unlisten:
            hears: dict[str, Callable[[Event], None]] = {
                PRESSED: self._pressed,
                CLEARED: self._arrived,
                RECEIVED: self._arrived,
            }
            self._unlisten = [self._hass.bus.async_listen(kind, hear) for kind, hear in hears.items()]

    @callback
    def stop(self) -> None:
        """Hear nothing more."""
        while self._unlisten:
            self._unlisten.pop()()

    async def batch(self, cursor: str | None, seconds: float) -> Batch:
        """What came after the cursor; with nothing there, wait for so long."""
        self._confirm(cursor)
        if seconds:
            await self._wakeup.until(lambda: bool(self._held), seconds)
        taken = list(islice(self._held, _BATCH))
        found = [one for _, one, _ in taken]
        return Batch(
            messages=tuple(one for one in found if isinstance(one, Incoming)),
            proofs=tuple(one for one in found if isinstance(one, Proof)),
            cursor=f"{self._mark}:{taken[-1][0]}" if taken else cursor,
            is_complete=len(taken) == len(self._held),
        )

    def _confirm(self, cursor: str | None) -> None:
        """What the cursor tells of is stored, so its tokens are worth nothing any more."""
        mark, _, number = (cursor or "").rpartition(":")
        while mark == self._mark and self._held and self._held[0][0] <= int(number):
            _, _, digest = self._held.popleft()
            self._tokens.spend(digest)
            self._spent.discard(digest)

    @callback
    def _pressed(self, event: Event) -> None:
        action, words = event.data.get("action"), event.data.get("reply_text")
        found = self._known(action, event)
        if found is None:
            return
        digest, meant = found
        if meant.value is None and (not isinstance(words, str) or not words.strip()):
            return
        said = words[:_LONGEST] if meant.value is None and isinstance(words, str) else meant.text
        kind, content = content_of(said) if meant.value is None else (Kind.BUTTON, Content(value=meant.value))
        now = self._clock.now()
        self._hold(
            digest,
            Incoming(
                remote_id=f"press:{digest}",
                recipient=meant.recipient,
                recipient_title=self._name_of(meant),
                sender_id=meant.recipient,
                sender_name=person_of(self._hass, meant.user_id) or self._name_of(meant),
                kind=kind,
                text=said,
                content=content,
                reply_to=meant.remote_id,
                origin=nonce_of(meant.remote_id),
                sent_at=now,
            ),
        )

    @callback
    def _arrived(self, event: Event) -> None:
        """A notification was shown. A tag may have been used again since; the words tell which one it was."""
        found, words = self._known(event.data.get("tag"), event), event.data.get("message")
        if found is None or (isinstance(words, str) and digest_of(words) != found[1].text):
            return
        digest, meant = found
        proof = Proof(
            kind=ProofKind.DELIVERED,
            remote_ids=(meant.remote_id,),
            sender_id=meant.recipient,
            sender_name=person_of(self._hass, meant.user_id) or self._name_of(meant),
            places=(meant.recipient,),
            sent_at=self._clock.now(),
        )
        self._hold(digest, proof)

    def _known(self, token: object, event: Event) -> tuple[str, Meant] | None:
        if not isinstance(token, str) or len(self._held) >= _MOST:
            return None
        found = self._tokens.find(token, event.context.user_id, self._clock.now())
        return None if found is None or found[0] in self._spent else found

    def _hold(self, digest: str, one: Incoming | Proof) -> None:
        self._number += 1
        self._spent.add(digest)
        self._held.append((self._number, one, digest))
        self._wakeup.wake()

    def _name_of(self, meant: Meant) -> str:
        phone = phone_at(self._hass, meant.recipient)
        return phone.name if phone else meant.recipient
