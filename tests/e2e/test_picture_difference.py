"""The comparison of pictures that somebody trusts before they write over those of the documents."""

from pathlib import Path

from PIL import Image, ImageDraw

from tests.e2e.picture_difference import difference


def _picture(folder: Path, name: str, *, box: tuple[int, int, int, int] | None = None, width: int = 200) -> Path:
    picture = Image.new("RGB", (width, 100), (250, 250, 250))
    if box:
        ImageDraw.Draw(picture).rectangle(box, fill=(20, 20, 20))
    picture.save(folder / name)
    return folder / name


def test_what_looks_otherwise_is_said_and_nothing_else(tmp_path: Path) -> None:
    """Either each clock would look like a change, or a dialog with another button like none."""
    kept = _picture(tmp_path, "kept.png")
    assert difference(kept, kept) == "as before (0.00%)"
    assert difference(kept, _picture(tmp_path, "clock.png", box=(0, 0, 7, 15))) == "as before (0.62%)"
    assert difference(kept, _picture(tmp_path, "moved.png", box=(16, 24, 63, 39))) == (
        "DIFFERENT: 3.7% of it, between 16, 24 and 64, 40"
    )
    assert difference(kept, _picture(tmp_path, "wide.png", width=300)).startswith("DIFFERENT: 200 x 100")
    assert difference(tmp_path / "none.png", kept) == "new"
    assert difference(kept, _picture(tmp_path, "code.png", box=(16, 24, 63, 39)), small=0.05) == "as before (3.69%)"
