"""A conversation with an AI partner: what is said, how much of it is passed on, and what may be asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypedDict

from bach_lib.errors import EmptyTextError, InvalidValueError, TextTooLongError
from bach_lib.said import Sentence

MAX_CHARACTERS = 32_000
"""Of a whole conversation; what is older than that is left out."""

MAX_SYSTEM = 16_000

TOKENS = {"max_tokens": (1, 100_000), "num_ctx": (256, 1_000_000)}
"""The least and the most of each: what an answer may take with the thoughts before it, and what a model looks at."""

THINKING = ("on", "off")


class Role(StrEnum):
    """Speaker of a chat message."""

    USER = "user"
    """A person."""
    ASSISTANT = "assistant"
    """The AI partner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One thing that was said."""

    role: Role
    """Who said it."""
    text: str
    """What was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the AI said. `is_complete` is false where it was cut, by its own limit or by ours."""

    text: str
    """What it answered."""
    model: str
    """Which model it was."""
    is_complete: bool = True


class ChatOptions(TypedDict, total=False):
    """What can be asked for beside the answer; what is left out is as the connection's settings say, or usual."""

    model: str
    """One that the partner offers."""
    system: str
    """What it is told before the conversation; at most 16,000 characters."""
    history: int
    """Exchanges before the last message that are passed on, 0 to 100 (10)."""
    timeout: float
    """Seconds for the whole answer, 0.1 to 600 (60)."""
    max_tokens: int
    """The most an answer may take with the thoughts before it, 1 to 100,000."""
    max_characters: int
    """Where the answer is cut, 1 to 100,000 (8,000)."""
    num_ctx: int
    """How many tokens a model looks at, 256 to 1,000,000; Ollama only."""
    thinking: str
    """`on` or `off`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A conversation as it is passed on: checked, shortened, beginning with the person, taking turns.

    Without `max_tokens`, each partner's default holds; without `thinking` (on or off), a model does as it is used to.
    """

    messages: tuple[ChatMessage, ...]
    model: str
    system: str | None = None
    timeout: float = 60.0
    max_tokens: int | None = None
    max_characters: int = 8000
    num_ctx: int | None = None
    thinking: str | None = None


def question(messages: Sequence[ChatMessage], settings: ChatOptions, options: ChatOptions) -> Question:
    """What is passed on of a conversation. Raises an `InputError`."""
    wanted = ChatOptions(**{**settings, **options})
    model = wanted.get("model", "")
    if not model or len(model) > 200:
        raise InvalidValueError(
            field="model",
            value=model[:100],
            expected=Sentence(
                "the_name_of_a_model_that_the_partner_offers", "the name of a model that the partner offers"
            ),
        )
    system = wanted.get("system")
    if system is not None and len(system) > MAX_SYSTEM:
        raise TextTooLongError(
            length=len(system), type=Sentence("the_system_text", "the system text"), limit=MAX_SYSTEM
        )
    return Question(
        messages=shortened(messages, turns=int(_number("history", wanted.get("history", 10), 0, 100))),
        model=model,
        system=system or None,
        timeout=_number("timeout", wanted.get("timeout", 60.0), 0.1, 600),
        max_tokens=tokens_in("max_tokens", wanted.get("max_tokens")),
        max_characters=int(_number("max_characters", wanted.get("max_characters", 8000), 1, 100_000)),
        num_ctx=tokens_in("num_ctx", wanted.get("num_ctx")),
        thinking=thinking_in(wanted.get("thinking")),
    )


def tokens_in(field: str, value: object) -> int | None:
    """A number of tokens, if one is given. Raises `InvalidValueError`."""
    least, most = TOKENS[field]
    return None if value is None else int(_number(field, value, least, most))


def thinking_in(value: object) -> str | None:
    """Whether a model is to think before it answers, if that is given. Raises `InvalidValueError`."""
    if value is None or (isinstance(value, str) and value in THINKING):
        return value
    raise InvalidValueError(field="thinking", value=str(value)[:100], expected=", ".join(THINKING))


def shortened(messages: Sequence[ChatMessage], *, turns: int) -> tuple[ChatMessage, ...]:
    """The last message and the `turns` exchanges before it, as far as they fit. Raises an `InputError`.

    Anthropic and Google want a person to begin and both to take turns; the others have nothing against it.
    """
    last = messages[-1] if messages else None
    if last is None or last.role is not Role.USER or not last.text.strip():
        raise EmptyTextError
    if len(last.text) > MAX_CHARACTERS:
        raise TextTooLongError(
            length=len(last.text), type=Sentence("an_ai_partner", "an AI partner"), limit=MAX_CHARACTERS
        )
    kept: list[ChatMessage] = []
    left, questions = MAX_CHARACTERS, turns + 1
    for message in reversed(_taking_turns(messages)):
        left -= len(message.text)
        questions -= message.role is Role.USER
        if kept and (left < 0 or questions < 0):
            break
        kept.append(message)
    while kept[-1].role is not Role.USER:
        kept.pop()
    return tuple(reversed(kept))


def cut(reply: Reply, limit: int) -> Reply:
    """At most `limit` characters of it."""
    if len(reply.text) <= limit:
        return reply
    return replace(reply, text=reply.text[: limit - 1] + "…", is_complete=False)


def _taking_turns(messages: Iterable[ChatMessage]) -> list[ChatMessage]:
    """Without what says nothing; what one says in a row becomes one message, as far as that is not too long."""
    joined: list[ChatMessage] = []
    for message in messages:
        if not message.text.strip():
            continue
        if joined and joined[-1].role is message.role:
            text = f"{joined[-1].text}\n\n{message.text}"
            joined[-1] = replace(message, text=text if len(text) <= MAX_CHARACTERS else message.text)
        else:
            joined.append(message)
    return joined


def _number(field: str, value: object, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise InvalidValueError(
            field=field,
            value=value,
            expected=Sentence(
                "a_number_from_number_to_number2", "a number from {number} to {number2}", number=least, number2=most
            ),
        )
    return value
