"""Whose messages reach a conversation agent, and what comes back."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from itertools import product
from typing import Final, cast

import pytest
from homeassistant.components.conversation import ConversationInput, ConversationResult
from homeassistant.components.conversation.chat_log import AssistantContentDeltaDict, ChatLog, async_get_chat_log
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.chat_session import async_get_chat_session
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.intent import IntentResponse
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser, async_mock_service

from bach_lib import Bach, Content, Kind, Media
from bach_lib.errors import QueueFullError
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.assist import streaming
from custom_components.bach.assist.conversations import KEEP_SECONDS, Conversations
from custom_components.bach.home.attribution import CLAIM, SIGNAL_RECEIVED, Received, Role
from tests.component.chat import Agent, add_agent, add_home, never, says
from tests.component.conftest import (
    ADA,
    BOB,
    STRANGER,
    TOKEN,
    add_entry,
    arrive,
    incoming,
    person,
    recipient,
    set_up,
    the_bach,
)
from tests.holes import Hole, holes, is_missed

GROUP = -100
VOICE = Media(type="voice", reference="x", mime_type="audio/ogg")


@pytest.fixture
async def agent(hass: HomeAssistant) -> Agent:
    """An agent that says what it was asked."""
    return await add_agent(hass)


@pytest.fixture
async def home(hass: HomeAssistant, telegram: TelegramServer, agent: Agent) -> MockConfigEntry:
    """Ada and Bob chat with the agent."""
    entry = add_home(hass, telegram, {"Ada": ADA, "Bob": BOB}, agent=agent.id)
    await set_up(hass, entry)
    return entry


async def nothing_asked(hass: HomeAssistant, agent: Agent) -> bool:
    """Whether everything has settled and the agent was not asked."""
    await hass.async_block_till_done(wait_background_tasks=False)
    return not agent.asked


async def test_a_message_is_answered_where_it_was_written(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent, home: MockConfigEntry
) -> None:
    """All of it, from a phone and back; the answer must hang on its question."""
    bot = telegram.bots[TOKEN]
    question = telegram.says("is the door shut?", bot=bot, chat_id=ADA)
    [message] = await telegram.wait_for(1)
    assert (message.chat_id, message.text) == (ADA, "You said: is the door shut?")
    assert message.reply_to == question["message_id"]
    assert telegram.calls["sendChatAction"] == 1
    [asked] = agent.asked
    assert (asked.language, asked.device_id, asked.agent_id) == ("en", None, agent.id)


async def test_a_topic_of_a_group_is_a_place_of_its_own(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent
) -> None:
    """What is asked in one topic must be answered there, and another topic has no agent."""
    telegram.add_chat(GROUP, type="supergroup", title="House", is_forum=True).threads = {7: "Kitchen", 8: "Cellar"}
    await set_up(hass, add_home(hass, telegram, {"Kitchen": f"{GROUP}/7"}, agent=agent.id))
    bot = telegram.bots[TOKEN]
    telegram.says("in the cellar", bot=bot, chat_id=GROUP, from_id=46, thread_id=8)
    question = telegram.says("in the kitchen", bot=bot, chat_id=GROUP, from_id=46, thread_id=7)
    [message] = await telegram.wait_for(1)
    assert (message.thread_id, message.reply_to) == (7, question["message_id"])
    assert agent.heard == ["in the kitchen"]


async def test_a_stranger_never_reaches_an_agent(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent, home: MockConfigEntry
) -> None:
    """Anybody who finds the bot could open the door."""
    bot = telegram.bots[TOKEN]
    telegram.says("open the door", bot=bot, chat_id=STRANGER)
    telegram.says("hello", bot=bot, chat_id=ADA)
    await telegram.wait_for(1)
    await arrive(hass, incoming(STRANGER, text="open the door"))
    await arrive(hass, incoming(-999, ADA, text="a place nobody added"))
    assert agent.heard == ["hello"]


async def test_without_an_agent_nobody_is_answered(hass: HomeAssistant, telegram: TelegramServer, agent: Agent) -> None:
    """Chatting is off until a person switches it on, for each recipient."""
    await set_up(hass, add_entry(hass, telegram))
    await arrive(hass, incoming(ADA))
    assert await nothing_asked(hass, agent)


async def test_who_may_only_be_notified_is_not_answered(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent
) -> None:
    """The role counts where the agent is chosen, even if somebody else tells of the message."""
    entry = add_home(hass, telegram, {"Ada": ADA}, agent=agent.id, role="notify_only")
    await set_up(hass, entry)
    await arrive(hass, incoming(ADA))
    [ada] = entry.subentries
    tell(hass, entry, ada, Role.NOTIFY_ONLY)
    assert await nothing_asked(hass, agent)


def tell(hass: HomeAssistant, entry: MockConfigEntry, subentry_id: str, role: Role) -> None:
    """Send the signal as it comes from elsewhere."""
    received = Received(
        message=incoming(ADA),
        entry_id=entry.entry_id,
        subentry_id=subentry_id,
        recipient_name="Ada",
        person="Ada",
        role=role,
        context=Context(),
    )
    async_dispatcher_send(hass, SIGNAL_RECEIVED, received)


async def test_one_person_of_a_group_is_answered_and_the_others_are_not(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent
) -> None:
    """A group that is only notified may have one person who may speak."""
    telegram.add_chat(GROUP, type="group", title="Family")
    family = recipient("Family", str(GROUP), role="notify_only", agent=agent.id)
    entry = add_entry(hass, telegram, recipients={}, more=[family, person("Dora", str(GROUP), "46")])
    await set_up(hass, entry)
    await arrive(hass, incoming(GROUP, 47))
    await arrive(hass, incoming(GROUP, 46, text="me"))
    [message] = await telegram.wait_for(1)
    assert (message.chat_id, agent.heard) == (GROUP, ["me"])


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.TEXT])
async def test_only_what_somebody_writes_or_says_is_for_an_agent(
    hass: HomeAssistant, agent: Agent, home: MockConfigEntry, kind: Kind
) -> None:
    """A corrected sentence would be done twice, a command or a press by two."""
    await arrive(hass, incoming(ADA, kind=kind, text="turn on the light"))
    photo = Content(media=Media(type="photo", reference="x", mime_type="audio/ogg"))
    await arrive(hass, incoming(ADA, kind=kind, text="turn on the light", content=photo))
    assert await nothing_asked(hass, agent)


@pytest.mark.parametrize("mark", [{"forwarded": True}, {"via": "@bot"}])
async def test_words_that_a_person_passes_on_do_nothing_and_the_person_is_told(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent, home: MockConfigEntry, mark: dict[str, object]
) -> None:
    """A stranger would open the door with the rights of whoever forwards what they wrote."""
    await arrive(hass, incoming(ADA, text="turn on the front door", metadata=mark))
    [message] = await telegram.wait_for(1)
    assert message.text == "I do nothing for words that are only passed on. Please write them yourself."
    assert not agent.asked


@pytest.mark.parametrize("mark", [{"automatic": True, "forwarded": True}, {"bot": True}])
async def test_what_a_program_says_is_not_even_answered(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent, home: MockConfigEntry, mark: dict[str, object]
) -> None:
    """Two programs would answer each other without end."""
    await arrive(hass, incoming(ADA, text="turn on the front door", metadata=mark))
    await arrive(hass, incoming(ADA, text="hello"))
    [message] = await telegram.wait_for(1)
    assert (message.text, agent.heard) == ("You said: hello", ["hello"])


async def test_the_answer_to_a_question_is_not_for_an_agent(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent, home: MockConfigEntry
) -> None:
    """Whoever answers "yes" to a question of an automation talks to that."""
    hass.data[CLAIM] = lambda received: received.message.text == "yes"
    await arrive(hass, incoming(ADA, text="yes"))
    await arrive(hass, incoming(ADA, text="hello"))
    await telegram.wait_for(1)
    assert agent.heard == ["hello"]


async def test_a_message_from_this_morning_does_nothing_tonight(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent, home: MockConfigEntry
) -> None:
    """After an outage "open the gate" comes hours late; then it must be said again."""
    now = dt_util.utcnow().timestamp()
    await arrive(hass, incoming(ADA, text="open the gate", sent_at=now - 301, received_at=now))
    [message] = await telegram.wait_for(1)
    assert message.text == "This came too late to act on it. Please send it again."
    await arrive(hass, incoming(ADA, text="open the gate", sent_at=None, received_at=now - 299))
    await telegram.wait_for(2)
    assert agent.heard == ["open the gate"]


async def test_an_agent_acts_for_the_persons_user(
    hass: HomeAssistant, telegram: TelegramServer, hass_admin_user: MockUser, agent: Agent
) -> None:
    """Permissions and logbook follow the user; one who may not log in any more must not become nobody, who may all."""
    entry = add_home(hass, telegram, {"Ada": ADA}, agent=agent.id, user_id=hass_admin_user.id)
    await set_up(hass, entry)
    await arrive(hass, incoming(ADA))
    await telegram.wait_for(1)
    [asked] = agent.asked
    assert asked.context.user_id == hass_admin_user.id
    [sent] = await the_bach(hass).messages(limit=1)
    assert sent.context == asked.context.id

    await hass.auth.async_update_user(hass_admin_user, is_active=False)
    await arrive(hass, incoming(ADA))
    await hass.async_block_till_done()
    assert len(agent.asked) == 1


async def test_home_assistant_s_own_agent_turns_on_the_light(
    hass: HomeAssistant, telegram: TelegramServer, hass_admin_user: MockUser, agent: Agent
) -> None:
    """What most people will choose, with the person's user behind what it does."""
    assert await async_setup_component(hass, "intent", {})
    calls: list[ServiceCall] = async_mock_service(hass, "light", "turn_on")
    hass.states.async_set("light.kitchen", "off", {"friendly_name": "Kitchen light"})
    async_expose_entity(hass, "conversation", "light.kitchen", should_expose=True)
    entry = add_home(
        hass, telegram, {"Ada": ADA}, agent="conversation.home_assistant", language="en", user_id=hass_admin_user.id
    )
    await set_up(hass, entry)

    telegram.says("turn on the kitchen light", bot=telegram.bots[TOKEN], chat_id=ADA)
    [message] = await telegram.wait_for(1)
    [call] = calls
    assert call.data["entity_id"] == ["light.kitchen"]
    assert call.context.user_id == hass_admin_user.id
    assert message.text == "Turned on the light"

    telegram.says("colourless green ideas sleep furiously", bot=telegram.bots[TOKEN], chat_id=ADA)
    [_, message] = await telegram.wait_for(2)
    assert message.text.startswith("Sorry")


