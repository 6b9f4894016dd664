"""Voice messages: which engine gets what, and what a person reads when it cannot be understood."""

from pathlib import Path

import pytest
from homeassistant.components.ffmpeg import DATA_FFMPEG, FFmpegManager
from homeassistant.components.stt import AudioCodecs, AudioFormats, SpeechResultState
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib import Bach, Content, IncomingMessage, Kind, Media
from bach_lib.errors import FileTooLargeError, NotFetchedError
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.assist.voice import MAX_BYTES
from tests.component.chat import ENGINE, Agent, Engine, add_agent, add_engine, add_home
from tests.component.conftest import ADA, TOKEN, arrive, incoming, set_up
from tests.component.test_languages import ENGLISH, OTHERS

VOICE = b"OggS" + bytes(24) + b"OpusHead" + b"sound" * 2000


def german(english: str) -> str:
    """What somebody who speaks German reads in the place of this sentence."""
    return OTHERS["de"][next(key for key, text in ENGLISH.items() if text == english)]


SAYS_UNDERSTOOD = "“turn on the lamp”\n\nYou said: turn on the lamp"
SAYS_FORMAT = german(
    "The chosen speech-to-text engine cannot hear voice messages of this format. Please write instead."
)
SAYS_FAILED = german("Sorry, I could not listen to this voice message. Please write instead.")


@pytest.fixture
async def agent(hass: HomeAssistant) -> Agent:
    """An agent that says what it was asked."""
    return await add_agent(hass)


@pytest.fixture
async def home(hass: HomeAssistant, telegram: TelegramServer, agent: Agent) -> MockConfigEntry:
    """Ada chats with the agent, and may speak to it."""
    entry = add_home(hass, telegram, {"Ada": ADA}, agent=agent.id, language="de", speech_to_text=ENGINE)
    await set_up(hass, entry)
    return entry


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[int, bytes | Exception]:
    """What the platform has for each message; an error is raised."""
    known: dict[int, bytes | Exception] = {1: VOICE}

    async def fetch(self: Bach, incoming_id: int, limit: int | None = None) -> bytes:
        assert limit == MAX_BYTES
        found = known[incoming_id]
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(Bach, "fetch", fetch)
    return known


def use_ffmpeg(hass: HomeAssistant, path: Path, script: str) -> None:
    """Let Home Assistant's ffmpeg be a program of ours."""
    program = path / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    program.chmod(0o755)
    hass.data[DATA_FFMPEG] = FFmpegManager(hass, str(program))
    hass.config.components.add("ffmpeg")


def spoken(kind: str = "voice", mime_type: str | None = "audio/ogg") -> IncomingMessage:
    """A message of Ada's that holds a file."""
    media = Media(type=kind, reference="file", mime_type=mime_type, size=len(VOICE))
    return incoming(ADA, kind=Kind.MEDIA, text="", content=Content(media=media))


async def test_an_engine_that_hears_opus_gets_the_message_as_it_is(
    hass: HomeAssistant, telegram: TelegramServer, home: MockConfigEntry, files: dict[int, bytes | Exception]
) -> None:
    """Converting would cost time and sound; and the person wants to see what was understood."""
    engine = await add_engine(hass)
    await arrive(hass, spoken())
    [message] = await telegram.wait_for(1)
    assert message.text == SAYS_UNDERSTOOD
    [(metadata, audio)] = engine.given
    assert audio == VOICE
    assert (metadata.language, metadata.format, metadata.codec) == ("de-DE", AudioFormats.OGG, AudioCodecs.OPUS)


async def test_a_voice_message_comes_through_the_whole_house(
    hass: HomeAssistant, telegram: TelegramServer, home: MockConfigEntry
) -> None:
    """From a phone through the platform's file server to the engine, and back as words."""
    engine = await add_engine(hass)
    question = telegram.receive_media(telegram.bots[TOKEN], chat_id=ADA, type="voice", content=VOICE)
    [message] = await telegram.wait_for(1)
    assert (message.text, message.reply_to) == (SAYS_UNDERSTOOD, question["message_id"])
    assert [audio for _, audio in engine.given] == [VOICE]


