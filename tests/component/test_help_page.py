"""docs/not-arrived.md, where people look up what they see."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/not-arrived.md").read_text("utf-8")
TEXTS = json.loads((ROOT / "custom_components/bach/translations/en.json").read_text("utf-8"))


def test_every_repair_stands_there_with_what_to_do() -> None:
    """Somebody would look for the words on their screen, and not find them; or find some that no screen shows."""
    [table] = re.findall(r"## What Home Assistant says\n(.*?)\n## ", PAGE, re.DOTALL)
    rows = dict(re.findall(r"^\| (.+?) \| (.+) \|$", table, re.MULTILINE))
    assert {*rows} - {"repair", "---"} == {issue["title"] for issue in TEXTS["issues"].values()}


def test_every_state_that_the_panel_shows_stands_there() -> None:
    """The same, about a message."""
    states = TEXTS["config_panel"]["state"].values()
    assert [state for state in states if f"*{state}*" not in PAGE] == []