async def test_a_conversation_goes_on_for_each_person_in_each_place(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent, home: MockConfigEntry
) -> None:
    """A question such as "and the other one?" needs the sentence before, and nobody else's."""
    for sender, text in ((ADA, "one"), (BOB, "two"), (ADA, "three"), (BOB, "four")):
        await arrive(hass, incoming(sender, text=text))
        await telegram.wait_for(len(agent.asked))
    ids = {asked.text: asked.conversation_id for asked in agent.asked}
    assert (ids["three"], ids["four"]) == (ids["one"], ids["two"])
    assert ids["one"] != ids["two"]


def test_a_conversation_ends_ten_minutes_after_its_last_turn() -> None:
    """Tomorrow's "turn it off" must not be about today's lamp, and nobody's conversation is kept for ever."""
    now = 0.0
    conversations = Conversations[str](lambda: now)
    conversations.keep(("42", "42"), "first")
    now = KEEP_SECONDS - 1
    assert conversations.get(("42", "42")) == "first"
    conversations.keep(("42", "42"), "first")
    now = 2 * KEEP_SECONDS - 1
    assert conversations.get(("42", "42")) is None
    conversations.keep(("43", "43"), "second")
    assert list(conversations._known) == [("43", "43")]
    conversations.keep(("43", "43"), None)
    assert conversations.get(("43", "43")) is None


