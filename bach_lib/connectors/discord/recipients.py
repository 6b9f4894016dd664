"""Parses the addresses a bot can write to.

A recipient is a channel (`123456789012345678`), a thread of it (`channel/thread`; the thread's own id alone will do) or
a person (`@` and their id), who gets a direct message. What Discord's apps copy means the same: mentions (`<#id>`,
`<@id>`) and the addresses of channels, threads and messages.
"""

import re
from dataclasses import dataclass
from typing import Self, override

from bach_lib.connectors.address_text import tidy
from bach_lib.errors import InvalidRecipientError
from bach_lib.said import Sentence

_ID = "[1-9][0-9]{14,19}"
_FORM = re.compile(f"@(?P<person>{_ID})|(?P<channel>{_ID})(?:/(?P<thread>{_ID}))?")
_MENTION = re.compile(f"<(?:#(?P<channel>{_ID})|@!?(?P<person>{_ID}))>")
_ADDRESS = re.compile(
    f"https?://(?:(?:www|ptb|canary)\\.)?discord(?:app)?\\.com/channels/(?:@me|{_ID})/(?P<channel>{_ID})(?:/(?:{_ID})?)?",
    re.IGNORECASE,
)
"""Ids have 64 bits, of which 22 count within a millisecond: the first day's had 15 digits already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A recipient, taken apart: either `person` or `channel` is set."""

    person: int | None = None
    channel: int | None = None
    thread: int | None = None

    @classmethod
    def parse(cls, recipient: str) -> Self:
        """Raises `InvalidRecipientError`."""
        written = tidy(recipient)
        match = _FORM.fullmatch(written) or _MENTION.fullmatch(written) or _ADDRESS.fullmatch(written)
        if match is None:
            raise InvalidRecipientError(
                recipient=recipient[:100],
                type="discord",
                expected=Sentence(
                    "a_channel_id_for_a_thread_followed",
                    'a channel\'s id, for a thread followed by "/" and its id, or "@" and a person\'s id',
                ),
            )
        return cls(**{name: int(value) for name, value in match.groupdict().items() if value})

    @property
    def place(self) -> int | None:
        """The id to write to; None for a person, whose channel Discord has to be asked for."""
        return self.thread or self.channel

    @override
    def __str__(self) -> str:
        if self.person is not None:
            return f"@{self.person}"
        return f"{self.channel}/{self.thread}" if self.thread is not None else str(self.channel)
