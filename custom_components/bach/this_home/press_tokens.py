"""Tokens in the buttons that phones show: only who has one, and is the user it was made for, has pressed.

Any user's phone can fire any event, with any device's id in it. So a press counts by a token that nobody can guess, is
good once and for some days, and by the user whom Home Assistant itself names. What is kept is on disk before a message
goes, as the press may come after a restart; and only as a hash, so that it is of no use to whoever reads the file.
"""

import asyncio
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from secrets import token_hex
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from custom_components.bach.const import DOMAIN

PREFIX: Final = "BACH_"
LIFE: Final = 7 * 86_400.0
"""Seconds that a token is good for."""
_MOST: Final = 2_000
"""Tokens; the oldest go first."""
_LENGTH: Final = 43
"""Characters: 172 bits."""
_SOON: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What a token stands for: whom it was made for, and what it brings. `value` is None for an answer in words.

    `text` is what stands on the button; of a tag, the hash of the words that went with it. `until`: when it is
    worthless, in seconds since 1970.
    """

    recipient: str
    user_id: str
    remote_id: str
    text: str
    value: str | None
    until: float


class PressTokens:
    """All tokens that are out, of this Home Assistant."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._store = Store[dict[str, object]](hass, 1, f"{DOMAIN}.presses", private=True, atomic_writes=True)
        self._loading = asyncio.Lock()
        self._key = ""
        self._meant: dict[str, Meant] = {}

    async def load(self) -> None:
        """Read what is on disk, once."""
        async with self._loading:
            if self._key:
                return
            found = await self._store.async_load() or {}
            key, rows = found.get("key"), found.get("tokens")
            self._meant = _read(rows) if isinstance(rows, Mapping) else {}
            self._key = key if isinstance(key, str) and key else token_hex(32)

    async def tag(self, *what: str) -> str:
        """The tag of a notification: the same for the same, and nobody else can tell it."""
        await self.load()
        return self._made("tag", *what)

    async def issue(self, seed: str, meant: Iterable[Meant], now: float, tag: tuple[str, Meant]) -> list[str]:
        """A token for each, on disk when this returns, with what a sign of life of the `tag` proves.

        `seed`: the same message has the same tokens in each attempt, so it does not matter which of them arrived.
        """
        await self.load()
        tokens = []
        for number, one in enumerate(meant):
            token = self._made("press", seed, str(number), one.recipient)
            self._meant[digest_of(token)] = one
            tokens.append(token)
        self._meant.pop(digest_of(tag[0]), None)  # the newest stands last, and is forgotten last
        self._meant[digest_of(tag[0])] = tag[1]
        self._forget_old(now)
        await self._store.async_save(self._data())
        return tokens

    @callback
    def find(self, token: str, user_id: str | None, now: float) -> tuple[str, Meant] | None:
        """What a token stands for, under a name that is none; None if it is unknown, too old or somebody else's."""
        digest = digest_of(token)
        meant = self._meant.get(digest)
        if meant is None or meant.until < now or meant.user_id != user_id:
            return None
        return digest, meant

    @callback
    def spend(self, digest: str) -> None:
        """It has been used: it is good for nothing from now on."""
        if self._meant.pop(digest, None):
            self._store.async_delay_save(self._data, _SOON)

    async def remove(self) -> None:
        """Delete all, with the file."""
        self._meant, self._key = {}, ""
        await self._store.async_remove()

    def _made(self, *what: str) -> str:
        made = hmac.new(self._key.encode(), "\0".join(what).encode(errors="replace"), sha256)
        return PREFIX + made.hexdigest()[:_LENGTH]

    def _forget_old(self, now: float) -> None:
        good = {digest: one for digest, one in self._meant.items() if one.until >= now}
        self._meant = dict(list(good.items())[-_MOST:])

    def _data(self) -> dict[str, object]:
        return {"key": self._key, "tokens": {digest: asdict(one) for digest, one in self._meant.items()}}


PRESS_TOKENS: HassKey[PressTokens] = HassKey(f"{DOMAIN}_press_tokens")


@callback
def get_press_tokens(hass: HomeAssistant) -> PressTokens:
    """The ones of this Home Assistant."""
    if PRESS_TOKENS not in hass.data:
        hass.data[PRESS_TOKENS] = PressTokens(hass)
    return hass.data[PRESS_TOKENS]


def digest_of(text: str) -> str:
    """What is kept of it."""
    return sha256(text.encode(errors="replace")).hexdigest()


def _read(rows: Mapping[object, object]) -> dict[str, Meant]:
    """What of it can be read; a file may have been edited."""
    found = {}
    for digest, row in rows.items():
        match row:
            case {
                "recipient": str(recipient),
                "user_id": str(user_id),
                "remote_id": str(remote_id),
                "text": str(text),
                "value": (str() | None) as value,
                "until": (int() | float()) as until,
            } if isinstance(digest, str):
                found[digest] = Meant(
                    recipient=recipient, user_id=user_id, remote_id=remote_id, text=text, value=value, until=until
                )
    return found
