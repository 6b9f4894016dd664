"""Posts one message, a correction or a poll to the server."""

from typing import Final

import orjson

from bach_lib.connectors.observations import CallError, Observation
from bach_lib.connectors.request_body import JsonBody
from bach_lib.connectors.signal.attachment_body import AttachmentBody
from bach_lib.connectors.signal.codec import MessageRef
from bach_lib.connectors.signal.rest import Rest
from bach_lib.connectors.signal.styles import compose
from bach_lib.models import Format, Message, Operation, Poll
from bach_lib.said import Sentence

_NO_POLLS: Final = Sentence("this_signal_server_has_no_polls", "This version of the Signal server has no polls.")


async def post(rest: Rest, number: str, message: Message) -> str | None:
    """The timestamp of what was sent, None if the server took it without telling. Raises `CallError`."""
    if (poll := message.extras.poll) is not None:
        return await _ask(rest, number, message.recipient, poll)
    body = _body(message, number)
    whole = AttachmentBody(body, message.files) if message.files else JsonBody(orjson.dumps(body))
    return _timestamp(await rest.request("POST", ("v2", "send"), whole))


def _body(message: Message, number: str) -> dict[str, object]:
    body: dict[str, object] = {
        "number": number,
        "recipients": [message.recipient],
        "message": compose(message.text, message.title, message.format),
        "text_mode": "styled" if message.format is Format.MARKDOWN else "normal",
    }
    if message.operation is Operation.EDIT and (edited := MessageRef.parse(message.target, number)):
        body["edit_timestamp"] = edited.timestamp
    if message.reply_to and (about := MessageRef.parse(message.reply_to, number)):
        body |= {"quote_timestamp": about.timestamp, "quote_author": about.author, "quote_message": ""}
    if message.extras.view_once:
        body["view_once"] = True
    return body


async def _ask(rest: Rest, number: str, recipient: str, poll: Poll) -> str | None:
    body = {
        "recipient": recipient,
        "question": poll.question,
        "answers": list(poll.options),
        "allow_multiple_selections": poll.multiple,
    }
    try:
        return _timestamp(await rest.call("POST", "v1", "polls", number, body=body))
    except CallError as error:
        if error.code != "bad_answer":
            raise
    await rest.about()  # an older server, that knows no such call? Or is it no such server at all?
    raise CallError("bad_request", _NO_POLLS, Observation.REFUSED)


def _timestamp(answer: object) -> str | None:
    match answer:
        case {"timestamp": str(timestamp)} if timestamp.isdecimal() and len(timestamp) < 16:
            return timestamp
    return None