async def test_an_engine_that_hears_samples_only_gets_samples(
    hass: HomeAssistant,
    telegram: TelegramServer,
    home: MockConfigEntry,
    files: dict[int, bytes | Exception],
    tmp_path: Path,
) -> None:
    """Most engines at home are of this kind; ffmpeg gets the sound through a pipe and may open nothing else."""
    engine = await add_engine(hass, AudioFormats.WAV, AudioCodecs.PCM)
    use_ffmpeg(hass, tmp_path, f'echo "$@" > {tmp_path}/arguments; printf samples:; cat')
    await arrive(hass, spoken("audio", "audio/ogg; codecs=opus"))
    [message] = await telegram.wait_for(1)
    assert message.text == SAYS_UNDERSTOOD
    [(metadata, audio)] = engine.given
    assert audio == b"samples:" + VOICE
    assert (metadata.format, metadata.codec, metadata.sample_rate) == (AudioFormats.WAV, AudioCodecs.PCM, 16000)
    arguments = (tmp_path / "arguments").read_text("utf-8")
    assert "-protocol_whitelist pipe -f ogg -i pipe:0" in arguments
    assert arguments.endswith("-ac 1 -ar 16000 -f s16le pipe:1\n")


@pytest.mark.parametrize("script", ["exit 1", "", None, "absent"])
async def test_what_cannot_be_converted_is_said_clearly(
    hass: HomeAssistant,
    *,
    telegram: TelegramServer,
    home: MockConfigEntry,
    files: dict[int, bytes | Exception],
    tmp_path: Path,
    script: str | None,
) -> None:
    """A broken file, an ffmpeg that is not there, or none at all: the person must know to write instead."""
    engine = await add_engine(hass, AudioFormats.WAV, AudioCodecs.PCM)
    if script is not None:
        use_ffmpeg(hass, tmp_path, script)
    if script == "absent":
        (tmp_path / "ffmpeg").unlink()
    await arrive(hass, spoken())
    [message] = await telegram.wait_for(1)
    assert (message.text, engine.given) == (SAYS_FORMAT, [])


