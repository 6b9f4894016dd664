"""Parses texts that hold the fields of an action or event. Nothing is taken for that by its look alone."""

import orjson


def fields_of(text: str) -> dict[str, object] | None:
    """The fields in a JSON object; None if it is no such object."""
    try:
        found: object = orjson.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
