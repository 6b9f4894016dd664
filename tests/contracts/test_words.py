"""The words always arrive: whatever a platform minds, once, in one attempt, and it is said what is missing."""

from collections.abc import Mapping
from itertools import permutations

import pytest

from bach_lib.models import Button, File, Format, Message
from bach_lib.outcomes import Dead, Sent, Uncertain
from tests.contracts.picky import CHANNEL, THREAD, Picky, connected

WORDS = "Water in the cellar"
RECIPIENTS = {
    "telegram": "-1001234567890/7",
    "discord": f"{CHANNEL}/{THREAD}",
    "discord_webhook": THREAD,
    "signal": "+491701234567",
    "ntfy": "our_doorbell",
}
REPLIES = {"telegram": "5", "discord": "1150000000000000001", "signal": "+491701234567:1767225600000"}
OGG = File(name="bell.ogg", content=b"OggS", mime_type="audio/ogg")
PNG = File(name="door.png", content=b"\x89PNG")
GIF = File(name="cat.gif", content=b"GIF89a")


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow sockets; Home Assistant's test plugin has already limited them to 127.0.0.1."""


def telegram(words: str, status: int = 400) -> tuple[int, Mapping[str, object]]:
    """How the Bot API refuses."""
    return status, {"ok": False, "error_code": status, "description": f"Bad Request: {words}"}


def discord(number: int, words: str, status: int = 400, **more: object) -> tuple[int, Mapping[str, object]]:
    """How Discord refuses."""
    return status, {"message": words, "code": number, **more}


def field(name: str) -> tuple[int, Mapping[str, object]]:
    """How Discord refuses a field of the form."""
    return discord(50035, "Invalid Form Body", errors={name: {"0": {"_errors": [{"code": "X", "message": "No"}]}}})


def signal(words: str) -> tuple[int, Mapping[str, object]]:
    """How Signal's server refuses."""
    return 400, {"error": words}


def ntfy(code: int) -> tuple[int, Mapping[str, object]]:
    """How ntfy refuses."""
    return code // 100, {"code": code, "http": code // 100, "error": "no words of ours"}


def everything(type_: str, file: File = PNG) -> Message:
    """A message with all that a platform has."""
    return Message(
        id=1,
        nonce="0a1b2c3d-1",
        connection="home",
        recipient=RECIPIENTS[type_],
        text=WORDS,
        format=Format.MARKDOWN,
        silent=True,
        reply_to=REPLIES.get(type_),
        buttons=((Button(text="Close the valve", value="close"),),) if type_ in {"telegram", "discord"} else (),
        files=(file,),
    )


