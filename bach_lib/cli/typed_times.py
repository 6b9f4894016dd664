"""Times as people type them among the options of commands; what is none ends in a sentence."""

from datetime import datetime

from bach_lib.cli.console import Row
from bach_lib.cli.exits import sentences
from bach_lib.cli.moments import moment
from bach_lib.cli.route_steps import seconds_of


def not_before(at: str | None) -> str | None:
    """The moment that was typed, with its zone; exits with a sentence for what is none."""
    with sentences():
        return None if at is None else moment(at, datetime.now().astimezone()).isoformat()


def put_off(span: str | None) -> Row | None:
    """How a message is put off, with the span that was typed; exits with a sentence for what is none."""
    with sentences():
        return None if span is None else {"seconds": seconds_of(span), "button": f"In {span}"}
