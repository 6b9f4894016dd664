"""Strips the reasoning of AI answers: kept out of chats and loudspeakers, and paid for out of the same limit.

Servers that know their model put thoughts into a field of their own. Those that do not leave them in the text, between
the marks that the model was trained on.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import replace

from bach_lib.models.chat import Question, Reply
from bach_lib.partners.faults import FaultError
from bach_lib.said import Sentence

_OTHERS = {
    "[think]": "[/THINK]",
    "\u25c1think\u25b7": "\u25c1/think\u25b7",
    "<|begin_of_thought|>": "<|end_of_thought|>",
}
"""Marks that are no tags: of Mistral, Kimi and OpenThinker."""
_BEGIN = re.compile(
    rf"(?<!`)(?:<((?:seed:)?think|thinking|thoughts?|reasoning)>|{'|'.join(map(re.escape, _OTHERS))})", re.IGNORECASE
)
_ONLY_THE_END = re.compile(
    r"""\A.*?(?:^[ \t]*+|(?<=[^\s`"'\u2018-\u201e«»(])|(?<=[.!?…:)][ ])|(?=\S{1,12}[ \t]*+$))
        (?:</(?:(?:seed:)?think|thinking|thoughts?|reasoning)>|\[/THINK\]|\u25c1/think\u25b7|<\|end_of_thought\|>)(?![`"'\u2018-\u201e»])""",
    re.DOTALL | re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
"""DeepSeek's template begins the thoughts itself, so that the answer holds only the mark of their end. That may be
anywhere, but between blanks or in quotation marks it is a word of a sentence."""
_FINAL = re.compile(r".*<\|channel\|>final(?:\s[^<]*)?<\|message\|>", re.DOTALL)
"""What gpt-oss says to people (https://github.com/openai/harmony)."""
_HARMONY = re.compile(r"\s*<\|(?:channel|start)\|>")
_HARMONY_END = re.compile(r"<\|(?:return|end)\|>\s*\Z")
_MAX_REASON = 50


def without_thoughts(text: str) -> str:
    """The text as it is meant for people; thoughts that do not end were all that there was."""
    if _HARMONY.match(text):
        final = _FINAL.match(text)
        return _HARMONY_END.sub("", text[final.end() :]) if final else ""
    text = "".join(_said(text)).lstrip("\r\n") if _BEGIN.search(text) else text
    end = _ONLY_THE_END.match(text)
    return text[end.end() :].lstrip() if end else text


def _said(text: str) -> Iterator[str]:
    """What stands between the thoughts. A mark without its end is a word if anything was said before it."""
    at, was_said = 0, False
    while begin := _BEGIN.search(text, at):
        mark = f"</{begin[1]}>" if begin[1] else _OTHERS[begin[0].lower()]
        end = re.compile(re.escape(mark), re.IGNORECASE).search(text, begin.end())
        was_said = was_said or bool(text[at : begin.start()].strip())
        if end is None:
            break
        yield text[at : begin.start()]
        at = end.end()
    if begin is None or was_said:
        yield text[at:]


def spoken(content: object, types: Collection[str | None]) -> str:
    """The text of what was said at once or in parts: objects of one of these types, or bare texts."""
    if isinstance(content, str):
        return content
    texts = list[str]()
    for part in content if isinstance(content, list) else ():
        match part:
            case str(text):
                texts.append(text)
            case {"text": str(text), **rest} if rest.get("type") in types and rest.get("thought") is not True:
                texts.append(text)
    return "".join(texts)


def reply_of(text: str, question: Question, *, ended: object, at_limit: Collection[str]) -> Reply:
    """What was said. `ended`: the server's reason to stop; one of `at_limit` means that the tokens were used up.

    Raises `FaultError` if nothing was said.
    """
    said = without_thoughts(text)
    is_complete = not (isinstance(ended, str) and ended in at_limit)
    if said.strip():
        return Reply(text=said, model=question.model, is_complete=is_complete)
    if not is_complete:
        raise FaultError(
            "limit_reached",
            Sentence(
                "the_ai_used_up_its_limit_of_tokens",
                "The AI used up its limit of tokens before it said anything, mostly by thinking."
                " Allow more tokens for an answer, or switch thinking off.",
            ),
        )
    if isinstance(ended, str) and ended:
        raise FaultError(
            "empty_answer",
            Sentence(
                "the_ai_answered_without_a_text_reason",
                "The AI answered without a text ({reason}).",
                reason=ended[:_MAX_REASON],
            ),
        )
    raise FaultError("empty_answer", Sentence("the_ai_answered_without_a_text", "The AI answered without a text."))


async def thinking_if_possible[Found](ask: Callable[[Question], Awaitable[Found]], question: Question) -> Found:
    """Ask; a model that cannot be told whether to think is asked once more without a word about it.

    Raises `FaultError`.
    """
    try:
        return await ask(question)
    except FaultError as error:
        fault = error.fault
        words = fault.text.lower()
        if question.thinking is None or fault.code != "bad_request" or not ("think" in words or "reasoning" in words):
            raise
    return await ask(replace(question, thinking=None))
