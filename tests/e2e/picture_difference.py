"""Whether a picture looks otherwise than another, to a person: a clock that moved on and single pixels are little."""

from pathlib import Path
from typing import Final

from PIL import Image, ImageChops

_BLOCK: Final = 8
"""Pixels that are looked at together, each way: half a letter, whose edges each machine draws in its own way. With
other hinting, 5 % of the pixels of a page are others, and of these blocks one in a thousand."""
_SEEN: Final = 32
"""So much brighter or darker (of 255) is a block that somebody sees as another; saving with few colours costs less."""
SMALL: Final = 0.01
"""So much of a picture may be another, such as a clock that stands in it."""


def difference(kept: Path, taken: Path, *, small: float = SMALL) -> str:
    """A few words: whether it is the same, and how much of it and where it is not. `small`: so much of it may be."""
    if not kept.exists():
        return "new"
    before, now = (Image.open(file).convert("RGB") for file in (kept, taken))
    if before.size != now.size:
        return f"DIFFERENT: {before.width} x {before.height} pixels before, {now.width} x {now.height} now"
    blocks = ImageChops.difference(before.reduce(_BLOCK), now.reduce(_BLOCK)).convert("L")
    changed = blocks.point(lambda shade: 255 * (shade > _SEEN))
    share = changed.histogram()[255] / (changed.width * changed.height)
    if share <= small:
        return f"as before ({share:.2%})"
    left, top, right, bottom = (_BLOCK * edge for edge in changed.getbbox() or (0, 0, 0, 0))
    return f"DIFFERENT: {share:.1%} of it, between {left}, {top} and {right}, {bottom}"
