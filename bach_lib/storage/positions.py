"""Queries with numbers for names, so that their values are given in turn.

`sqlite3` asks SQLite for the name of each value that is given by name, and lets go of the interpreter for each
question. A thread that has an event loop beside it has to get it back each time; a settled message has a dozen values.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import itemgetter

type _Value = str | int | float | bytes | None
type InOrder = Callable[[Mapping[str, _Value]], Sequence[_Value]]

_NAME = re.compile(r":([a-z]\w*)")


@cache
def by_position(query: str) -> tuple[str, InOrder]:
    """The query with numbers, and what brings values by name into their order. Every query of ours is asked again."""
    names = list(dict.fromkeys(_NAME.findall(query)))
    return _NAME.sub(lambda found: f"?{names.index(found[1]) + 1}", query), _reader(names)


def _reader(names: Sequence[str]) -> InOrder:
    match names:
        case []:
            return lambda _: ()
        case [name]:
            return lambda values: (values[name],)
        case _:
            return itemgetter(*names)