REFUSALS = [
    *(
        ("telegram", minded, telegram(words), file)
        for minded, words, file in [
            ("markup", "can't parse entities: Can't find end of the entity", PNG),
            ("markup", "message text must be non-empty", PNG),
            ("markup", "ENTITIES_TOO_LONG", PNG),
            ("caption", "message caption is too long", PNG),
            ("caption", "MEDIA_CAPTION_TOO_LONG", PNG),
            ("kind", "VOICE_MESSAGES_FORBIDDEN", OGG),
            ("kind", "PHOTO_INVALID_DIMENSIONS", PNG),
            ("kind", "IMAGE_PROCESS_FAILED", PNG),
            ("kind", "not enough rights to send animations to the chat", GIF),
            ("file", "VOICE_MESSAGES_FORBIDDEN", OGG),
            ("file", "not enough rights to send photos to the chat", PNG),
            ("file", "CHAT_SEND_PHOTOS_FORBIDDEN", PNG),
            ("file", "CHAT_SEND_MEDIA_FORBIDDEN", PNG),
            ("file", "file is too big", PNG),
            ("reply", "message to be replied not found", PNG),
            ("reply", "QUOTE_TEXT_INVALID", PNG),
            ("place", "message thread not found", PNG),
            ("place", "TOPIC_CLOSED", PNG),
            ("place", "TOPIC_DELETED", PNG),
            ("buttons", "BUTTON_DATA_INVALID", PNG),
            ("buttons", "REPLY_MARKUP_TOO_LONG", PNG),
            ("file", "SOMETHING_NOBODY_KNOWS", PNG),
            ("silent", "SOMETHING_NOBODY_KNOWS", PNG),
        ]
    ),
    ("telegram", "file", telegram("Request Entity Too Large", 413), PNG),
    *(
        (type_, minded, said, PNG)
        for type_ in ("discord", "discord_webhook")
        for minded, said in [
            ("file", discord(40005, "Request entity too large", 413)),
            ("file", discord(20009, "Explicit content cannot be sent", 403)),
            ("file", discord(50045, "File uploaded exceeds the maximum size")),
            ("file", discord(50013, "Missing Permissions", 403)),
            ("file", field("attachments")),
            ("place", discord(50083, "Thread is archived")),
            ("place", discord(160005, "Thread is locked", 403)),
            ("place", discord(10003, "Unknown Channel", 404)),
            ("silent", field("flags")),
            ("file", discord(50199, "Something new")),
        ]
    ),
    ("discord", "reply", discord(160002, "You cannot reply without permission to read message history", 403), PNG),
    ("discord", "reply", discord(10008, "Unknown Message", 404), PNG),
    ("discord", "reply", field("message_reference"), PNG),
    ("discord", "buttons", field("components"), PNG),
    ("signal", "reply", signal("The user +491701234567 is not registered."), PNG),
    ("signal", "file", signal("Couldn't process request - invalid attachment"), PNG),
    ("signal", "markup", signal("Invalid request: text mode"), PNG),
    ("signal", "file", signal("Invalid request: nobody knows"), PNG),
    ("ntfy", "file", ntfy(40014), PNG),
    ("ntfy", "file", ntfy(41301), PNG),
    ("ntfy", "file", ntfy(42905), PNG),
    ("ntfy", "silent", ntfy(40007), PNG),
    ("ntfy", "markup", ntfy(40099), PNG),
    ("ntfy", "file", ntfy(40024), PNG),
]


@pytest.mark.parametrize(
    ("type_", "minded", "said", "file"),
    REFUSALS,
    ids=[f"{type_} {minded} {list(said[1].values())[-1]!s:.30}" for type_, minded, said, _ in REFUSALS],
)
async def test_the_words_arrive(type_: str, minded: str, said: tuple[int, Mapping[str, object]], file: File) -> None:
    """An alarm would die of a picture, a mark or a topic; or arrive twice, or nobody hear what is missing of it."""
    picky = Picky(type=type_, minds=minded, says=said)
    async with connected(picky) as connector:
        outcome = await connector.send(everything(type_, file))
    assert isinstance(outcome, Sent), outcome
    assert sum(WORDS in asked.words for asked in picky.taken) == 1
    assert outcome.degraded
    assert minded in {loss.what for loss in outcome.losses}
    assert all(loss.reason for loss in outcome.losses)
    assert outcome.remote_id
    assert len(picky.refused) <= 3
    if minded == "buttons":
        assert "1. Close the valve" in "".join(asked.words for asked in picky.taken)


TOGETHER: Mapping[str, Mapping[str, tuple[int, Mapping[str, object]]]] = {
    "telegram": {
        "markup": telegram("can't parse entities: Can't find end of the entity"),
        "caption": telegram("message caption is too long"),
        "kind": telegram("PHOTO_INVALID_DIMENSIONS"),
        "file": telegram("not enough rights to send documents to the chat"),
        "reply": telegram("message to be replied not found"),
        "place": telegram("message thread not found"),
        "buttons": telegram("BUTTON_DATA_INVALID"),
    },
    "discord": {
        "file": discord(50045, "File uploaded exceeds the maximum size"),
        "reply": discord(10008, "Unknown Message", 404),
        "place": discord(160005, "Thread is locked", 403),
        "buttons": field("components"),
        "silent": field("flags"),
    },
    "discord_webhook": {
        "file": discord(40005, "Request entity too large", 413),
        "place": discord(50083, "Thread is archived"),
        "silent": field("flags"),
    },
    "signal": {
        "file": signal("Couldn't process request - invalid attachment"),
        "reply": signal("The user +491701234567 is not registered."),
        "markup": signal("Invalid request: text mode"),
    },
    "ntfy": {"file": ntfy(40014), "silent": ntfy(40007), "markup": ntfy(40099)},
}
"""What a platform may mind of one message, all at once."""


