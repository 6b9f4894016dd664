"""What `script/demo --watch` notices of the files that somebody works on."""

from pathlib import Path

import pytest

from demo.watching import Sources, mistake_in


def test_what_is_saved_added_or_removed_is_noticed_once(tmp_path: Path) -> None:
    """A change would not be seen in Home Assistant, or it would start again without an end."""
    code, text, gone = tmp_path / "a.py", tmp_path / "deep" / "en.json", tmp_path / "gone.sql"
    text.parent.mkdir()
    for file in (code, text, gone):
        file.write_text("{}")
    sources = Sources(tmp_path)
    assert sources.changed() == []
    code.write_text("longer than before")
    new = tmp_path / "deep" / "new.yaml"
    new.touch()
    gone.unlink()
    assert sources.changed() == [code, new, gone]
    assert sources.changed() == []


@pytest.mark.parametrize("name", ["__pycache__/a.pyc", "a.py.swp", "4913", "_vendor/a.py"])
def test_what_is_no_source_is_left_alone(tmp_path: Path, name: str) -> None:
    """Each start would write files that start it again."""
    sources = Sources(tmp_path)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    assert sources.changed() == []


def test_a_file_that_python_cannot_read_is_named_with_its_line(tmp_path: Path) -> None:
    """Home Assistant would start again for nothing, and the reason be somewhere in its log."""
    good, bad, words = (tmp_path / name for name in ("good.py", "bad.py", "en.json"))
    good.write_text("type Word = str\n")
    words.write_text("no Python at all")
    bad.write_text("\ndef broken(:\n")
    assert mistake_in([good, words, tmp_path / "removed.py"]) is None
    assert mistake_in([good, bad]) == "bad.py:2: invalid syntax"
