"""Forum channels behind webhooks, where every message needs a post: an existing thread, or a new one with a name."""

from collections.abc import Mapping

from bach_lib.errors import InvalidValueError
from bach_lib.models import Message
from bach_lib.said import Sentence

_MAX_NAME = 100
_MAX_KEPT = 100
_NEEDS_A_NAME, _TAKES_NO_NAME = 220001, 220003
"""Discord's numbers for a message to a forum without a post, and for a post where there is no forum."""


class Forum:
    """Whether the webhook's channel is a forum, as its answers tell, and the posts that were opened."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        name = settings.get("thread_name")
        if name is not None and (not isinstance(name, str) or not 0 < len(name.strip()) <= _MAX_NAME):
            raise InvalidValueError(
                field="thread_name",
                value=str(name)[:50],
                expected=Sentence(
                    "a_name_of_at_most_number_characters", "a name of at most {number} characters", number=_MAX_NAME
                ),
            )
        self._name = name.strip() if isinstance(name, str) else None
        self._is_one = self._name is not None
        self._is_news = False
        self._posts: dict[str, int] = {}

    def fields(self, message: Message) -> dict[str, object]:
        """The name of the post that a message opens: as set, else its title, else how it begins."""
        if not self._is_one:
            return {}
        words = (message.title or "").strip() or message.text.strip() or "BACH"
        return {"thread_name": self._name or words.splitlines()[0][:_MAX_NAME]}

    def post_of(self, nonce: str) -> int | None:
        """The post that an earlier part of the same message opened."""
        return self._posts.get(nonce)

    def opened(self, nonce: str, answer: object, *, asked: bool) -> None:
        """Remember the post that a message has opened, for its other parts."""
        match answer:
            case {"channel_id": str(channel)} if asked and channel.isdecimal():
                self._posts[nonce] = int(channel)
                while len(self._posts) > _MAX_KEPT:
                    del self._posts[next(iter(self._posts))]

    def refused(self, number: int | None) -> None:
        """Learn from a refusal."""
        is_one = {_NEEDS_A_NAME: True, _TAKES_NO_NAME: False}.get(number or 0, self._is_one)
        self._is_news = is_one is not self._is_one
        self._is_one = is_one

    def mended(self) -> bool:
        """Whether the last refusal taught something, so that the same would pass now."""
        is_news, self._is_news = self._is_news, False
        return is_news