async def test_one_persons_messages_are_answered_in_order_one_at_a_time(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent, home: MockConfigEntry
) -> None:
    """Two sentences at once would be answered crosswise; meanwhile another person is not kept waiting."""
    go_on = asyncio.Event()

    async def wait_for_bob(asked: ConversationInput) -> ConversationResult:
        if asked.text == "bob":
            go_on.set()
        await go_on.wait()
        return says(asked, asked.text)

    agent.respond = wait_for_bob
    for text in ("one", "two", "three"):
        await arrive(hass, incoming(ADA, text=text))
    assert agent.heard == ["one"]
    await arrive(hass, incoming(BOB, text="bob"))
    sent = await telegram.wait_for(4)
    assert [message.text for message in sent if message.chat_id == ADA] == ["one", "two", "three"]
    assert agent.most_at_work == 2


async def test_whoever_writes_too_much_is_told_once(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent, home: MockConfigEntry
) -> None:
    """A phone in a pocket must not cost a hundred calls of an agent."""
    go_on = asyncio.Event()

    async def wait(asked: ConversationInput) -> ConversationResult:
        await go_on.wait()
        return says(asked, asked.text)

    agent.respond = wait
    for number in range(20):
        await arrive(hass, incoming(ADA, text=str(number), remote_id=str(number)))
    go_on.set()
    sent = await telegram.wait_for(7)
    assert [message.text for message in sent[:-1]] == ["0", "1", "2", "3", "4", "5"]
    assert sent[-1].text.startswith("I cannot keep up.")
    await arrive(hass, incoming(ADA, text="again"))
    assert (await telegram.wait_for(8))[-1].text == "again"


