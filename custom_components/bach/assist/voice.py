"""Transcribes voice messages with a speech-to-text engine of Home Assistant.

Voice messages are Opus in an Ogg container. Engines that support it get them unchanged; the others (most local ones)
get PCM samples, if Home Assistant's ffmpeg is there.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from homeassistant.components.ffmpeg import DOMAIN as FFMPEG_DOMAIN
from homeassistant.components.ffmpeg import get_ffmpeg_manager
from homeassistant.components.stt import DOMAIN as STT_DOMAIN
from homeassistant.components.stt import (
    AudioBitRates,
    AudioChannels,
    AudioCodecs,
    AudioFormats,
    AudioSampleRates,
    Provider,
    SpeechMetadata,
    SpeechResult,
    SpeechResultState,
    SpeechToTextEntity,
    async_get_speech_to_text_engine,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import language as language_util

from bach_lib import Media
from custom_components.bach.const import DOMAIN

from .no_answer import NoAnswerError

_LOGGER = logging.getLogger(__name__)

MAX_BYTES: Final = 10_000_000
"""Of a voice message; more than an hour of speech."""

_MAX_SECONDS = 600
"""Of the samples made of it: a small file can hold hours of silence."""

_CHUNK = 4096
_OGG_TYPES = ("audio/ogg", "audio/opus")

type _Engine = SpeechToTextEntity | Provider


def is_speech(media: Media | None) -> bool:
    """Whether a file may be speech in the format of voice messages."""
    return media is not None and (
        media.type == "voice" or (media.type == "audio" and (media.mime_type or "").partition(";")[0] in _OGG_TYPES)
    )


async def transcribe(hass: HomeAssistant, engine_id: str, language: str, audio: bytes) -> str:
    """Transcribe a voice message. Raises `NoAnswerError`."""
    engine = async_get_speech_to_text_engine(hass, engine_id) if STT_DOMAIN in hass.config.components else None
    if engine is None:
        raise NoAnswerError(translation_domain=DOMAIN, translation_key="voice_engine_missing")
    try:
        metadata, samples = await _prepare(hass, engine, _language(hass, engine, language), audio)
        result = await _process(engine, metadata, samples)
    except NoAnswerError:
        raise
    except Exception as error:  # an engine is other people's code; its error is logged and the person told
        _LOGGER.exception("The speech-to-text engine %s failed", engine_id)
        raise NoAnswerError(translation_domain=DOMAIN, translation_key="voice_failed") from error
    if result.result is not SpeechResultState.SUCCESS:
        raise NoAnswerError(translation_domain=DOMAIN, translation_key="voice_failed")
    if not (text := (result.text or "").strip()):
        raise NoAnswerError(translation_domain=DOMAIN, translation_key="voice_no_words")
    return text


async def _prepare(hass: HomeAssistant, engine: _Engine, language: str, audio: bytes) -> tuple[SpeechMetadata, bytes]:
    """Return the audio in a format that the engine supports, with its metadata."""
    if audio.startswith(b"OggS"):
        for rate in (AudioSampleRates.SAMPLERATE_48000, AudioSampleRates.SAMPLERATE_16000):  # Opus decodes to any
            metadata = _metadata(language, AudioFormats.OGG, AudioCodecs.OPUS, rate)
            if b"OpusHead" in audio[:128] and engine.check_metadata(metadata):
                return metadata, audio
        metadata = _metadata(language, AudioFormats.WAV, AudioCodecs.PCM, AudioSampleRates.SAMPLERATE_16000)
        if engine.check_metadata(metadata) and (samples := await _decode(hass, audio)):
            return metadata, samples
    raise NoAnswerError(translation_domain=DOMAIN, translation_key="voice_format")


def _metadata(language: str, container: AudioFormats, codec: AudioCodecs, rate: AudioSampleRates) -> SpeechMetadata:
    return SpeechMetadata(
        language=language,
        format=container,
        codec=codec,
        bit_rate=AudioBitRates.BITRATE_16,
        sample_rate=rate,
        channel=AudioChannels.CHANNEL_MONO,
    )


def _language(hass: HomeAssistant, engine: _Engine, language: str) -> str:
    """The engine's code for the language: "en" may be "en-GB" there."""
    return next(iter(language_util.matches(language, engine.supported_languages, hass.config.country)), language)


async def _process(engine: _Engine, metadata: SpeechMetadata, audio: bytes) -> SpeechResult:
    async def stream() -> AsyncIterator[bytes]:
        for start in range(0, len(audio), _CHUNK):
            yield audio[start : start + _CHUNK]

    if isinstance(engine, SpeechToTextEntity):
        return await engine.internal_async_process_audio_stream(metadata, stream())
    return await engine.async_process_audio_stream(metadata, stream())


async def _decode(hass: HomeAssistant, audio: bytes) -> bytes | None:
    """Decode to PCM (16 bit, 16 kHz, mono); None if ffmpeg is missing or fails.

    The input format is fixed and only pipes are allowed, so that no file can make ffmpeg open anything else.
    """
    if FFMPEG_DOMAIN not in hass.config.components:
        return None
    source = ["-protocol_whitelist", "pipe", "-f", "ogg", "-i", "pipe:0"]
    target = ["-vn", "-t", str(_MAX_SECONDS), "-ac", "1", "-ar", "16000", "-f", "s16le", "pipe:1"]
    try:
        process = await asyncio.create_subprocess_exec(
            get_ffmpeg_manager(hass).binary,
            *("-hide_banner", "-loglevel", "error", *source, *target),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        _LOGGER.warning("A voice message could not be converted: %s", error)
        return None
    try:
        samples, _ = await process.communicate(audio)
    finally:  # also when the time is over
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return samples if process.returncode == 0 else None
