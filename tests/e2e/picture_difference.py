"""Whether a picture looks otherwise than another, to a person: a clock that moved on and single pixels are little."""

from pathlib import Path
from typing import Final

from PIL import Image, ImageChops

_SEEN: Final = 48
"""So much brighter or darker (of 255) is a pixel that somebody sees as another; saving with few colours costs less."""
_SMALL: Final = 0.01
"""So much of a picture may be another, such as a clock that stands in it."""


def difference(kept: Path, taken: Path) -> str:
    """A few words: whether it is the same, and how much of it and where it is not."""
    if not kept.exists():
        return "new"
    before, now = (Image.open(file).convert("RGB") for file in (kept, taken))
    if before.size != now.size:
        return f"DIFFERENT: {before.width} x {before.height} pixels before, {now.width} x {now.height} now"
    changed = ImageChops.difference(before, now).convert("L").point(lambda shade: 255 * (shade > _SEEN))
    share = changed.histogram()[255] / (now.width * now.height)
    if share <= _SMALL:
        return f"as before ({share:.2%})"
    left, top, right, bottom = changed.getbbox() or (0, 0, 0, 0)
    return f"DIFFERENT: {share:.1%} of it, between {left}, {top} and {right}, {bottom}"
