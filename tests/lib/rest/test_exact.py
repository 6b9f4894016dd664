"""What programs ask for in nested fields: exactly that, or a refusal."""

from collections.abc import Callable

import pytest

from bach_lib import Button, Snooze
from bach_lib.rest.exact import buttons_of, snooze_of

YES = {"text": "Yes", "value": "yes"}


def test_what_is_whole_is_taken() -> None:
    """Nobody could ask for anything."""
    assert buttons_of([[YES]]) == ((Button(text="Yes", value="yes"),),)
    assert snooze_of({"seconds": 3600}) == Snooze(seconds=3600)


@pytest.mark.parametrize(
    ("read", "given"),
    [
        (buttons_of, [[YES | {"valeu": "no"}]]),
        (buttons_of, [[{"text": "Yes", "value": 1}]]),
        (buttons_of, [[{"value": "yes"}]]),
        (buttons_of, [[{"text": "Yes", "url": 1}]]),
        (buttons_of, "Yes"),
        (snooze_of, {"seconds": 3600, "buton": "Later"}),
        (snooze_of, {"seconds": "3600"}),
        (snooze_of, {"seconds": True}),
        (snooze_of, {}),
        (snooze_of, [3600]),
    ],
)
def test_what_is_misspelt_or_of_another_kind_is_refused(read: Callable[[object], object], given: object) -> None:
    """A button without the words that somebody gave it, or an hour that is a second, and no hint why."""
    with pytest.raises(ValueError, match=r"in it|something else"):
        read(given)
