"""Files to send: on disk with their message, handed to the platform whole, and gone when it has them."""

from pathlib import Path

import pytest

from bach_lib import Bach, Connection, File, Status
from bach_lib.errors import EmptyTextError, IdempotencyKeyReusedError, InputError, InvalidValueError, TextTooLongError
from bach_lib.models import Fault, Loss
from bach_lib.outcomes import Dead, Retry, Scope
from bach_lib.storage import Database, MemoryDatabase, Store, Transaction
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from tests.lib.promises.conftest import LastingStore, OpenBach, lasting_store, open_bach

__all__ = ["lasting_store", "open_bach"]  # fixtures

PHOTO = File(name="door.jpg", content=bytes(range(256)), mime_type="image/jpeg")
PLAN = File(name="plan.bin", content=b"plan")


async def kept(store: Store) -> int:
    """How many files lie on the disk."""

    def work(tx: Transaction) -> int:
        return sum(len(tx.rows("files_of", message_id=number)) for number in range(1, 20))

    return await store.submit(work, writes=False)


async def test_files_reach_the_platform_as_they_were(
    open_bach: OpenBach, lasting_store: LastingStore, platform: FakePlatform, clock: FakeClock
) -> None:
    """The picture of the door would be empty, or another."""
    async with open_bach(lasting_store) as bach:
        receipt = await bach.send("home", "42", "Look", files=[PHOTO, PLAN])
        await clock.settle()
        [message] = platform.sent
        assert [(file.name, file.content, file.mime_type, file.size) for file in message.files] == [
            ("door.jpg", PHOTO.content, "image/jpeg", 256),
            ("plan.bin", b"plan", None, 4),
        ]
        looked_up = await bach.get(receipt.id)
        assert [(file.name, file.size, file.content) for file in looked_up.files] == [
            ("door.jpg", 256, b""),
            ("plan.bin", 4, b""),
        ]
        assert await kept(lasting_store) == 0, "the platform has them"


@pytest.mark.sqlite_only
async def test_files_survive_an_outage_and_a_restart(
    open_bach: OpenBach, lasting_store: LastingStore, platform: FakePlatform, clock: FakeClock
) -> None:
    """After a power cut the alarm would come without its picture."""
    platform.fault = Fault(code="unreachable", text="No route")
    async with open_bach(lasting_store) as bach:
        for text in ("one", "two"):
            await bach.send("home", "42", text, files=[PHOTO])
        await clock.settle()
        assert await kept(lasting_store) == 2
    platform.fault = None
    async with open_bach(lasting_store):
        await clock.advance(600)
        assert [message.files[0].content for message in platform.sent] == [PHOTO.content] * 2
    assert await kept(lasting_store) == 0


async def test_a_dead_letter_keeps_its_files_until_it_goes(
    open_bach: OpenBach, lasting_store: LastingStore, platform: FakePlatform, clock: FakeClock
) -> None:
    """Whoever retries a dead letter would send words without the picture; or old pictures would fill the disk."""
    platform.outcomes.append(Dead(fault=Fault(code="forbidden", text="No")))
    async with open_bach(lasting_store) as bach:
        receipt = await bach.send("home", "42", "Look", files=[PHOTO])
        await clock.settle()
        assert await kept(lasting_store) == 1
        await bach.retry(receipt.id)
        await clock.settle()
        assert platform.sent[-1].files[0].content == PHOTO.content
        platform.outcomes.append(Dead(fault=Fault(code="forbidden", text="No")))
        await bach.send("home", "42", "Look", files=[PHOTO])
        await clock.settle()
        await clock.advance(10)
        assert await bach.purge(0, [Status.DEAD]) == 1
        assert await kept(lasting_store) == 0


