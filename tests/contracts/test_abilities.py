"""What becomes of each thing that a message can have, on each platform: done, less and said so, or refused.

Each is sent through a whole BACH to the platform's double, so that nothing can be lost without a word. The table of
`docs/abilities.md` is what was seen here; `pytest --snapshot-update tests/contracts/test_abilities.py -p no:xdist`
writes it anew.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Unpack

import pytest

from bach_lib import (
    Bach,
    Button,
    ButtonStyle,
    Effect,
    Embed,
    EmbedField,
    Extras,
    File,
    Format,
    Location,
    Loss,
    Operation,
    Poll,
    SendOptions,
    Status,
)
from bach_lib.errors import InputError
from bach_lib.storage import MemoryDatabase
from bach_lib.testing.contract import Platform
from tests.contracts.test_connectors import PLATFORMS

PAGE: Final = Path(__file__).parents[2] / "docs/abilities.md"
WORDS: Final = "Water in the cellar"
YES: Final = "yes"
LESS: Final[Mapping[str, str]] = {
    "markup": "as plain text",
    "buttons": "in words",
    "file": "the words only",
    "album": "one by one",
    "caption": "apart from its words",
    "kind": "as a document",
    "reply": "by itself",
    "silent": "with a sound",
    "title": "no",
    "forward": "in words",
    "links": "in words",
    "location": "in words",
    "link_preview": "as it is",
    "protected": "can be passed on",
    "embed": "in words",
    "effect": "without it",
    "poll": "in words",
    "view_once": "can be seen again",
}
"""What a message goes without, as the table says it."""
PNG: Final = File(name="door.png", content=b"\x89PNG\r\n\x1a\n", mime_type="image/png")
OGG: Final = File(name="bell.ogg", content=b"OggS", mime_type="audio/ogg", is_voice=True)


@dataclass(frozen=True)
class House:
    """A BACH with one connection to the platform, and what its person has got."""

    bach: Bach
    platform: Platform

    async def send(self, text: str = WORDS, **options: Unpack[SendOptions]) -> int:
        """A message that has arrived; its number."""
        receipt = await self.bach.send("home", self.platform.recipient, text, **options)
        assert (await self.bach.wait(receipt.id, 60)).status is Status.SENT
        return receipt.id

    async def lost(self, text: str = WORDS, **options: Unpack[SendOptions]) -> str:
        """What a message went without, as the table says it; its words are there in any case."""
        message = await self.bach.get(await self.send(text, **options))
        assert message.degraded is bool(message.lost)
        assert all(loss.reason for loss in message.lost)
        read = "\n".join(self.platform.texts())
        assert all(word in read for word in WORDS.split()), read
        return said(message.lost)


def said(lost: tuple[Loss, ...]) -> str:
    """The losses as the table says them."""
    return ", ".join(sorted({LESS[loss.what] for loss in lost})) or YES


async def html(house: House) -> str:
    """Words of which some stand out. Nobody reads tags but programs."""
    answer = await house.lost(f"<b>{WORDS}</b>", format=Format.HTML)
    knows = Format.HTML in house.platform.connector.capabilities.formats
    assert knows or "<b>" not in "".join(house.platform.texts())
    return answer


async def listed(house: House) -> str:
    """A list under a heading, in lines. Programs get the tags as they are."""
    answer = await house.lost(f"<h2>Now</h2><ul><li>{WORDS}</li></ul>", format=Format.HTML)
    is_program = house.platform.name in {"homeassistant", "webhook"}
    assert (f"• {WORDS}" in "".join(house.platform.texts())) is not is_program
    return answer


async def files(house: House, *given: File) -> str:
    """Files, which have arrived whole unless it was said that they did not."""
    answer = await house.lost(files=given)
    arrived = [] if answer == LESS["file"] else [file.content for file in given]
    assert [content for _, content in house.platform.files()] == arrived
    return answer


async def linked(house: House) -> str:
    """A button that opens a page: where none can, the address is there to read."""
    page = "https://bach.example/camera?of=the_door"
    answer = await house.lost(buttons=((Button(text="Look", url=page, style=ButtonStyle.PRIMARY),),))
    read = "\n".join(house.platform.texts())
    assert ("Look" in read and page in read.replace("%5F", "_")) is (answer != YES), read
    assert answer != YES or house.platform.links() == [("Look", page)]
    return answer


async def beside(house: House, extras: Extras, text: str = WORDS, files: Sequence[File] = ()) -> str:
    """What is no word, file or button: it is seen as it was asked for, or the message says that it is not."""
    answer = await house.lost(text, extras=extras, files=files)
    seen = house.platform.extras()
    there = [one for one in extras.given if getattr(seen, one) == getattr(extras, one)]
    assert tuple(there) == (() if answer != YES else extras.given)
    return answer


async def place(house: House) -> str:
    """A place on the map, with its name; where there is no map, the address of one is there to read."""
    gate = Location(latitude=48.137, longitude=11.575, name="The gate", address="Main Street 1")
    answer = await beside(house, Extras(location=gate))
    read = "\n".join(house.platform.texts())
    assert ("openstreetmap.org" in read and "The gate" in read) is (answer != YES), read
    return answer


async def poll(house: House) -> str:
    """A question with answers to choose from; where there are no polls, both are there to read."""
    question = Poll(question="Pizza or pasta?", options=("Pizza", "Pasta"), multiple=True)
    answer = await beside(house, Extras(poll=question))
    read = "\n".join(house.platform.texts())
    assert ("Pizza or pasta?" in read and "2. Pasta" in read.replace("\\", "")) is (answer != YES), read
    return answer


async def frame(house: House) -> str:
    """A frame with a field; where there is none, its texts are there to read."""
    cellar = Embed(title="Cellar", color="#d32f2f", fields=(EmbedField(name="Level", value="12 cm"),))
    answer = await beside(house, Extras(embed=cellar))
    read = "\n".join(house.platform.texts())
    assert ("Cellar" in read and "Level: 12 cm" in read) is (answer != YES), read
    return answer


async def reply(house: House) -> str:
    """The answer to a message that is there."""
    before = await house.bach.get(await house.send("Is somebody there?"))
    return await house.lost(reply_to=before.remote_id)


async def edit(house: House) -> str:
    """Other words in the place of those that were sent."""
    number = await house.send("Nothing yet")
    message = await house.bach.wait((await house.bach.edit(number, WORDS)).id, 60)
    assert (message.status, house.platform.texts()) == (Status.SENT, [WORDS])
    return said(message.lost)


async def delete(house: House) -> str:
    """What was sent is gone."""
    message = await house.bach.wait((await house.bach.delete(await house.send())).id, 60)
    assert (message.status, house.platform.texts()) == (Status.SENT, [])
    return said(message.lost)


async def react(house: House) -> str:
    """An emoji below what was sent."""
    message = await house.bach.wait((await house.bach.react(await house.send(), "👍")).id, 60)
    assert (message.status, house.platform.reactions()) == (Status.SENT, ["👍"])
    return said(message.lost)


async def pin(house: House) -> str:
    """What was sent is kept in sight, and no longer."""
    number = await house.send()
    message = await house.bach.wait((await house.bach.pin(number)).id, 60)
    if message.status is Status.DEAD:
        assert message.error
        return "in groups" if "groups" in message.error.text else message.error.text
    assert (message.status, house.platform.pinned()) == (Status.SENT, [WORDS])
    message = await house.bach.wait((await house.bach.unpin(number)).id, 60)
    assert (message.status, house.platform.pinned()) == (Status.SENT, [])
    return said(message.lost)


async def passed_on(house: House, *, copy: bool) -> str:
    """What was sent is sent once more, as the platform itself passes things on."""
    number, place = await house.send(), house.platform.recipient
    message = await house.bach.wait((await house.bach.forward("home", place, number, copy=copy)).id, 60)
    assert (message.status, house.platform.texts()) == (Status.SENT, [WORDS, WORDS])
    return said(message.lost)


async def replaced(house: House) -> str:
    """A newer message of a tag: the older one is taken away once that has arrived, where the platform can."""
    await house.send("Washing: 40 %", tag="washing")
    answer = await house.lost(tag="washing")
    if Operation.DELETE not in house.platform.connector.capabilities.operations:
        return "both stay"
    async with asyncio.timeout(60):
        while house.platform.texts() != [WORDS]:
            await house.bach.messages()
    return answer


async def changed(house: House) -> str:
    """The same without a sound: what stands there is changed at once, and nobody is disturbed."""
    await house.send("Washing: 40 %", tag="washing")
    answer = await house.lost(tag="washing", silent=True)
    return answer if house.platform.texts() == [WORDS] else "both stay"


ABILITIES: Final[Mapping[str, Callable[[House], Awaitable[str]]]] = {
    "bold, links (`html`)": html,
    "lists, headings (`html`)": listed,
    "`markdown`": lambda house: house.lost(f"**{WORDS}**", format=Format.MARKDOWN),
    "a title": lambda house: house.lost(title="Leak"),
    "3,000 characters": lambda house: house.lost(f"{WORDS} {'drip ' * 600}"),
    "buttons": lambda house: house.lost(buttons=((Button(text="On my way", value="yes"),),)),
    "a button that opens a page": linked,
    "a picture": lambda house: files(house, PNG),
    "three pictures": lambda house: files(house, *(replace(PNG, name=f"{number}.png") for number in range(3))),
    "a voice message": lambda house: files(house, OGG),
    "answering a message": reply,
    "without a sound": lambda house: house.lost(silent=True),
    "no preview of its link": lambda house: beside(house, Extras(link_preview=False), f"{WORDS} https://bach.example"),
    "neither passed on nor saved": lambda house: beside(house, Extras(protected=True)),
    "a place on the map": place,
    "a poll": poll,
    "a frame (`embed`)": frame,
    "an effect": lambda house: beside(house, Extras(effect=Effect.FIRE)),
    "a picture to look at once": lambda house: beside(house, Extras(view_once=True), files=(PNG,)),
    "other words later": edit,
    "taking it back": delete,
    "an emoji below it": react,
    "a pin": pin,
    "passing it on": lambda house: passed_on(house, copy=False),
    "a copy of it": lambda house: passed_on(house, copy=True),
    "a newer one of its `tag`": replaced,
    "the same, silent": changed,
}


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow sockets; Home Assistant's test plugin has already limited them to 127.0.0.1."""


