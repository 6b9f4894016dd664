"""One call of a method, and what all methods share."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bach_lib.testing.telegram.arguments import Arguments
from bach_lib.testing.telegram.markup import Parser
from bach_lib.testing.telegram.markup_html import parse_html
from bach_lib.testing.telegram.markup_markdown import parse_markdown, parse_markdown_v2
from bach_lib.testing.telegram.models import Bot
from bach_lib.testing.telegram.platform import Platform


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a bot."""

    platform: Platform
    bot: Bot
    arguments: Arguments


type Method = Callable[[Call], object | Awaitable[object]]

PARSERS: Mapping[str, Parser] = {
    "html": parse_html,
    "markdown": parse_markdown,
    "markdownv2": parse_markdown_v2,
}
