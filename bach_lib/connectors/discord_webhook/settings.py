"""Settings of a Discord webhook: where to write, and under which name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from yarl import URL

from bach_lib.common_sentences import AN_HTTP_S_ADDRESS, TEXT
from bach_lib.connectors.address_text import tidy
from bach_lib.errors import InvalidRecipientError, InvalidValueError
from bach_lib.said import Sentence

_THREAD = re.compile(
    r"(?:\??thread_id=|https://(?:(?:ptb|canary)\.)?discord(?:app)?\.com/channels/[0-9]{1,20}/)?(?P<id>[1-9][0-9]{14,19})/?",
    re.ASCII,
)
"""An id, the end of an address that names it, or a link to the thread."""
_MAX_NAME = 80
_REFUSED_NAMES = ("clyde", "discord")
"""https://discord.com/developers/docs/resources/webhook#create-webhook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """How a webhook looks; what is None is as its owner has set it in Discord."""

    username: str | None
    avatar_url: str | None

    @classmethod
    def read(cls, settings: Mapping[str, object]) -> Self:
        """Raises `InvalidValueError`."""
        username, avatar_url = _text(settings, "username"), _text(settings, "avatar_url")
        if username and (len(username) > _MAX_NAME or any(word in username.lower() for word in _REFUSED_NAMES)):
            expected = Sentence(
                "at_most_number_characters_without_discord",
                'at most {number} characters, without "discord" and "clyde"',
                number=_MAX_NAME,
            )
            raise InvalidValueError(field="username", value=username[:_MAX_NAME], expected=expected)
        if avatar_url and not _is_address(avatar_url):
            raise InvalidValueError(field="avatar_url", value=avatar_url[:100], expected=AN_HTTP_S_ADDRESS)
        return cls(username=username, avatar_url=avatar_url)

    def fields(self) -> dict[str, object]:
        """The same as Discord wants it."""
        found = {"username": self.username, "avatar_url": self.avatar_url}
        return {name: value for name, value in found.items() if value}


def thread_of(recipient: str) -> int | None:
    """The thread, or None for the channel itself. Raises `InvalidRecipientError`."""
    wanted = tidy(recipient).lower()
    if wanted == "channel":
        return None
    match = _THREAD.fullmatch(wanted)
    if match is None:
        raise InvalidRecipientError(
            recipient=recipient[:100],
            type="discord_webhook",
            expected=Sentence("channel_or_the_id_of_a_thread", '"channel", or the id of a thread in it'),
        )
    return int(match["id"])


def _text(settings: Mapping[str, object], field: str) -> str | None:
    value = settings.get(field)
    if value is not None and not isinstance(value, str):
        raise InvalidValueError(field=field, value=type(value).__name__, expected=TEXT)
    return value.strip() or None if value else None


def _is_address(value: str) -> bool:
    try:
        url = URL(value)
    except ValueError:
        return False
    return url.scheme in {"http", "https"} and bool(url.host)
