"""Client of webhooks, by their address alone (https://discord.com/developers/docs/resources/webhook)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from discord.http import Route
from yarl import URL

from bach_lib.connectors.discord.rest import Rest
from bach_lib.errors import InvalidValueError
from bach_lib.models import File
from bach_lib.said import Sentence

_HOSTS = frozenset(
    f"{channel}{host}" for channel in ("", "ptb.", "canary.") for host in ("discord.com", "discordapp.com")
)
_ID = re.compile(r"[1-9][0-9]{14,19}", re.ASCII)
_PATH = re.compile(r"(?:.*/)?webhooks/(?P<id>[1-9][0-9]{14,19})/(?P<token>[A-Za-z0-9_-]{20,120})/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Address of a webhook.

    `thread`: where its messages go, if the address names a thread of the channel (`?thread_id=`).
    """

    id: int
    token: str = field(repr=False)
    thread: int | None = None

    @classmethod
    def parse(cls, url: str, *, any_host: bool) -> Self:
        """Read an address as Discord shows it; only Discord's own, unless `any_host`. Raises `InvalidValueError`."""
        try:
            parsed = URL(url.strip())
        except ValueError:
            parsed = URL()
        match = _PATH.fullmatch(parsed.path)
        thread = parsed.query.get("thread_id")
        if thread is not None and not _ID.fullmatch(thread):
            raise InvalidValueError(
                field="url",
                value=Sentence("its_thread_id", "Its thread_id"),
                expected=Sentence("the_id_of_a_thread", "the id of a thread"),
            )
        if match is None or not (any_host or (parsed.host in _HOSTS and parsed.scheme == "https")):
            raise InvalidValueError(
                field="url",
                value=Sentence("what_was_given", "What was given"),
                expected=Sentence(
                    "the_address_of_a_webhook_which_begins",
                    'the address of a webhook, which begins with "{beginning}"',
                    beginning="https://discord.com/api/webhooks/",
                ),
            )
        return cls(id=int(match["id"]), token=match["token"], thread=int(thread) if thread else None)


class WebhookCalls:
    """Calls of one webhook. Each call raises `CallError`. `thread` is None for the channel itself."""

    def __init__(self, rest: Rest, address: Address) -> None:
        self._rest = rest
        self._address = address

    async def get(self) -> object:
        """What it is."""
        return await self._call("GET", "", None)

    async def send(self, body: dict[str, object], thread: int | None, files: Sequence[File] = ()) -> object:
        """Write; the message comes back."""
        return await self._call("POST", "", thread, body=body, files=files, wait="true")

    async def edit(self, message: int, body: dict[str, object], thread: int | None) -> object:
        """Change what it wrote."""
        return await self._call("PATCH", f"/messages/{message}", thread, body=body)

    async def delete(self, message: int, thread: int | None) -> object:
        """Take away what it wrote."""
        return await self._call("DELETE", f"/messages/{message}", thread)

    async def _call(
        self,
        method: str,
        path: str,
        thread: int | None,
        *,
        body: dict[str, object] | None = None,
        files: Sequence[File] = (),
        **query: str,
    ) -> object:
        route = Route(
            method,
            "/webhooks/{webhook_id}/{webhook_token}" + path,
            webhook_id=self._address.id,
            webhook_token=self._address.token,
        )
        if thread is not None:
            query["thread_id"] = str(thread)
        answer: object = await self._rest.request(route, params=query, json=body, attachments=files)
        return answer
