"""The sentence about what a message went without."""

from bach_lib.models import Fault, Loss
from bach_lib.outbound.losses import joined, without

MARKUP = Loss(what="markup", reason="irc does not know the text format html.")
STICKER = Loss(what="sticker", reason="It is animated.")


def test_each_loss_is_a_sentence_of_its_own() -> None:
    """People would read the words of two losses run together, or `None` for what only a connector of their own has."""
    assert without([MARKUP, STICKER]) == Fault(
        code="without_markup",
        text="Sent without its markup: irc does not know the text format html. Sent without sticker: It is animated.",
    )
    assert without([]) is None


def test_what_was_lost_twice_is_said_once() -> None:
    """A message whose draft and whose platform leave out the same would say it twice, or one loss hide another."""
    assert joined([MARKUP], [], [STICKER, MARKUP]) == (MARKUP, STICKER)
