"""What PostgreSQL's SQL says otherwise than SQLite's, so that one file of queries serves both.

Nearly all queries say the same in both. Some spellings differ, one for one; `queries.postgresql.sql` has the few
queries that are something else altogether, `owners.sql` those of processes that share the database.
"""

import re
from functools import cache
from importlib.resources import files

from bach_lib.storage.schema import load_queries, named_queries

_SPELLINGS = (
    (
        re.compile(r"IN \(SELECT value FROM json_each\((:ids)\)\)"),
        r"= ANY (CAST(translate(\1, '[]', '{}') AS bigint[]))",
    ),
    (
        re.compile(r"IN \(SELECT value FROM json_each\((:\w+)\)\)"),
        # one value alone is as good as a list of one, as in SQLite
        (
            r"= ANY (ARRAY(SELECT json_array_elements_text("
            r"CASE json_typeof(CAST(\1 AS json)) WHEN 'array' THEN CAST(\1 AS json)"
            r" ELSE json_build_array(CAST(\1 AS json)) END)))"
        ),
    ),
    (re.compile(r"(?<=[ (])\+([a-z]+)"), r"\1 || ''"),  # of a text: keeps the planner from an index
    (re.compile(r" INDEXED BY \w+"), ""),  # leads it to one
    (re.compile(r" IS (?=:)"), " IS NOT DISTINCT FROM "),
    (re.compile(r"\bchar\("), "chr("),
    (re.compile(r"(:\w+_at) IS NULL"), r"CAST(\1 AS double precision) IS NULL"),  # a value has no type until it is used
    (re.compile(r"(:\w+) IS NULL"), r"CAST(\1 AS text) IS NULL"),
)
_NUMBER = re.compile(r"\?(\d+)")


def _translated(query: str) -> str:
    for spelling, replacement in _SPELLINGS:
        query = spelling.sub(replacement, query)
    return query


_HERE = files("bach_lib.storage")
_OWN = named_queries((_HERE / "queries.postgresql.sql").read_text("utf-8"))
_SHARING = named_queries((_HERE / "owners.sql").read_text("utf-8"))
_QUERIES = {name: _translated(query) for name, query in load_queries().items()} | _OWN


def queries() -> dict[str, str]:
    """All queries of this dialect by name; its own ones go before those that both have."""
    return _QUERIES | _SHARING


def sharing_queries() -> dict[str, str]:
    """Those of them that a file has no use for: of processes that share the database."""
    return dict(_SHARING)


@cache
def numbered(statement: str) -> bytes:
    """A statement with `$1` for `?1`, as the driver takes it. There are as many as there are queries."""
    return _NUMBER.sub(r"$\1", statement).encode()
