"""What every connector promises about messages that are there already, buttons, and what people send.

The fake is held to it too: whoever tests against it must meet what the others do.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count

import pytest

from bach_lib.connectors.base import Batch, Connector, Incoming
from bach_lib.models import MAX_NONCE, Button, Buttons, Fault, File, Message, Operation
from bach_lib.models.incoming import Kind, Media
from bach_lib.outcomes import Dead, Sent
from bach_lib.testing.contract import Company
from tests.contracts.fake import Fake
from tests.contracts.test_connectors import PLATFORMS

EVERYBODY: list[type[Company]] = [*PLATFORMS, Fake]
NONCE = f"{'z' * 8}-{'f' * 16}"
BUTTON = "Press me"
NUMBERS = count(1)


def named(company: object) -> str:
    """The name of a platform in the names of tests."""
    return company.name if isinstance(company, type) and issubclass(company, Company) else str(company)


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow sockets; Home Assistant's test plugin has already limited them to 127.0.0.1."""


@pytest.fixture(params=EVERYBODY, ids=named)
async def company(request: pytest.FixtureRequest) -> AsyncIterator[Company]:
    """Each platform in turn, running."""
    company_type: type[Company] = request.param
    async with company_type() as running:
        yield running


@pytest.fixture
def connector(company: Company) -> Connector:
    """A connector to it."""
    return company.connect()


def a_message(company: Company, text: str = "Open the door?", *, buttons: Buttons = ()) -> Message:
    """A message to the platform's person, with the longest nonce there can be."""
    return Message(id=1, nonce=NONCE, connection="home", recipient=company.recipient, text=text, buttons=buttons)


def able(connector: Connector, operation: Operation) -> None:
    """Only connectors that can do it are asked to."""
    if operation not in connector.capabilities.operations:
        pytest.skip(f"it cannot {operation} messages")


def with_buttons(connector: Connector) -> None:
    """Only connectors that have buttons show them."""
    if not connector.capabilities.max_buttons:
        pytest.skip("it has no buttons")


async def sent(company: Company, connector: Connector, *, buttons: Buttons = ()) -> str:
    """A message is there; the platform's id of it."""
    outcome = await connector.send(a_message(company, buttons=buttons))
    assert isinstance(outcome, Sent), outcome
    assert outcome.remote_id
    return outcome.remote_id


def a_change(company: Company, operation: Operation, target: str, text: str = "") -> Message:
    """What is done to a message; a message of its own, so with a nonce of its own."""
    nonce = f"bach-{next(NUMBERS):x}"
    return replace(a_message(company, text), nonce=nonce, operation=operation, target=target)


