"""Each text that a connector hands over has an end, whoever wrote it and whatever it is."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import get_args, get_type_hints

import pytest

from bach_lib import Connection
from bach_lib.connectors.base import Batch, Incoming
from bach_lib.errors import InputError
from bach_lib.inbound import set_aside
from bach_lib.inbound.batch_check import validate_batch
from bach_lib.inbound.rows import incoming_values
from bach_lib.models.incoming import Content, Kind, Media
from bach_lib.models.spellings import Sighting
from bach_lib.registry.validation import new_row
from tests.lib.inbound.make import incoming

HUGE = "x" * 3_000_000
MOST = 1_500_000
"""Characters that a message may take with all that belongs to it."""


def texts_of(model: type) -> Iterator[str]:
    """The fields of a dataclass that hold a text."""
    for name, hint in get_type_hints(model).items():
        if name in {one.name for one in fields(model)} and (hint is str or get_args(hint) == (str, type(None))):
            yield name


def messages() -> Iterator[tuple[str, Incoming]]:
    """A message for each text that one can hold, in which this one does not end."""
    for name in texts_of(Incoming):
        yield name, replace(incoming(), **{name: HUGE})  # type: ignore[arg-type] # a field of texts
    for name in texts_of(Content):
        yield f"content.{name}", incoming(kind=Kind.COMMAND, content=replace(Content(), **{name: HUGE}))  # type: ignore[arg-type] # a field of texts
    for name in texts_of(Media):
        media = replace(Media(type="photo", reference="f"), **{name: HUGE})  # type: ignore[arg-type] # a field of texts
        yield f"media.{name}", incoming(kind=Kind.MEDIA, content=Content(media=media))
    yield "one reaction", incoming(kind=Kind.REACTION, content=Content(reactions=(HUGE,)))
    yield "reactions", incoming(kind=Kind.REACTION, content=Content(reactions=("x",) * 1_000_000))
    yield "choices", incoming(kind=Kind.VOTE, content=Content(choices=(1,) * 1_000_000))
    yield "sightings", replace(incoming(), sightings=(Sighting(id="1"),) * 1_000_000)
    yield "metadata", incoming(metadata={"payload": HUGE})
    yield "many notes", incoming(metadata={str(n): "x" * 100 for n in range(50_000)})


@pytest.mark.parametrize(("name", "message"), [pytest.param(*one, id=one[0]) for one in messages()])
def test_no_text_of_a_message_is_without_end(name: str, message: Incoming) -> None:
    """One message of a server that lies would fill the disk, or hold up all others; those beside it still come in."""
    beside = incoming(remote_id="beside")
    found = validate_batch(Batch(messages=(message, beside), cursor="1"))
    assert found.messages[-1] == beside
    kept = sum(len(str(value)) for one in found.messages for value in incoming_values(one).values())
    handed_on = sum(len(getattr(one, text) or "") for one in found.messages for text in texts_of(Incoming))
    assert (kept < MOST, handed_on < MOST) == (True, True), name
    assert not any(one.sightings for one in found.messages)
    for aside in found.unreadable:
        assert "a length of" in aside.reason, "whoever looks learns why"
        assert len(aside.raw) <= 2 * set_aside.MAX_RAW


@pytest.mark.parametrize("name", [*texts_of(Connection), "auth_config", "references", "allowed", "settings"])
def test_no_field_of_a_connection_is_without_end(name: str) -> None:
    """Everything that lists connections would carry it, and every start read it."""
    values = {
        "auth_config": {"token": f"env:{HUGE}"},
        "references": {str(n): "env:X" for n in range(100_000)},
        "allowed": frozenset({HUGE}),
        "settings": {"x": HUGE},
    }
    field = "auth_config" if name == "references" else name
    row = replace(Connection(name="home", type="fake"), **{field: values.get(name, HUGE)})  # type: ignore[arg-type] # a field of texts
    with pytest.raises(InputError) as refused:
        new_row(row)
    assert len(str(refused.value)) < 1_200
    assert HUGE[:60] not in str(refused.value).replace("x" * 50, "") or name == "name"
