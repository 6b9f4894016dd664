"""Files out: shown as what they are, with words below them, and never lost because Telegram wants them otherwise."""

from dataclasses import replace
from typing import Any

import pytest

from bach_lib.connectors.telegram import TelegramConnector
from bach_lib.connectors.videos import VideoFacts
from bach_lib.models import Button, File, Format, Message, Operation
from bach_lib.outcomes import Retry, Scope, Sent, Uncertain
from bach_lib.testing.telegram.errors import bad_request
from bach_lib.testing.telegram_server import Fault, TelegramServer
from tests.lib.connectors.telegram.conftest import TOKEN, a_message

CONTENT = bytes(range(256)) * 4


def with_file(name: str = "door.jpg", mime_type: str | None = None, text: str = "Look", **more: Any) -> Message:  # noqa: ANN401 - its fields
    """A message with a file."""
    return replace(a_message(text), files=(File(name=name, content=CONTENT, mime_type=mime_type),), **more)


@pytest.mark.parametrize(
    ("name", "mime_type", "kind"),
    [
        ("door.jpg", None, "photo"),
        ("door", "image/PNG", "photo"),
        ("rain.mp4", None, "video"),
        ("bell.ogg", "audio/ogg", "voice"),
        ("song.mp3", None, "audio"),
        ("cat.gif", None, "animation"),
        ("plan.pdf", None, "document"),
        ("nothing", None, "document"),
        ("odd.jpg", "application/x-odd", "document"),
    ],
)
async def test_a_file_is_shown_as_what_it_is(
    connector: TelegramConnector, server: TelegramServer, name: str, mime_type: str | None, kind: str
) -> None:
    """A picture of the door would have to be downloaded before anybody sees it."""
    assert await connector.send(with_file(name, mime_type)) == Sent(remote_id="1")
    [sent] = server.sent
    assert sent.file
    assert (sent.kind, sent.file.name, sent.file.content, sent.text) == (kind, name, CONTENT, "Look")


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of videos something is known."""

    async def facts(_: File) -> VideoFacts:
        return VideoFacts(width=640, height=360, seconds=13, thumbnail=b"\xff\xd8first picture")

    monkeypatch.setattr("bach_lib.connectors.telegram.calls.facts_of", facts)


@pytest.mark.usefixtures("looked_at")
async def test_a_video_stands_there_in_its_shape(connector: TelegramConnector, server: TelegramServer) -> None:
    """A square of unknown length, and black, says nothing of who is at the door."""
    assert isinstance(await connector.send(with_file("rain.mp4")), Sent)
    told = server.sent[0].arguments
    assert [told[name] for name in ("width", "height", "duration")] == ["640", "360", "13"]
    assert told["supports_streaming"] == "true"
    assert str(told["thumbnail"]).startswith("attach://")
    film = File(name="rain.mp4", content=CONTENT)
    both = replace(a_message("Look"), files=(film, File(name="door.jpg", content=CONTENT)))
    assert isinstance(await connector.send(both), Sent)
    first, second = server.sent[1:]
    assert (first.kind, first.arguments["width"], second.kind) == ("video", 640, "photo")
    assert "width" not in second.arguments


@pytest.mark.usefixtures("looked_at")
async def test_a_video_that_is_refused_goes_without_all_that(
    connector: TelegramConnector, server: TelegramServer
) -> None:
    """What we found out of it would keep it from arriving."""
    server.fail(Fault.refusal("video", bad_request("VIDEO_CONTENT_TYPE_INVALID")), methods=["sendVideo"])
    assert isinstance(await connector.send(with_file("rain.mp4")), Sent)
    [sent] = server.sent
    assert (sent.kind, "width" in sent.arguments) == ("document", False)


async def test_everything_else_comes_along(connector: TelegramConnector, server: TelegramServer) -> None:
    """Buttons, title, topic, silence or reply would be lost as soon as there is a picture."""
    first = await connector.send(a_message("first"))
    assert isinstance(first, Sent)
    buttons = ((Button(text="Open", value="1"),),)
    message = with_file(
        title="Door", format=Format.HTML, silent=True, buttons=buttons, reply_to=first.remote_id, text="<b>open</b>"
    )
    assert isinstance(await connector.send(message), Sent)
    sent = server.sent[-1]
    assert (sent.text, sent.silent, sent.keyboard[0][0].text) == ("Door\n\nopen", True, "Open")
    assert str(sent.reply_to) == first.remote_id
    assert {entity.type for entity in sent.entities} == {"bold"}


async def test_a_file_needs_no_words(connector: TelegramConnector, server: TelegramServer) -> None:
    """A picture says it all."""
    assert isinstance(await connector.send(with_file(text="")), Sent)
    assert server.sent[0].text == ""


async def test_a_picture_that_telegram_cannot_read_goes_as_a_document(
    connector: TelegramConnector, server: TelegramServer
) -> None:
    """A panorama would die, though the same bytes pass as a document."""
    server.fail(Fault.refusal("panorama", bad_request("PHOTO_INVALID_DIMENSIONS")), methods=["sendPhoto"])
    assert isinstance(await connector.send(with_file()), Sent)
    assert server.sent[0].kind == "document"


async def test_broken_markup_below_a_file_goes_as_plain_text(
    connector: TelegramConnector, server: TelegramServer
) -> None:
    """An underscore would cost the picture."""
    outcome = await connector.send(with_file(text="a <b", format=Format.HTML))
    assert outcome == Sent(remote_id="1", degraded=True)
    assert server.sent[0].text == "a <b"


async def test_the_words_below_a_file_can_be_changed(connector: TelegramConnector, server: TelegramServer) -> None:
    """A question with a picture would go on asking."""
    sent = await connector.send(with_file())
    assert isinstance(sent, Sent)
    edit = a_message("Answered", operation=Operation.EDIT, target=sent.remote_id)
    assert await connector.send(edit) == Sent(remote_id=sent.remote_id)
    assert server.edited[-1].text == "Answered"


async def test_an_outage_costs_no_picture(
    connector: TelegramConnector, hasty: TelegramConnector, server: TelegramServer
) -> None:
    """A picture would be dead because the network was away, or be taken for delivered when nobody knows."""
    server.fail(Fault.server_error())
    assert isinstance(await connector.send(with_file()), Uncertain)
    server.fail(Fault.hang())
    assert isinstance(await hasty.send(with_file()), Uncertain)
    await server.pause()
    outcome = await connector.send(with_file())
    assert isinstance(outcome, Retry)
    assert (outcome.scope, outcome.written) == (Scope.CONNECTION, False)
    assert TOKEN not in repr(outcome)
    await server.resume()