async def test_with_a_connection_go_its_files(
    open_bach: OpenBach, lasting_store: LastingStore, platform: FakePlatform, clock: FakeClock
) -> None:
    """Pictures of a home would stay in a database that nobody looks into."""
    platform.outcomes.append(Retry(fault=Fault(code="busy", text="No"), scope=Scope.MESSAGE))
    async with open_bach(lasting_store) as bach:
        await bach.send("home", "42", "Look", files=[PHOTO])
        await clock.settle()
        await bach.registry.remove("home")
        await clock.settle()
        assert await kept(lasting_store) == 0


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (File(name="big", content=b"x" * 1001), "big: it has 1001 bytes, and fake takes 1000."),
        (File(name="empty"), "empty: it is empty."),
    ],
)
async def test_a_file_that_cannot_go_does_not_cost_the_words(
    bach: Bach, clock: FakeClock, platform: FakePlatform, file: File, reason: str
) -> None:
    """An alarm would be refused because the camera's picture is empty; or nobody hear why the picture is missing."""
    await bach.registry.add(Connection(name="home", type="fake"))
    receipt = await bach.send("home", "42", "Look", files=[PLAN, file])
    assert (receipt.degraded, receipt.lost) == (True, (Loss(what="file", reason=reason),))
    await clock.settle()
    assert [one.name for one in platform.sent[0].files] == ["plan.bin"]
    message = await bach.get(receipt.id)
    assert (message.status, message.degraded, message.lost) == (Status.SENT, True, receipt.lost)
    assert message.error == Fault(code="without_file", text=f"Sent without a file: {reason}")
    _, [attempt] = await bach.history(receipt.id)
    assert (attempt.outcome, attempt.error) == ("sent", message.error)
    with pytest.raises(InvalidValueError, match=file.name):
        await bach.send("home", "42", "", files=[file])


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (File(name="", content=b"x"), "file"),
        (File(name="..", content=b"x"), "file"),
        (File(name="a\nb", content=b"x"), "a_b"),
        (File(name="x" * 200 + ".jpg", content=b"x"), "x" * 117 + ".jpg"),
        (File(name="a", content=b"x", mime_type="nonsense"), "a"),
    ],
)
async def test_a_name_that_would_break_something_is_mended(
    bach: Bach, clock: FakeClock, platform: FakePlatform, given: File, name: str
) -> None:
    """A name would break the platform's form, or an alarm be refused because of one."""
    await bach.registry.add(Connection(name="home", type="fake"))
    await bach.send("home", "42", "Look", files=[given])
    await clock.settle()
    [file] = platform.sent[0].files
    assert (file.name, file.mime_type, file.content) == (name, None, b"x")


async def test_a_name_is_only_a_name(bach: Bach, clock: FakeClock, platform: FakePlatform) -> None:
    """The path of the camera's pictures would be told to everybody."""
    await bach.registry.add(Connection(name="home", type="fake"))
    for path in ("/config/www/door.jpg", "C:\\pictures\\door.jpg"):
        await bach.send("home", "42", "Look", files=[File(name=path, content=b"x")])
    await clock.settle()
    assert {message.files[0].name for message in platform.sent} == {"door.jpg"}


@pytest.mark.parametrize(
    ("text", "error"), [("", None), ("x" * 4096, None), ("x" * 4097, TextTooLongError), (" ", EmptyTextError)]
)
async def test_words_below_a_file(bach: Bach, text: str, error: type[InputError] | None) -> None:
    """A picture would need words, or words be cut off below it."""
    await bach.registry.add(Connection(name="home", type="fake", is_active=False))
    if error is None:
        await bach.send("home", "42", text, files=[PLAN])
    else:
        with pytest.raises(error):
            await bach.send("home", "42", text, files=[PLAN])
    with pytest.raises(EmptyTextError):
        await bach.send("home", "42", "")


async def test_a_platform_without_files_says_so(clock: FakeClock, platform: FakePlatform) -> None:
    """The picture would silently be left out."""
    connector = fake_connector(platform)
    connector.capabilities = type(connector.capabilities)(
        receives=False, idempotent=False, formats=connector.capabilities.formats, max_text=100
    )
    async with Bach(MemoryDatabase(), clock=clock, connectors={"fake": connector}) as bach:
        await bach.registry.add(Connection(name="home", type="fake", is_active=False))
        receipt = await bach.send("home", "42", "Look", files=[PLAN])
        assert receipt.lost == (Loss(what="file", reason="plan.bin: fake takes text only."),)
        with pytest.raises(InvalidValueError, match="takes text only"):
            await bach.send("home", "42", "", files=[PLAN])


async def test_another_picture_is_another_request(bach: Bach, clock: FakeClock) -> None:
    """A program that uses a key twice would believe that its second picture went out."""
    await bach.registry.add(Connection(name="home", type="fake", is_active=False))
    first = await bach.send("home", "42", "Look", files=[PLAN], idempotency_key="k")
    again = await bach.send("home", "42", "Look", files=[PLAN], idempotency_key="k")
    assert first.id == again.id
    with pytest.raises(IdempotencyKeyReusedError):
        await bach.send("home", "42", "Look", files=[File(name="plan.bin", content=b"xxxx")], idempotency_key="k")


async def test_content_is_not_shown(tmp_path: Path) -> None:
    """A log line with a message in it would have megabytes."""
    assert "content" not in repr(PHOTO)
    store = Database(tmp_path / "bach.db")
    await store.open()
    assert await kept(store) == 0
    await store.close()
