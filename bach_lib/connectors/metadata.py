"""Metadata keys of incoming messages, under the same names on every platform.

Rules, automations and whoever decides what may be acted upon read these; a second spelling of one of them would be
overlooked there. What is empty is left out, and every text and list is bounded: all of it is stored with the message.
"""

from collections.abc import Iterable
from itertools import islice
from typing import TypedDict, Unpack

_MAX_NAME = 128
_MAX_TEXT = 1024
_MAX_URL = 2048
_MAX_LISTED = 20


class Link(TypedDict):
    """Words behind which an address is hidden."""

    text: str
    url: str


class Named(TypedDict):
    """Somebody who is spoken of."""

    name: str
    id: str


class Contact(TypedDict):
    """A card that was passed on; `id` is the platform's, where it says one."""

    name: str
    phone: str
    id: str


class Poll(TypedDict):
    """What is asked and what there is to choose."""

    question: str
    options: list[str]


class Spot(TypedDict):
    """What a place is called, and its address."""

    name: str
    address: str


class Notes(TypedDict, total=False):
    """The keys of `metadata` that mean the same on every platform.

    `content`: what a message of kind `other` is, or what an edited one was. `forwarded`, `via` (the bot through which
    it was written), `automatic` (a linked channel's post that the platform put there) and `bot` (its sender is a
    program): not the sender's own words. `speaks_as`: in whose name somebody writes who is not to be seen, `group` or
    `channel`. `quote`: the text of what it answers. `view_once`: it was to be seen once.
    """

    chat_type: str
    username: str
    content: str
    forwarded: bool
    forwarded_from: str
    via: str
    automatic: bool
    bot: bool
    speaks_as: str
    album: str
    quote: str
    links: list[Link]
    mentions: list[Named]
    member_id: str
    member_name: str
    contact: Contact | None
    poll: Poll | None
    place: Spot | None
    sticker: str
    view_once: bool


def notes(**found: Unpack[Notes]) -> dict[str, object]:
    """What there is of them."""
    return {name: value for name, value in found.items() if value}


def line(text: str, limit: int = _MAX_NAME) -> str:
    """A name in one line, and a short one."""
    return " ".join(text.split())[:limit]


def quoted(text: str) -> str:
    """As much of a text as tells which message is meant."""
    return text[:_MAX_TEXT]


def links(found: Iterable[tuple[str, str]]) -> list[Link]:
    """Words and the addresses behind them; what is no address of use is left out."""
    kept = (Link(text=text[:_MAX_NAME], url=url) for text, url in found if 0 < len(url) <= _MAX_URL)
    return list(islice(kept, _MAX_LISTED))


def mentions(found: Iterable[tuple[str, str]]) -> list[Named]:
    """Names and ids of those who are spoken of."""
    kept = (Named(name=line(name), id=one[:_MAX_NAME]) for name, one in found if one)
    return list(islice(kept, _MAX_LISTED))


def contact(name: str, phone: str, one: str) -> Contact | None:
    """A card, unless it is empty."""
    kept = Contact(name=line(name), phone=line(phone), id=one[:_MAX_NAME])
    return kept if kept["name"] or kept["phone"] else None


def poll(question: str, options: Iterable[str]) -> Poll | None:
    """A poll, if something is asked."""
    kept = list(islice((line(one, _MAX_TEXT) for one in options if one.strip()), _MAX_LISTED))
    return Poll(question=line(question, _MAX_TEXT), options=kept) if question.strip() else None


def place(name: str, address: str) -> Spot | None:
    """What a place is called, if it is called anything."""
    kept = Spot(name=line(name), address=line(address, _MAX_TEXT))
    return kept if kept["name"] or kept["address"] else None


def between(text: str, start: int | None, length: int | None) -> str:
    """The part of a text whose place is counted in UTF-16 code units, as the platforms count."""
    if start is None or length is None or start < 0 or length <= 0:
        return ""
    units = text.encode("utf-16-le", errors="surrogatepass")
    return units[2 * start : 2 * (start + length)].decode("utf-16-le", errors="ignore")
