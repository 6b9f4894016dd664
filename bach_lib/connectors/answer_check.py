"""Type check of what connectors answer: everything that goes on into queue, inbox and registry is what it says it is.

Whatever stands here is looked at field by field, once; what is wrong raises `WrongAnswerError`, which names the field
and the kind of what stands in it, never the value. Words for people come out without secrets. Numbers of seconds that
are none, such as NaN, are as if nothing had been said.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import isnan

from bach_lib.connectors.base import Batch, Invitation, Unreadable
from bach_lib.connectors.capabilities import Capabilities, Rate
from bach_lib.connectors.mistakes import WrongAnswerError, described
from bach_lib.models import Candidate, Fault, Identity, Loss
from bach_lib.models.spellings import Sighting
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.redact import Redactor, called
from bach_lib.said import Sentence

_SHORTEST_WAIT, _LONGEST_WAIT = 1.0, 86_400.0
"""Seconds; no server may have itself asked without a pause, nor silence anybody for longer than a day at a time."""
_MAX_NAME = 255
_MAX_ID = 16_384
"""Characters of the id of a message; one that went in many parts has those of all."""
_MAX_ADDRESS = 10_000
_MAX_CURSOR = 65_536
_MAX_WORDS = 65_536
"""Characters of a sentence for people. A longer one is not cut: it could be in the middle of a secret."""
_MOST_LOSSES = 100
_MOST_PARTS = 10_000
_MOST_FOUND = 10_000
_MANY = (tuple, list)


def outcome(value: object, redact: Redactor) -> Outcome:
    """What became of an attempt."""
    match value:
        case Sent():
            return _sent(value, redact)
        case Wait():
            seconds = max(_SHORTEST_WAIT, number(value.seconds, "Wait.seconds"))  # in this order NaN is the shortest
            found = fault(value.fault, "Wait.fault", redact)
            return Wait(seconds=min(seconds, _LONGEST_WAIT), fault=found, scope=_scope(value.scope, "Wait.scope"))
        case Retry():
            found, written = fault(value.fault, "Retry.fault", redact), switch(value.written, "Retry.written")
            return Retry(fault=found, scope=_scope(value.scope, "Retry.scope"), written=written)
        case Dead():
            return Dead(fault=fault(value.fault, "Dead.fault", redact))
        case Uncertain():
            repeatable = switch(value.repeatable, "Uncertain.repeatable")
            return Uncertain(fault=fault(value.fault, "Uncertain.fault", redact), repeatable=repeatable)
    raise WrongAnswerError(f"returned {described(value)} and no outcome")


def _sent(value: Sent, redact: Redactor) -> Sent:
    """Nearly always there is nothing but an id in it."""
    remote_id = None if value.remote_id is None else text(value.remote_id, "Sent.remote_id", most=_MAX_ID)
    moved_to = None if value.moved_to is None else text(value.moved_to, "Sent.moved_to", most=_MAX_NAME)
    if remote_id is not value.remote_id or moved_to is not value.moved_to:
        value = replace(value, remote_id=remote_id, moved_to=moved_to)
    switch(value.degraded, "Sent.degraded")
    sightings_of(value.sightings, "Sent.sightings")
    if value.parts != ():
        for one in many(value.parts, str, "Sent.parts", most=_MOST_PARTS):
            text(one, "Sent.parts", most=_MAX_ID)
    if value.losses == ():
        return value
    losses = many(value.losses, Loss, "Sent.losses", most=_MOST_LOSSES)
    what = [text(loss.what, "Loss.what", most=_MAX_NAME) for loss in losses]
    reasons = [words(loss.reason, "Loss.reason", redact) for loss in losses]
    told = tuple(Loss(what=one, reason=reason) for one, reason in zip(what, reasons, strict=True))
    return replace(value, losses=told)


def fault(value: object, what: str, redact: Redactor) -> Fault:
    """Why something failed."""
    if not isinstance(value, Fault):
        raise WrongAnswerError(f"returned {described(value)} as {what}")
    code = text(value.code, f"{what}.code", most=_MAX_NAME)
    wish = None if value.retry_after is None else number(value.retry_after, f"{what}.retry_after")
    wish = None if wish is None or isnan(wish) or wish < 0 else min(wish, _LONGEST_WAIT)
    return Fault(code=code, text=words(value.text, f"{what}.text", redact), retry_after=wish)


def identity(value: object, redact: Redactor) -> Identity | Fault:
    """What a check found."""
    if isinstance(value, Fault):
        return fault(value, "Fault", redact)
    if not isinstance(value, Identity):
        raise WrongAnswerError(f"returned {described(value)}, neither an Identity nor a Fault")
    for name in ("id", "name", "link", "version"):
        one = getattr(value, name)
        if one is not None or name in {"id", "name"}:
            words(one, f"Identity.{name}", redact)
    if value.accepted is not None:
        switch(value.accepted, "Identity.accepted")
    notice = None if value.notice is None else fault(value.notice, "Identity.notice", redact)
    return redact.within(replace(value, name=called(value.name, value.id), notice=notice))


def account(value: object, redact: Redactor) -> str | Fault | None:
    """Whose account it is."""
    if isinstance(value, Fault):
        return fault(value, "Fault", redact)
    return None if value is None else text(value, "the id of the account", most=_MAX_NAME)


def account_told(value: object) -> str | None:
    """Whose account what is set tells that it is."""
    return None if value is None else text(value, "the account", most=_MAX_ADDRESS)


def invitation(value: object) -> Invitation | None:
    """How somebody brings a code."""
    if value is not None and not isinstance(value, Invitation):
        raise WrongAnswerError(f"returned {described(value)} and no Invitation")
    return value


def able(value: object) -> Capabilities:
    """What a connection can do."""
    if not isinstance(value, Capabilities):
        raise WrongAnswerError(f"returned {described(value)} and no Capabilities")
    return value


def batch(value: object, redact: Redactor) -> Batch | Fault:
    """What a poll brought. Messages that cannot be read cost themselves only; they are found where it is stored."""
    if isinstance(value, Fault):
        return fault(value, "Fault", redact)
    if not isinstance(value, Batch):
        raise WrongAnswerError(f"returned {described(value)}, neither a Batch nor a Fault")
    cursor = None if value.cursor is None else text(value.cursor, "Batch.cursor", most=_MAX_CURSOR)
    if value.told_at is not None and isnan(number(value.told_at, "Batch.told_at")):
        raise WrongAnswerError("returned no number as Batch.told_at")
    switch(value.is_complete, "Batch.is_complete")
    sightings_of(value.sightings, "Batch.sightings")
    for one in many(value.unreadable, Unreadable, "Batch.unreadable"):
        if not isinstance(one.raw, str) or not isinstance(one.reason, str):
            raise WrongAnswerError("returned an Unreadable without texts in Batch.unreadable")
        if len(one.reason) > _MAX_WORDS:
            raise WrongAnswerError(f"returned an Unreadable whose reason has {len(one.reason)} characters")
    if not isinstance(value.messages, _MANY):
        raise WrongAnswerError(f"returned {described(value.messages)} as Batch.messages")
    if not isinstance(value.proofs, _MANY):
        raise WrongAnswerError(f"returned {described(value.proofs)} as Batch.proofs")
    notice = None if value.notice is None else fault(value.notice, "Batch.notice", redact)
    return value if notice is None and cursor is value.cursor else replace(value, notice=notice, cursor=cursor)


def found(value: object, redact: Redactor) -> list[Candidate] | Fault:
    """Whom one could write to."""
    if isinstance(value, Fault):
        return fault(value, "Fault", redact)
    candidates = many(value, Candidate, "the places", most=_MOST_FOUND)
    for one in candidates:
        for name in ("recipient", "title", "kind"):
            words(getattr(one, name), f"Candidate.{name}", redact)
        switch(one.has_code, "Candidate.has_code")
    return redact.within([replace(one, title=called(one.title, one.recipient)) for one in candidates])


def contents(value: object, limit: int, redact: Redactor) -> bytes | Fault:
    """The bytes of a file."""
    if isinstance(value, Fault):
        return fault(value, "Fault", redact)
    if not isinstance(value, bytes | bytearray | memoryview):
        raise WrongAnswerError(f"returned {described(value)}, neither bytes nor a Fault")
    if (size := memoryview(value).nbytes) > limit:
        raise WrongAnswerError(f"returned {size} bytes where {limit} are the most")
    return bytes(value)


def rates(value: object) -> Mapping[str, Rate]:
    """The limits that a message falls under."""
    if not isinstance(value, Mapping):
        raise WrongAnswerError(f"returned {described(value)} and no mapping")
    for key, rate in value.items():
        if not isinstance(key, str) or not isinstance(rate, Rate):
            raise WrongAnswerError(f"returned {described(rate)} under {described(key)}, not a Rate under a text")
    return value if type(value) is dict else dict(value)


def text(value: object, what: str, *, most: int) -> str:
    """Something that is kept as it is."""
    if not isinstance(value, str):
        raise WrongAnswerError(f"returned {described(value)} as {what}")
    if len(value) > most:
        raise WrongAnswerError(f"returned {len(value)} characters as {what}, where {most} are the most")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise WrongAnswerError(f"returned half a character in {what}") from None
    return value if type(value) is str else str.__str__(value)


def words(value: object, what: str, redact: Redactor) -> str:
    """Something that people read."""
    if not isinstance(value, str):
        raise WrongAnswerError(f"returned {described(value)} as {what}")
    if len(value) > _MAX_WORDS:
        return Sentence("a_text_of_count_characters", "(a text of {count} characters)", count=len(value))
    return redact(value if type(value) is Sentence else str.__str__(value))


def number(value: object, what: str) -> float:
    """It may be NaN, which is the caller's to see."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongAnswerError(f"returned {described(value)} as {what}")
    return value


