"""Promise 11: the words always arrive: what a platform minds about a message goes, and it is said what is missing.

Each platform's own refusals are in tests/contracts/test_words.py; here is the whole way, from `send` to the history.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Status
from bach_lib.errors import InputError
from bach_lib.models import Button, File, Format
from tests.contracts.picky import Picky, served

WORDS = "Water in the cellar"
REFUSALS = {
    "markup": "can't parse entities: Can't find end of the entity",
    "file": "not enough rights to send photos to the chat",
    "reply": "message to be replied not found",
    "place": "message thread not found",
    "buttons": "BUTTON_DATA_INVALID",
    "silent": "SOMETHING_NOBODY_KNOWS",
}


@pytest.fixture
def picky(socket_enabled: None) -> Picky:
    """A platform that minds what a test says."""
    return Picky(type="telegram")


@pytest.fixture
async def bach(picky: Picky, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bach]:
    """A BACH with a connection to it."""
    monkeypatch.setenv("TOKEN", "123456789:AAH-the_token_of_the_contract_tests")
    async with served(picky) as address, Bach(tmp_path / "bach.db") as bach:
        await bach.registry.add(
            Connection(name="home", type="telegram", endpoint=address, auth_config={"bot_token": "env:TOKEN"})
        )
        yield bach


async def test_the_words_go_without_what_is_refused(bach: Bach, picky: Picky) -> None:
    """An alarm would die of a picture, a mark or a topic; or nobody would be told what is missing of it."""
    for group, (minded, refusal) in enumerate(
        REFUSALS.items(), 1_001_234_567_890
    ):  # one of its own: each may write at once
        picky.minds, picky.says = (
            minded,
            (400, {"ok": False, "error_code": 400, "description": f"Bad Request: {refusal}"}),
        )
        picky.taken.clear()
        receipt = await bach.send(
            "home",
            f"-{group}/7",
            WORDS,
            format=Format.MARKDOWN,
            silent=True,
            reply_to="5",
            buttons=((Button(text="Close the valve", value="close"),),),
            files=[File(name="door.png", content=b"\x89PNG")],
        )
        message = await bach.wait(receipt.id, timeout=60)
        _, attempts = await bach.history(receipt.id)
        assert message.status is Status.SENT, minded
        assert len(attempts) == 1, f"{minded}: in the same attempt"
        assert sum(WORDS in asked.words for asked in picky.taken) == 1, f"{minded}: once"
        assert message.degraded, minded
        assert [(loss.what, bool(loss.reason)) for loss in message.lost if loss.what == minded], minded


async def test_only_what_has_nothing_to_read_is_refused(bach: Bach) -> None:
    """Somebody would get an empty message, or somebody else none at all for a blank too many."""
    for nothing in ("", "  \n ", "\u200b"):
        with pytest.raises(InputError):
            await bach.send("home", "42", nothing)
    assert (await bach.send("home", "42", " x ")).id
