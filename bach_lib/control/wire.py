"""Wire format of the control socket: one way of writing JSON, both ways.

It writes whatever the library takes and refuses nothing by itself: numbers of any length, halves of characters,
infinity. What is too much is refused by the library, which says why, so a command hears the same with a daemon and
without one.
"""

import json
from collections.abc import Mapping
from typing import cast

from bach_lib.rest.answers import Json


def written(value: Json) -> bytes:
    """In plain ASCII. Raises ValueError for what Python itself does not write."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def read(body: bytes) -> Mapping[str, Json]:
    """An object. Raises ValueError for anything else."""
    try:
        value = json.loads(body)
    except RecursionError as error:
        raise ValueError from error
    if not isinstance(value, dict):
        raise ValueError
    return cast("Mapping[str, Json]", value)
