"""How Signal's messages go without what Signal or its server refuses: which refusal names what."""

from collections.abc import Sequence

from bach_lib.connectors.observations import CallError
from bach_lib.connectors.rung import Rung
from bach_lib.connectors.signal.errors import NO_SUCH_AUTHOR

_FINAL = frozenset({"chat_not_found", "forbidden", "untrusted"})
"""Codes of refusals that no lesser message would escape."""
_NAMED = (
    ("view_once", (Rung.VIEW_ONCE,)),
    ("view once", (Rung.VIEW_ONCE,)),
    ("poll", (Rung.POLL,)),
    ("attachment", (Rung.FILE,)),
    ("quote", (Rung.REPLY,)),
    ("text mode", (Rung.MARKUP,)),
    ("style", (Rung.MARKUP,)),
)
"""Parts of other refusals, in lower case, and what they mind."""


def named(error: CallError) -> Sequence[Rung] | None:
    """What a refusal minds: who wrote what is quoted is gone, or a file cannot be read."""
    if error.code == NO_SUCH_AUTHOR:
        return (Rung.REPLY,)
    if error.code in _FINAL:
        return ()
    said = error.text.lower()
    return next((rungs for words, rungs in _NAMED if words in said), None)