async def test_a_person_sees_that_an_answer_is_coming(
    hass: HomeAssistant,
    telegram: TelegramServer,
    agent: Agent,
    home: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A silent bot looks broken; the sign must be shown again and again, and end with the answer."""
    monkeypatch.setattr("custom_components.bach.assist.answering.TYPING_SECONDS", 0)
    shown: list[tuple[str, str]] = []
    enough = asyncio.Event()

    async def typing(self: Bach, connection: str, place: str) -> None:
        shown.append((connection, place))
        if len(shown) == 3:
            enough.set()

    async def wait(asked: ConversationInput) -> ConversationResult:
        await enough.wait()
        return says(asked, "done")

    monkeypatch.setattr(Bach, "typing", typing)
    agent.respond = wait
    await arrive(hass, incoming(ADA))
    await telegram.wait_for(1)
    count = len(shown)
    await hass.async_block_till_done()
    assert set(shown) == {(f"telegram_{TOKEN.partition(':')[0]}", str(ADA))}
    assert len(shown) == count


async def test_an_answer_is_shown_while_it_is_made(
    hass: HomeAssistant,
    telegram: TelegramServer,
    agent: Agent,
    home: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A long answer takes half a minute; nothing of it may be a message before it is whole, or come after it."""
    monkeypatch.setattr(streaming, "PAUSE", 0)
    shown = partial(telegram.wait_until, timeout=20)

    async def pieces() -> AsyncIterator[AssistantContentDeltaDict]:
        yield {"role": "assistant", "content": "Let me look \ud83d. "}
        await shown(lambda: len(telegram.drafts) == 1)
        yield {"role": "assistant"}
        yield {"thinking_content": "a secret thought"}
        yield {"content": "The door "}
        await shown(lambda: len(telegram.drafts) == 2)
        yield {"content": "is shut."}

    async def respond(asked: ConversationInput) -> ConversationResult:
        with (
            async_get_chat_session(hass, asked.conversation_id) as session,
            async_get_chat_log(hass, session, asked) as chat_log,
        ):
            said = [one async for one in chat_log.async_add_delta_content_stream(agent.id, pieces())]
        assert len(said) == 2
        return says(asked, "The door is shut.")

    agent.respond = respond
    telegram.says("is the door shut?", bot=telegram.bots[TOKEN], chat_id=ADA)
    [message] = await telegram.wait_for(1)
    assert message.text == "The door is shut."
    drafts = [(draft.chat_id, draft.text) for draft in telegram.drafts]
    assert drafts[:2] == [(ADA, "Let me look ?."), (ADA, "The door")]
    assert len({draft.number for draft in telegram.drafts}) == 1
    await hass.async_block_till_done()
    assert len(drafts) == len(telegram.drafts)


async def test_what_cannot_be_shown_is_not_tried_again(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform that asks to be left alone would be asked each second."""
    monkeypatch.setattr(streaming, "PAUSE", 0)
    asked, was_asked = list[str](), asyncio.Event()

    async def refuse(text: str) -> bool:
        asked.append(text)
        was_asked.set()
        return False

    async with streaming.streamed(hass, refuse) as listener:
        for word in ("one", " two"):
            listener(cast("ChatLog", None), {"content": word})
        await was_asked.wait()
        listener(cast("ChatLog", None), {"content": " three"})
        for _ in range(20):
            await asyncio.sleep(0)
    assert asked == ["one two"]


async def test_an_answer_waits_for_what_is_shown_of_it(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes after the answer would stand there as a second one."""
    monkeypatch.setattr(streaming, "PAUSE", 0)
    under_way, go_on = asyncio.Event(), asyncio.Event()

    async def show(_: str) -> bool:
        under_way.set()
        await go_on.wait()
        return True

    async def speak() -> None:
        async with streaming.streamed(hass, show) as listener:
            listener(cast("ChatLog", None), {"content": "one"})
            await under_way.wait()

    speaking = hass.async_create_task(speak())
    await under_way.wait()
    for _ in range(20):
        await asyncio.sleep(0)
    assert not speaking.done()
    go_on.set()
    await speaking


async def test_an_agent_that_takes_too_long_is_given_up(
    hass: HomeAssistant,
    telegram: TelegramServer,
    agent: Agent,
    home: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A person must not wait for ever, nor all their later messages."""
    monkeypatch.setattr("custom_components.bach.assist.answering.ANSWER_SECONDS", 0.01)
    agent.respond = never
    await arrive(hass, incoming(ADA))
    [message] = await telegram.wait_for(1)
    assert message.text.startswith("Sorry, the answer took too long.")
    monkeypatch.undo()
    agent.respond = agent.echo
    await arrive(hass, incoming(ADA, text="hello?"))
    assert (await telegram.wait_for(2))[-1].text == "You said: hello?"


@pytest.mark.parametrize("error", [ValueError("secret"), HomeAssistantError("secret"), TimeoutError("secret")])
async def test_an_agent_that_fails_is_excused_with_one_sentence(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent, home: MockConfigEntry, error: Exception
) -> None:
    """A stack trace on a phone helps nobody, and an error may hold what is nobody's business."""
    agent.error = error
    await arrive(hass, incoming(ADA))
    [message] = await telegram.wait_for(1)
    assert message.text == "Sorry, that did not work. Please try again later."


async def test_an_agent_without_words_has_done_it(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent, home: MockConfigEntry
) -> None:
    """Silence would look like a failure."""

    async def act(asked: ConversationInput) -> ConversationResult:
        return ConversationResult(IntentResponse(language=asked.language))

    agent.respond = act
    await arrive(hass, incoming(ADA))
    [message] = await telegram.wait_for(1)
    assert message.text == "Done."


@pytest.mark.parametrize("missing", ["conversation.gone", "no_such_entry"])
async def test_an_agent_that_is_gone_is_named_as_the_reason(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent, missing: str
) -> None:
    """Somebody removes an agent; whoever writes must learn why nobody answers."""
    await set_up(hass, add_home(hass, telegram, {"Ada": ADA}, agent=missing))
    await arrive(hass, incoming(ADA))
    [message] = await telegram.wait_for(1)
    assert message.text == "Nobody can answer: the chosen conversation agent is not running."


async def test_a_long_answer_comes_in_several_messages(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent, home: MockConfigEntry
) -> None:
    """Agents talk a lot, and with signs that mean something in Markdown or HTML; nothing of it may get lost."""
    words = "\n".join(f"{number} <b>*_{{word}}_*</b> 😀" for number in range(400))

    async def talk(asked: ConversationInput) -> ConversationResult:
        return says(asked, words)

    agent.respond = talk
    await arrive(hass, incoming(ADA))
    sent = await telegram.wait_for(3)
    assert "\n".join(message.text for message in sent) == words
    assert [message.parse_mode for message in sent] == [None] * 3


@pytest.mark.usefixtures("home")
async def test_a_full_queue_is_no_end_of_the_chat(
    hass: HomeAssistant,
    telegram: TelegramServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One answer is lost, with a line in the log, and the next question is answered."""

    async def send(*_: object, **__: object) -> None:
        raise QueueFullError(connection="telegram", limit=1)

    monkeypatch.setattr(Bach, "send", send)
    await arrive(hass, incoming(ADA))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert "An answer could not be sent" in caplog.text
    monkeypatch.undo()
    await arrive(hass, incoming(ADA))
    await telegram.wait_for(1)


@pytest.mark.usefixtures("home")
async def test_a_mistake_of_ours_costs_one_answer(
    hass: HomeAssistant, telegram: TelegramServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One message that we cannot cope with must not silence a person until the next restart."""

    def fail(*_: object, **__: object) -> str:
        monkeypatch.undo()
        raise ZeroDivisionError

    monkeypatch.setattr("custom_components.bach.assist.answering.shortened", fail)
    await arrive(hass, incoming(ADA, text="one"))
    await arrive(hass, incoming(ADA, text="two"))
    [message] = await telegram.wait_for(1)
    assert message.text == "You said: two"
    assert "A message could not be answered" in caplog.text
    caplog.clear()


async def test_unloading_ends_what_is_under_way(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent, home: MockConfigEntry
) -> None:
    """A reload must not wait for an agent, nor leave one at work for a connection that is gone."""
    agent.respond = never
    await arrive(hass, incoming(ADA))
    await arrive(hass, incoming(ADA))
    assert agent.at_work == 1
    assert await hass.config_entries.async_unload(home.entry_id)
    await hass.async_block_till_done()
    assert agent.at_work == 0
    assert len(agent.asked) == 1


async def test_stopping_home_assistant_ends_what_is_under_way(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent, home: MockConfigEntry
) -> None:
    """Stopping unloads nothing, and must not wait for an agent either."""
    agent.respond = never
    await arrive(hass, incoming(ADA))
    await hass.async_stop(force=True)
    assert (agent.at_work, telegram.sent) == (0, [])


async def test_whoever_answers_a_question_does_not_talk_to_the_agent(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent, home: MockConfigEntry
) -> None:
    """The words are for the automation that asked; the next ones are for the agent again."""
    call = hass.services.async_call(
        "bach",
        "ask",
        {"entity_id": "notify.ada", "message": "When?", "free_text": True, "timeout": 60},
        blocking=True,
        return_response=True,
    )
    asking = hass.async_create_task(call)
    await telegram.wait_for(1)
    telegram.says("half past six", bot=telegram.bots[TOKEN], chat_id=ADA)
    response = await asking
    assert response
    assert response["text"] == "half past six"
    telegram.says("thanks", bot=telegram.bots[TOKEN], chat_id=ADA)
    await telegram.wait_for(2)
    assert agent.heard == ["thanks"]


_CHAT: Final = "custom_components.bach.assist.chat"
_JUDGING: Final = [
    one
    for one in holes(*(f"{_CHAT}:{name}" for name in ("_Chat._settings", "_Chat._is_for_agent", "_is_persons_doing")))
    if one is None or not any(word in one.check for word in ("is None", "MEDIA", "is_speech", "engine"))
]
"""Without those that say what a voice message is: that is no question of who may."""


@pytest.mark.slow  # a home for each check
@pytest.mark.parametrize("hole", _JUDGING, ids=str)
async def test_each_check_is_missed(
    hass: HomeAssistant, telegram: TelegramServer, agent: Agent, home: MockConfigEntry, hole: Hole | None
) -> None:
    """Whoever takes one out would see all tests pass, and a guest's words would turn things on."""
    ada = next(one.subentry_id for one in home.subentries.values() if one.title == "Ada")

    async def look() -> None:
        for media, kind in product((None, Media(type="photo", reference="x"), VOICE), Kind):
            if kind is not Kind.TEXT:
                await arrive(hass, incoming(ADA, kind=kind, text="no", content=Content(media=media)))
        for mark in ({"automatic": True, "forwarded": True}, {"bot": True}):
            await arrive(hass, incoming(ADA, text="no", metadata=mark))
        tell(hass, home, ada, Role.NOTIFY_ONLY)
        tell(hass, MockConfigEntry(domain="bach"), ada, Role.USER)
        await arrive(hass, incoming(-999, ADA, text="a place nobody added"))
        hass.data[CLAIM] = lambda received: received.message.text == "yes"
        await arrive(hass, incoming(ADA, text="yes"))
        await arrive(hass, incoming(ADA, text="good night"))
        [message] = await telegram.wait_for(1)
        assert (message.text, agent.heard) == ("You said: good night", ["good night"])

    assert await is_missed(hole, look) == (hole is not None)
