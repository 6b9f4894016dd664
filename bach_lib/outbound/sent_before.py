"""Finds what stands at the platform already: what a draft may change instead of going anew, and whose it is."""

from dataclasses import replace

from bach_lib.connectors.base import Connector
from bach_lib.models import Message, Operation
from bach_lib.outbound.extra_fitting import IN_AN_EDIT
from bach_lib.outbound.putting_off import with_tag
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.rows import Draft
from bach_lib.outbound.tagged import Tagged, id_there
from bach_lib.registry.directory import Directory

_SHORT = 1_000
"""Characters of what may change another message. Telegram shows 1,024 below a picture, no platform less in a message
(https://core.telegram.org/bots/api#editmessagecaption)."""


class SentBefore:
    """What was sent through the connections of one database, as it is there."""

    def __init__(self, directory: Directory, queue: Queue, tagged: Tagged) -> None:
        self._directory = directory
        self._queue = queue
        self._tagged = tagged

    async def in_place(self, draft: Draft, connector: type[Connector]) -> Draft:
        """The draft, or the change that it makes to what was sent with its tag.

        A change makes no sound, so only what is silent may be one. What has files, or may be several messages, goes
        anew, and so does what goes later: nobody knows what will be there then.
        """
        able, draft = connector.capabilities, with_tag(draft)
        is_short = len(draft.text) + len(draft.title or "") <= _SHORT
        if (
            draft.tag is None
            or able.replaces_by_tag
            or not draft.silent
            or draft.next_retry_at is not None
            or draft.files
            or not IN_AN_EDIT.issuperset(draft.extras.given)
            or not is_short
            or Operation.EDIT not in able.operations
        ):
            return draft
        forms = self._directory.spellings(draft.connection, draft.recipient)
        there = next(iter(await self._tagged.of_tag(draft.connection, forms, draft.tag)), None)
        if there is None or there.files or await self.is_of_another_account(there, connector):
            return draft
        return replace(draft, recipient=there.recipient, operation=Operation.EDIT, target=id_there(there))

    async def is_of_another_account(self, message: Message, connector: type[Connector]) -> bool:
        """Whether somebody else was behind the connection when it was sent: to this one, its id there is another's."""
        if not connector.capabilities.own_ids:
            return False
        newest_before, at = await self._queue.handed_over(message.connection)
        return message.id <= newest_before and (message.attempted_at or message.created_at) <= at
