"""The connector: what a loft can do, and how one message becomes one outcome."""

import json
from collections.abc import Iterable, Mapping
from typing import ClassVar, override

from aiohttp import ClientSession

from bach_lib.connecting import (
    Batch,
    CallError,
    Capabilities,
    Fault,
    Format,
    Identity,
    Incoming,
    InvalidValueError,
    Known,
    Knows,
    Message,
    Outcome,
    Rate,
    Redactor,
    SecretNotFoundError,
    SendAndReceive,
    Sent,
    Setup,
    Timeouts,
    Unreadable,
    UnreadableError,
    content_of,
    read_each,
)
from bach_pigeon.loft import Loft


class PigeonConnector(SendAndReceive):
    """A loft. Needs the secret `token` and the connection's endpoint."""

    capabilities: ClassVar = Capabilities(
        receives=True,
        idempotent=True,  # a loft knows a message that it has had by its nonce
        formats=frozenset({Format.PLAIN}),
        max_text=280,
    )
    knows: ClassVar = Knows(
        secrets=(Known(name="token", about="the token of the loft"),),
        needs=("token",),
        endpoint="https://pigeons.example.org",
    )

    def __init__(self, setup: Setup, timeouts: Timeouts | None = None) -> None:
        super().__init__(setup)
        token, endpoint = setup.secrets.get("token", ""), setup.connection.endpoint
        if not token:
            raise SecretNotFoundError(reference="token")
        if endpoint is None:
            raise InvalidValueError(field="endpoint", value="none", expected="the address of a loft")
        self._redact = Redactor([token])

        def loft(session: ClientSession) -> Loft:
            return Loft(
                lambda: session,
                endpoint=endpoint,
                headers={"Authorization": f"Bearer {token}"},
                timeouts=timeouts or Timeouts(),
                now=setup.clock.now,
            )

        self._loft = loft

    @override
    def rates(self, recipient: str) -> Mapping[str, Rate]:
        """No more pigeons than there are: 20 at once, one more each second."""
        return {"loft": Rate(count=20, per=20.0)}

    @override
    async def send(self, message: Message) -> Outcome:
        body = {"to": message.recipient, "text": message.text, "nonce": message.nonce}
        try:
            answer = await self._loft(self.setup.session).post("pigeons", json.dumps(body).encode())
        except CallError as error:
            return self._redact.within(error.outcome)
        return Sent(remote_id=str(answer.get("ring", "")) or None)

    @override
    async def check(self) -> Identity | Fault:
        """The loft's name: proves route and token, and starts no pigeon."""
        try:
            answer = await self._loft(self.setup.session).get("loft")
        except CallError as error:
            return self._redact.within(error.fault)
        return Identity(id=str(answer.get("id", "loft")), name=str(answer.get("name", "loft")))

    @override
    async def receive(self, cursor: str | None) -> Batch | Fault:
        """What has landed after the cursor; the loft answers when something has, or after half a minute."""
        try:
            answer = await self._loft(self.receiving()).get("landed", after=cursor or "0")
        except CallError as error:
            return self._redact.within(error.fault)
        landed = answer.get("landed")
        found = read_each(landed if isinstance(landed, list) else [], _read)
        return Batch(
            messages=tuple(one for one in found if isinstance(one, Incoming)),
            unreadable=tuple(one for one in found if isinstance(one, Unreadable)),
            cursor=str(answer.get("cursor", cursor)),
        )


def _read(element: object) -> Iterable[Incoming]:
    """A message of the loft's JSON; whatever is wrong with it, it is set aside and costs no other."""
    match element:
        case {"ring": int(ring), "from": str(sender), "text": str(text)}:
            kind, content = content_of(text)
            yield Incoming(
                remote_id=str(ring),
                recipient=sender,
                recipient_title=sender,
                sender_id=sender,
                sender_name=sender,
                kind=kind,
                text=text,
                content=content,
            )
        case _:
            raise UnreadableError("it is no message of a loft")
