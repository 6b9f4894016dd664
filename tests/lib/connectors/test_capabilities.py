"""What a platform is said to be able to do is looked at where it is written."""

import pytest

from bach_lib.connectors.capabilities import Capabilities
from bach_lib.errors import InvalidValueError
from bach_lib.models import Format, Operation

PLAIN = frozenset({Format.PLAIN})
NONE: dict[str, object] = {"receives": False, "idempotent": False, "formats": PLAIN, "max_text": 280}
WRONG: list[tuple[str, dict[str, object]]] = [
    ("receives", {"receives": 1}),
    ("idempotent", {"idempotent": None}),
    ("own_ids", {"own_ids": "no"}),
    ("adds_reactions", {"adds_reactions": 1}),
    ("shared_lanes", {"shared_lanes": 1}),
    ("max_text", {"max_text": 0}),
    ("max_text", {"max_text": "280"}),
    ("max_text", {"max_text": True}),
    ("max_text", {"max_text": float("inf")}),
    ("formats", {"formats": frozenset()}),
    ("formats", {"formats": None}),
    ("formats", {"formats": {"plane"}}),
    ("formats", {"formats": frozenset({Format.HTML})}),
    ("operations", {"operations": frozenset({Operation.EDIT})}),
    ("operations", {"operations": 5}),
    ("send_timeout", {"send_timeout": 0}),
    ("send_timeout", {"send_timeout": "30"}),
    ("poll_timeout", {"poll_timeout": float("nan")}),
    ("poll_timeout", {"poll_timeout": float("inf")}),
    ("fetch_bytes", {"fetch_bytes": 1e6}),
    ("fetch_bytes", {"fetch_bytes": -1}),
    ("button_value", {"max_buttons": 3}),
    ("button_value", {"button_value": 64}),
    ("max_buttons", {"max_buttons": True, "button_value": 64}),
    ("file_bytes", {"max_files": 1}),
    ("file_bytes", {"file_bytes": 10}),
    ("max_files", {"max_files": -1, "file_bytes": 10}),
    ("max_caption", {"max_caption": 100}),
    ("max_caption", {"max_caption": -1, "max_files": 1, "file_bytes": 10}),
]


@pytest.mark.parametrize(("field", "given"), WRONG, ids=lambda part: part if isinstance(part, str) else str(part))
def test_what_cannot_be_is_refused_in_one_sentence(field: str, given: dict[str, object]) -> None:
    """A connector would be taken, and each message through it would die of something else."""
    with pytest.raises(InvalidValueError, match=rf"is not possible for Capabilities\.{field}\. Use .*\.$"):
        Capabilities(**{**NONE, **given})  # type: ignore[arg-type] # that is the mistake


def test_what_is_given_may_change_later() -> None:
    """A set that somebody goes on with would change what a platform can do."""
    formats = {Format.PLAIN}
    made = Capabilities(receives=False, idempotent=False, formats=formats, max_text=1)  # type: ignore[arg-type] # nearly
    formats.clear()
    assert made.formats == PLAIN
