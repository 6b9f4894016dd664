"""What a message holds beside its text, as JSON in one column: only what is there, so plain texts cost nothing."""

import json
from dataclasses import asdict

from bach_lib.incoming import Content, Location, Media


def content_json(content: Content) -> str:
    """The column."""
    found = {name: value for name, value in asdict(content).items() if value not in (None, "", ())}
    return json.dumps(found, ensure_ascii=False)


def content_from_json(written: str) -> Content:
    """What the column says."""
    found = json.loads(written)
    media, location = found.pop("media", None), found.pop("location", None)
    return Content(
        reactions=tuple(found.pop("reactions", ())),
        media=Media(**media) if media else None,
        location=Location(**location) if location else None,
        **found,
    )
