"""What comes in before an entry is ready to hear it."""

import pytest

from custom_components.bach.home.incoming_buffer import IncomingBuffer
from tests.component.conftest import ADA, incoming


@pytest.mark.parametrize(("rows", "length", "kept"), [(1200, 1, 1000), (50, 200_000, 19)])
def test_the_oldest_go_when_there_is_too_much(
    rows: int, length: int, kept: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A flood while a connection is set up would fill the memory of the house, in rows or in bytes, without a word."""
    unheard = IncomingBuffer()
    for number in range(rows):
        unheard.append("home", incoming(ADA, id=number, text="x" * length))
    assert [message.id for message in unheard.messages] == list(range(rows - kept, rows))
    assert caplog.text.count("than is kept until it is set up") == 1
