"""Retells errors that another process had: the same class here, with its own sentence."""

from collections.abc import Iterator, Mapping
from functools import cache

from bach_lib.errors import BachError, RemoteFailedError
from bach_lib.rest.answers import Json
from bach_lib.rest.exact import sentences_in


def retold(told: Mapping[str, Json], sentence: str, *, place: str) -> BachError:
    """The error of this "code"; a `RemoteFailedError` for what is none of the library's."""
    kind = _kinds().get(str(told.get("code")))
    if kind is None:
        return RemoteFailedError(place=place, reason=sentence)
    values = told.get("placeholders")
    if isinstance(values, Mapping):
        try:
            return kind(**sentences_in(values))
        except TypeError:  # of another version
            pass
    return kind.retold(sentence)


@cache
def _kinds() -> Mapping[str, type[BachError]]:
    return {kind.code: kind for kind in _below(BachError)}


def _below(kind: type[BachError]) -> Iterator[type[BachError]]:
    for one in kind.__subclasses__():
        if "code" in vars(one):
            yield one
        yield from _below(one)
