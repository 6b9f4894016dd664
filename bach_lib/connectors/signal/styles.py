"""Text and title as the server wants them.

Its "styled" mode knows `**bold**`, `*italic*`, `~strike~`, `||spoiler||` and `` `monospace` ``; a backslash takes the
meaning from what follows it.
"""

import re

from bach_lib.models import Format

_MARKS = re.compile(r"[*~|`\\]")


def compose(text: str, title: str | None, form: Format) -> str:
    """The text, under its title if it has one, which is bold where the format knows bold, and never markup."""
    if not title or not title.strip():
        return text
    heading = title.strip()
    if form is Format.MARKDOWN:
        heading = f"**{_MARKS.sub(lambda mark: f'\\{mark[0]}', heading)}**"
    return f"{heading}\n\n{text}"