def switch(value: object, what: str) -> bool:
    """True or False, and nothing that is only like one of them."""
    if not isinstance(value, bool):
        raise WrongAnswerError(f"returned {described(value)} as {what}")
    return value


def many[T](value: object, kind: type[T], what: str, *, most: int | None = None) -> tuple[T, ...]:
    """Several of a kind."""
    if not isinstance(value, tuple | list):
        raise WrongAnswerError(f"returned {described(value)} as {what}")
    if most is not None and len(value) > most:
        raise WrongAnswerError(f"returned {len(value)} as {what}, where {most} are the most")
    if (wrong := next((one for one in value if not isinstance(one, kind)), None)) is not None:
        raise WrongAnswerError(f"returned {described(wrong)} among {what}")
    return tuple(value)


def sightings_of(value: object, what: str) -> None:
    """Whether they are sound is looked at where they are learned."""
    if value != ():
        for one in many(value, Sighting, what, most=_MOST_FOUND):
            many(one.names, str, "Sighting.names", most=_MOST_FOUND)
            many(one.was, str, "Sighting.was", most=_MOST_FOUND)


def _scope(value: object, what: str) -> Scope:
    try:
        return Scope(value)  # type: ignore[arg-type] # anything else is refused
    except ValueError:
        raise WrongAnswerError(f"returned {described(value)} as {what}") from None
