"""Holds all that connectors and doubles say against what the platforms say of themselves."""

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from bach_lib.testing.loopback import Answer, Request
from tests.described.discord import Discord
from tests.described.ntfy import Ntfy
from tests.described.shapes import Faults, as_schema
from tests.described.signal import Signal
from tests.described.telegram import Telegram

VARIABLE = "BACH_SPECS"


class Description(Protocol):
    """What a platform says of itself. None: that is nothing it speaks of."""

    def request(self, request: Request, /) -> Faults | None:
        """What is wrong with a request."""

    def answer(self, answer: Answer, /) -> Faults | None:
        """What is wrong with an answer."""


KINDS: Mapping[str, Callable[[Mapping[str, object]], Description]] = {
    "discord": Discord,
    "signal": Signal,
    "telegram": Telegram,
}


class DescribedPlatforms:
    """The witness. `counts` has what it looked at, `faults` what was wrong and has not been taken yet."""

    def __init__(self, descriptions: Mapping[str, Description]) -> None:
        self.counts: Counter[str] = Counter()
        self.faults: Faults = []
        self.are_requests_broken = False
        """Whether what is asked is broken on purpose, as by the tests of a double."""
        self.are_answers_broken = False
        """Whether what is answered and told is."""
        self._descriptions = descriptions

    def asked(self, request: Request, /) -> None:
        """Look at a request."""
        if not self.are_requests_broken and (description := self._descriptions.get(request.platform)):
            self._note("requests", request.platform, description.request(request))

    def answered(self, answer: Answer, /) -> None:
        """Look at an answer."""
        if not self.are_answers_broken and (description := self._descriptions.get(answer.platform)):
            self._note("answers", answer.platform, description.answer(answer))

    def told(self, platform: str, line: object, /) -> None:
        """Look at an event."""
        description = self._descriptions.get(platform)
        if not self.are_answers_broken and (tell := getattr(description, "line", None)):
            self._note("updates", platform, tell(line))

    def take(self) -> Faults:
        """What was wrong since the last time."""
        taken, self.faults = self.faults, []
        return taken

    def _note(self, what: str, platform: str, found: Faults | None) -> None:
        if found is None:
            return
        self.counts[what] += 1
        self.counts["mismatches"] += len(found)
        self.faults += [f"{platform}, {what[:-1]}: {fault}" for fault in found]


def folder(root: Path, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Where the descriptions lie: where `BACH_SPECS` says, or beside the checkout, or beside the one it belongs to."""
    if named := environment.get(VARIABLE):
        places = [Path(named)]
    else:
        places = [checkout.parent / "shared" / "specs" for checkout in (root, *_main_checkout(root))]
    return next((place for place in places if all((place / f"{name}.json").is_file() for name in KINDS)), None)


def read(place: Path) -> dict[str, Description]:
    """The descriptions; ntfy's is ours, for it has none."""
    found = {name: kind(as_schema(json.loads((place / f"{name}.json").read_bytes()))) for name, kind in KINDS.items()}
    return {**found, "ntfy": Ntfy()}


def _main_checkout(root: Path) -> list[Path]:
    """The checkout to which a worktree of git belongs: its `.git` is a file that says so."""
    pointer = root / ".git"
    if not pointer.is_file():
        return []
    administration = Path(pointer.read_text().removeprefix("gitdir:").strip())
    return [parent.parent for parent in administration.parents if parent.name == ".git"]
