"""Pictures that are too large for their place are made smaller, and are still pictures."""

import asyncio
import sys
from io import BytesIO
from random import Random

import pytest
from PIL import Image

from bach_lib.connectors.file_limits import FileLimits, fitted
from bach_lib.connectors.pictures import NotSmallerError, smaller
from bach_lib.models import File, Message

LIMIT = 100_000


def written(picture: Image.Image, form: str, **options: object) -> bytes:
    """Its file."""
    kept = BytesIO()
    picture.save(kept, form, **options)
    return kept.getvalue()


def noise(mode: str = "RGB", size: tuple[int, int] = (300, 200)) -> Image.Image:
    """A picture that no coding makes small."""
    count = size[0] * size[1] * len(mode)
    return Image.frombytes(mode, size, Random(1).randbytes(count))


def opened(file: File) -> Image.Image:
    """What somebody sees."""
    return Image.open(BytesIO(file.content))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
async def test_a_picture_is_made_as_small_as_it_has_to_be(form: str) -> None:
    """Nobody would see who is at the door without opening a document."""
    content = written(noise(size=(600, 400)), form, quality=100)
    made = await smaller(File(name="door.cam.png", content=content), LIMIT)
    assert (made.name, made.mime_type, made.size) == ("door.cam.jpg", "image/jpeg", len(made.content))
    assert len(made.content) <= LIMIT < len(content)
    assert opened(made).format == "JPEG"
    assert opened(made).size[0] in {480, 600}


async def test_it_is_the_right_way_up() -> None:
    """A phone writes down how it was held; without that, the door would lie on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    content = written(noise(), "JPEG", quality=100, exif=exif)
    assert opened(await smaller(File(name="a.jpg", content=content), len(content) - 1)).size == (200, 300)


async def test_what_one_sees_through_is_white() -> None:
    """A plan with black letters on nothing would be black."""
    plan = noise("RGBA")
    plan.paste((0, 0, 0, 0), (0, 0, 150, 200))
    made = opened(await smaller(File(name="a.png", content=written(plan, "PNG")), 100_000))
    assert made.getpixel((50, 100)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no picture", "it cannot be read as a picture"),
        (written(noise(), "JPEG")[:-500], "it cannot be read as a picture"),
        (written(Image.new("1", (8000, 4001)), "PNG"), "it has too many pixels"),
        (written(noise(), "WEBP", save_all=True, append_images=[noise("RGB")]), "it cannot be read as a picture"),
    ],
    ids=["none", "half of one", "a bomb", "moving"],
)
async def test_what_cannot_be_made_smaller_says_why(content: bytes, reason: str) -> None:
    """A file of a kilobyte that becomes gigabytes in memory would end Home Assistant."""
    with pytest.raises(NotSmallerError, match=reason):
        await smaller(File(name="a.png", content=content), 10)


async def test_without_pillow_it_goes_as_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words would wait for a package."""
    monkeypatch.setitem(sys.modules, "PIL", None)
    message = Message(
        id=1, nonce="n", connection="home", recipient="42", text="Look", files=(File(name="a.png", content=bytes(30)),)
    )
    made, [loss] = await fitted(message, FileLimits(who="Telegram", each=40, picture=20))
    assert (made, loss.what) == (message, "kind")
    made, [loss] = await fitted(message, FileLimits(who="ntfy", each=20, picture=20))
    assert (made.files, loss.what) == ((), "file")
    assert loss.reason == (
        "a.png: it has 30 bytes, ntfy takes 20, and it could not be made smaller "
        "(the Python package Pillow is not there)."
    )


async def test_it_is_said_and_one_goes_after_the_other() -> None:
    """Nobody would know why a number plate cannot be read; and ten at once would fill the memory."""
    content = written(noise(), "PNG")
    files = tuple(File(name=f"{number}.png", content=content) for number in range(3))
    message = Message(id=1, nonce="n", connection="home", recipient="42", text="Look", files=files)
    limits = FileLimits(who="Telegram", each=LIMIT, picture=LIMIT)
    (made, lost), _ = await asyncio.gather(fitted(message, limits), fitted(message, limits))
    assert [len(file.content) <= LIMIT for file in made.files] == [True] * 3
    assert [loss.what for loss in lost] == ["size"] * 3
    left = len(made.files[0].content)
    said = f"0.png: Telegram takes {LIMIT} bytes, so it was made smaller: it had {len(content)}, and has {left}."
    assert lost[0].reason == said
    fitting = FileLimits(who="Telegram", each=len(content), picture=len(content))
    assert await fitted(message, fitting) == (message, []), "what fits stays as it is"