class Ear:
    """Hears what comes in through a connector."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._cursor: str | None = None

    async def next(self) -> Incoming:
        """The next thing."""
        while True:
            answer = await self._connector.receive(self._cursor)
            assert isinstance(answer, Batch), answer
            assert answer.unreadable == ()
            self._cursor = answer.cursor
            if answer.messages:
                [message] = answer.messages
                return message


@pytest.fixture
def ear(connector: Connector) -> Ear:
    """What hears. Only connectors that receive have one."""
    if not connector.capabilities.receives:
        pytest.skip("it does not receive")
    return Ear(connector)


@pytest.fixture
def file_ear(connector: Connector, ear: Ear) -> Ear:
    """What hears of files. Only connectors through which somebody can send some have one."""
    if not connector.capabilities.fetch_bytes:
        pytest.skip("nobody can send a file")
    return ear


# -- messages that are there ------------------------------------------------------------------------------------------


async def test_it_can_what_it_says(connector: Connector) -> None:
    """A message with buttons would be let through and refused, or the other way round."""
    capabilities = connector.capabilities
    assert Operation.SEND in capabilities.operations
    assert (capabilities.max_buttons > 0) == (capabilities.button_value > 0)
    assert capabilities.fetch_bytes >= 0


async def test_an_edit_changes_what_stands_there(company: Company, connector: Connector) -> None:
    """A question would go on asking although somebody answered, or the answer be a second message."""
    able(connector, Operation.EDIT)
    number = await sent(company, connector)
    outcome = await connector.send(a_change(company, Operation.EDIT, number, "Opened by Ada"))
    assert outcome == Sent(remote_id=number)
    assert company.texts() == ["Opened by Ada"]


@pytest.mark.parametrize("operation", [Operation.EDIT, Operation.DELETE])
async def test_what_is_so_already_is_done(company: Company, connector: Connector, operation: Operation) -> None:
    """A change that is repeated after a lost answer would end as a dead letter."""
    able(connector, operation)
    number = await sent(company, connector)
    for _ in range(2):
        assert await connector.send(a_change(company, operation, number, "Opened")) == Sent(remote_id=number)


async def test_a_deleted_message_is_gone(company: Company, connector: Connector) -> None:
    """A door code would stay where everybody can read it; or another message go."""
    able(connector, Operation.DELETE)
    number = await sent(company, connector)
    await connector.send(replace(a_message(company, "Stays"), nonce="bach-0"))
    assert isinstance(await connector.send(a_change(company, Operation.DELETE, number)), Sent)
    assert company.texts() == ["Stays"]


async def test_a_reaction_stands_below(company: Company, connector: Connector) -> None:
    """Nobody would see that the house has taken notice."""
    able(connector, Operation.REACT)
    number = await sent(company, connector)
    assert isinstance(await connector.send(a_change(company, Operation.REACT, number, "👍")), Sent)
    assert company.reactions() == ["👍"]
    assert company.texts() == ["Open the door?"]


@pytest.mark.parametrize("operation", [Operation.EDIT, Operation.REACT])
async def test_what_is_gone_cannot_be_changed(company: Company, connector: Connector, operation: Operation) -> None:
    """A change that can never work would be tried for a quarter of an hour, and the lane wait behind it."""
    if not company.knows_what_is_gone:
        pytest.skip("it does not know which messages there are")
    able(connector, operation)
    number = await sent(company, connector)
    await connector.send(a_change(company, Operation.DELETE, number))
    outcome = await connector.send(a_change(company, operation, number, "👍"))
    assert isinstance(outcome, Dead)
    assert outcome.fault.text


# -- buttons ----------------------------------------------------------------------------------------------------------


async def test_a_press_says_which_button_of_which_message(company: Company, connector: Connector, ear: Ear) -> None:
    """An answer would be taken for the answer to another question."""
    with_buttons(connector)
    number = await sent(company, connector, buttons=((Button(text="Yes", value="1"), Button(text="No", value="0")),))
    company.press("No")
    press = await ear.next()
    assert (press.kind, press.text) == (Kind.BUTTON, "")
    assert (press.origin, press.content.value, press.reply_to) == (NONCE, "0", number)
    assert press.recipient == connector.normalize_recipient(company.recipient)
    assert press.sender_id
    assert press.handle


def longest(connector: Connector, character: str) -> str:
    """As many of a character as a button's value may have."""
    return character * (connector.capabilities.button_value // len(character.encode()))


@pytest.mark.parametrize("character", ["x", "é", "😀", ".", "-", " ."])
async def test_the_longest_value_comes_back(company: Company, connector: Connector, ear: Ear, character: str) -> None:
    """An automation would wait for a value that never comes, or the whole message be refused."""
    with_buttons(connector)
    value = longest(connector, character)
    await sent(company, connector, buttons=((Button(text=BUTTON, value=value),),))
    company.press(BUTTON)
    press = await ear.next()
    assert (press.origin, press.content.value) == (NONCE, value)
    assert len(NONCE) == MAX_NONCE


async def test_as_many_buttons_as_it_says(company: Company, connector: Connector, ear: Ear) -> None:
    """A long list of answers would be refused by the platform, after it was let through here."""
    with_buttons(connector)
    rows = tuple((Button(text=f"{number}", value=f"{number}"),) for number in range(connector.capabilities.max_buttons))
    await sent(company, connector, buttons=rows)
    company.press(rows[-1][0].text)
    assert (await ear.next()).content.value == str(len(rows) - 1)


async def test_two_presses_are_two(company: Company, connector: Connector, ear: Ear) -> None:
    """Who presses twice would be heard once; a repeated poll would be two presses."""
    with_buttons(connector)
    await sent(company, connector, buttons=((Button(text=BUTTON, value="up"),),))
    company.press(BUTTON)
    first = await ear.next()
    company.press(BUTTON)
    assert (await ear.next()).remote_id != first.remote_id


async def test_a_press_is_acknowledged(company: Company, connector: Connector, ear: Ear) -> None:
    """The person would see the button spin, and press again."""
    with_buttons(connector)
    await sent(company, connector, buttons=((Button(text=BUTTON, value="1"),),))
    company.press(BUTTON)
    press = await ear.next()
    assert company.acknowledged() == 0
    await connector.acknowledge(press)
    assert company.acknowledged() == 1
    await connector.acknowledge(replace(press, handle="long forgotten"))  # raises nothing
    await company.go_away()
    await connector.acknowledge(press)  # raises nothing


# -- what people send and see -----------------------------------------------------------------------------------------


async def test_typing_is_shown(company: Company, connector: Connector) -> None:
    """Who talks to the house would think that it does not listen."""
    if not connector.capabilities.receives or not company.has_typing:
        pytest.skip("nobody can talk to it")
    await connector.typing(company.recipient)
    assert company.is_typing()
    await company.go_away()
    await connector.typing(company.recipient)  # raises nothing


async def test_what_an_answer_will_be_is_shown_or_not(company: Company, connector: Connector) -> None:
    """Half an answer would stand there for good, or who asks whether it can be shown would wait for an error."""
    assert await connector.preview(company.recipient, 1, "so far") is company.has_previews
    assert company.texts() == []
    await company.go_away()
    assert not await connector.preview(company.recipient, 1, "so far")  # raises nothing


@pytest.mark.parametrize("text", ["4", "😀" * 4096, "\u202eabc\u0000 Z\u0301\u0302 ﷽", "/ not a command", "a\n\n\nb"])
async def test_what_people_write_comes_in_as_it_is(company: Company, ear: Ear, text: str) -> None:
    """Texts would be cut or changed, and rules not match."""
    company.write(text)
    message = await ear.next()
    assert (message.kind, message.text) == (Kind.TEXT, text)


async def sent_file(company: Company, ear: Ear, content: bytes) -> Media:
    """That person sends a file; what the connector says of it."""
    company.send_file(content)
    message = await ear.next()
    assert message.kind is Kind.MEDIA
    assert message.content.media
    assert message.content.media.size == len(content)
    return message.content.media


async def test_a_file_can_be_fetched(company: Company, connector: Connector, file_ear: Ear) -> None:
    """A voice message would be noise, or silence."""
    content = bytes(range(256)) * 300
    file = await sent_file(company, file_ear, content)
    for limit in (len(content), connector.capabilities.fetch_bytes):
        assert await connector.fetch(file, limit) == content


async def test_no_more_than_wanted_is_fetched(company: Company, connector: Connector, file_ear: Ear) -> None:
    """A film would fill the memory of a small machine."""
    content = b"x" * 1000
    answer = await connector.fetch(await sent_file(company, file_ear, content), len(content) - 1)
    assert isinstance(answer, Fault)
    assert answer.text


async def test_a_file_that_is_gone(company: Company, connector: Connector, file_ear: Ear) -> None:
    """An automation would end with an error that nobody understands."""
    file = await sent_file(company, file_ear, b"sound")
    other = file.reference[:-1] + ("2" if file.reference[-1] != "2" else "3")
    assert isinstance(await connector.fetch(replace(file, reference=other), 1000), Fault)


async def test_an_outage_while_fetching(company: Company, connector: Connector, file_ear: Ear) -> None:
    """Who listens to voice messages would stop for ever at the first outage."""
    file = await sent_file(company, file_ear, b"sound")
    await company.go_away()
    answer = await connector.fetch(file, 1000)
    assert isinstance(answer, Fault)
    assert answer.code == "refused"


# -- files to people --------------------------------------------------------------------------------------------------


def with_files(company: Company, text: str, *files: File) -> Message:
    """A message with files; with a nonce of its own."""
    return replace(a_message(company, text), nonce=f"bach-{next(NUMBERS):x}", files=files)


async def test_files_arrive_whole_and_with_their_words(company: Company, connector: Connector) -> None:
    """A picture of the door would be broken, nameless, or come without what it is about."""
    if not connector.capabilities.max_files:
        pytest.skip("it takes no files")
    plan = File(name='Plan of the Büro "1".bin', content=bytes(range(256)), mime_type="application/octet-stream")
    for text in ("Look", ""):
        assert isinstance(await connector.send(with_files(company, text, plan)), Sent)
    assert company.files() == [(plan.name, plan.content)] * 2
    assert company.texts()[0] == "Look"


async def test_as_many_files_as_it_says(company: Company, connector: Connector) -> None:
    """Four pictures of the doorbell would be refused, or only the first arrive."""
    count = connector.capabilities.max_files
    if count < 2:
        pytest.skip("one at most")
    files = tuple(File(name=f"{number}.bin", content=b"x" * (number + 1)) for number in range(count))
    assert isinstance(await connector.send(with_files(company, "Look", *files)), Sent)
    assert company.files() == [(file.name, file.content) for file in files]