async def test_a_conversion_without_end_is_given_up(
    hass: HomeAssistant,
    *,
    telegram: TelegramServer,
    home: MockConfigEntry,
    files: dict[int, bytes | Exception],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A crafted file must not leave a program at work for ever."""
    monkeypatch.setattr("custom_components.bach.assist.answering.ANSWER_SECONDS", 0.2)
    await add_engine(hass, AudioFormats.WAV, AudioCodecs.PCM)
    use_ffmpeg(hass, tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 600")
    await arrive(hass, spoken())
    [message] = await telegram.wait_for(1)
    assert message.text == german(
        "Sorry, the answer took too long. Please look whether it happened before you ask again."
    )
    pid = (tmp_path / "pid").read_text("utf-8").strip()
    assert not Path("/proc", pid).exists()


@pytest.mark.parametrize("audio", [b"ID3 music", b"OggS" + bytes(200) + b"vorbis", b""])
async def test_other_sound_is_refused(
    hass: HomeAssistant,
    telegram: TelegramServer,
    home: MockConfigEntry,
    files: dict[int, bytes | Exception],
    audio: bytes,
) -> None:
    """What a file says of itself is not what it is; an engine would fail on it in its own way."""
    files[1] = audio
    engine = await add_engine(hass)
    await arrive(hass, spoken())
    [message] = await telegram.wait_for(1)
    assert (message.text, engine.given) == (SAYS_FORMAT, [])


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            FileTooLargeError(id=1, size=MAX_BYTES + 1, limit=MAX_BYTES),
            german("This voice message is too long for me. Please send a shorter one."),
        ),
        (NotFetchedError(id=1, reason="gone"), SAYS_FAILED),
    ],
)
async def test_a_file_that_does_not_come_is_told(
    hass: HomeAssistant,
    *,
    telegram: TelegramServer,
    home: MockConfigEntry,
    files: dict[int, bytes | Exception],
    error: Exception,
    sentence: str,
) -> None:
    """A person would wait for an answer."""
    files[1] = error
    await add_engine(hass)
    await arrive(hass, spoken())
    [message] = await telegram.wait_for(1)
    assert message.text.startswith(sentence)


@pytest.mark.parametrize(
    ("text", "result", "error", "sentence"),
    [
        (None, SpeechResultState.ERROR, None, SAYS_FAILED),
        ("  ", SpeechResultState.SUCCESS, None, german("I heard no words in this voice message.")),
        ("words", SpeechResultState.SUCCESS, RuntimeError("broken"), SAYS_FAILED),
    ],
)
async def test_an_engine_that_understands_nothing_asks_no_agent(
    hass: HomeAssistant,
    *,
    telegram: TelegramServer,
    agent: Agent,
    home: MockConfigEntry,
    files: dict[int, bytes | Exception],
    text: str | None,
    result: SpeechResultState,
    error: Exception | None,
    sentence: str,
) -> None:
    """An agent that is asked nothing would make something up."""
    engine = await add_engine(hass)
    engine.text, engine.result, engine.error = text, result, error
    await arrive(hass, spoken())
    [message] = await telegram.wait_for(1)
    assert (message.text, agent.asked) == (sentence, [])


async def test_an_engine_that_cannot_even_say_what_it_hears_is_excused(
    hass: HomeAssistant, telegram: TelegramServer, home: MockConfigEntry, files: dict[int, bytes | Exception]
) -> None:
    """An engine whose server is away may fail at any question."""
    engine = await add_engine(hass)
    engine.is_broken = True
    await arrive(hass, spoken())
    [message] = await telegram.wait_for(1)
    assert message.text == SAYS_FAILED


async def test_what_was_understood_is_shown_when_the_agent_fails(
    hass: HomeAssistant,
    telegram: TelegramServer,
    agent: Agent,
    home: MockConfigEntry,
    files: dict[int, bytes | Exception],
) -> None:
    """Most failures of spoken sentences are sentences that were heard wrongly."""
    await add_engine(hass)
    agent.error = RuntimeError("broken")
    await arrive(hass, spoken())
    [message] = await telegram.wait_for(1)
    assert message.text == f"“turn on the lamp”\n\n{german('Sorry, that did not work. Please try again later.')}"


async def test_an_engine_that_is_gone_is_named_as_the_reason(
    hass: HomeAssistant, telegram: TelegramServer, home: MockConfigEntry, files: dict[int, bytes | Exception]
) -> None:
    """Somebody removes an engine; whoever speaks must learn why nobody listens."""
    await arrive(hass, spoken())
    [message] = await telegram.wait_for(1)
    assert message.text == german(
        "I cannot listen: the chosen speech-to-text engine is not running. Please write instead."
    )


async def test_other_files_and_unheard_voices_are_left_alone(
    hass: HomeAssistant,
    telegram: TelegramServer,
    agent: Agent,
    home: MockConfigEntry,
    files: dict[int, bytes | Exception],
) -> None:
    """Music is not for an engine; and without one a voice message is an event and nothing more."""
    engine: Engine = await add_engine(hass)
    await arrive(hass, spoken("audio", "audio/mpeg"))
    await arrive(hass, spoken("audio", None))
    await arrive(hass, spoken("document", "audio/ogg"))
    [ada] = home.subentries.values()
    data = {key: value for key, value in ada.data.items() if key != "speech_to_text"}
    hass.config_entries.async_update_subentry(home, ada, data=data)
    await hass.async_block_till_done()
    await arrive(hass, spoken())
    await arrive(hass, incoming(ADA, text="hello"))
    [message] = await telegram.wait_for(1)
    assert (message.text, engine.given, agent.heard) == ("You said: hello", [], ["hello"])
