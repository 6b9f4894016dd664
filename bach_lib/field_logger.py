"""What all modules log with: each record says which connection and which message it is about, where that is known.

A handler that writes JSON, or a filter for one connection, would otherwise have to read sentences. `message` itself
is a word that logging keeps for the sentence, so the field is called `message_id`.
"""

import logging
from collections.abc import MutableMapping
from typing import Any, override


class FieldLogger(logging.LoggerAdapter[logging.Logger]):
    """The logger of this name; its calls take `connection` and `message_id`, which become fields of the record."""

    def __init__(self, name: str) -> None:
        super().__init__(logging.getLogger(name))

    @override
    def process(
        self,
        msg: object,
        kwargs: MutableMapping[str, Any],  # logging's own signature
    ) -> tuple[object, MutableMapping[str, Any]]:
        """Both fields are on every record, so that a format may name them."""
        fields = {name: kwargs.pop(name, None) for name in ("connection", "message_id")}
        return msg, {**kwargs, "extra": {**fields, **(kwargs.get("extra") or {})}}
