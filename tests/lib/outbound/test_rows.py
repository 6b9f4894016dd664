"""What is told of a message must be what the disk says of it."""

import re
from collections.abc import Callable
from dataclasses import asdict, replace

import pytest

from bach_lib.clock import SystemClock
from bach_lib.models import (
    Button,
    Delivery,
    Extras,
    Fault,
    File,
    Format,
    Loss,
    Message,
    Operation,
    ProofKind,
    Proven,
    Status,
)
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.rows import (
    Draft,
    UnreadableRowError,
    draft_values,
    message_from_row,
    oldest_first,
    readable_message,
)
from bach_lib.storage import MemoryDatabase, Row, Value
from bach_lib.storage.schema import load_queries

FULL = Draft(
    connection="home",
    recipient="42",
    text="The garage door is open",
    title="Garage",
    format=Format.HTML,
    silent=True,
    reply_to="7",
    priority=-3,
    tag="garage",
    delivery=Delivery.AT_MOST_ONCE,
    context="01J",
    created_at=1_800_000_000.5,
    expires_at=1_800_000_060.5,
    max_retries=2,
    operation=Operation.EDIT,
    target="9",
    buttons=((Button(text="Open", value="o"), Button(text="Close", value="c")), (Button(text="Never", value="n"),)),
    files=(File(name="a.png", content=b"12345", mime_type="image/png", size=5), File(name="b", content=b"1", size=1)),
    lost=(Loss(what="effect", reason="not here"), Loss(what="file", reason="too large")),
    extras=Extras(link_preview=False, protected=True),
)


@pytest.mark.parametrize("leased", [False, True])
async def test_a_stored_message_is_told_of_as_it_is_on_disk(leased: bool) -> None:
    """The first attempt would send something else than every later one, which reads the row."""
    store = MemoryDatabase()
    await store.open()
    queue = Queue(store, SystemClock(), "abcdef01")
    put = await queue.put(FULL, leased=leased)
    on_disk = await queue.get(put.message.id)
    await store.close()
    kept = FULL.files if leased else tuple(replace(file, content=b"") for file in FULL.files)
    assert put.message == replace(on_disk, files=kept)
    assert on_disk.files == tuple(replace(file, content=b"") for file in FULL.files)
    assert (on_disk.buttons, on_disk.lost, on_disk.extras) == (FULL.buttons, FULL.lost, FULL.extras)


WHOLE: dict[str, Value] = {
    "id": 0x1F,
    "connection": "home",
    "recipient": "ada",
    "text": "words",
    "title": "Title",
    "format": "html",
    "silent": 1,
    "reply_to": "5",
    "priority": 4,
    "tag": "door",
    "delivery": "at_most_once",
    "context": "01J",
    "operation": "edit",
    "target": "9",
    "buttons": '[[["Open", "o"]]]',
    "files": '[["a.png", "image/png", 5]]',
    "status": "failed",
    "created_at": 10.5,
    "expires_at": 20.5,
    "next_retry_at": 15.5,
    "retry_count": 2,
    "max_retries": 3,
    "waited": 4.5,
    "attempted_at": 12.5,
    "finished_at": 13.5,
    "remote_id": "77",
    "degraded": 1,
    "held": 1,
    "lost": '[["file", "too large"]]',
    "progress": "2 of 3",
    "amended": 0x2B,
    "error_code": "busy",
    "error_text": "Later",
    "error_said": None,
    "proven": '[["seen", 2, 11.5, 12.5, "42", "Ada"]]',
    "awake": 1,
    "asked_at": 9.5,
    "confidential": 0,
    "extras": '{"protected": true}',
}
READ = Message(
    id=0x1F,
    nonce="abcdef01-1f-2b",
    connection="home",
    recipient="ada",
    text="words",
    title="Title",
    format=Format.HTML,
    silent=True,
    reply_to="5",
    priority=4,
    tag="door",
    delivery=Delivery.AT_MOST_ONCE,
    context="01J",
    operation=Operation.EDIT,
    target="9",
    buttons=((Button(text="Open", value="o"),),),
    files=(File(name="a.png", mime_type="image/png", size=5),),
    status=Status.FAILED,
    created_at=10.5,
    expires_at=20.5,
    next_retry_at=15.5,
    retry_count=2,
    max_retries=3,
    waited=4.5,
    attempted_at=12.5,
    finished_at=13.5,
    remote_id="77",
    degraded=True,
    held=True,
    lost=(Loss(what="file", reason="too large"),),
    progress="2 of 3",
    error=Fault(code="busy", text="Later"),
    proven=(Proven(kind=ProofKind.SEEN, people=2, at=11.5, latest_at=12.5, person="42", name="Ada"),),
    awake=True,
    asked_at=9.5,
    extras=Extras(protected=True),
)
EMPTY = ("title", "reply_to", "tag", "context", "target", "buttons", "files", "expires_at", "next_retry_at")
DAMAGED: dict[str, tuple[Value, object]] = {
    "format": ("odd", Format.PLAIN),
    "delivery": ("odd", Delivery.AT_MOST_ONCE),
    "operation": ("odd", Operation.SEND),
    "status": ("odd", Status.DEAD),
    "buttons": ("{", ()),
    "files": ("[1]", ()),
    "lost": ("[1]", ()),
    "proven": ('[["seen", 2]]', ()),
    "priority": ("odd", 0),
    "retry_count": ("odd", 0),
    "max_retries": ("odd", 0),
    "created_at": ("odd", 0.0),
    "expires_at": ("odd", None),
    "next_retry_at": ("odd", None),
    "waited": ("odd", 0.0),
    "attempted_at": ("odd", None),
    "finished_at": ("odd", None),
}


