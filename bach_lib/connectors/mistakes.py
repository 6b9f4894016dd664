"""Reporting of mistakes in connectors: a fault for people, a line for whoever runs BACH, a place for who wrote it.

Neither shows a value: what a connector works with are secrets and other people's words. The place is file, line and
function, at DEBUG. The same mistake is an ERROR once an hour, as it may come with every message.
"""

import logging
from collections.abc import Callable
from time import monotonic

from bach_lib.errors import ConnectorFailedError
from bach_lib.field_logger import FieldLogger
from bach_lib.foreign import name_of, places_of
from bach_lib.models import Fault
from bach_lib.models.health import INTERNAL
from bach_lib.redact import Redactor

_LOGGER = FieldLogger(__name__)
_AGAIN = 3600.0
"""Seconds until the same mistake is an ERROR again."""
_MOST_KINDS = 100
_LONGEST_REPR = 10_000
_OURS_ALONE = frozenset({"close", "reset"})
"""What waits for no platform, or need not."""


class WrongAnswerError(Exception):
    """Raised by who looks at an answer; its text says what is wrong with it, without the value."""


class Mistakes:
    """Tells of what one connector does wrong. `name`: of its connection, if it has one already."""

    def __init__(
        self, type_: str, name: str | None, redact: Redactor, monotonic: Callable[[], float] = monotonic
    ) -> None:
        self._type = type_
        self._connection = name
        self._of = f" of {name}" if name else ""
        self._redact = redact
        self._monotonic = monotonic
        self._told: dict[str, float] = {}

    def error(self, method: str, error: BaseException) -> ConnectorFailedError:
        """What was raised, by it or by who looked at its answer; it is logged."""
        if isinstance(error, ConnectorFailedError):  # told already
            return error
        if isinstance(error, WrongAnswerError):
            return self._logged(method, str(error), "")
        made = self._logged(method, f"raised {name_of(error)}", f": {self._redact(_written(error))}")
        if _LOGGER.isEnabledFor(logging.DEBUG):
            _LOGGER.debug(
                "Where %s%s raised %s:\n%s", method, self._of, self._redact(_written(error)), places_of(error)
            )
        return made

    def fault(self, method: str, error: BaseException) -> Fault:
        """The same for people."""
        return Fault(code=INTERNAL, text=self.error(method, error).sentence)

    def hung(self, method: str) -> None:
        """It took too long. For most calls that is the platform's doing, and is told as any fault is."""
        level = logging.WARNING if method in _OURS_ALONE else logging.DEBUG
        _LOGGER.log(
            level,
            'The connector "%s"%s does not end: %s takes too long',
            self._type,
            self._of,
            method,
            connection=self._connection,
        )

    def _logged(self, method: str, what: str, more: str) -> ConnectorFailedError:
        error = ConnectorFailedError(type=self._type, what=f"{method} {what}")
        level = logging.ERROR if self._is_news(f"{method} {what}") else logging.DEBUG
        _LOGGER.log(
            level,
            'The connector "%s"%s made a mistake: %s %s%s',
            self._type,
            self._of,
            method,
            what,
            more,
            connection=self._connection,
        )
        return error

    def _is_news(self, sentence: str) -> bool:
        now = self._monotonic()
        if now < self._told.get(sentence, float("-inf")):
            return False
        if len(self._told) >= _MOST_KINDS:
            self._told.clear()
        self._told[sentence] = now + _AGAIN
        return True


def described(value: object) -> str:
    """What kind of thing it is."""
    if value is None:
        return "None"
    return f"the class {value.__name__[:50]}" if isinstance(value, type) else f"a {type(value).__name__[:50]}"


def _written(error: BaseException) -> str:
    """What foreign code raises need not be able to say so."""
    try:
        written = repr(error)
    except Exception:  # noqa: BLE001 - a border, as everywhere here
        return type(error).__name__
    # a part of it could end in the middle of a secret, which is not recognised then
    return written if len(written) <= _LONGEST_REPR else f"{type(error).__name__}, in {len(written)} characters"