@pytest.mark.parametrize("type_", TOGETHER)
async def test_whatever_is_minded_together_the_words_arrive(type_: str) -> None:
    """An alarm would die of its second fault: the topic is gone as well, and the picture is forbidden there."""
    known = TOGETHER[type_]
    for together in [*permutations(known, 2), tuple(known)]:
        picky = Picky(type=type_, besides={what: known[what] for what in together})
        async with connected(picky) as connector:
            outcome = await connector.send(everything(type_))
        assert isinstance(outcome, Sent), (together, outcome)
        assert sum(WORDS in asked.words for asked in picky.taken) == 1, together
        assert {loss.what for loss in outcome.losses} & {*together, "all"}, (together, outcome.losses)
        assert len(picky.refused) <= len(together) + 2, together


@pytest.mark.parametrize("type_", RECIPIENTS)
async def test_what_nobody_minds_goes_whole(type_: str) -> None:
    """A message would lose what the platform would have taken."""
    picky = Picky(type=type_, minds="nothing")
    async with connected(picky) as connector:
        outcome = await connector.send(everything(type_))
    assert isinstance(outcome, Sent)
    assert not outcome.degraded
    assert len(picky.taken) == 1


@pytest.mark.parametrize("type_", RECIPIENTS)
async def test_a_refusal_of_everything_ends(type_: str) -> None:
    """A message that nobody takes would be tried without end."""
    says = {
        "telegram": telegram("SOMETHING_NOBODY_KNOWS"),
        "discord": discord(50199, "Something new"),
        "discord_webhook": discord(50199, "Something new"),
        "signal": signal("Invalid request: nobody knows"),
        "ntfy": ntfy(40024),
    }
    picky = Picky(type=type_, minds="everything", says=says[type_])
    async with connected(picky) as connector:
        outcome = await connector.send(everything(type_))
    assert isinstance(outcome, Dead)
    assert len(picky.refused) <= 3


@pytest.mark.parametrize("type_", RECIPIENTS)
async def test_nothing_less_is_tried_where_nobody_knows(type_: str) -> None:
    """What arrived, though the answer to it was lost, would arrive once more without its picture."""
    picky = Picky(type=type_, minds="everything", says=(502, {}))
    async with connected(picky) as connector:
        outcome = await connector.send(everything(type_))
    assert isinstance(outcome, Uncertain)
    assert len(picky.refused) == 1


async def test_a_forum_gets_posts() -> None:
    """A channel that became a forum would get nothing any more."""
    picky = Picky(type="discord_webhook", minds="no name", says=discord(220001, "Must have a thread_name"))
    async with connected(picky) as connector:
        plain = Message(id=1, nonce="n-1", connection="home", recipient="channel", text=WORDS)
        assert isinstance(await connector.send(plain), Sent)
        assert isinstance(await connector.send(plain), Sent)
    assert (len(picky.refused), len(picky.taken)) == (1, 2)


@pytest.mark.parametrize("type_", ["telegram", "discord", "discord_webhook", "signal", "ntfy"])
async def test_more_files_than_one_message_has(type_: str) -> None:
    """The pictures of twelve cameras would be refused together with what they are about."""
    picky = Picky(type=type_, minds="nothing")
    files = tuple(File(name=f"{number}.bin", content=b"x") for number in range(12))
    message = Message(id=1, nonce="n-1", connection="home", recipient=RECIPIENTS[type_], text=WORDS, files=files)
    async with connected(picky) as connector:
        outcome = await connector.send(message)
    assert isinstance(outcome, Sent)
    assert not outcome.degraded
    assert [asked.words for asked in picky.taken] == [WORDS, *[""] * (11 if type_ == "ntfy" else 1)]
    assert all("file" in asked.has for asked in picky.taken)


async def test_the_others_go_if_one_file_is_refused() -> None:
    """One broken picture would cost all the others."""
    picky = Picky(type="telegram", minds="kind", says=telegram("IMAGE_PROCESS_FAILED"))
    message = Message(
        id=1, nonce="n-1", connection="home", recipient="42", text=WORDS, files=(PNG, File(name="a.pdf", content=b"x"))
    )
    async with connected(picky) as connector:
        outcome = await connector.send(message)
    assert isinstance(outcome, Sent)
    assert [asked.call for asked in picky.taken] == ["sendDocument", "sendDocument"]
    assert [loss.what for loss in outcome.losses] == ["kind"]
    assert outcome.losses[0].reason
