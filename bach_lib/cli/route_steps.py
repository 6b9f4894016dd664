"""Steps of routes as people type them: `home:ada, home:bob until seen for 5m again 2 times every 1m`.

What is shown of a route is written in the same words, so it can be copied. A recipient in whose name these words
stand is given in a file.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bach_lib.cli.console import Json, Row, as_row, as_rows
from bach_lib.control.sentences import SentenceError

_LARGEST: Final = 1_000_000
"""Bytes of a file with a route."""
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_TIME: Final = r"\d{1,6}(?:\.\d{1,3})?[smhd]?"
_CLAUSES: Final = re.compile(
    rf"""\s+(?: (?P<turn>in\s+turn)
      | (?P<but>but\s+who\s+caused\s+it)
      | until\s+(?P<until>[a-z]+)
      | for\s+(?P<wait>{_TIME})
      | again\s+(?P<again>\d{{1,3}})\s+times?\s+every\s+(?P<every>{_TIME})
    )(?=\s|$)""",
    re.VERBOSE | re.ASCII,
)
_LEFT: Final = re.compile(r"\s(?:for|until|again|in\s+turn|but\s+who)(?:\s.*)?$", re.DOTALL)
"""A clause that was none: nobody is called that, or has to be given in a file."""
EXAMPLE: Final = '"home:ada, home:bob for 5m", or "home:ada in turn until seen for 5m again 2 times every 1m"'


def step_of(written: str) -> dict[str, Json]:
    """What a step is, as `set_route` takes it. Raises `SentenceError`."""
    words, said = written, dict[str, str]()
    while found := _last_clause(words):
        for name, value in found.groupdict().items():
            if value is not None:
                if name in said:
                    raise SentenceError(f'A step says the same twice: "{found[0].strip()}".')
                said[name] = value
        words = words[: found.start()]
    step: dict[str, Json] = {"places": [place_in(one) for one in words.split(",")]}
    if "turn" in said:
        step["in_turn"] = True
    if "but" in said:
        step["but_cause"] = True
    if "until" in said:
        step["reached"] = said["until"]
    if "wait" in said:
        step["wait"] = seconds_of(said["wait"])
    if "again" in said:
        step |= {"repeats": int(said["again"]), "repeat_every": seconds_of(said["every"])}
    return step


def _last_clause(words: str) -> re.Match[str] | None:
    """The clause with which it ends."""
    return next((found for found in _CLAUSES.finditer(words) if found.end() == len(words.rstrip())), None)


def place_in(written: str) -> dict[str, Json]:
    """A connection and a recipient, as `home:ada`. Raises `SentenceError`."""
    connection, colon, recipient = written.strip().partition(":")
    if not (connection and colon and recipient.strip()):
        raise SentenceError(f'"{written.strip()[:100]}" is nobody who can be told. Write steps like {EXAMPLE}.')
    if found := _LEFT.search(recipient):
        raise SentenceError(f'"{found[0].strip()[:100]}" cannot be understood. Write steps like {EXAMPLE}.')
    return {"connection": connection, "recipient": recipient.strip()}


def seconds_of(written: str) -> float:
    """A time like 90, 90s, 5m, 2h or 1d. Raises `SentenceError`."""
    if not re.fullmatch(_TIME, written, re.ASCII):
        raise SentenceError(f'"{written[:50]}" is no time. Write it like 90s, 5m, 2h or 1d.')
    number = written.rstrip("smhd")
    return float(number) * _SECONDS[written[len(number) :]]


def written_step(step: Row) -> str:
    """A step, as `step_of` reads it."""
    places = ", ".join(f"{one['connection']}:{one['recipient']}" for one in as_rows(step["places"]))
    parts = [places, *(["in turn"] if step["in_turn"] else [])]
    if step["but_cause"]:
        parts.append("but who caused it")
    if step["reached"] != "acknowledged":
        parts.append(f"until {step['reached']}")
    parts.append(f"for {written_seconds(step['wait'])}")
    if step["repeats"]:
        times = "time" if step["repeats"] == 1 else "times"
        parts.append(f"again {step['repeats']} {times} every {written_seconds(step['repeat_every'])}")
    return " ".join(parts)


def written_seconds(seconds: Json) -> str:
    """A time in the largest unit that needs no fraction."""
    number = float(seconds) if isinstance(seconds, int | float) else 0.0
    for unit in ("d", "h", "m"):
        if number and number % _SECONDS[unit] == 0:
            return f"{number / _SECONDS[unit]:.0f}{unit}"
    return f"{number:.3f}".rstrip("0").rstrip(".") + "s"


def steps_of(route: Mapping[str, Json]) -> list[str]:
    """All steps of a route."""
    return [written_step(as_row(step)) for step in as_rows(route["steps"])]


def route_in(path: Path) -> dict[str, Json]:
    """A route in a file. Raises `SentenceError`."""
    try:
        if not path.is_file():
            raise SentenceError(f"{path} is no file that can be read.")
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
        found = json.loads(raw)
    except OSError as error:
        raise SentenceError(f"{path} cannot be read: {error.strerror or type(error).__name__}.") from error
    except (ValueError, RecursionError):
        raise SentenceError(f"{path} holds no JSON.") from None
    if not isinstance(found, dict) or len(raw) > _LARGEST:
        raise SentenceError(f"{path} holds no route. `bach route show NAME --json` writes one.")
    return found
