"""What a connector hands over is held against what it promised, and against what may ask for something."""

import pytest

from bach_lib.connectors.base import Batch
from bach_lib.inbound.sifting import sift
from bach_lib.incoming import Content, Kind, Media
from tests.lib.inbound.make import incoming

PHOTO = Media(type="photo", reference="f")


@pytest.mark.parametrize("mark", ["forwarded", "via", "automatic", "bot"])
@pytest.mark.parametrize("media", [None, PHOTO])
def test_no_connector_can_make_a_command_of_words_that_are_passed_on(mark: str, media: Media | None) -> None:
    """A connector that marks them and reads a command all the same would let strangers command the house."""
    command = Content(command="open", args="door", media=media)
    message = incoming(kind=Kind.COMMAND, content=command, text="/open door", metadata={mark: "yes"})
    [found] = sift(Batch(messages=(message,), cursor=None)).messages
    assert (found.kind, found.content) == (Kind.MEDIA if media else Kind.TEXT, Content(media=media))
    assert found.text == "/open door"


def test_a_command_of_ones_own_stays_one() -> None:
    """Nobody could command anything."""
    message = incoming(kind=Kind.COMMAND, content=Content(command="open"), metadata={"forwarded": False})
    assert sift(Batch(messages=(message,), cursor=None)).messages == (message,)


def test_nothing_in_a_name_acts_where_it_is_shown() -> None:
    """Somebody's name could repaint a terminal, turn a line of the log around, or look like two lines."""
    message = incoming(sender_name="A\x1b[2Jda\nBob", recipient_title="Ho\u202eme")
    [found] = sift(Batch(messages=(message,), cursor=None)).messages
    assert (found.sender_name, found.recipient_title) == ("A\ufffd[2Jda Bob", "Ho\ufffdme")
    family = incoming(sender_name="\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL} Ådä", recipient_title="家")
    assert sift(Batch(messages=(family,), cursor=None)).messages == (family,)
