"""Texts of more than one message, through the connector: each part once, in order, and what it has to carry."""

import asyncio
from dataclasses import replace

from bach_lib.connectors.telegram import TelegramConnector
from bach_lib.models import Button, File, Format, Operation
from bach_lib.outcomes import Dead, Sent, Wait
from bach_lib.testing.telegram_server import Fault, TelegramServer
from tests.lib.connectors.telegram.conftest import a_message

WORDS = "The garage door is open.\n" * 400
"""Three messages."""


async def test_a_long_text_arrives_in_parts(connector: TelegramConnector, server: TelegramServer) -> None:
    """A long report would be lost as a whole."""
    buttons = ((Button(text="Close", value="close"),),)
    first = await connector.send(a_message("question"))
    assert isinstance(first, Sent)
    message = replace(a_message(WORDS, title="Report", reply_to=first.remote_id), buttons=buttons)
    outcome = await connector.send(message)
    parts = server.sent[1:]
    assert [bool(part.reply_to) for part in parts] == [True, False, False]
    assert [bool(part.keyboard) for part in parts] == [False, False, True]
    assert outcome == Sent(remote_id=str(parts[-1].message_id))
    assert "\n".join(part.text for part in parts).split() == f"Report {WORDS}".split()


async def test_a_part_that_broke_off_is_not_sent_twice(connector: TelegramConnector, server: TelegramServer) -> None:
    """Whoever reads a long report would read its beginning again after each "too many requests"."""
    message = a_message(WORDS)
    first = server.fail(Fault.hang())
    sending = asyncio.create_task(connector.send(message))
    await server.wait_until(lambda: first.hits > 0)
    server.fail(Fault.too_many_requests(7))
    first.release()
    assert isinstance(await sending, Wait)
    assert len(server.sent) == 1
    assert isinstance(await connector.send(message), Sent)
    assert "\n".join(part.text for part in server.sent).split() == WORDS.split()


async def test_markup_goes_on_over_the_cut(connector: TelegramConnector, server: TelegramServer) -> None:
    """Half of the text would be shown as tags."""
    outcome = await connector.send(a_message(f"<b>{WORDS}</b>", form=Format.HTML))
    assert isinstance(outcome, Sent)
    assert not outcome.degraded
    assert {part.parse_mode for part in server.sent} == {"HTML"}
    assert "\n".join(part.text for part in server.sent).split() == WORDS.split()


async def test_only_the_part_with_the_mistake_goes_as_plain_text(
    connector: TelegramConnector, server: TelegramServer
) -> None:
    """One bracket would take the markup of all parts, or the message away."""
    outcome = await connector.send(a_message(f"<b>{WORDS}</b> 1 < 2", form=Format.HTML))
    assert isinstance(outcome, Sent)
    assert outcome.degraded
    assert [part.parse_mode for part in server.sent] == ["HTML", "HTML", None]


async def test_a_message_that_is_there_stays_one(connector: TelegramConnector, server: TelegramServer) -> None:
    """An edit would cut the end off, or ask Telegram again and again."""
    first = await connector.send(a_message("Hello"))
    assert isinstance(first, Sent)
    change = replace(a_message(WORDS), operation=Operation.EDIT, target=first.remote_id)
    outcome = await connector.send(change)
    assert isinstance(outcome, Dead)
    assert outcome.fault.code == "too_long"


DEEP = "<i>" * 120
ODD: dict[str, tuple[Format, str, str]] = {
    "marks within marks": (Format.HTML, "<b>" * 150 + "alarm" + "</b>" * 150, "alarm"),
    "so many and long": (Format.HTML, f"{DEEP}{'word ' * 2000}{'</i>' * 120}", f"{DEEP}{'word' * 2000}{'</i>' * 120}"),
    "never closed": (Format.HTML, "<b>word " * 900, "<b>word" * 900),
    "open at the end": (Format.HTML, f"{'word ' * 1500}<b>", "word" * 1500),
    "a sum": (Format.HTML, "a < b " * 1500, "a<b" * 1500),
    "entities": (Format.HTML, "&amp;" * 5000, "&" * 5000),
    "no entities": (Format.HTML, "&foo; " * 1500, "&foo;" * 1500),
    "a fence": (Format.MARKDOWN, f"```\n{'line one\n' * 900}", "lineone" * 900),
    "an asterisk": (Format.MARKDOWN, "*word " * 1500, "*word" * 1500),
    "a quotation": (Format.HTML, f"<blockquote expandable>{'x y\n' * 3000}</blockquote>", "xy" * 3000),
    "of two units": (Format.PLAIN, "😀" * 5000, "😀" * 5000),
}


async def test_whatever_is_wrong_with_the_marks_the_words_arrive_below_their_title(
    connector: TelegramConnector, server: TelegramServer
) -> None:
    """An alarm would be lost, or the title show how BACH marked it."""
    picture = File(name="door.png", content=b"\x89PNG\r\n\x1a\n", mime_type="image/png")
    for name, (form, text, shown) in ODD.items():
        for files in ((), (picture,)):
            before = len(server.sent)
            message = replace(a_message(text, title="1 < 2 *", form=form), files=files)
            assert isinstance(await connector.send(message), Sent), name
            words = "".join("".join(part.text.split()) for part in server.sent[before:])
            if "*" not in shown:
                assert words == f"1<2*{shown}", name
            else:  # what is marked so is bold
                assert words.replace("*", "") == f"1<2{shown}".replace("*", ""), name