@pytest.mark.parametrize("read", [message_from_row, readable_message])
def test_every_column_is_read_into_its_field(read: Callable[[Row, str], Message]) -> None:
    """A field of a message would come back as another one, or not at all."""
    assert read(WHOLE, "abcdef01") == READ
    poor = {**WHOLE, **dict.fromkeys((*EMPTY, "attempted_at", "finished_at", "remote_id", "error_code"))}
    poor |= {"silent": 0, "degraded": 0, "held": 0, "waited": None}
    found = read(poor, "abcdef01")
    assert [getattr(found, name) for name in EMPTY] == [None, None, None, None, None, (), (), None, None]
    assert (found.attempted_at, found.finished_at, found.remote_id, found.error) == (None, None, None, None)
    assert (found.silent, found.degraded, found.held, found.waited) == (False, False, False, 0.0)
    wordless = read({**WHOLE, "error_text": None}, "abcdef01")
    assert wordless.error == Fault(code="busy", text="")


@pytest.mark.parametrize("column", DAMAGED)
def test_what_cannot_be_read_of_a_row_is_named_and_the_rest_is_shown(column: str) -> None:
    """One damaged byte would hide a whole message, or be sent as something that nobody wrote."""
    value, shown = DAMAGED[column]
    row = {**WHOLE, column: value}
    with pytest.raises(UnreadableRowError) as caught:
        message_from_row(row, "abcdef01")
    text = f"The database is damaged here; this cannot be read: {column}."
    assert caught.value.fault == Fault(code="unreadable", text=text)
    found = readable_message(row, "abcdef01")
    assert asdict(found) == asdict(READ) | {column: shown}


def test_what_a_statement_has_changed_is_told_oldest_first() -> None:
    """Automations would hear of the second alarm before the first one, on a database that returns rows as it likes."""
    odd = {**WHOLE, "id": 2, "status": "odd", "amended": 0}
    found = oldest_first([{**WHOLE, "id": 10}, odd, WHOLE], "abcdef01")
    assert [message.nonce for message in found] == ["abcdef01-2", "abcdef01-a-2b", "abcdef01-1f-2b"]


def test_how_often_it_was_amended_may_be_damaged_as_well() -> None:
    """One damaged byte would hide a whole message, or the platform be told a name that nobody can read back."""
    row = {**WHOLE, "amended": "odd"}
    with pytest.raises(UnreadableRowError, match="amended"):
        message_from_row(row, "abcdef01")
    assert readable_message(row, "abcdef01").nonce == "abcdef01-1f"


def test_all_that_cannot_be_read_is_named() -> None:
    """Who repairs a database would find one place a day."""
    row = {**WHOLE, **{column: value for column, (value, _) in DAMAGED.items()}}
    with pytest.raises(UnreadableRowError) as caught:
        message_from_row(row, "abcdef01")
    assert caught.value.fault.text == f"The database is damaged here; this cannot be read: {', '.join(DAMAGED)}."
    assert caught.value.args == tuple(DAMAGED)
    assert readable_message(row, "abcdef01").text == "words"


def test_what_stands_in_damaged_columns_is_not_repeated() -> None:
    """A word of a private message would stand in a log."""
    with pytest.raises(UnreadableRowError) as caught:
        message_from_row({**WHOLE, "status": "s3cr3t"}, "abcdef01")
    assert "s3cr3t" not in f"{caught.value!r} {caught.value} {caught.value.fault}"


def test_columns_of_a_plain_message_stay_empty() -> None:
    """Every message would carry an empty list of files, and the index of those with files be as large as all."""
    values = draft_values(replace(FULL, buttons=(), files=(), lost=()), Status.PENDING)
    assert (values["buttons"], values["files"], values["lost"]) == (None, None, None)
    assert values["text"] == FULL.text


def test_the_values_of_a_row_stand_in_the_order_of_the_query() -> None:
    """A message would be stored with its title as its text, and a database still be written without a fault."""
    named = re.findall(r":(\w+)", load_queries()["put_message"])
    columns = re.findall(r"\w+", load_queries()["put_message"].partition("(")[2].partition(")")[0])
    assert named == columns == list(draft_values(FULL, Status.PENDING))
