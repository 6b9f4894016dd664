"""What signal-cli-rest-api's description says, and of the lines of its WebSocket, which it lists as an answer.

In JSON-RPC mode they are signal-cli's own, which writes null where there is nothing.
"""

from http import HTTPStatus
from typing import override

from bach_lib.testing.loopback import Answer
from tests.described.openapi import OpenApi
from tests.described.shapes import Faults, Schema

_REFUSED: Schema = {"$ref": "#/definitions/api.Error"}
_LINE: Schema = {"$ref": "#/definitions/data.Message"}


class Signal(OpenApi):
    """The description of summer 2026."""

    def __init__(self, description: Schema) -> None:
        super().__init__(description, null_is_absent=True)

    @override
    def answer(self, answer: Answer) -> Faults | None:
        """What is wrong with an answer. Who is not let in by a proxy has not got as far as what is described.

        One exception: only where it was too much does the server name the account with the refusal of a message
        (`SendV2` in `api.go`), the description has it with every one.
        """
        if answer.status == HTTPStatus.UNAUTHORIZED:
            return None
        if answer.path == "/v2/send" and HTTPStatus.TOO_MANY_REQUESTS != answer.status >= HTTPStatus.BAD_REQUEST:
            return self.shapes.faults(_REFUSED, answer.body, f"/v2/send {answer.status}")
        return super().answer(answer)

    def line(self, line: object) -> Faults:
        """What is wrong with a line of the WebSocket."""
        return self.shapes.faults(_LINE, line, "line")
