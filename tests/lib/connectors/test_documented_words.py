"""The tables of words in the documentation say what the code does: each word is read, and none is missing."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

import pytest
from aiohttp import ClientSession
from telegram.error import BadRequest

from bach_lib.connectors.base import Setup
from bach_lib.connectors.discord import errors as discord
from bach_lib.connectors.discord.error_codes import CODES, PASSING
from bach_lib.connectors.discord_webhook import DiscordWebhookConnector
from bach_lib.connectors.homeassistant import errors as homeassistant
from bach_lib.connectors.ntfy import errors as ntfy
from bach_lib.connectors.signal import errors as signal
from bach_lib.connectors.telegram import errors as telegram
from bach_lib.connectors.webhook.errors import Answer, outcome_for
from bach_lib.models import Connection
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain
from bach_lib.testing import FakeClock

DOCS = Path(__file__).parents[3] / "docs"
HEADING = "### All the words that BACH knows"
LEFT_OUT = "…"
"""Stands in the documentation for what is different each time."""


def happens(outcome: Outcome) -> tuple[str, str]:
    """What follows from an outcome in the words of the documentation, and the code."""
    if isinstance(outcome, Sent):
        return "sent", "-"
    code = outcome.fault.code
    match outcome:
        case Dead():
            return "dead", code
        case Uncertain():
            return "uncertain", code
        case Retry(scope=Scope.CONNECTION):
            return "a check tells", code
        case Retry():
            return "tried again", code
    waits = {Scope.CONNECTION: "all wait", Scope.RECIPIENT: "the recipient's wait", Scope.MESSAGE: "changes wait"}
    return waits[outcome.scope], code


def telegram_words() -> set[str]:
    """How Telegram's refusals begin."""
    return {word.strip() for words in telegram._BEGINNINGS.values() for word in words} | {"flood_wait_…"}


def read_telegram(word: str) -> Outcome:
    """What comes of a refusal that begins so."""
    said = word.replace(LEFT_OUT, "7")
    return telegram.outcome_for(BadRequest(f"{said} tail" if LEFT_OUT not in word else said), Scope.CONNECTION)


def signal_words() -> set[str]:
    """How sentences of the server begin, which they are as a whole, and the classes of Java."""
    beginnings = {word.strip() for words in signal._BEGINNINGS.values() for word in words}
    assert len(signal._WHOLE) == 2
    whole = {"the user … is not registered", "user … is not registered"}
    return beginnings | whole | {f"({name})" for name in signal._CLASSES}


def read_signal(word: str) -> Outcome:
    """What comes of a refusal that begins so, is so, or ends with that class."""
    said = {"(": f"x {word}", "…": word.replace(LEFT_OUT, "+4917")}
    return signal.refusal(next((said[sign] for sign in said if sign in word), f"{word} tail")).outcome


def read_ntfy(word: str) -> Outcome:
    """What comes of a refusal with that number."""
    error = ntfy.refusal(int(word) // 100, {"code": int(word), "http": int(word) // 100, "error": "No."}, "ntfy.sh")
    assert error
    return error.outcome


def read_discord(word: str) -> Outcome:
    """What comes of a refusal with that number."""
    return discord.refusal(403, {"message": "No.", "code": int(word)}, "discord.com").outcome


def read_discord_webhook(word: str) -> Outcome:
    """What comes of a number of Discord's, or of a status with a number that says nothing."""
    secrets = {"url": "https://discord.com/api/webhooks/1150000000000000001/" + "t" * 68}
    setup = Setup(
        connection=Connection(name="hook", type="discord_webhook"),
        secrets=secrets,
        session=cast("ClientSession", None),
        new_session=lambda: cast("ClientSession", None),
        clock=FakeClock(),
    )
    status, number = (int(word), 0) if word in STATUSES else (403, int(word))
    return DiscordWebhookConnector(setup)._outcome(
        discord.refusal(status, {"message": "No.", "code": number}, "discord.com")
    )


def read_webhook(word: str) -> Outcome:
    """What comes of that status."""
    return outcome_for(Answer(status=int(word), headers={}), "example.org", "1", 0.0)


def read_homeassistant(word: str) -> Outcome:
    """What comes of an answer with that code."""
    return homeassistant.outcome_for(homeassistant.answered(word, "words"), "light.x", may_repeat=False)


STATUSES = {str(status) for status in range(200, 600)}
PLATFORMS: Mapping[str, tuple[Callable[[], set[str]], Callable[[str], Outcome]]] = {
    "telegram.md": (telegram_words, read_telegram),
    "signal.md": (signal_words, read_signal),
    "ntfy.md": (lambda: {str(number) for number in ntfy.CODES}, read_ntfy),
    "discord.md": (lambda: {str(number) for number in (*CODES, *PASSING)}, read_discord),
    "discord-webhook.md": (
        lambda: {str(number) for number in (*CODES, *PASSING)} | {str(status) for status in range(400, 600)},
        read_discord_webhook,
    ),
    "webhook.md": (lambda: STATUSES, read_webhook),
    "home-assistant.md": (
        lambda: {*homeassistant._SEEN, *homeassistant._SENTENCES, "home_assistant_error"},
        read_homeassistant,
    ),
}


def table(page: str) -> dict[tuple[str, str], list[str]]:
    """The words of a page's table, by what happens and the code."""
    _, _, text = (DOCS / page).read_text(encoding="utf-8").partition(HEADING)
    rows = re.findall(r"^\| ([a-z' ]+) \| `([a-z_-]+)` \| (.+) \|$", text.split("\n## ")[0], re.MULTILINE)
    return {(what, code): re.findall(r"`([^`]+)`", words) for what, code, words in rows}


def spread(word: str) -> list[str]:
    """The statuses from one to another, or the word."""
    first, dash, last = word.partition("–")
    return [str(number) for number in range(int(first), int(last) + 1)] if dash else [word]


def written(page: str) -> str:
    """The table as the code would have it, to be copied."""
    words, read = PLATFORMS[page]
    found = defaultdict[tuple[str, str], list[str]](list)
    for word in sorted(words()):
        found[happens(read(word))].append(word)
    rows = ((*key, ", ".join(f"`{one}`" for one in together(some))) for key, some in sorted(found.items()))
    return "\n".join(f"| {what} | `{code}` | {some} |" for what, code, some in rows)


def together(words: list[str]) -> list[str]:
    """Statuses that follow each other as one; the other way round as `spread`."""
    statuses = [word for word in words if word in STATUSES]
    ends = [word for word in statuses if str(int(word) + 1) not in statuses]
    starts = [word for word in statuses if str(int(word) - 1) not in statuses]
    rows = [first if first == last else f"{first}–{last}" for first, last in zip(starts, ends, strict=True)]
    return rows + [word for word in words if word not in STATUSES]


@pytest.mark.parametrize("page", PLATFORMS)
def test_the_documentation_names_every_word_and_what_follows_from_it(page: str) -> None:
    """Whoever looks up why a message is dead would read something else than what BACH does, or nothing."""
    words, read = PLATFORMS[page]
    documented = {one: key for key, some in table(page).items() for word in some for one in spread(word)}
    assert documented == {word: happens(read(word)) for word in words()}, written(page)


def test_no_word_stands_twice() -> None:
    """One of two rows would be wrong."""
    for page in PLATFORMS:
        some = [one for words in table(page).values() for word in words for one in spread(word)]
        assert len(some) == len(set(some)), page