@asynccontextmanager
async def a_house(platform_type: type[Platform]) -> AsyncIterator[House]:
    """One with a platform that is well, and has heard nothing yet."""
    async with platform_type() as platform:
        setup = platform.setup()
        auth = {name: f"test:{name}" for name in setup.secrets}
        async with Bach(MemoryDatabase(), secrets={"test": setup.secrets.get}) as bach:
            await bach.registry.add(replace(setup.connection, auth_config=auth))
            yield House(bach, platform)


async def answer_to(platform: type[Platform], ability: str) -> str:
    """What became of it: done, less, or refused with a sentence and nothing sent."""
    async with a_house(platform) as house:
        try:
            return await ABILITIES[ability](house)
        except InputError:
            return "no"


def rows() -> list[list[str]]:
    """The cells of the page's table, without the line below its head."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for number, line in enumerate(lines) if number != 1]


def column(platform: str) -> dict[str, str]:
    """What the page says of a platform."""
    head, *others = rows()
    return {row[0]: row[head.index(f"`{platform}`")] for row in others}


def write(platform: str, seen: Mapping[str, str]) -> None:
    """Put what was seen into the table, and keep the rest of the page."""
    known = rows()
    names = [f"`{one.name}`" for one in PLATFORMS]
    told = {name: {row[0]: row[known[0].index(name)] for row in known[1:]} for name in names if name in known[0]}
    told[f"`{platform}`"] = dict(seen)
    table = [["", *names], ["---"] * (len(names) + 1)]
    table += [[ability, *(told.get(name, {}).get(ability, "?") for name in names)] for ability in ABILITIES]
    before, _, after = PAGE.read_text().partition("\n|")
    after = after[after.index("|\n\n") + 1 :]
    PAGE.write_text("\n".join([before, *(f"| {' | '.join(cells)} |" for cells in table)]) + after)


@pytest.mark.parametrize("platform", PLATFORMS, ids=[platform.name for platform in PLATFORMS])
async def test_what_becomes_of_each_thing(platform: type[Platform], pytestconfig: pytest.Config) -> None:
    """Something would be lost on the way without a word, or people be promised what does not arrive."""
    seen = {ability: await answer_to(platform, ability) for ability in ABILITIES}
    if pytestconfig.getoption("update_snapshots"):
        write(platform.name, seen)
    assert column(platform.name) == seen
