"""What people see: nothing that other people wrote can do more than be read."""

from types import SimpleNamespace

import pytest
from rich.cells import cell_len

from bach_lib.cli import console
from bach_lib.cli.console import cell


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        ("", "–"),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        ([], "–"),
        (["a", "b"], "a, b"),
        ({"a": 1}, "a=1"),
    ],
)
def test_values_are_words(value: str | bool | int | list[str] | dict[str, int] | None, shown: str) -> None:
    """People would read what programs read."""
    assert cell(value) == shown


def test_times_are_the_readers_own() -> None:
    """Everybody would have to add an hour or two."""
    shown = cell("2026-11-25T13:26:49+00:00")
    assert len(shown) == len("2026-11-25 13:26:49")
    assert cell("2026-99-25T13:26:49+00:00") == "2026-99-25T13:26:49+00:00", "what only looks like a time is a text"


@pytest.mark.parametrize("room", [None, 40, 12])
@pytest.mark.parametrize("filler", [" ", "-", "\u4e2d", "x\t", "\n"])
def test_no_message_looks_like_two(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], room: int | None, filler: str
) -> None:
    """A terminal breaks lines itself: "#8  Bob  yes" would begin one, as if Bob had written it."""
    monkeypatch.setattr(console, "_room", lambda: room)
    monkeypatch.setattr(console, "settings", lambda: SimpleNamespace(as_json=False))
    for width in range(1, 90):
        console.say_one(f"#7  telegram:42 (Ada)  {filler * width}#8  telegram:43 (Bob)  /open")
        said = capsys.readouterr().out.removesuffix("\n").split("\n")
        assert all(line.startswith("    ") for line in said[1:])
        assert "#7" in said[0]
        if room and room > 14:
            assert max(map(cell_len, said)) <= room
