"""Filters our own posts, which come back from every topic that we subscribe to.

Nothing in it says whose it is but its id, which we learn from the answer. The stream may be quicker than the answer, so
what comes while one is awaited waits with it; and an answer may be lost, so what was published without one is known by
its words until it has come back. What has not come back yet is part of the cursor, and outlives a restart.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from hashlib import sha256
from typing import Final

from bach_lib.connectors.observations import CallError, Observation

MAX_KEPT: Final = 100
"""Messages that have not come back which are kept: the newest."""
_CACHED: Final = 43_200.0
"""Seconds after which what was lost does not come back any more: servers keep messages for twelve hours."""
_NOT_PUBLISHED = frozenset(Observation) - {Observation.NO_ANSWER}


class Whose(StrEnum):
    """Sender of a message on the stream: we, others, or not known yet."""

    OURS = "ours"
    THEIRS = "theirs"
    UNKNOWN = "unknown"
    """Until what we publish there now is answered."""


class OwnPosts:
    """Knows which messages are ours. `changed` is called when an answer came; `now` tells seconds since 1970."""

    def __init__(self, now: Callable[[], float], changed: Callable[[], None]) -> None:
        self._now = now
        self._changed = changed
        self._awaited = Counter[str]()
        """Topics to which something is being published."""
        self._unanswered = deque[tuple[str, float]](maxlen=MAX_KEPT)
        """What we do not know the id of, and since when."""
        self._unseen = deque[str](maxlen=MAX_KEPT)
        """Ids of what has not come back."""
        self._seen = deque[str](maxlen=MAX_KEPT)
        """Ids of what has: it comes again where a cursor could not be stored."""

    @contextmanager
    def publishing(self, topic: str, words: str) -> Iterator[Callable[[str], None]]:
        """While a message with these words is published; what it gives is told the id."""
        key = _key(topic, words)
        self._unanswered.append((key, self._now()))
        self._awaited[topic] += 1
        try:
            yield lambda named: self._answered(key, named)
        except CallError as error:
            if error.seen in _NOT_PUBLISHED:
                self._forget(key)
            raise
        finally:
            self._awaited -= Counter([topic])
            self._changed()

    def whose(self, named: str, topic: str, words: str) -> Whose:
        """Of whom the message with this id and these words is."""
        if named in self._unseen:
            self._unseen.remove(named)
            self._seen.append(named)
            return Whose.OURS
        if named in self._seen:
            return Whose.OURS
        if self._awaited[topic]:
            return Whose.UNKNOWN
        if self._forget(_key(topic, words)):
            self._seen.append(named)
            return Whose.OURS
        return Whose.THEIRS

    def kept(self) -> dict[str, object]:
        """What has not come back, for the cursor."""
        found = {"own": list(self._unseen), "unanswered": [[key, int(since)] for key, since in self._unanswered]}
        return {name: some for name, some in found.items() if some}

    def recall(self, cursor: dict[str, object]) -> None:
        """What had not come back when this was kept, by a process before this one."""
        own, unanswered = cursor.get("own"), cursor.get("unanswered")
        self._unseen.extend(one for one in (own if isinstance(own, list) else []) if isinstance(one, str))
        for one in unanswered if isinstance(unanswered, list) else []:
            match one:
                case [str(key), int(since)]:
                    self._unanswered.append((key, float(since)))

    def _answered(self, key: str, named: str) -> None:
        self._forget(key)
        self._unseen.append(named)

    def _forget(self, key: str) -> bool:
        """Whether one with this key was unanswered; the oldest is not any more."""
        while self._unanswered and self._unanswered[0][1] < self._now() - _CACHED:
            self._unanswered.popleft()
        found = next((one for one in self._unanswered if one[0] == key), None)
        if found is not None:
            self._unanswered.remove(found)
        return found is not None


def _key(topic: str, words: str) -> str:
    return sha256(f"{topic}\0{words}".encode(errors="replace")).hexdigest()[:24]
