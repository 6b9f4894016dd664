"""Progress of a split message, so that an attempt that broke off goes on instead of beginning again."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import orjson

from bach_lib.models import Loss
from bach_lib.said import packed, unpacked

_MAX_UNFINISHED = 100


@dataclass(slots=True)
class Progress:
    """The requests of a message that were taken, by their keys, with the ids that came back.

    `of`: how many the whole message was cut into; after an update it may be cut otherwise.
    """

    of: int = 0
    done: dict[str, str | None] = field(default_factory=dict)
    lost: list[Loss] = field(default_factory=list)

    @classmethod
    def read(cls, written: str | None) -> Self:
        """What `written` wrote; nothing where it is damaged, for a repetition is better than a gap."""
        if not written:  # as nearly always
            return cls()
        try:
            found: object = orjson.loads(written)
        except ValueError:
            found = None
        match found:
            case {"of": int(of), "done": dict(done), "lost": list(lost)}:
                kept = {str(key): one if isinstance(one, str) else None for key, one in done.items()}
                return cls(of, kept, [_loss(*one) for one in lost if len(one) in {2, 3}])
        return cls()

    def written(self) -> str:
        """The same as text."""
        lost = [[one.what, one.reason, packed(one.reason)] for one in self.lost]
        return orjson.dumps({"of": self.of, "done": self.done, "lost": lost}).decode()

    def lose(self, losses: Sequence[Loss]) -> None:
        """Remember what the message goes without, each thing once."""
        self.lost += [one for one in losses if all(one.what != known.what for known in self.lost)]


class Unfinished:
    """The messages of one connection that have arrived in part, for as long as this process lives."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Progress] = OrderedDict()

    def take(self, nonce: str) -> Progress | None:
        """What is known of a message, and forget it."""
        return self._kept.pop(nonce, None)

    def keep(self, nonce: str, progress: Progress) -> None:
        """Remember a message that broke off; of very many the oldest are forgotten."""
        if progress.done:
            self._kept[nonce] = progress
            if len(self._kept) > _MAX_UNFINISHED:
                self._kept.popitem(last=False)


def _loss(what: object, reason: object, beside: object = None) -> Loss:
    return Loss(what=str(what), reason=unpacked(str(reason), beside))
