"""Spans of OpenTelemetry, for programs that use it: around an attempt, what came in, and a transaction of the storage.

Nothing is imported for them. Who wants spans has set OpenTelemetry up before, so its API is in memory; where it is not,
a span costs a look into a dictionary. What a span says is which connection and message it is about, how much there was
and what it came to: no recipient, no text and no error's words.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from bach_lib.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from opentelemetry.trace import Tracer, TracerProvider

type Value = str | int | float | bool


class Span(Protocol):
    """What is under way."""

    def set_attribute(self, key: str, value: Value) -> None:
        """Say something of it."""
        ...


class _Nothing:
    """Where nobody watches."""

    def set_attribute(self, key: str, value: Value) -> None:
        """Nobody hears it."""


_API = "opentelemetry.trace"
_NOTHING: AbstractContextManager[Span] = nullcontext(_Nothing())


def span(name: str, attributes: dict[str, Value]) -> AbstractContextManager[Span]:
    """A span of this name around a block. It is the root of a trace: what waits on disk has lost its caller's."""
    if (api := sys.modules.get(_API)) is None:
        return _NOTHING
    provider: TracerProvider = api.get_tracer_provider()
    if isinstance(provider, api.ProxyTracerProvider):  # another library has imported it, and nobody has set it up
        return _NOTHING
    return _begun(_tracer(provider), name, attributes)


@lru_cache(maxsize=1)
def _tracer(provider: TracerProvider) -> Tracer:
    return provider.get_tracer("bach_lib", VERSION)


@contextmanager
def _begun(tracer: Tracer, name: str, attributes: dict[str, Value]) -> Iterator[Span]:
    context = sys.modules["opentelemetry.context"].Context()
    with tracer.start_as_current_span(
        name, context=context, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as begun:
        try:
            yield begun
        except BaseException as error:
            begun.set_attribute("error.type", type(error).__name__)
            raise
